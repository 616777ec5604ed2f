"""The Calendar page: a year at a glance, and what a file would add."""

from datetime import date, time
from typing import Any

from dash import html

from broadgauge_collector.schools.calendar import SchoolCalendar
from broadgauge_collector.schools.calendar_import import CalendarImport
from broadgauge_collector.schools.model import CalendarDay, CalendarKind, SchoolHours
from broadgauge_dashboard.views.calendar import (
    Shown,
    months,
    preview,
    school_year,
    year_name,
    year_panels,
)
from broadgauge_wire import new_id
from tests.unit.dashboard.seeing import parts, texts

GRANT = new_id()


def entry(first: date, kind: CalendarKind, name: str, **more: Any) -> CalendarDay:
    return CalendarDay(first=first, last=first, kind=kind, name=name, id=new_id(), **more)


BREAK = entry(date(2026, 11, 26), "holiday", "Thanksgiving")
EARLY = entry(date(2026, 10, 9), "half_day", "Early release", closes=time(12, 30))
TESTING = entry(date(2027, 4, 13), "blackout", "State testing", begins=time(9), school_id=GRANT)


def shown(*days: CalendarDay, hours: SchoolHours | None = None) -> html.Div:
    calendar = SchoolCalendar("America/Chicago", hours or SchoolHours(), days)
    return html.Div(year_panels(Shown(calendar, {GRANT: "Grant"}, 2026)))


def page(*days: CalendarDay, hours: SchoolHours | None = None) -> str:
    return texts(shown(*days, hours=hours))


def test_a_year_goes_from_august_to_july() -> None:
    assert (months(2026)[0], months(2026)[-1]) == ((2026, 8), (2027, 7))
    assert [school_year(date(2026, m, 1)) for m in (7, 8)] == [2025, 2026]
    assert year_name(2026) == "2026\u201327"


def test_each_day_says_what_it_is_without_its_color() -> None:
    cells = parts(shown(BREAK, EARLY, TESTING), "calendar-day")
    days = [(cell.children, cell.title) for cell in cells if hasattr(cell, "title")]
    assert len(days) == 365
    for said in (
        ("26\u202fH", "holiday, Thanksgiving"),
        ("9\u202f½", "half day, Early release"),
        ("13", "school day, blackout: State testing"),
        ("28", "no school"),
    ):
        assert said in days
    assert "259 school days in 2026\u201327." in page(BREAK, EARLY, TESTING)


def test_entries_are_listed_with_whom_they_are_for() -> None:
    words = page(BREAK, EARLY, TESTING)
    assert "Oct 9, 2026 Half day, closes at 12:30 Early release Every school" in words
    assert "Apr 13, 2027 Blackout, 09:00\u201324:00 State testing Grant" in words


def test_a_year_without_entries_says_what_to_do() -> None:
    assert "upload the district's calendar" in page()


def test_a_school_that_hardly_closes_says_so() -> None:
    long = SchoolHours(opens=time(7), closes=time(19), weekdays=(0, 1, 2, 3, 4, 5))
    assert "closed hours hardly exist" in page(hours=long)


def test_a_file_is_shown_before_it_is_taken() -> None:
    found = CalendarImport(added=(BREAK,), there=(EARLY,), left_out=("line 4: no",), dry_run=True)
    words = texts(preview(found, "district.ics"))
    assert "district.ics: 1 entry to add, 1 there already, 1 left out." in words
    assert "Nov 26, 2026: Thanksgiving (Holiday)" in words
    assert "Add these days" in words
    assert "Add these days" not in texts(
        preview(CalendarImport(added=(), there=(), left_out=(), dry_run=True), "x")
    )
