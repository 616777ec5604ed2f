"""When upkeep is due, and which months are closed."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from broadgauge_collector.upkeep.when import RETRY, months_to_seal, next_due

AT = time(2, 30)
CHICAGO = ZoneInfo("America/Chicago")
GRACE = timedelta(days=5)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=CHICAGO)


def test_what_ran_this_night_runs_again_the_next() -> None:
    assert next_due(AT, at(4, 2, 31), None, at(4, 12)) == at(5, 2, 30)


def test_after_midnight_it_is_due_the_same_day() -> None:
    assert next_due(AT, at(3, 2, 31), None, at(4, 1)) == at(4, 2, 30)


def test_a_night_that_was_missed_is_due_at_once() -> None:
    assert next_due(AT, at(1, 2, 31), None, at(4, 12)) == at(4, 12)


def test_what_never_ran_is_due_at_once() -> None:
    assert next_due(AT, None, None, at(4, 12)) == at(4, 12)


def test_what_failed_is_due_again_an_hour_later_and_not_before() -> None:
    failed = at(4, 2, 31)

    assert next_due(AT, at(3, 2, 31), failed, at(4, 2, 40)) == failed + RETRY
    assert next_due(AT, at(3, 2, 31), failed, at(4, 5)) == at(4, 5)


def test_a_failure_before_the_last_good_run_does_not_count() -> None:
    assert next_due(AT, at(4, 3, 31), at(4, 2, 31), at(4, 12)) == at(5, 2, 30)


def test_a_day_of_23_hours_has_one_night() -> None:
    assert next_due(AT, at(7, 2, 31), None, at(7, 12)).date() == at(8, 2).date()


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ((2026, 3, 6), (2026, 3, 1)),
        ((2026, 3, 5), (2026, 2, 1)),
        ((2026, 1, 2), (2025, 12, 1)),
        ((2026, 1, 31), (2026, 1, 1)),
    ],
)
def test_a_month_is_closed_some_days_after_its_end(
    now: tuple[int, int, int], before: tuple[int, int, int]
) -> None:
    closed = months_to_seal(datetime(*now, 12, tzinfo=UTC), GRACE)

    assert closed == datetime(*before, tzinfo=UTC)
