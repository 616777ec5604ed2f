"""The Coverage page in a browser: every line, and one by day, hour and location, for everybody."""

from playwright.sync_api import Page, expect

from tests.browser.axe import axe_faults
from tests.browser.conftest import Open
from tests.browser.serving import Board, nights

PHONE = {"width": 390, "height": 844}
WIDER_THAN_THE_PAGE = """[...document.querySelectorAll(".page *")].filter(
  (e) => e.getBoundingClientRect().right > innerWidth + 1).length"""


def test_what_is_missing_can_be_read_on_a_wall_and_on_a_phone_by_everybody(
    fresh: Board, open_page: Open
) -> None:
    desk = fresh.agent(fresh.school("Lincoln Elementary", 500, "Lincoln circuit"))
    fresh.post(desk, *nights(600))
    fresh.school("Maple Grove", 120, "Maple circuit")

    wall = open_page(fresh, "/coverage")
    lines = wall.locator("table.coverage-lines tbody tr")
    expect(lines).to_have_count(2)
    expect(lines.filter(has_text="Maple circuit")).to_contain_text("No agent at Maple Grove")
    assert axe_faults(wall) == []
    _assert_fits(wall)

    wall.get_by_role("link", name="Lincoln circuit").click()
    hourly = wall.get_by_role("region", name="Tests that count, by day and hour")
    expect(hourly.locator("thead th")).to_have_count(1 + 24)
    expect(hourly.get_by_text("2", exact=True)).to_have_count(0)  # one full reading an hour
    expect(wall.locator(".coverage-places")).to_contain_text("Room 12")

    phone = open_page(fresh, wall.url.removeprefix(fresh.url), viewport=PHONE, color_scheme="dark")
    expect(phone.get_by_role("region", name="by day and 2 hours")).to_be_visible()
    assert axe_faults(phone) == []
    _assert_fits(phone)


def _assert_fits(page: Page) -> None:
    """Nothing lies to the right of the window, not even where one could scroll to it."""
    assert page.evaluate(WIDER_THAN_THE_PAGE) == 0
