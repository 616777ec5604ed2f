"""Rates of repairs, against published limits, exact sums, loops and fleets whose rate is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from broadgauge_collector.fleet.statistics.clusters import RepairDays
from broadgauge_collector.fleet.statistics.exposure import split_by_age
from broadgauge_collector.fleet.statistics.poisson import (
    Rate,
    garwood,
    poisson_rate,
    poisson_rates,
)
from broadgauge_collector.fleet.statistics.rates import age_rates, group_rates

TABLE = {
    0: (0, 3.6889),
    1: (0.0253, 5.5716),
    2: (0.2422, 7.2247),
    5: (1.6235, 11.6683),
    10: (4.7954, 18.3904),
    20: (12.2165, 30.8884),
    50: (37.1110, 65.9188),
    100: (81.3640, 121.6268),
}


def _limits(rate: Rate) -> tuple[float, float]:
    assert rate.low is not None
    assert rate.high is not None
    return rate.low, rate.high


def _held(rates: list[Rate], per_100: float) -> float:
    """In how many of them the limits hold."""
    limits = np.array([_limits(rate) for rate in rates])
    return float(((limits[:, 0] <= per_100) & (per_100 <= limits[:, 1])).mean())


@pytest.mark.parametrize(("repairs", "limits"), TABLE.items())
def test_exact_limits_are_those_of_the_tables(repairs: int, limits: tuple[float, float]) -> None:
    assert _limits(poisson_rate(repairs, 100)) == pytest.approx(limits, abs=1e-4)


def test_exact_limits_hold_at_least_95_percent_of_the_time_whatever_the_mean() -> None:
    means = np.arange(0.1, 50, 0.01)[:, None]
    counts = np.arange(160)
    low, high = garwood(counts)
    holds = (low <= means) & (means <= high)
    assert (poisson.pmf(counts, means) * holds).sum(axis=1).min() >= 0.95


def test_no_repairs_in_some_time_is_a_rate_of_0_that_may_be_higher() -> None:
    rate = poisson_rate(0, 50)
    assert (rate.per_100, rate.low) == (0, 0)
    assert rate.high == pytest.approx(2 * 3.6889, abs=1e-3)


@pytest.mark.parametrize("repairs", [0, 3])
def test_without_device_years_nothing_is_known_of_a_rate(repairs: int) -> None:
    rate = poisson_rate(repairs, 0)
    assert (rate.per_100, rate.low, rate.high, rate.limits) == (None, None, None, None)


@given(st.integers(0, 10_000), st.floats(0.01, 1e6))
def test_limits_enclose_the_rate(repairs: int, years: float) -> None:
    rate = poisson_rate(repairs, years)
    low, high = _limits(rate)
    assert rate.per_100 == pytest.approx(100 * repairs / years)
    assert 0 <= low <= 100 * repairs / years < high


DEVICE = st.tuples(st.integers(-1, 3), st.sampled_from([0.0, 0.25, 1.0, 2.5]), st.integers(0, 30))


@given(st.lists(DEVICE, max_size=30))
def test_groups_have_what_a_loop_counts_in_them(devices: list[tuple[int, float, int]]) -> None:
    group = np.array([one[0] for one in devices], np.int32)
    years = np.array([one[1] for one in devices], np.float64)
    repairs = np.array([one[2] for one in devices], np.int64)
    rates = group_rates(group, 4, years, repairs)
    assert len(rates) == 4
    for code, rate in enumerate(rates):
        mine = [one for one in devices if one[0] == code and one[1] > 0]
        assert rate.repairs == sum(one[2] for one in mine)
        assert rate.device_years == pytest.approx(sum(one[1] for one in mine))
        assert (rate.per_100 is None) == (not mine)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=20))
def test_limits_are_never_narrower_than_the_exact_ones(repairs: list[int]) -> None:
    counts, years = np.array(repairs), np.ones(len(repairs))
    (rate,) = group_rates(np.zeros(len(repairs), np.int64), 1, years, counts)
    low, high = _limits(rate)
    exact_low, exact_high = _limits(poisson_rate(sum(repairs), len(repairs)))
    assert low <= exact_low + 1e-9
    assert high >= exact_high - 1e-9
    assert rate.limits in ({"poisson"} if sum(repairs) < 10 else {"poisson", "devices"})


def test_one_device_with_200_repairs_does_not_make_its_model_look_surely_bad() -> None:
    repairs = np.array([200, *[1] * 10, *[0] * 89])
    (rate,) = group_rates(np.zeros(100, np.int64), 1, np.ones(100), repairs)
    low, high = _limits(rate)
    assert rate.per_100 == 210
    assert rate.limits == "devices"
    assert low < 10 < 1000 < high
    assert _limits(poisson_rate(210, 100))[0] > 180


def test_few_devices_widen_the_limits_by_students_quantile() -> None:
    # Between [20, 5, 5]: 3 / 2 * (100 + 25 + 25) / 30^2 = 1/4, by Student's 4.303 for 1.96.
    (rate,) = group_rates(np.zeros(3, np.int64), 1, np.ones(3), np.array([20, 5, 5]))
    alone = 4 * (1.959964 / 4.302653) ** 2
    low, high = garwood(np.array([alone]))
    assert _limits(rate) == pytest.approx((1000 * low[0] / alone, 1000 * high[0] / alone), rel=1e-4)


def test_a_single_device_with_200_repairs_tells_no_more_than_one_event() -> None:
    (rate,) = group_rates(np.zeros(1, np.int64), 1, np.ones(1), np.array([200]))
    assert rate.limits == "devices"
    assert _limits(rate) == pytest.approx((0.0253 * 20_000, 5.5716 * 20_000), rel=1e-2)


def test_repairs_that_all_fell_on_one_day_count_as_about_one_event() -> None:
    group, years, repairs = np.zeros(100, np.int64), np.ones(100), np.full(100, 2)
    days = RepairDays(np.repeat(np.arange(100), 2), np.full(200, np.datetime64("2026-03-02")), 365)
    (rate,) = group_rates(group, 1, years, repairs, days)
    assert rate.limits == "days"
    assert _limits(rate)[0] < 10
    (without,) = group_rates(group, 1, years, repairs)
    assert _limits(without)[0] > 170


def test_days_that_are_as_uneven_as_chance_makes_them_widen_nothing_much() -> None:
    random = np.random.default_rng(4)
    days = RepairDays(np.repeat(np.arange(100), 2), random.integers(0, 365, 200), 365)
    (rate,) = group_rates(np.zeros(100, np.int64), 1, np.ones(100), np.full(100, 2), days)
    assert _limits(rate)[0] > 160


def test_a_day_counts_in_its_own_group_alone() -> None:
    group = np.repeat([0, 1], 100)
    day = np.concatenate([np.zeros(100, np.int64), np.arange(100) * 3])
    days = RepairDays(np.arange(200), day, 365)
    first, second = group_rates(group, 2, np.ones(200), np.ones(200, np.int64), days)
    assert (first.limits, second.limits) == ("days", "poisson")


@pytest.mark.parametrize("devices", [20, 50, 200])
def test_limits_hold_where_some_devices_break_again_and_again(devices: int) -> None:
    random = np.random.default_rng(7)
    fleets, mean = 2000, 1.0
    years = random.uniform(0.5, 3, (fleets, devices))
    repairs = random.poisson(random.exponential(mean, (fleets, devices)) * years)
    group = np.repeat(np.arange(fleets), devices)
    rates = group_rates(group, fleets, years.ravel(), repairs.ravel())
    assert _held(rates, 100 * mean) > 0.92
    assert _held(poisson_rates(repairs.sum(axis=1), years.sum(axis=1)), 100 * mean) < 0.8


AGE = st.integers(-365, 6 * 365).map(lambda days: days / 365)
LIFE = st.tuples(AGE, AGE, st.lists(AGE, max_size=5))


@given(st.lists(LIFE, max_size=15))
def test_rates_by_age_are_those_of_a_loop(lives: list[tuple[float, float, list[float]]]) -> None:
    entries = np.array([one[0] for one in lives])
    exits = np.array([one[1] for one in lives])
    device = np.array([row for row, one in enumerate(lives) for _ in one[2]], np.int64)
    ages = np.array([age for one in lives for age in one[2]])
    found = {one.age: one for one in age_rates(entries, exits, device, ages)}
    for age in range(7):
        spans = [max(min(out, age + 1) - max(begin, 0, age), 0) for begin, out, _ in lives]
        inside = [
            one
            for begin, out, mine in lives
            for one in mine
            if max(begin, 0) <= one < out and int(one) == age
        ]
        if sum(spans) == 0:
            assert age not in found
            continue
        assert found[age].rate.repairs == len(inside)
        assert found[age].rate.device_years == pytest.approx(sum(spans))
        assert found[age].devices == sum(span > 0 for span in spans)


def test_a_device_of_unknown_age_is_watched_at_none() -> None:
    pieces = split_by_age(np.array([np.nan, 0.5]), np.array([2.0, 1.5]))
    assert pieces.device.tolist() == [1, 1]
    assert pieces.age.tolist() == [0, 1]
    assert pieces.years.tolist() == [0.5, 0.5]
