"""A rate has settled when it held still for long enough: never sooner, whatever it did before."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadgauge_agent.probes.throughput.observation import Estimate
from broadgauge_agent.probes.throughput.progress import INTERVAL_SECONDS
from broadgauge_agent.probes.throughput.settling import (
    LAST,
    MAX_SAG,
    MAX_UNCERTAINTY,
    MIN_INTERVALS,
    is_falling,
    is_rising,
    seconds_at,
    settled,
    unsettled,
)

MBIT = 1e6
RTT_SECONDS = 0.02


def intervals(seconds: float) -> int:
    return round(seconds / INTERVAL_SECONDS)


def steady(megabits: float, seconds: float) -> list[float]:
    """A full line: within half a percent, as packets fall into one interval or the next."""
    chance = random.Random(megabits)
    return [megabits * MBIT * chance.uniform(0.995, 1.005) for _ in range(intervals(seconds))]


def doubling(megabits: float, to_megabits: float, round_trip_seconds: float) -> list[float]:
    """Slow start: twice as much in each round trip."""
    rates, rate = [], megabits * MBIT
    while rate < to_megabits * MBIT:
        rates += [rate] * max(1, intervals(round_trip_seconds))
        rate *= 2
    return rates


def estimate_of(rates: Sequence[float], rtt_seconds: float = RTT_SECONDS) -> Estimate:
    estimate = settled(rates, rtt_seconds)
    assert estimate is not None
    return estimate


def test_a_rate_that_holds_from_the_first_moment_is_settled_when_that_can_be_told() -> None:
    rates = steady(100, 2)
    assert settled(rates[: MIN_INTERVALS - 1], RTT_SECONDS) is None
    assert estimate_of(rates[:MIN_INTERVALS]).bits_per_second == pytest.approx(100e6, rel=0.01)


def test_slow_start_is_no_part_of_the_estimate() -> None:
    slow_start = doubling(1, 100, INTERVAL_SECONDS)
    estimate = estimate_of(slow_start + steady(100, 1.5))
    assert estimate.bits_per_second == pytest.approx(100e6, rel=0.005)
    assert estimate.from_seconds > 0
    assert estimate.to_seconds == pytest.approx((len(slow_start) + 15) * INTERVAL_SECONDS)


@pytest.mark.parametrize("after", [25, 60, 85, 120, 200])
@pytest.mark.parametrize("seconds", [1, 2, 4])
def test_after_a_step_the_estimate_is_the_new_rate_or_there_is_none(
    after: float, seconds: float
) -> None:
    before, later = steady(100, seconds), steady(after, seconds)
    for count in range(LAST, len(later) + 1):
        estimate = settled(before + later[:count], RTT_SECONDS)
        if estimate is not None:
            assert estimate.bits_per_second == pytest.approx(after * MBIT, rel=0.02), count
    assert estimate_of(before + later).from_seconds > 0


@pytest.mark.parametrize("last", [50, 150])
def test_a_rate_that_changed_in_the_last_moment_is_not_settled(last: float) -> None:
    assert settled(steady(100, 3) + [last * MBIT] * (LAST - 1), RTT_SECONDS) is None


def test_one_moment_in_which_a_sender_eased_off_changes_nothing() -> None:
    rates = steady(100, 2)
    rates[8] *= 0.3
    estimate = estimate_of(rates)
    assert estimate.bits_per_second == pytest.approx(100e6, rel=0.005)
    assert estimate.from_seconds == 0.0


def test_a_line_that_stops_and_goes_does_not_settle_at_what_it_does_when_it_goes() -> None:
    second = steady(100, 0.7) + [0.0] * 3
    for length in range(10, 60):
        rates = (second * 6)[:length]
        found = settled(rates, RTT_SECONDS)
        assert found is None or found.from_seconds >= (length - 7) * INTERVAL_SECONDS


@pytest.mark.parametrize("seed", range(5))
def test_a_rate_that_never_holds_still_never_settles(seed: int) -> None:
    chance = random.Random(seed)
    rates: list[float] = []
    for _ in range(intervals(10)):
        rates.append(100e6 * chance.choice((0.3, 0.6, 1.0, 1.4, 1.9)) * chance.uniform(0.8, 1.2))
        estimate = settled(rates, RTT_SECONDS)
        assert estimate is None or estimate.uncertainty_ratio <= MAX_UNCERTAINTY
    assert settled(rates, RTT_SECONDS) is None
    assert unsettled(rates).uncertainty_ratio > MAX_UNCERTAINTY


@pytest.mark.parametrize("round_trip_seconds", [0.3, 0.5, 1.0])
def test_steps_of_slow_start_over_a_long_path_are_not_settled(round_trip_seconds: float) -> None:
    rates = doubling(1, 500, round_trip_seconds)
    for count in range(len(rates) + 1):
        assert settled(rates[:count], round_trip_seconds) is None


@pytest.mark.parametrize("rates", [[], [0.0], [0.0] * 30, [100e6] * 2])
def test_of_nothing_or_next_to_nothing_nothing_is_settled(rates: list[float]) -> None:
    assert settled(rates, RTT_SECONDS) is None


def test_what_came_before_a_break_is_no_part_of_the_estimate() -> None:
    rates = steady(100, 2)
    assert settled(rates, RTT_SECONDS, len(rates) - MIN_INTERVALS + 1) is None
    later = settled(rates, RTT_SECONDS, 10)
    assert later is not None
    assert later.from_seconds == pytest.approx(10 * INTERVAL_SECONDS)


@given(st.lists(st.floats(0, 1e11), max_size=80), st.floats(0, 2), st.integers(0, 90))
def test_an_estimate_is_always_within_what_was_seen_and_as_sure_as_it_says(
    rates: list[float], rtt_seconds: float, first: int
) -> None:
    estimate = settled(rates, rtt_seconds, first)
    if estimate is None:
        return
    begin = round(estimate.from_seconds / INTERVAL_SECONDS)
    part = rates[begin:]
    assert begin >= first
    assert len(part) >= MIN_INTERVALS
    assert min(part) <= estimate.bits_per_second <= max(part)
    assert estimate.bits_per_second > 0
    assert 0 <= estimate.uncertainty_ratio <= MAX_UNCERTAINTY


@given(st.lists(st.floats(0, 1e11), min_size=1, max_size=80))
def test_of_any_load_something_can_be_said(rates: list[float]) -> None:
    estimate = unsettled(rates)
    assert min(rates) <= estimate.bits_per_second <= max(rates)
    assert 0 <= estimate.uncertainty_ratio <= 1


def test_time_at_a_rate_counts_from_when_it_was_first_reached() -> None:
    rates = [1e6] * 5 + [100e6] * 20
    assert seconds_at(rates, 100e6) == pytest.approx(20 * INTERVAL_SECONDS)
    assert seconds_at(rates, 100e6 / (1 - MAX_SAG / 2)) == pytest.approx(20 * INTERVAL_SECONDS)
    assert seconds_at(rates, 1e6) == pytest.approx(25 * INTERVAL_SECONDS)
    assert seconds_at(rates, 200e6) == 0
    assert seconds_at([], 1e6) == 0


def test_a_burst_counts_as_time_at_the_lower_rate_after_it() -> None:
    rates = [400e6] * 30 + [100e6] * 10
    assert seconds_at(rates, 100e6) == pytest.approx(40 * INTERVAL_SECONDS)
    assert seconds_at(rates, 400e6) == pytest.approx(40 * INTERVAL_SECONDS)


@pytest.mark.parametrize(
    ("rates", "rising", "falling"),
    [
        ([100.0] * 30, False, False),
        ([100.0] * 20 + [110.0] * 10, True, False),
        ([100.0] * 20 + [90.0] * 10, False, True),
        ([10.0] * 10 + [100.0] * 20, False, False),
        ([100.0], False, False),
        ([], False, False),
    ],
    ids=["steady", "rising", "falling", "slow start alone", "one interval", "nothing"],
)
def test_where_an_unsettled_rate_went(rates: list[float], rising: bool, falling: bool) -> None:
    assert (is_rising(rates), is_falling(rates)) == (rising, falling)
