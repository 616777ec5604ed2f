"""Mean repairs per device, against a published example, loops and fleets whose mean is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from broadgauge_collector.fleet.statistics.recurrence import (
    MeanRepairs,
    difference_at,
    mean_at,
    mean_repairs,
)

Numbers = NDArray[np.float64]
Fleet = tuple[Numbers, Numbers, NDArray[np.int64], Numbers]

# Repairs of five systems; the last age of each is the one up to which it was watched.
SYSTEMS = [
    [5, 10, 15, 17],
    [6, 13, 17, 19],
    [12, 20, 25, 26],
    [13, 15, 24],
    [16, 22, 25, 28],
]

RATE = 0.5


def _fleet(lives: list[tuple[float, float, list[float]]]) -> Fleet:
    rows = [row for row, (_, _, ages) in enumerate(lives) for _ in ages]
    return (
        np.array([float(entry) for entry, _, _ in lives]),
        np.array([float(leave) for _, leave, _ in lives]),
        np.array(rows, np.int64),
        np.array([float(age) for _, _, ages in lives for age in ages]),
    )


def _curve(fleet: Fleet, least_at_risk: int = 10, from_age: float = 0) -> MeanRepairs:
    found = mean_repairs(*fleet, least_at_risk, from_age)
    assert found is not None
    return found


def _systems() -> MeanRepairs:
    return _curve(_fleet([(0, ages[-1], [float(age) for age in ages[:-1]]) for ages in SYSTEMS]))


def _frail(random: np.random.Generator, devices: int, spread: float) -> Fleet:
    """Devices that break at a rate each its own, of mean RATE, watched over 2 to 5 years."""
    entries = np.maximum(random.uniform(-4, 2, devices), 0)
    years = random.uniform(2, 5, devices)
    repairs = random.poisson(random.gamma(1 / spread, spread, devices) * RATE * years)
    rows = np.repeat(np.arange(devices), repairs)
    return entries, entries + years, rows, entries[rows] + random.random(len(rows)) * years[rows]


def test_the_mean_and_robust_variance_of_the_five_systems_come_out() -> None:
    """Were repairs of one device taken as independent, the variance at 25 would be .718."""
    curve = _systems()
    assert curve.mean[-1] == pytest.approx(11 / 3)
    assert curve.mean[:4] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert curve.variance[-1] == pytest.approx(0.1452, abs=5e-5)
    assert curve.variance[0] == pytest.approx(0.032)
    assert curve.at_risk.tolist() == [5, 5, 5, 5, 5, 5, 5, 5, 3, 3, 2]
    assert (curve.devices, curve.repairs, curve.repairs_left_out) == (5, 14, 0)


def test_limits_are_students_of_the_logarithm() -> None:
    """2.7764 is Student's quantile for four degrees of freedom."""
    at_22 = mean_at(_systems(), [22.0])[0]
    assert at_22.mean == pytest.approx(8 / 3)
    ratio = np.exp(2.776445 * np.sqrt(0.145185 * 5 / 4) / (8 / 3))
    assert at_22.low == pytest.approx(8 / 3 / ratio, rel=1e-5)
    assert at_22.high == pytest.approx(8 / 3 * ratio, rel=1e-5)


def test_outside_the_curve_and_before_the_first_repair_nothing_is_made_up() -> None:
    before, after = mean_at(_systems(), [4.9, 28.1])
    assert (before.mean, before.low, before.high) == (0, None, None)
    assert (after.mean, after.low, after.high) == (None, None, None)


def test_one_device_has_a_mean_and_no_limits() -> None:
    curve = _curve(_fleet([(0, 5, [1, 2])]))
    assert curve.mean.tolist() == [1, 2]
    assert mean_at(curve, [2.0])[0].low is None


def test_a_device_without_repairs_counts_and_a_fleet_without_any_has_a_curve() -> None:
    assert _curve(_fleet([(0, 5, [1]), (0, 5, [])])).mean.tolist() == [0.5]
    quiet = _curve(_fleet([(0, 5, []), (0, 4, [])]))
    assert (quiet.repairs, quiet.ends_at_age, mean_at(quiet, [3.0])[0].mean) == (0, 5, 0)
    assert mean_repairs(*_fleet([])) is None
    assert mean_repairs(*_fleet([(3, 3, [])])) is None


def test_repairs_at_ages_at_which_a_device_was_not_watched_are_left_out_and_counted() -> None:
    curve = _curve(_fleet([(1, 3, [0.5, 1, 2, 3, 3.5]), (1, 4, [])]))
    assert curve.ages.tolist() == [2, 3]
    assert (curve.repairs, curve.repairs_left_out) == (2, 3)


def test_counting_begins_where_enough_devices_were_watched() -> None:
    early: tuple[float, float, list[float]] = (0, 6, [0.5, 1.0])
    late = [(2.0, 6.0, [3.0 + row / 10]) for row in range(19)]
    curve = _curve(_fleet([early, *late]))
    assert curve.begins_at_age == 2
    assert curve.mean[-1] == pytest.approx(19 / 20)
    assert curve.repairs_left_out == 2


def test_counting_can_be_made_to_begin_later() -> None:
    fleet = _frail(np.random.default_rng(1), 200, 0.5)
    whole, part = _curve(fleet), _curve(fleet, from_age=2)
    (at_2, at_4), later = mean_at(whole, [2.0, 4.0]), mean_at(part, [4.0])[0]
    assert part.begins_at_age == 2
    assert at_2.mean is not None
    assert at_4.mean is not None
    assert later.mean == pytest.approx(at_4.mean - at_2.mean)


def test_the_mean_is_not_biased_and_limits_hold_with_forty_devices_that_break_in_runs() -> None:
    random = np.random.default_rng(2)
    for spread in (0.5, 1.0):
        found = [mean_at(_curve(_frail(random, 40, spread)), [3.0])[0] for _ in range(3000)]
        assert np.mean([one.mean for one in found if one.mean]) == pytest.approx(1.5, rel=0.02)
        limits = [(one.low, one.high) for one in found]
        inside = np.mean([low <= 1.5 <= high for low, high in limits if low and high])
        assert 0.92 <= inside <= 0.97


def test_limits_that_took_each_repair_for_itself_would_be_far_too_narrow() -> None:
    curve = _curve(_frail(np.random.default_rng(3), 5000, 2.0))
    step = int(np.searchsorted(curve.ages, 4.0)) - 1
    poisson = float(np.cumsum(1 / curve.at_risk**2)[step])
    assert curve.variance[step] > 2 * poisson


def test_a_real_difference_between_two_models_is_seen_and_none_is_not() -> None:
    random = np.random.default_rng(4)
    same, worse = [], []
    for _ in range(1000):
        first, second = _frail(random, 80, 1.0), _frail(random, 80, 1.0)
        same.append(difference_at(_curve(first), _curve(second), 3.0))
    for _ in range(100):
        entries, exits, rows, ages = _frail(random, 150, 0.5)
        twice = entries, exits, np.repeat(rows, 2), np.repeat(ages, 2)
        usual = _curve(_frail(random, 150, 0.5))
        worse.append(difference_at(_curve(twice), usual, 3.0))
    assert 0.93 <= np.mean([one.low <= 0 <= one.high for one in same if one]) <= 0.975
    assert np.mean([one.low > 0 for one in worse if one]) > 0.9


def test_curves_counted_from_different_ages_are_not_compared() -> None:
    fleet = _frail(np.random.default_rng(5), 200, 0.5)
    assert difference_at(_curve(fleet), _curve(fleet, from_age=1), 3.0) is None
    assert difference_at(_curve(fleet), _curve(fleet), 30.0) is None


Life = st.tuples(
    st.integers(0, 6), st.integers(1, 6), st.lists(st.integers(0, 12), max_size=6)
).map(lambda one: (float(one[0]), float(one[0] + one[1]), [float(age) for age in one[2]]))


@given(st.lists(Life, min_size=1, max_size=12))
def test_mean_and_variance_are_those_of_counting_one_by_one(
    lives: list[tuple[float, float, list[float]]],
) -> None:
    curve = _curve(_fleet(lives), least_at_risk=1)
    begin, end = curve.begins_at_age, curve.ends_at_age
    mean, departures = 0.0, np.zeros(len(lives))
    for step, age in enumerate(curve.ages):
        watched = np.array(
            [
                (max(entry, begin) < age or (begin == 0 == entry)) and age <= min(leave, end)
                for entry, leave, _ in lives
            ]
        )
        repairs = np.array([ages.count(age) for *_, ages in lives]) * watched
        share = repairs.sum() / watched.sum()
        mean += share
        departures += watched * (repairs - share) / watched.sum()
        assert curve.at_risk[step] == watched.sum()
        assert curve.mean[step] == pytest.approx(mean)
        assert curve.variance[step] == pytest.approx((departures**2).sum(), abs=1e-12)
    assert curve.repairs + curve.repairs_left_out == sum(len(ages) for *_, ages in lives)
