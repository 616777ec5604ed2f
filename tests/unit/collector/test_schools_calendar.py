"""School hours on the school's own clock: weekdays that differ, holidays, half days, blackouts."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from broadgauge_collector.capacity.daypart import MICROSECOND, START, clocks_of, placed
from broadgauge_collector.schools.calendar import (
    NIGHT,
    SchoolCalendar,
    hardly_closes,
    hours_in_words,
    least_used_hours,
)
from broadgauge_collector.schools.model import CalendarDay, CalendarKind, DayHours, SchoolHours

CHICAGO = "America/Chicago"
WEEK = SchoolHours(opens=time(7, 30), closes=time(16))
MONDAY = date(2026, 3, 2)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def entry(
    first: date, kind: CalendarKind = "holiday", last: date | None = None, **more: Any
) -> CalendarDay:
    return CalendarDay(first=first, last=last or first, kind=kind, name=kind, **more)


def wide(opens: time, closes: time, weekdays: tuple[int, ...]) -> SchoolHours:
    return SchoolHours(opens=opens, closes=closes, weekdays=weekdays)


def test_a_weekday_with_hours_of_its_own_keeps_those_and_the_others_the_usual_ones() -> None:
    early = DayHours(weekday=2, opens=time(7, 30), closes=time(14))
    saturday = DayHours(weekday=5, opens=time(9), closes=time(12))
    calendar = SchoolCalendar("UTC", SchoolHours(by_weekday=(early, saturday)))
    week = [calendar.opening_hours(MONDAY + timedelta(days=n)) for n in (0, 2, 5, 6)]
    assert week == [
        ((time(7, 30), time(16)),),
        ((time(7, 30), time(14)),),
        ((time(9), time(12)),),
        (),
    ]


def test_a_holiday_has_no_school_hours_and_wins_over_a_half_day() -> None:
    days = (entry(MONDAY, "half_day", closes=time(12)), entry(MONDAY))
    calendar = SchoolCalendar(CHICAGO, WEEK, days)
    assert calendar.school_spans(MONDAY) == ()
    assert not calendar.is_school_day(MONDAY)
    assert calendar.is_school_day(MONDAY + timedelta(days=1))
    assert calendar.daypart(utc("2026-03-02T18:00:00")) == "closed"


def test_a_half_day_closes_early() -> None:
    calendar = SchoolCalendar(CHICAGO, WEEK, (entry(MONDAY, "half_day", closes=time(12)),))
    assert calendar.spans(MONDAY, MONDAY) == (
        (utc("2026-03-02T13:30:00"), utc("2026-03-02T18:00:00")),
    )
    assert calendar.daypart(utc("2026-03-02T17:59:59")) == "school"
    assert calendar.daypart(utc("2026-03-02T18:00:00")) == "closed"


def test_a_blackout_is_no_daypart_and_has_its_hours_on_each_of_its_days() -> None:
    testing = entry(
        MONDAY, "blackout", MONDAY + timedelta(days=1), begins=time(9), closes=time(11, 30)
    )
    calendar = SchoolCalendar(CHICAGO, WEEK, (testing,))
    assert calendar.spans(MONDAY, MONDAY) == SchoolCalendar(CHICAGO, WEEK).spans(MONDAY, MONDAY)
    moments = ["2026-03-02T14:59:59", "2026-03-02T15:00:00", "2026-03-03T17:29:59",
               "2026-03-03T17:30:00"]  # fmt: skip
    assert [calendar.blackout(utc(at)) for at in moments] == [None, "blackout", "blackout", None]
    all_day = SchoolCalendar(CHICAGO, WEEK, (entry(MONDAY, "blackout"),))
    assert all_day.blackout(utc("2026-03-03T05:59:59.999999")) == "blackout"
    assert all_day.blackout(utc("2026-03-03T06:00:00")) is None


def test_hours_are_an_hour_less_or_more_on_the_days_the_clocks_change() -> None:
    calendar = SchoolCalendar(CHICAGO, wide(time(1), time(4), (6,)))
    forward = calendar.school_spans(date(2026, 3, 8))
    assert forward == ((utc("2026-03-08T07:00:00"), utc("2026-03-08T09:00:00")),)
    back = calendar.school_spans(date(2026, 11, 1))
    assert back == ((utc("2026-11-01T06:00:00"), utc("2026-11-01T10:00:00")),)


def test_hours_that_begin_in_the_hour_that_is_skipped_begin_when_it_is_over() -> None:
    late = SchoolCalendar(CHICAGO, wide(time(2, 30), time(4), (6,)))
    assert late.school_spans(date(2026, 3, 8)) == (
        (utc("2026-03-08T08:00:00"), utc("2026-03-08T09:00:00")),
    )
    inside = SchoolCalendar(CHICAGO, wide(time(2, 10), time(2, 50), (6,)))
    assert inside.school_spans(date(2026, 3, 8)) == ()


def test_a_school_open_twelve_hours_on_310_days_says_that_closed_hours_hardly_exist() -> None:
    long = SchoolCalendar(CHICAGO, wide(time(7), time(19), (0, 1, 2, 3, 4, 5)), (entry(MONDAY),))
    usual = SchoolCalendar(CHICAGO, WEEK)
    assert long.closed_share() == pytest.approx(1 - 12 * 312 / 8760, abs=0.003)
    assert (hardly_closes(long), hardly_closes(usual)) == (True, False)
    assert usual.note() is None
    assert "closed hours hardly exist" in (long.note() or "")
    assert "From 01:00 to 05:00, when the line is used least" in (long.note() or "")


def test_holidays_can_make_closed_hours_exist_after_all() -> None:
    hours = wide(time(7), time(19), (0, 1, 2, 3, 4, 5))
    summer = entry(date(2026, 6, 1), last=date(2026, 8, 31))
    assert hardly_closes(SchoolCalendar(CHICAGO, hours))
    assert not hardly_closes(SchoolCalendar(CHICAGO, hours, (summer,)))


def test_where_a_school_is_always_open_the_least_used_hours_count_as_closed() -> None:
    always = wide(time(0), time(23, 59), (0, 1, 2, 3, 4, 5, 6))
    calendar = SchoolCalendar("UTC", always)
    assert calendar.wall_hours(MONDAY) == (
        (time(0), time(1)),
        (time(5), time(23, 59)),
    )
    assert calendar.daypart(utc("2026-03-02T03:00:00")) == "closed"
    chosen = SchoolCalendar("UTC", always, (), (13, 14))
    assert chosen.daypart(utc("2026-03-02T14:59:00")) == "closed"
    assert chosen.daypart(utc("2026-03-02T03:00:00")) == "school"
    usual = SchoolCalendar("UTC", WEEK, (), (13, 14))
    assert usual.daypart(utc("2026-03-02T14:00:00")) == "school"


def test_the_least_used_hours_are_those_on_end_with_the_least_use_if_all_are_known() -> None:
    use = dict.fromkeys(range(24), 100.0) | {22: 1.0, 23: 2.0, 0: 1.0, 1: 2.0, 12: 0.0}
    assert least_used_hours(use) == (22, 23, 0, 1)
    assert least_used_hours(dict.fromkeys(range(23), 1.0)) == NIGHT == least_used_hours()


def test_hours_read_as_people_write_them() -> None:
    assert hours_in_words(NIGHT) == "From 01:00 to 05:00"
    assert hours_in_words((22, 23, 0, 1)) == "From 22:00 to 02:00"
    assert hours_in_words((3, 13, 14)) == "From 03:00 to 04:00 and 13:00 to 15:00"


def test_schools_whose_days_differ_in_name_alone_are_one_clock() -> None:
    both = [SchoolCalendar(CHICAGO, WEEK, (replace(entry(MONDAY), name=name),)) for name in "AB"]
    testing = SchoolCalendar(CHICAGO, WEEK, (*both[0].days, entry(MONDAY, "blackout")))
    assert len(clocks_of([*both, testing])) == 1
    assert len(clocks_of([*both, SchoolCalendar(CHICAGO, WEEK)])) == 2


DAYS = st.dates(date(2026, 2, 20), date(2026, 3, 20)) | st.dates(
    date(2026, 10, 20), date(2026, 11, 10)
)
TIMES = st.times(min_value=time(0), max_value=time(23, 59)).map(
    lambda t: t.replace(second=0, microsecond=0)
)


@st.composite
def calendars(draw: st.DrawFn) -> SchoolCalendar:
    opens, closes = draw(st.lists(TIMES, min_size=2, max_size=2, unique=True).map(sorted))
    weekdays = draw(st.sets(st.integers(0, 6), min_size=1))
    kinds = st.sampled_from(("holiday", "half_day", "blackout"))
    days = draw(st.lists(st.builds(entry, DAYS, kinds, closes=TIMES), max_size=4))
    zone = draw(st.sampled_from((CHICAGO, "Australia/Lord_Howe", "Europe/Berlin", "UTC")))
    return SchoolCalendar(zone, wide(opens, closes, tuple(sorted(weekdays))), tuple(days))


@settings(max_examples=60, deadline=None)
@given(calendars(), st.lists(DAYS, min_size=1, max_size=5), st.data())
def test_many_moments_are_placed_as_each_one_is(
    calendar: SchoolCalendar, days: list[date], data: st.DataObject
) -> None:
    minutes = data.draw(st.lists(st.integers(0, 24 * 60), min_size=1, max_size=20))
    moments = [
        datetime(d.year, d.month, d.day, tzinfo=UTC) + timedelta(minutes=m)
        for d in days
        for m in minutes
    ]
    edges = [edge for day in days for span in calendar.school_spans(day) for edge in span]
    moments += [*edges, *(edge - MICROSECOND for edge in edges)]
    columns = np.array([(at - START) // MICROSECOND for at in moments], np.int64)
    _, closed = placed(columns, clocks_of([calendar]))
    assert closed.tolist() == [calendar.daypart(at) == "closed" for at in moments]
