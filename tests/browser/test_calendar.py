"""The Calendar page in a browser: a year is filled by hand and from a file."""

from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.serving import Board
from tests.unit.collector.test_schools_calendar_file import event, file


def test_a_calendar_is_filled_by_hand_and_from_a_file(
    fresh: Board, open_page: Open, tmp_path: Path
) -> None:
    school = fresh.school("Calendar School")
    day = date.today() + timedelta(days=14)  # noqa: DTZ011 - any day of this school year
    page = open_page(fresh, f"/calendar?school={school.id}")
    body = page.locator("#calendar-body")
    expect(body).to_contain_text("No holiday, half day or blackout in this year")

    page.fill("#day-name", "Snow day")
    page.fill("#day-first", "2027-02-30")
    page.click("#add-day")
    expect(page.locator("#calendar-added")).to_contain_text("like 2026-11-26")
    page.fill("#day-first", day.isoformat())
    page.click("#add-day")
    expect(body).to_contain_text("Snow day")
    page.get_by_role("button", name="Remove Snow day").click()
    expect(body).not_to_contain_text("Snow day")

    published = tmp_path / "district.ics"
    published.write_text(file(event(f"DTSTART;VALUE=DATE:{day:%Y%m%d}", name="No school")))
    page.set_input_files("input[type=file]", published)
    expect(page.locator("#calendar-preview")).to_contain_text("1 entry to add")
    page.get_by_role("button", name="Add these days").click()
    expect(body).to_contain_text("No school")
    expect(page.locator("#calendar-preview")).to_contain_text("0 entries to add, 1 there already")
