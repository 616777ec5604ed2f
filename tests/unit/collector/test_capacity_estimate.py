"""Medians of readings of which some are lower bounds, and exact intervals, worked out by hand."""

import pytest

from broadgauge_collector.capacity import intervals
from broadgauge_collector.capacity.estimate import Reading, estimate, interval, median
from broadgauge_collector.capacity.model import Interval
from tests.judging import a_test, verdict


def exact(*rates: float) -> list[Reading]:
    return [Reading(rate, at_least=False) for rate in rates]


def apart(readings: list[Reading]) -> list[Reading]:
    """Days in an order in which none hangs together with the next: slow, fast, slow, fast."""
    ordered = sorted(readings)
    return [ordered[n // 2 if n % 2 == 0 else -1 - n // 2] for n in range(len(ordered))]


def at_least(*rates: float) -> list[Reading]:
    return [Reading(rate, at_least=True) for rate in rates]


@pytest.mark.parametrize(
    ("reached", "days", "lower", "upper"),
    [
        (6, 6, 0.5407, 1.0),
        (0, 6, 0.0, 0.4593),
        (12, 12, 0.7354, 1.0),
        (0, 12, 0.0, 0.2646),
        (9, 12, 0.4281, 0.9451),
        (10, 12, 0.5159, 0.9791),
        (2, 12, 0.0209, 0.4841),
        (5, 10, 0.1871, 0.8129),
    ],
)
def test_clopper_pearson_as_in_the_tables(
    reached: int, days: int, lower: float, upper: float
) -> None:
    assert intervals.lower(reached, days, 0.95) == pytest.approx(lower, abs=5e-5)
    assert intervals.upper(reached, days, 0.95) == pytest.approx(upper, abs=5e-5)


@pytest.mark.parametrize(
    ("readings", "middle"),
    [
        (exact(5), (5, False)),
        (exact(3, 1, 2), (2, False)),
        (exact(4, 1, 2, 3), (2.5, False)),
        (exact(2, 2, 2, 9), (2, False)),
        (at_least(5), (5, True)),
        (at_least(1, 2, 3), (3, True)),
        # S falls to 2/3 at 1, to 1/3 at 2.
        ([*exact(1, 2), *at_least(3)], (2, False)),
        # The one that left at 1 takes no part: 2 and 3 are left, S is 1/2 from 2 to 3.
        ([*exact(2, 3), *at_least(1)], (2.5, False)),
        # S stays at 3/4: at least the largest.
        ([*exact(1), *at_least(2, 2, 5)], (5, True)),
        # S is 1/2 from 2 on, and nothing exact follows.
        ([*exact(1, 2), *at_least(3, 3)], (2.5, True)),
        # At one rate, exact readings come before those that may be higher.
        ([*exact(2, 2), *at_least(2)], (2, False)),
    ],
)
def test_right_censored_median(readings: list[Reading], middle: tuple[float, bool]) -> None:
    assert median(readings) == middle
    assert median(reversed(readings)) == middle


@pytest.mark.parametrize(
    ("count", "low", "high", "confidence"),
    [
        (5, None, None, None),  # 1 - 2/32 = .9375
        (6, 1, 6, 1 - 2 / 64),
        (8, 1, 8, 1 - 2 / 256),
        (9, 2, 8, 1 - 20 / 512),
        (12, 3, 10, 1 - 2 * (1 + 12 + 66) / 4096),
        (20, 6, 15, 0.958610534667969),
    ],
)
def test_order_statistics_say_the_confidence_they_really_have(
    count: int, low: float | None, high: float | None, confidence: float | None
) -> None:
    ends, achieved = interval(apart(exact(*range(1, count + 1))), 0.95)
    assert ends == Interval(low, high)
    assert achieved == (confidence if confidence is None else pytest.approx(confidence))


def test_days_that_hang_together_say_less() -> None:
    """Slow weeks and fast weeks: the interval is that of fewer days."""
    days = exact(*range(1, 25))
    by_weeks = [*days[:6], *days[12:18], *days[6:12], *days[18:]]
    narrow, of_many = interval(apart(days), 0.95)
    wide, of_few = interval(by_weeks, 0.95)
    assert narrow == Interval(7, 18)
    assert of_many == pytest.approx(0.9773, abs=1e-4)
    # A correlation of 0.74 is seen, and 0.8 taken: no more than 6 days' worth, the fewest that can
    # be 95% sure.
    assert wide == Interval(3, 22)
    assert of_few == pytest.approx(1 - 2 / 64)


def test_a_line_that_only_grows_faster_has_a_wide_interval() -> None:
    ends, _ = interval(exact(*range(100, 130)), 0.95)
    assert ends.low is not None
    assert ends.low <= 104


def test_lower_bounds_leave_the_upper_end_open() -> None:
    ends, _ = interval([*exact(1, 2, 3, 4, 5), *at_least(6)], 0.95)
    assert ends == Interval(1, None)
    ends, _ = interval(apart([*exact(2, 3, 4, 5, 6, 7, 8, 9), *at_least(1)]), 0.95)
    assert ends == Interval(2, 9)


def test_without_a_day_there_is_no_estimate() -> None:
    assert estimate([], 0.95) is None


def test_a_machine_that_could_not_have_seen_the_need_says_no_more_than_at_least() -> None:
    """Behind a line that many share, its own school's line may set what it reads, exactly."""
    slow = [a_test(day, 90, ceiling_bits_per_second=400e6) for day in range(12) for _ in range(3)]
    alone = verdict(slow).capacity
    assert alone is not None
    assert (alone.bits_per_second, alone.at_least) == (90e6, True)
    few = verdict([*slow, *(a_test(day, 520) for day in range(5))]).capacity
    assert few is not None
    assert (few.bits_per_second, few.interval.high, few.days) == (520e6, None, 12)


def test_where_able_machines_tested_on_enough_days_the_others_are_not_asked() -> None:
    slow = [a_test(day, 90, ceiling_bits_per_second=400e6) for day in range(12) for _ in range(3)]
    found = verdict([*slow, *(a_test(day, 520) for day in range(6))]).capacity
    assert found is not None
    assert (found.bits_per_second, found.at_least, found.days) == (520e6, False, 6)
    assert found.interval == Interval(520e6, 520e6)


def test_capacity_is_the_median_of_day_medians_in_closed_hours() -> None:
    tests = [a_test(day, mbps) for day, mbps in enumerate((500, 510, 520, 530, 540, 550))]
    busy_day = [a_test(0, 600) for _ in range(50)]
    school = [a_test(day, 10, daypart="school") for day in range(6)]
    unsure = [a_test(day, 5, bound=None) for day in range(6)]
    slow = [a_test(0, 90, bound="at_least", ceiling_bits_per_second=1e8)]
    found = verdict([*tests, *busy_day, *school, *unsure, *slow]).capacity
    assert found is not None
    assert (found.bits_per_second, found.days, found.at_least) == (535e6, 6, False)
    assert found.interval == Interval(510e6, 600e6)
    assert found.confidence == pytest.approx(0.96875)
