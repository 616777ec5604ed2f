"""Rooms by API: their codes, and what strangers may say of a test."""

import itertools
import time
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
import segno

from broadgauge_collector.access.failures import FailureLimit
from broadgauge_collector.capacity.columns import columns_of
from broadgauge_collector.capacity.model import LinkTest
from broadgauge_collector.errors import Busy, Invalid
from broadgauge_collector.rooms.awaited import TESTS_AT_SCHOOL
from broadgauge_collector.rooms.keeping import room_tests
from broadgauge_collector.rooms.results import BrowserLane
from broadgauge_collector.rooms.under_way import ROOM_BURST
from broadgauge_collector.schools.model import Reflector, School
from broadgauge_collector.schools.repository import add_link, add_reflector
from broadgauge_wire import new_id
from tests import collecting
from tests.api_client import Api, serving

PART = {
    "duration_seconds": 4.6,
    "bytes_transferred": 54_000_000,
    "throughput_bits_per_second": 96e6,
    "rates_bits_per_second": [40e6, *[96e6] * 17],
    "rate_interval_seconds": 0.25,
    "measured_from_seconds": 3.0,
    "measured_to_seconds": 4.5,
    "idle_rtt_seconds": 0.004,
    "loaded_rtt_seconds": 0.031,
    "stop_reason": "converged",
}
FINISHED = {"download": PART, "upload": PART | {"throughput_bits_per_second": 24e6}}
CLOSED = {"download": {"fault": "closed"}, "upload": {"fault": "closed"}}


WRONG: tuple[dict[str, Any], ...] = (
    {"throughput_bits_per_second": -1.0},
    {"throughput_bits_per_second": 1e20},
    {"duration_seconds": "long"},
    {"rates_bits_per_second": [1.0] * 201},
    {"fault": "my own words"},
    {"note": "more than was asked for"},
    {"stop_reason": "bored"},
)


class Walls:
    """A school with a test server, and its rooms' codes."""

    def __init__(self, api: Api, name: str = "Lincoln Elementary") -> None:
        self.api = api
        self.admin = api.admin
        self.school: School = api.school(name)
        with api.services.stores.control.begin() as c:
            line = add_link(c, name=name, segment="lan", school_ids=[self.school.id])
            self.reflector: Reflector = add_reflector(
                c, name=name, host="10.1.0.2", port=8485, segment="lan", link_id=line.id
            )

    def add(self, *names: str) -> Any:
        body = {"school": self.school.name, "names": names}
        return self.api.http.post("/api/v1/rooms", json=body, headers=self.admin)

    def code(self, name: str = "Room 12") -> str:
        (room,) = self.add(name).json()
        return str(room["code"])

    def begin(self, code: str, reflector: Any = None) -> Any:
        body = {"room": code, "reflector_id": str(reflector or self.reflector.id)}
        return self.api.http.post("/api/v1/room-tests", json=body)

    def finish(self, test_id: str, said: Any) -> Any:
        return self.api.http.post(f"/api/v1/room-tests/{test_id}", json=said)

    def results(self) -> list[dict[str, Any]]:
        asked = f"/api/v1/results?school={self.school.id}"
        found = self.api.http.get(asked, headers=self.admin)
        return list(found.json()["results"])


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Api]:
    """One application for tests that each have a school of their own."""
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql").database("rooms")
    with serving(tmp_path_factory.mktemp("rooms"), control_url=url) as served:
        yield served


@pytest.fixture
def walls(shared: Api) -> Walls:
    """With nobody's tests under way, no guesses made, and a minute between any two requests."""
    minutes = itertools.count(0.0, 60.0)
    shared.app.state.room_tests = room_tests(shared.services, lambda: next(minutes))
    shared.app.state.code_failures = FailureLimit()
    shared.http.cookies.clear()
    return Walls(shared, f"School {new_id()}")


def test_codes_are_made_listed_and_withdrawn(walls: Walls) -> None:
    made = walls.add("Room 12", "Library")
    assert made.status_code == 201
    listed = walls.api.http.get(
        f"/api/v1/rooms?school={walls.school.name.lower()}", headers=walls.admin
    )
    assert [room["name"] for room in listed.json()] == ["Library", "Room 12"]
    assert listed.json() == made.json()

    room = made.json()[0]
    gone = walls.api.http.delete(f"/api/v1/rooms/{room['id']}", headers=walls.admin)
    assert gone.status_code == 204
    assert walls.begin(room["code"]).status_code == 404
    assert walls.api.http.get(f"/measure?room={room['code']}").status_code == 404


def test_a_room_made_anew_has_another_code(walls: Walls) -> None:
    (room,) = walls.add("Room 12").json()
    walls.api.http.delete(f"/api/v1/rooms/{room['id']}", headers=walls.admin)
    assert walls.code() != room["code"]


def test_rooms_are_added_all_or_none(walls: Walls) -> None:
    walls.add("Room 12")
    again = walls.add("Library", "ROOM  12")
    assert again.status_code == 409
    assert "remove the room and add it again" in again.json()["detail"]
    asked = f"/api/v1/rooms?school={walls.school.id}"
    listed = walls.api.http.get(asked, headers=walls.admin).json()
    assert [room["name"] for room in listed] == ["Room 12"]


def test_names_that_are_none_are_refused(walls: Walls) -> None:
    for names in ([], [""], ["  "], ["x" * 201], ["a\nb"]):
        assert walls.add(*names).status_code == 422, names


def test_a_finished_test_is_stored_for_its_room_and_marked_as_a_browsers(walls: Walls) -> None:
    begun = walls.begin(walls.code()).json()
    kept = walls.finish(begun["id"], FINISHED)
    assert (kept.status_code, kept.json()["room"]) == (200, "Room 12")

    found = {result["direction"]: result for result in walls.results()}
    assert found["download"]["throughput_bits_per_second"] == 96e6
    assert found["upload"]["throughput_bits_per_second"] == 24e6
    for result in found.values():
        assert result["client"] == "browser"
        assert result["trigger"] == "survey"
        assert result["method"] == "ndt7"
        assert result["location"] == "Room 12"
        assert result["segment"] == "lan"
        assert result["bound"] == "at_least"
        assert result["school_id"] == str(walls.school.id)
        assert result["reflector_id"] == str(walls.reflector.id)
        assert result["path_kind"] is None
        assert result["error"] is None


def test_a_reading_too_short_to_outlast_a_burst_is_kept_and_claims_nothing(walls: Walls) -> None:
    begun = walls.begin(walls.code()).json()
    short = PART | {"measured_from_seconds": 0.5, "measured_to_seconds": 2.0}
    assert walls.finish(begun["id"], {"download": PART, "upload": short}).status_code == 200
    found = {result["direction"]: result for result in walls.results()}
    assert found["upload"]["throughput_bits_per_second"] == 96e6
    assert {way: result["bound"] for way, result in found.items()} == {
        "download": "at_least",
        "upload": None,
    }


def test_no_address_and_no_word_of_the_device_is_stored(walls: Walls) -> None:
    begun = walls.begin(walls.code()).json()
    agent = {"user-agent": "Mozilla/5.0 (X11; CrOS x86_64) of-a-student"}
    walls.api.http.post(f"/api/v1/room-tests/{begun['id']}", json=FINISHED, headers=agent)
    stored = repr(walls.results())
    assert "testclient" not in stored
    assert "student" not in stored
    assert walls.api.http.cookies == {}


def test_browsers_are_not_listed_as_agents(walls: Walls) -> None:
    begun = walls.begin(walls.code()).json()
    walls.finish(begun["id"], FINISHED)
    assert walls.api.http.get("/api/v1/agents", headers=walls.admin).json() == []


def test_a_result_that_is_said_twice_is_stored_once(walls: Walls) -> None:
    begun = walls.begin(walls.code()).json()
    assert walls.finish(begun["id"], FINISHED).status_code == 200
    assert walls.finish(begun["id"], FINISHED).status_code == 200
    assert walls.finish(begun["id"], CLOSED).status_code == 200
    assert len(walls.results()) == 2
    assert {result["error"] for result in walls.results()} == {None}


def test_several_tests_of_a_school_are_all_stored(walls: Walls) -> None:
    for name in ("Room 12", "Library", "Gym"):
        begun = walls.begin(walls.code(name)).json()
        assert walls.finish(begun["id"], FINISHED).status_code == 200
    assert len(walls.results()) == 6


def test_a_page_that_says_it_closes_leaves_a_failed_test_and_no_number(walls: Walls) -> None:
    begun = walls.begin(walls.code()).json()
    assert walls.finish(begun["id"], CLOSED).status_code == 200
    for result in walls.results():
        assert "closed" in result["error"]
        assert result["throughput_bits_per_second"] is None
        assert result["bound"] is None


def test_a_test_that_is_never_finished_becomes_a_failed_one(walls: Walls) -> None:
    walls.api.app.state.room_tests.lifetime_seconds = 0.2
    begun = walls.begin(walls.code()).json()
    assert begun["lifetime_seconds"] == 0.2
    deadline = time.monotonic() + 30
    while not walls.results() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [bool(result["error"]) for result in walls.results()] == [True, True]
    late = walls.finish(begun["id"], FINISHED)
    assert late.status_code == 404
    assert "took too long" in late.json()["detail"]
    assert len(walls.results()) == 2


def test_a_store_that_is_busy_can_be_told_again(
    walls: Walls, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = walls.begin(walls.code()).json()
    with monkeypatch.context() as patched:
        patched.setattr(walls.api.services.ingest, "keep", _busy)
        assert walls.finish(begun["id"], FINISHED).status_code == 503
    assert walls.finish(begun["id"], FINISHED).status_code == 200
    assert len(walls.results()) == 2


async def _busy(*_: Any) -> None:
    raise Busy("Too many results are waiting to be stored.")


def test_what_is_out_of_bounds_is_refused(walls: Walls) -> None:
    begun = walls.begin(walls.code()).json()
    for wrong in WRONG:
        answer = walls.finish(begun["id"], {"download": PART | wrong, "upload": PART})
        assert answer.status_code == 422, wrong
    assert walls.results() == []


def test_what_no_test_can_have_found_is_refused_and_the_room_is_free_again(walls: Walls) -> None:
    code = walls.code()
    begun = walls.begin(code).json()
    endless = {"download": PART | {"duration_seconds": 1e9}, "upload": PART}
    refused = walls.finish(begun["id"], endless)
    assert refused.status_code == 422
    assert "This can't be" in refused.json()["detail"]
    assert walls.results() == []
    assert walls.begin(code).status_code == 201


def test_what_is_kept_passes_the_checks_that_an_agents_results_pass(walls: Walls) -> None:
    lane = BrowserLane(walls.api.services.ingest)
    now = walls.api.services.now()
    good = collecting.throughput(started_at=now)
    bad = collecting.throughput(started_at=now, line_bits_per_second=1.0)
    portal = walls.api.http.portal
    assert portal is not None
    with pytest.raises(Invalid, match="framing only adds"):
        portal.call(lane.keep, walls.school.id, (good, bad), now)
    assert walls.results() == []
    portal.call(lane.keep, walls.school.id, (good,), now)
    assert [result["id"] for result in walls.results()] == [str(good.id)]


def test_a_rate_without_a_number_is_a_failed_test(walls: Walls) -> None:
    begun = walls.begin(walls.code()).json()
    walls.finish(begun["id"], {"download": {}, "upload": PART})
    found = {result["direction"]: result for result in walls.results()}
    assert found["download"]["error"]
    assert found["upload"]["error"] is None


def test_a_body_larger_than_any_page_sends_is_refused(walls: Walls) -> None:
    begun = walls.begin(walls.code()).json()
    answer = walls.api.http.post(f"/api/v1/room-tests/{begun['id']}", content=b" " * 20_000)
    assert answer.status_code == 413


def test_a_test_that_nobody_began_is_not_awaited(walls: Walls) -> None:
    assert walls.finish(str(uuid4()), FINISHED).status_code == 404
    assert walls.results() == []


def test_a_code_that_nobody_made_begins_nothing(walls: Walls) -> None:
    answer = walls.begin("ABCDEFGH")
    assert answer.status_code == 404
    assert "No room has this code" in answer.json()["detail"]


def test_guessing_codes_is_held_up_whether_a_guess_is_right_or_not(walls: Walls) -> None:
    now = [0.0]
    walls.api.app.state.code_failures = FailureLimit(lambda: now[0])
    code = walls.code()
    assert [walls.begin("ABCDEFGH").status_code for _ in range(70)] == [404] * 60 + [429] * 10
    for asked in ("ABCDEFGH", code):
        assert walls.begin(asked).json()["title"] == "Too many failed attempts"
        for page in ("/measure", "/measure/worker.js"):
            assert walls.api.http.get(f"{page}?room={asked}").status_code == 429, page
    assert walls.api.http.get("/measure").status_code == 200, "nothing is guessed without a code"

    now[0] += 1.0
    assert walls.begin(code).status_code == 201


@pytest.mark.parametrize("page", ["/measure", "/measure/worker.js"])
def test_guesses_at_a_page_count_as_well(walls: Walls, page: str) -> None:
    walls.api.app.state.code_failures = FailureLimit(lambda: 0.0)
    guesses = [walls.api.http.get(f"{page}?room=ABCDEFGH").status_code for _ in range(61)]
    assert guesses == [404] * 60 + [429]
    assert walls.begin(walls.code()).status_code == 429


def test_right_codes_cost_nothing(walls: Walls) -> None:
    walls.api.app.state.code_failures = FailureLimit(lambda: 0.0)
    code = walls.code()
    pages = {walls.api.http.get(f"/measure?room={code}").status_code for _ in range(70)}
    assert pages == {200}
    assert walls.begin(code).status_code == 201


def test_a_page_with_another_test_server_in_mind_is_told_to_reload(walls: Walls) -> None:
    answer = walls.begin(walls.code(), reflector=uuid4())
    assert answer.status_code == 409
    assert "Reload" in answer.json()["detail"]


def test_a_room_is_tested_by_one_device_at_a_time(walls: Walls) -> None:
    code = walls.code()
    first = walls.begin(code).json()
    second = walls.begin(code)
    assert second.status_code == 429
    assert int(second.headers["retry-after"]) <= 30
    walls.finish(first["id"], FINISHED)
    assert walls.begin(code).status_code == 201


def test_a_school_is_tested_in_a_few_rooms_at_a_time(walls: Walls) -> None:
    codes = [walls.code(f"Room {number}") for number in range(TESTS_AT_SCHOOL + 1)]
    said = [walls.begin(code).status_code for code in codes]
    assert said == [201] * TESTS_AT_SCHOOL + [429]


def test_a_room_is_not_tested_without_end(walls: Walls) -> None:
    code = walls.code()
    for _ in range(ROOM_BURST):
        walls.finish(walls.begin(code).json()["id"], CLOSED)
    assert walls.begin(code).status_code == 429


def test_a_browsers_test_never_votes(walls: Walls) -> None:
    begun = walls.begin(walls.code()).json()
    walls.finish(begun["id"], FINISHED)
    (result,) = (r for r in walls.results() if r["direction"] == "download")
    facts: Any = {name: result.get(name) for name in LinkTest.__struct_fields__}
    test = LinkTest(**facts | {"failed": False, "daypart": "closed", "day": date(2026, 3, 2)})
    assert columns_of([test]).unfit[0] != 0


def test_the_page_allows_this_server_the_test_server_and_nobody_else(walls: Walls) -> None:
    code = walls.code()
    for path in (f"/measure?room={code}", f"/measure/worker.js?room={code}"):
        answer = walls.api.http.get(path)
        policy = answer.headers["content-security-policy"]
        assert answer.status_code == 200
        assert "connect-src 'self' ws://10.1.0.2:8485 http://10.1.0.2:8485;" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "set-cookie" not in answer.headers


def test_a_name_is_text_on_every_page(walls: Walls) -> None:
    hostile = '"><script>window.owned=1</script>'
    code = walls.code(hostile)
    walls.api.http.get(walls.api.login_link())
    for path in (f"/measure?room={code}", f"/schools/{walls.school.id}/rooms"):
        page = walls.api.http.get(path).text
        assert hostile not in page
        assert "&lt;script&gt;" in page


def test_without_a_test_server_the_page_says_what_to_do(api: Api) -> None:
    page = api.http.get("/measure").text
    assert "No test server is set up" in page
    assert "broadgauge reflectors add" in page
    assert "<script" not in page


def test_an_unknown_code_gets_a_page_that_says_what_to_do(walls: Walls) -> None:
    answer = walls.api.http.get("/measure?room=ABCD-EFGH")
    assert answer.status_code == 404
    assert "ask IT to print the school's sheet again" in answer.text.replace("&#x27;", "'")


def test_the_sheet_has_a_card_a_room_with_the_address_people_use(walls: Walls) -> None:
    rooms = walls.add("Room 12", "Library").json()
    walls.api.http.get(walls.api.login_link())
    page = walls.api.http.get(f"/schools/{walls.school.id}/rooms").text
    assert page.count('class="card"') == 2
    assert page.count("<svg") == 2
    for room in rooms:
        (card,) = (card for card in page.split("<article")[1:] if f"<h2>{room['name']}<" in card)
        assert _qr_code(f"http://127.0.0.1:8484/measure?room={room['code']}") in card
    assert "http://127.0.0.1:8484/measure" in page
    assert "only this machine has" in page


def _qr_code(address: str) -> str:
    code = segno.make_qr(address, error="m", boost_error=True)
    return str(code.svg_inline(border=4, omitsize=True, svgclass="qr"))
