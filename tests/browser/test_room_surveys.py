"""What rooms have, in a real browser: which can't power a full class, and what is said by hand."""

import pytest
from playwright.sync_api import expect

from broadgauge_collector.fleet.room_surveys.listing import survey_by_hand
from broadgauge_collector.fleet.room_surveys.model import HandSurvey
from broadgauge_collector.rooms.repository import add_rooms
from tests.browser.axe import axe_faults
from tests.browser.conftest import Open
from tests.browser.serving import HOSTILE, Board

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"]
)
def test_a_room_that_is_short_is_listed_and_corrected_by_hand(
    fresh: Board, open_page: Open, size: dict[str, int], scheme: str
) -> None:
    school = fresh.school("Lincoln Elementary")
    with fresh.services.stores.control.begin() as c:
        now = fresh.services.now()
        add_rooms(c, school.id, ["Room 12", HOSTILE], now)
        said = HandSurvey(
            school=str(school.id), room="Room 12", seats=25, outlets=6, circuits=2,
            circuit_amperes=20, carts=0, network_drops=2, access_points=1,
        )  # fmt: skip
        survey_by_hand(c, said, now)
    page = open_page(fresh, "/room-surveys", viewport=size, color_scheme=scheme)
    expect(page.get_by_role("heading", name="Rooms that can't power a full class")).to_be_visible()
    expect(page.get_by_text("21 sockets or slots")).to_be_visible()
    assert axe_faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]

    page.goto(f"{fresh.url}/school/{school.id}")
    expect(page.get_by_text("1 of 2 rooms can't power a full class")).to_be_visible()
    page.get_by_role("link", name="What its rooms have").click()
    expect(page.get_by_text("Not surveyed yet")).to_be_visible()
    assert page.evaluate("window.owned") is None
    page.get_by_role("link", name="Room 12").first.click()
    expect(page.get_by_label("Sockets", exact=True)).to_have_value("6")
    assert axe_faults(page) == []
    page.get_by_label("Sockets", exact=True).fill("40")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Kept: Room 12.")).to_be_visible()
    expect(page.get_by_role("row", name="Room 12").get_by_text("Enough").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    (room,) = (r for r in fresh.get("/api/v1/room-surveys")["rooms"] if r["room"] == "Room 12")
    assert (room["has"]["outlets"], room["judgement"]["power"]) == (40, "enough")

    page.get_by_role("textbox", name="Room", exact=True).fill("Zoe Quillfeather")
    expect(page.get_by_label("Sockets", exact=True)).to_have_value("")
    page.get_by_label("Sockets", exact=True).fill("3")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("such as Room 12 or Music Room")).to_be_visible()


def test_without_rooms_the_page_gives_a_sheet(fresh: Board, open_page: Open) -> None:
    page = open_page(fresh, "/room-surveys")
    expect(page.get_by_text("Walk through a school with a sheet")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="an empty sheet").click()
    assert download.value.path().read_bytes()[:2] == b"PK"
    assert axe_faults(page) == []
