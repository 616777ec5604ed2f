"""Shrunken rates, against their formula and groups whose rates are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import nbinom

from broadgauge_collector.fleet.statistics.shrinkage import ShrunkRates, _likelihood, shrink

MEAN = 0.15
Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]


def _groups(
    random: np.random.Generator, groups: int, spread: float
) -> tuple[Numbers, Numbers, Counts]:
    """Rates of groups, their device-years and repairs; sizes are as unequal as models' are."""
    rates = MEAN * (random.gamma(1 / spread**2, spread**2, groups) if spread else np.ones(groups))
    years = random.lognormal(3.5, 1, groups)
    return rates, years, random.poisson(rates * years)


def _shrunk(repairs: list[int], years: list[float]) -> ShrunkRates:
    return shrink(np.array(repairs, np.int64), np.array(years, np.float64))


def _columns(found: ShrunkRates) -> Numbers:
    return np.array([(one.per_100, one.low, one.high) for one in found.rates], np.float64) / 100


@pytest.mark.parametrize("spread", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("groups", [10, 30])
def test_shrunken_rates_are_nearer_to_the_truth_than_raw_ones(groups: int, spread: float) -> None:
    random = np.random.default_rng(2)
    shrunk, raw, held = [], [], []
    for _ in range(150):
        rates, years, repairs = _groups(random, groups, spread)
        found, low, high = _columns(shrink(repairs, years)).T
        shrunk.append(((found - rates) ** 2).mean())
        raw.append(((repairs / years - rates) ** 2).mean())
        held.append(((low <= rates) & (rates <= high)).mean())
    assert np.mean(shrunk) < {0.0: 0.15, 0.2: 0.25, 0.5: 0.6, 1.0: 0.9}[spread] * np.mean(raw)
    assert np.mean(held) > 0.88


def test_the_rate_is_a_plus_k_over_b_plus_t() -> None:
    repairs, years = [2, 40, 3, 90, 11, 0, 60], [30.0, 110, 50, 300, 20, 12, 700]
    found = _shrunk(repairs, years)
    assert found.mean_per_100 is not None
    assert found.spread is not None
    shape = 1 / found.spread**2
    prior = shape / (found.mean_per_100 / 100)
    for k, t, one in zip(repairs, years, found.rates, strict=True):
        assert one.per_100 == pytest.approx(100 * (shape + k) / (prior + t))
        assert one.own == pytest.approx(t / (prior + t))


def test_mean_and_spread_are_those_under_which_the_counts_are_likeliest() -> None:
    _, years, repairs = _groups(np.random.default_rng(3), 40, 0.6)
    found = shrink(repairs, years)
    assert found.mean_per_100 is not None
    assert found.spread is not None
    mean, shape = found.mean_per_100 / 100, 1 / found.spread**2

    def likelihood(mean: float, shape: float) -> float:
        terms = nbinom.logpmf(repairs, shape, shape / (shape + mean * years))
        return float(terms.sum())

    best = likelihood(mean, shape)
    for factor in (0.9, 0.98, 1.02, 1.1):
        assert likelihood(mean * factor, shape) < best
        assert likelihood(mean, shape * factor) < best
    ours = _likelihood(repairs, years, mean, 1 / shape) - _likelihood(repairs, years, 0.3, 0.5)
    assert ours == pytest.approx(best - likelihood(0.3, 2.0))


def test_a_small_group_is_drawn_further_than_a_large_one_of_the_same_rate() -> None:
    found = _shrunk([3, 300, 20, 60, 5], [10.0, 1000, 200, 400, 100])
    small, large = found.rates[0], found.rates[1]
    assert small.per_100 is not None
    assert large.per_100 is not None
    assert small.per_100 < large.per_100 < 30
    assert small.own is not None
    assert small.own < 0.5


def test_groups_that_vary_no_more_than_by_chance_have_the_mean_of_all() -> None:
    found = _shrunk([10, 11, 9, 10], [100.0, 100, 100, 100])
    assert found.spread is None
    assert [one.per_100 for one in found.rates] == pytest.approx([10] * 4)
    assert {one.own for one in found.rates} == {0}


def test_many_groups_that_vary_by_chance_alone_make_each_surer_than_its_own_count() -> None:
    years = np.full(60, 100.0)
    found = shrink(np.random.default_rng(5).poisson(10, 60), years)
    _, low, high = _columns(found).T
    assert (high - low).max() < 0.5 * (18.39 - 4.795) / 100


def test_two_groups_have_the_mean_of_both_and_limits_that_take_in_their_own() -> None:
    found = _shrunk([2, 60], [100.0, 100])
    assert [one.per_100 for one in found.rates] == [31, 31]
    assert found.spread is None
    few, many = found.rates
    assert few.low == pytest.approx(0.2422, abs=1e-3)
    assert many.high is not None
    assert many.high > 70


def test_where_nothing_was_repaired_rates_are_0_and_may_be_higher() -> None:
    found = _shrunk([0, 0, 0, 0], [10.0, 20, 30, 40])
    assert {(one.per_100, one.low) for one in found.rates} == {(0, 0)}
    assert [one.high for one in found.rates] == pytest.approx([3.6889] * 4, abs=1e-4)


def test_a_group_that_was_never_watched_has_no_rate_not_the_mean() -> None:
    found = _shrunk([5, 0, 9, 30], [50.0, 0, 80, 90])
    assert found.rates[1].per_100 is None
    assert found.rates[1].high is None
    assert found.rates[0].per_100 is not None
    assert _shrunk([0], [0]).mean_per_100 is None
    assert _shrunk([], []).rates == ()


GROUP = st.tuples(st.integers(0, 500), st.sampled_from([0.0, 0.5, 3.0, 40.0, 1000.0]))


@given(st.lists(GROUP, max_size=20))
def test_a_rate_lies_between_its_own_and_the_mean_and_within_its_limits(
    groups: list[tuple[int, float]],
) -> None:
    found = _shrunk([k for k, _ in groups], [t for _, t in groups])
    for (k, t), one in zip(groups, found.rates, strict=True):
        if one.per_100 is None:
            assert t == 0
            continue
        assert found.mean_per_100 is not None
        ends = sorted((100 * k / t, found.mean_per_100))
        assert ends[0] * (1 - 1e-9) <= one.per_100 <= ends[1] * (1 + 1e-9)
        assert one.low is not None
        assert one.high is not None
        assert 0 <= one.low <= one.per_100 <= one.high < np.inf
