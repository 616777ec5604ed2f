"""School days and school hours, on the school's own clock."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from broadgauge_collector.capacity.daypart import Clock, clocks_of, day_begins, place, window_of
from broadgauge_collector.schools.model import SchoolHours

HOURS = SchoolHours(opens=time(7, 30), closes=time(16, 0))
CHICAGO = Clock("America/Chicago", HOURS)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "day", "daypart"),
    [
        ("2026-03-02T13:29:59", "2026-03-02", "closed"),  # Monday 07:29:59 CST
        ("2026-03-02T13:30:00", "2026-03-02", "school"),
        ("2026-03-02T21:59:59", "2026-03-02", "school"),
        ("2026-03-02T22:00:00", "2026-03-02", "closed"),
        ("2026-03-03T05:59:59", "2026-03-02", "closed"),  # 23:59:59 the day before
        ("2026-03-07T18:00:00", "2026-03-07", "closed"),  # Saturday noon
        # Clocks go forward on Sunday 8 March and back on Sunday 1 November.
        ("2026-03-09T12:29:59", "2026-03-09", "closed"),  # Monday 07:29:59 CDT
        ("2026-03-09T12:30:00", "2026-03-09", "school"),
        ("2026-10-30T20:59:59", "2026-10-30", "school"),  # Friday 15:59:59 CDT
        ("2026-11-02T21:59:59", "2026-11-02", "school"),  # Monday 15:59:59 CST
        ("2026-11-02T13:29:59", "2026-11-02", "closed"),
    ],
)
def test_school_hours_follow_the_clock_on_the_wall(instant: str, day: str, daypart: str) -> None:
    assert place(utc(instant), (CHICAGO,)) == (date.fromisoformat(day), daypart)


def test_hours_hold_on_the_very_day_the_clocks_change() -> None:
    sundays = SchoolHours(opens=time(1, 0), closes=time(3, 0), weekdays=(6,))
    clock = (Clock("America/Chicago", sundays),)
    # 8 March: 01:00 to 03:00 is one hour long; 02:00 to 03:00 doesn't exist.
    assert place(utc("2026-03-08T07:59:59"), clock)[1] == "school"
    assert place(utc("2026-03-08T08:00:00"), clock)[1] == "closed"
    # 1 November: 01:00 to 02:00 comes twice.
    assert place(utc("2026-11-01T06:30:00"), clock)[1] == "school"
    assert place(utc("2026-11-01T07:30:00"), clock)[1] == "school"
    assert place(utc("2026-11-01T09:00:00"), clock)[1] == "closed"


def test_days_begin_at_local_midnight_also_when_they_are_23_or_25_hours_long() -> None:
    def hours_of(day: date) -> float:
        begins = (day_begins(d, "America/Chicago") for d in (day, day + timedelta(days=1)))
        first, second = (begin.astimezone(UTC) for begin in begins)
        return (second - first) / timedelta(hours=1)

    assert [hours_of(date(2026, 3, d)) for d in (7, 8, 9)] == [24, 23, 24]
    assert hours_of(date(2026, 11, 1)) == 25


def test_a_shared_line_is_closed_only_when_it_is_for_every_school() -> None:
    evening = Clock("America/Chicago", SchoolHours(opens=time(17, 0), closes=time(21, 0)))
    at_18 = utc("2026-03-03T00:00:00")
    assert place(at_18, (CHICAGO,))[1] == "closed"
    assert place(at_18, (CHICAGO, evening))[1] == "school"
    assert place(at_18, (CHICAGO, evening))[0] == date(2026, 3, 2)


def test_schools_that_keep_the_same_hours_are_one_clock() -> None:
    zones = ("America/Denver", "America/Chicago", "America/Denver")
    clocks = clocks_of(Clock(zone, HOURS) for zone in zones)
    assert [c.timezone for c in clocks] == ["America/Denver", "America/Chicago"]


def test_a_window_of_days_ends_today_by_the_schools_clock() -> None:
    late = utc("2026-03-03T05:00:00")  # 23:00 on 2 March in Chicago
    assert window_of(late, 30, "America/Chicago") == (date(2026, 2, 1), date(2026, 3, 2))
    assert window_of(late, 1, "UTC") == (date(2026, 3, 3), date(2026, 3, 3))
