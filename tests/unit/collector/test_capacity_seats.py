"""What people get in school hours, worked out by hand."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from broadgauge_collector.capacity.seats import Seats, Seen, judge_seats, school_time, use_of
from broadgauge_collector.capacity.shares import weighted, weights
from broadgauge_collector.schools.calendar import SchoolCalendar
from broadgauge_collector.schools.model import CalendarDay, SchoolHours

MONDAY = date(2026, 3, 2)
CALENDAR = SchoolCalendar("America/Chicago", SchoolHours())
TIME = school_time(CALENDAR, MONDAY, date(2026, 3, 29))
"""Four weeks of 07:30 to 16:00."""

WEB = use_of("web")


def seen(count: int, **columns: Any) -> Seen:
    """Fine tests at ten, one on each of so many school days."""
    days = [MONDAY.toordinal() + 7 * (n // 5) + n % 5 for n in range(count)]
    made: dict[str, Any] = {
        "day": np.array(days, np.int64),
        "hour": np.full(count, 10),
        "line": np.full(count, 50e6),
        "loaded_rtt": np.full(count, 0.03),
        "lost": np.full(count, np.nan),
        "ran": np.ones(count, np.bool_),
        "failed": np.zeros(count, np.bool_),
        "held_back": np.zeros(count, np.bool_),
    }
    return Seen(**made | columns)


def first(count: int, value: Any, rest: Any, of: int) -> Any:
    return np.array([value] * count + [rest] * (of - count))


def found(tests: Seen) -> Seats:
    return judge_seats(tests, TIME, WEB)


def test_school_time_is_by_two_hours_and_weekday_without_holidays() -> None:
    assert TIME.sum() == 4 * 5 * 8.5
    assert TIME[3].tolist() == [2.0] * 5 + [0, 0]  # 06 to 08, from 07:30: four half hours
    off = CalendarDay(first=MONDAY, last=MONDAY, kind="holiday", name="Monday off")
    without = SchoolCalendar("America/Chicago", SchoolHours(), (off,))
    assert school_time(without, MONDAY, date(2026, 3, 29)).sum() == 4 * 5 * 8.5 - 8.5


def test_tests_stand_for_the_time_of_their_cell() -> None:
    """Nine tests at eight stand for as much as one at ten, on days of one weekday."""
    time = np.array([[2.0], [2.0]])
    found = weights(np.array([0] * 9 + [1]), np.zeros(10, np.int64), time)
    assert found.tolist() == pytest.approx([1 / 18] * 9 + [1 / 2])


def test_a_weekday_without_a_test_is_stood_for_by_the_others_of_its_hours() -> None:
    time = np.array([[1.0, 3.0, 4.0]])
    found = weights(np.array([0, 0]), np.array([0, 1]), time)
    assert found.tolist() == pytest.approx([0.25, 0.75])


def test_ten_days_that_all_suffice_are_ten_tests() -> None:
    """Two tests a day that agree are no more than one: 0.025^(1/10) = 0.69."""
    good, day = np.ones(20, np.bool_), np.repeat(np.arange(10), 2)
    share = weighted(good, np.full(20, 0.05), day, 0.95)
    assert share.share == pytest.approx(1)
    assert share.effective == pytest.approx(10)
    assert share.interval.low == pytest.approx(0.025 ** (1 / 10))
    assert share.interval.high == 1


def test_tests_of_a_day_that_go_together_widen_the_interval() -> None:
    together = np.repeat([True, False, True, True, False, True, True, True, False, True], 4)
    apart = np.tile([True, False, True, True, False, True, True, True, False, True], 4)
    day, weight = np.repeat(np.arange(10), 4), np.full(40, 1 / 40)
    one, other = (weighted(good, weight, day, 0.95) for good in (together, apart))
    assert one.share == pytest.approx(other.share) == pytest.approx(0.7)
    assert one.effective < other.effective
    assert (one.interval.low or 0) < (other.interval.low or 0)


def test_nothing_is_claimed_from_one_day() -> None:
    share = weighted(np.ones(5, np.bool_), np.full(5, 0.2), np.zeros(5, np.int64), 0.95)
    assert (share.interval.low, share.interval.high) == (0, 1)


@pytest.mark.parametrize(
    "short",
    [
        {"line": first(5, 9e6, 50e6, 20)},
        {"loaded_rtt": first(5, 0.2, 0.03, 20)},
        {"lost": first(5, 0.02, 0.0, 20)},
        {"failed": first(5, True, False, 20), "line": first(5, np.nan, 50e6, 20)},
    ],
)
def test_slow_late_lossy_and_failed_tests_are_short(short: dict[str, Any]) -> None:
    seats = found(seen(20, **short))
    assert seats.share == pytest.approx(0.75)
    assert (seats.days, seats.days_short, seats.tests) == (20, 5, 20)


def test_what_is_unknown_of_a_test_is_not_held_against_it() -> None:
    assert found(seen(20, loaded_rtt=np.full(20, np.nan))).share == pytest.approx(1)


def test_tests_that_did_not_run_may_be_either() -> None:
    ran = first(15, True, False, 20)
    tests = seen(20, ran=ran, line=np.where(ran, 50e6, np.nan))
    seats, without = found(tests), found(seen(15))
    assert seats.share == pytest.approx(1)
    assert (seats.tests, seats.skipped) == (15, 5)
    assert seats.interval is not None
    assert without.interval is not None
    assert (seats.interval.low or 0) < (without.interval.low or 0)
    assert seats.interval.high == 1
    assert "5 tests did not run" in seats.explanation


def test_a_test_that_held_itself_back_cannot_say() -> None:
    held = first(5, True, False, 20)
    slow = seen(20, held_back=held, line=np.where(held, 5e6, 50e6))
    assert (found(slow).tests, found(slow).skipped) == (15, 5)


def test_hours_without_a_test_are_not_claimed() -> None:
    """10 to 12 is two of 8.5 hours."""
    seats = found(seen(20))
    assert seats.covered == pytest.approx(2 / 8.5)
    assert "24% of school time" in seats.explanation


def test_the_worst_hours_are_named() -> None:
    hour = first(10, 12, 10, 20)
    seats = found(seen(20, hour=hour, line=first(6, 2e6, 50e6, 20)))
    assert seats.worst is not None
    assert (seats.worst.begins, seats.worst.ends, seats.worst.short) == (12, 14, 6)
    assert [band.begins for band in seats.hours] == [10, 12]


def test_without_a_test_there_is_no_share() -> None:
    seats = found(seen(0))
    assert (seats.share, seats.interval, seats.worst) == (None, None, None)
    assert seats.explanation == "No test in school hours yet."
