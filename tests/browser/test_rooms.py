"""A person with a phone or a Chromebook tests a room; the school sees what the page said."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from broadgauge_collector.rooms.calls import calls
from broadgauge_collector.rooms.model import Room
from broadgauge_collector.rooms.repository import add_rooms
from broadgauge_collector.schools.model import School
from broadgauge_collector.schools.repository import (
    add_reflector,
    list_reflectors,
    update_reflector,
)
from tests.browser.axe import axe_faults
from tests.browser.conftest import Open
from tests.browser.room_servers import (
    BURST_SECONDS,
    LINE_MBPS,
    Scene,
    another_protocol,
    cut_after_three_seconds,
    cut_short,
    line_with_a_burst,
    nobody,
    nonsense,
    nothing_left,
    own_certificate,
    stalled,
    web_pages_alone,
)
from tests.browser.serving import Board, board
from tests.ndt7_servers import free_port, reflector

ANSWER_MS = 90_000
PHONE = {"width": 390, "height": 844}
CHROMEBOOK = {"width": 1366, "height": 768}

TOO_SHORT = "The test was too short to tell whether it stays this fast."
BRIEF = {"throughput_bits_per_second": 900e6, "measured_from_seconds": 0.5}
LASTING = BRIEF | {"measured_from_seconds": BURST_SECONDS}

CUT = """cards => cards.filter(card =>
    card.scrollHeight > card.clientHeight + 1 || card.querySelector("h2").offsetHeight < 20
).map(card => card.innerText)"""
"""Cards that don't hold what is on them."""

Visit = Callable[..., Page]


class School12(Board):
    """A board with a school, a test server and a room."""

    school_made: School
    room: Room

    def server_at(self, port: int, *, tls: bool = False) -> None:
        """The school's test server listens there now."""
        with self.services.stores.control.begin() as c:
            (known,) = list_reflectors(c)
            update_reflector(c, replace(known, port=port, tls=tls))

    def results(self) -> list[dict[str, Any]]:
        return list(self.get(f"/api/v1/results?school={self.school_made.id}")["results"])

    def new_room(self, name: str) -> Room:
        with self.services.stores.control.begin() as c:
            (made,) = add_rooms(c, self.school_made.id, [name], self.services.now())
        return made


@pytest.fixture(scope="module")
def walls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School12]:
    with board(tmp_path_factory.mktemp("rooms")) as plain:
        here = School12(plain.url, plain.services)
        here.school_made = here.school("Lincoln Elementary")
        with here.services.stores.control.begin() as c:
            add_reflector(c, name="Closet", host="127.0.0.1", port=free_port(), segment="lan")
        here.room = here.new_room("Room 12")
        yield here


@pytest.fixture(scope="module")
def closet() -> Iterator[int]:
    with reflector() as port:
        yield port


@pytest.fixture
def visit(browser: Browser, walls: School12) -> Iterator[Visit]:
    """Opens /measure as a stranger; fails the test on a broken policy or script, on a cookie, or
    on a request to anywhere but the collector and the test server."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_one(query: str = "", **options: Any) -> Page:
        context = browser.new_context(**{"viewport": PHONE} | options)
        contexts.append(context)
        page = context.new_page()
        _watch(page, walls, troubles)
        page.goto(f"{walls.url}/measure{query}")
        return page

    yield open_one
    assert [context.cookies() for context in contexts] == [[]] * len(contexts)
    for context in contexts:
        context.close()
    assert troubles == []


def _watch(page: Page, walls: School12, troubles: list[str]) -> None:
    with walls.services.stores.control.connect() as c:
        (server,) = list_reflectors(c)
    allowed = re.compile(rf"{walls.url}/|data:|(ws|http)s?://127\.0\.0\.1:{server.port}/")

    def asked(request: Request) -> None:
        if not allowed.match(request.url):
            troubles.append(f"asked {request.url}")

    page.on("request", asked)
    page.on("websocket", lambda s: None if allowed.match(s.url) else troubles.append(s.url))
    page.on("pageerror", lambda error: troubles.append(f"threw {error}"))
    page.on("console", lambda m: troubles.append(m.text) if "Security Policy" in m.text else None)


def answer(page: Page) -> str:
    """What the page says in the end."""
    expect(page.locator("#answer")).to_be_visible(timeout=ANSWER_MS)
    return page.locator("#verdict").inner_text()


def soon(found: Callable[[], Any]) -> Any:
    """What is there within a while, on however busy a machine."""
    deadline = time.monotonic() + 60
    while not found() and time.monotonic() < deadline:
        time.sleep(0.2)
    return found()


def test_a_room_is_tested_by_keyboard_and_the_stored_result_is_what_the_page_said(
    walls: School12, closet: int, visit: Visit
) -> None:
    walls.server_at(closet)
    room = walls.new_room("Room at hand")
    page = visit(f"?room={room.code}", viewport=PHONE, color_scheme="dark")
    expect(page.locator(".place")).to_have_text(f"{room.name}, Lincoln Elementary")
    page.keyboard.press("Tab")
    expect(page.locator("#start")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("Receiving", timeout=ANSWER_MS)
    assert axe_faults(page) == []

    said = answer(page)
    found = {r["direction"]: r for r in walls.results() if r["location"] == room.name}
    down, up = (found[way]["throughput_bits_per_second"] for way in ("download", "upload"))
    count = calls(min(down, up))
    shown = "more than 200" if count > 200 else f"{count if count <= 20 else _two_digits(count)}"
    assert f"This room can carry {'about ' if count <= 200 else ''}{shown} video calls" == said
    assert {(r["client"], r["trigger"], r["error"]) for r in found.values()} == {
        ("browser", "survey", None)
    }
    is_brief = min(r["measured_from_seconds"] for r in found.values()) < BURST_SECONDS
    assert (TOO_SHORT in page.locator("#meaning").inner_text()) == is_brief
    expect(page.locator("#kept")).to_contain_text(f"kept for {room.name}")
    expect(page.locator("#said")).to_contain_text("video calls")
    expect(page.locator("#answer")).to_be_focused()
    assert "Mbps" not in page.locator("#answer").inner_text(), "not before details are opened"
    page.get_by_text("Details", exact=True).click()
    expect(page.locator("#facts")).to_contain_text(f"{_three_digits(down / 1e6)} Mbps")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert axe_faults(page) == []


def test_a_burst_that_a_line_begins_with_is_left_out_of_what_the_room_carries(
    walls: School12, visit: Visit, tmp_path: Path
) -> None:
    with line_with_a_burst(tmp_path) as (port, _):
        walls.server_at(port)
        room = walls.new_room("On a line with a burst")
        page = visit(f"?room={room.code}")
        page.locator("#start").click()
        assert answer(page) == "This room can carry about 2 video calls"
        assert TOO_SHORT not in page.locator("#meaning").inner_text()
        found = [r for r in walls.results() if r["location"] == room.name]
    for result in found:
        measured = result["throughput_bits_per_second"]
        assert measured == pytest.approx(LINE_MBPS * 1e6, rel=0.15), result["direction"]
        assert result["bound"] == "at_least", result
    assert len(found) == 2


@pytest.mark.parametrize("brief", ["download", "upload"])
def test_a_test_too_short_to_outlast_a_burst_answers_and_says_so(visit: Visit, brief: str) -> None:
    page = visit()
    lasting = {"download": LASTING, "upload": LASTING}
    page.evaluate("finished => conclude(finished)", lasting)
    assert page.locator("#meaning").inner_text() == "Enough for a whole class at once."
    page.evaluate("finished => conclude(finished)", lasting | {brief: BRIEF})
    assert page.locator("#verdict").inner_text() == (
        "The network here can carry more than 200 video calls"
    )
    assert page.locator("#meaning").inner_text().endswith(TOO_SHORT)


def test_without_a_room_code_the_answer_is_shown_and_nothing_is_stored(
    walls: School12, closet: int, visit: Visit
) -> None:
    walls.server_at(closet)
    before = len(walls.results())
    page = visit(viewport=CHROMEBOOK)
    page.get_by_role("button", name="Test the network here").click()
    assert answer(page).startswith("The network here can carry")
    expect(page.locator("#kept")).to_have_text("You see the result; nothing was kept.")
    assert len(walls.results()) == before


def test_a_code_can_be_typed(walls: School12, closet: int, visit: Visit) -> None:
    walls.server_at(closet)
    page = visit()
    page.get_by_label("Is there a sheet").fill(
        f" {walls.room.code[:4].lower()}-{walls.room.code[4:]}"
    )
    page.keyboard.press("Enter")
    expect(page.locator(".place")).to_have_text("Room 12, Lincoln Elementary")


def test_a_code_that_nobody_made_says_what_to_do(visit: Visit) -> None:
    page = visit("?room=ABCD-EFGH")
    expect(page.locator("h1")).to_have_text("This room code doesn't work")
    expect(page.locator("main")).to_contain_text("ask IT to print the school's sheet again")


def test_a_tab_that_is_closed_in_mid_test_leaves_a_failed_test_and_no_number(
    walls: School12, closet: int, visit: Visit
) -> None:
    walls.server_at(closet)
    room = walls.new_room("Closed in mid-test")
    page = visit(f"?room={room.code}")
    page.locator("#start").click()
    expect(page.locator("#phase")).to_have_text("Receiving", timeout=ANSWER_MS)
    page.goto("about:blank")

    found = soon(lambda: [r for r in walls.results() if r["location"] == room.name])
    assert [bool(result["error"]) for result in found] == [True, True]
    assert {result["throughput_bits_per_second"] for result in found} == {None}
    assert "closed" in found[0]["error"]


@pytest.mark.parametrize(
    ("scene", "words", "to_it"),
    [
        (nobody, "The test server doesn't answer", "Tell IT: is the test server at ws://127.0.0.1"),
        (own_certificate, "This browser can't use the test server", "Tell IT: open https://127"),
        (web_pages_alone, "Something on this network blocks the test", "stops WebSockets to"),
        (another_protocol, "Something on this network blocks the test", "stops WebSockets to"),
        (nothing_left, "The test server has done enough for now", "Try again in a minute"),
        (cut_short, "The connection broke off", "tell IT"),
        (cut_after_three_seconds, "The connection broke off", "tell IT"),
        (nonsense, "Something else answered", "doesn't speak ndt7"),
        (stalled, "The network stopped", "nothing arrived any more"),
    ],
)
def test_what_goes_wrong_is_said_in_plain_words_and_stored_as_a_named_error(
    walls: School12, visit: Visit, tmp_path: Path, scene: Scene, words: str, to_it: str
) -> None:
    with scene(tmp_path) as (port, tls):
        walls.server_at(port, tls=tls)
        room = walls.new_room(getattr(scene, "__name__", "room"))
        page = visit(f"?room={room.code}")
        page.locator("#start").click()
        assert answer(page) == words
        expect(page.locator("#answer")).to_contain_text(to_it)
        expect(page.locator("#kept")).to_have_text("IT can see that this test failed.")
        found = [r for r in walls.results() if r["location"] == room.name]
        assert [bool(result["error"]) for result in found] == [True, True]
        assert {result["throughput_bits_per_second"] for result in found} == {None}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_page_before_a_test_or_in_trouble(
    walls: School12, visit: Visit, scheme: str
) -> None:
    walls.server_at(free_port())
    page = visit(color_scheme=scheme)
    assert axe_faults(page) == []
    page.locator("#start").click()
    answer(page)
    assert axe_faults(page) == []
    assert axe_faults(visit("?room=ABCD-EFGH", color_scheme=scheme)) == []


def test_codes_are_made_printed_and_withdrawn_on_the_school_page(
    walls: School12, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(walls, f"/school/{walls.school_made.id}")
    page.locator("#room-names").fill(f"Library\n\nGym\nCafeteria\n{'Long name ' * 19}\n")
    page.get_by_role("button", name="Make codes").click()
    expect(page.locator("#room-changed")).to_contain_text("4 codes were made")
    codes = page.locator(".room-codes tbody tr")
    expect(codes.filter(has_text="Library")).to_have_count(1)

    codes.filter(has_text="Gym").locator("summary").click()
    page.get_by_role("button", name="Withdraw the code of Gym").click()
    expect(page.locator("#room-changed")).to_contain_text("withdrawn")
    expect(codes.filter(has_text="Gym")).to_have_count(0)

    page.get_by_role("link", name="Print the sheet").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rooms of Lincoln Elementary")
    cards = page.locator(".card")
    expect(cards.filter(has_text="Library").locator("svg")).to_be_visible()
    expect(cards.filter(has_text="Gym")).to_have_count(0)
    printed = page.pdf(format="Letter")
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert pages == -(-cards.count() // 4), "four cards a page"
    page.set_viewport_size({"width": 720, "height": 960})  # Letter without its margins
    page.emulate_media(media="print")
    assert cards.evaluate_all(CUT) == []


def test_rooms_are_compared_on_the_school_page(walls: School12, open_page: Open) -> None:
    room = walls.new_room("Compared")
    walls.new_room("Never tested")
    with walls.services.stores.control.connect() as c:
        (server,) = list_reflectors(c)
    start = {"room": room.code, "reflector_id": str(server.id)}
    begun = httpx2.post(f"{walls.url}/api/v1/room-tests", json=start).json()
    part = {
        "throughput_bits_per_second": 72e6 * 1448 / 1500,
        "duration_seconds": 0.5,
        "bytes_transferred": 5_000_000,
        "measured_from_seconds": 0.0,
        "measured_to_seconds": 0.5,
    }
    said = {"download": part, "upload": part | {"throughput_bits_per_second": 36.5e6}}
    httpx2.post(f"{walls.url}/api/v1/room-tests/{begun['id']}", json=said).raise_for_status()

    page = open_page(walls, f"/school/{walls.school_made.id}")
    row = page.locator("table.rooms tbody tr").filter(has_text="Compared")
    expect(row).to_contain_text("a browser in the room, inside the school")
    expect(row).to_contain_text("72 Mbps")
    expect(row).to_contain_text("about 9")
    expect(row).to_contain_text("1 test")
    expect(page.locator("#room-readings")).to_contain_text("Never tested")


def _two_digits(number: float) -> str:
    return f"{int(float(f'{number:.2g}')):,}"


def _three_digits(number: float) -> str:
    shown = float(f"{number:.3g}")
    return f"{int(shown):,}" if shown == int(shown) else f"{shown:g}"
