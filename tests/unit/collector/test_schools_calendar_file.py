"""Calendars as district offices publish them, and what people do to such files."""

from datetime import date, time
from typing import Any

import pytest
from msgspec.structs import replace

from broadgauge_collector.errors import Invalid
from broadgauge_collector.schools.calendar_file import FileAsked, FileRead, read_file
from broadgauge_collector.schools.model import CalendarDay

ASKED = FileAsked(timezone="America/Chicago", today=date(2026, 9, 1))


def file(*events: str) -> str:
    """A calendar with these events, each the lines between BEGIN and END."""
    inner = "\n".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//a district//EN\n{inner}\nEND:VCALENDAR\n"


def event(*lines: str, name: str = "Labor Day") -> str:
    return "\n".join((f"UID:{name}", f"SUMMARY:{name}", *lines))


def read(*events: str, **asked: Any) -> FileRead:
    return read_file(file(*events), replace(ASKED, **asked))


def one(*lines: str, **asked: Any) -> CalendarDay:
    (day,) = read(event(*lines), **asked).days
    return day


def test_an_event_of_whole_days_is_a_holiday_and_its_end_is_the_day_after() -> None:
    single = one("DTSTART;VALUE=DATE:20260907")
    assert (single.first, single.last, single.kind) == (
        date(2026, 9, 7),
        date(2026, 9, 7),
        "holiday",
    )
    long = one("DTSTART;VALUE=DATE:20261221", "DTEND;VALUE=DATE:20270102")
    assert (long.first, long.last) == (date(2026, 12, 21), date(2027, 1, 1))
    lasting = one("DTSTART;VALUE=DATE:20261221", "DURATION:P3D")
    assert lasting.last == date(2026, 12, 23)


def test_an_event_at_a_time_of_the_day_is_left_out_unless_its_kind_is_said() -> None:
    evening = event("DTSTART:20260910T230000Z", "DTEND:20260911T010000Z", name="Board meeting")
    found = read(evening)
    assert found.days == ()
    assert "line 4, 'Board meeting': it has times of the day" in found.left_out[0]


def test_times_are_those_of_the_schools_clock_whatever_the_files() -> None:
    lines = ("DTSTART:20260910T173000Z", "DTEND:20260910T200000Z")
    assert one(*lines, kind="half_day").closes == time(12, 30)
    testing = one(*lines, kind="blackout")
    assert (testing.begins, testing.closes) == (time(12, 30), time(15))
    windows = ("DTSTART;TZID=Eastern Standard Time:20260910T090000", "DURATION:PT2H")
    eastern = one(*windows, kind="blackout")
    assert (eastern.begins, eastern.closes) == (time(8), time(10))
    midnight = one("DTSTART;TZID=America/Chicago:20260910T000000",
                   "DTEND;TZID=America/Chicago:20260911T000000")  # fmt: skip
    assert (midnight.first, midnight.last) == (date(2026, 9, 10), date(2026, 9, 10))


def test_half_days_of_whole_days_need_a_time_to_close_at() -> None:
    assert one("DTSTART;VALUE=DATE:20260910", kind="half_day", closes=time(12)).closes == time(12)
    with pytest.raises(Invalid, match="say when school closes on half days"):
        one("DTSTART;VALUE=DATE:20260910", kind="half_day")


def test_rules_are_repeated_within_bounds_without_what_they_leave_out() -> None:
    weekly = event(
        "DTSTART;VALUE=DATE:20260902", "RRULE:FREQ=WEEKLY;BYDAY=WE;UNTIL=20260930",
        "EXDATE;VALUE=DATE:20260916", name="Early release",
    )  # fmt: skip
    days = read(weekly, kind="half_day", closes=time(13)).days
    assert [day.first.day for day in days] == [2, 9, 23, 30]
    forever = read(event("DTSTART;VALUE=DATE:19990704", "RRULE:FREQ=YEARLY")).days
    assert [day.first.year for day in forever] == [2025, 2026, 2027, 2028, 2029]


def test_a_rule_keeps_the_clock_on_the_wall_over_the_change_of_clocks() -> None:
    rule = ("DTSTART;TZID=America/Chicago:20261026T090000", "DURATION:PT1H",
            "RRULE:FREQ=WEEKLY;COUNT=2")  # fmt: skip
    days = read(event(*rule), kind="blackout").days
    assert [day.begins for day in days] == [time(9), time(9)]


def test_a_repeat_that_was_moved_is_where_it_was_moved_to() -> None:
    series = event("DTSTART;VALUE=DATE:20260904", "RRULE:FREQ=WEEKLY;COUNT=3", name="Off")
    moved = event("DTSTART;VALUE=DATE:20260914", "RECURRENCE-ID;VALUE=DATE:20260911", name="Off")
    days = read(series, moved).days
    assert sorted(day.first.day for day in days) == [4, 14, 18]


def test_only_events_with_a_word_asked_for_are_taken_and_canceled_ones_never() -> None:
    found = read(
        event("DTSTART;VALUE=DATE:20260907", name="No School - Labor Day"),
        event("DTSTART;VALUE=DATE:20260908", name="Picture day"),
        event("DTSTART;VALUE=DATE:20260909", "STATUS:CANCELLED", name="No school"),
        match=("no school",),
    )
    assert [day.name for day in found.days] == ["No School - Labor Day"]
    assert len(found.left_out) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "no iCalendar file"), ("<html>Sign in</html>", "no iCalendar file"),
     ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", "no events"),
     ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x\n", "no events"),
     (file() + "\x00\n", "no events|can't be read")],
)  # fmt: skip
def test_what_is_no_calendar_is_refused(text: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        read_file(text, ASKED)


@pytest.mark.parametrize(
    ("lines", "words"),
    [(("DTSTART;VALUE=DATE:2026zz",), "2026zz"), ((), "no DTSTART"),
     (("DTSTART;VALUE=DATE:20260908", "DTEND;VALUE=DATE:20260907"), "ends before it begins"),
     (("DTSTART;TZID=Mars/Olympus:20260908T090000",), "no time zone 'Mars/Olympus'"),
     (("DTSTART;VALUE=DATE:20260908", "RRULE:FREQ=SOMETIMES"), "SOMETIMES"),
     (("DTSTART;VALUE=DATE:20260908", "RRULE:FREQ=SECONDLY"), "by day, week, month or year"),
     (("DTSTART;VALUE=DATE:20260908", "RRULE:FREQ=DAILY"), "more than 1000 times"),
     (("DTSTART;VALUE=DATE:00010101", "RRULE:FREQ=DAILY"), "since 1"),
     (("DTSTART;VALUE=DATE:20260908", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "by month"),
     (("DTSTART;VALUE=DATE:20260908", "DTEND:20260909T100000Z"), "both must"),
     (("DTSTART;VALUE=DATE:20260908", "DTEND;VALUE=DATE:20290908"), "more than 366 days"),
     (("DTSTART;VALUE=DATE:20260908", "DTSTART;VALUE=DATE:20260909"), "more than one|understood"),
     (("DTSTART;VALUE=DATE:20260908", "what is this"), "what is this")],
)  # fmt: skip
def test_an_event_that_makes_no_sense_is_refused_with_its_line_and_name(
    lines: tuple[str, ...], words: str
) -> None:
    good = event("DTSTART;VALUE=DATE:20260907")
    with pytest.raises(Invalid, match=words) as refused:
        read(good, event(*lines, name="Nonsense"))
    assert "line 9, 'Nonsense'" in refused.value.detail
    assert "nothing was taken" in refused.value.detail
