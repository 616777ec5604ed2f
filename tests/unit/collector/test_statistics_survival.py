"""Time to first repair, against published figures, hand-worked ones and fleets with a known law."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from broadgauge_collector.fleet.statistics.survival import (
    ShareUnrepaired,
    SurvivalCurve,
    at_risk_at,
    share_at,
    survival_of,
)

# Weeks of remission under 6-MP and under placebo (Gehan, Biometrika 52, 1965).
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
ENDED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]

S4 = 0.609
SHAPE = 1.4
SCALE = 4 / (-np.log(S4)) ** (1 / SHAPE)

Fleet = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]


def _curve(
    entries: list[float], exits: list[float], repaired: list[int], least_at_risk: int = 10
) -> SurvivalCurve:
    found = survival_of(
        np.array(entries, float), np.array(exits, float), np.array(repaired, bool), least_at_risk
    )
    assert found is not None
    return found


def _from_new(exits: list[float], repaired: list[int]) -> SurvivalCurve:
    return _curve([0.0] * len(exits), exits, repaired)


def _shares(curve: SurvivalCurve, ages: list[float]) -> list[float | None]:
    return [one.share for one in share_at(curve, ages)]


def _fleet(random: np.random.Generator, devices: int, youngest: float = 0) -> Fleet:
    """Devices of up to 8 years, a log of the last 3, and nobody repaired before the log began."""
    age = random.uniform(youngest, 8, devices)
    first = SCALE * random.weibull(SHAPE, devices)
    entry = np.maximum(age - 3, 0)
    kept = first > entry
    return entry[kept], np.minimum(first, age)[kept], (first <= age)[kept]


def test_the_published_shares_of_gehans_patients_come_out_to_four_digits() -> None:
    curve = _from_new([float(week) for week in WEEKS], ENDED)
    assert curve.ages.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.share.round(4).tolist() == [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert (curve.median_age, curve.median_low, curve.median_high) == (23, 13, None)
    assert (curve.devices, curve.first_repairs, curve.ends_at_age) == (21, 9, 35)


def test_limits_are_those_of_log_minus_log() -> None:
    """At week 10, by hand: Greenwood's sum is 3/(21*18) + 1/(17*16) + 1/(15*14)."""
    at_10 = share_at(_from_new([float(week) for week in WEEKS], ENDED), [10])[0]
    error = np.sqrt(3 / 378 + 1 / 272 + 1 / 210) / -np.log(0.752941)
    assert at_10.low == pytest.approx(0.752941 ** np.exp(1.959964 * error), abs=1e-5)
    assert at_10.high == pytest.approx(0.752941 ** np.exp(-1.959964 * error), abs=1e-5)


def test_where_nothing_is_censored_the_share_is_that_of_devices_left() -> None:
    curve = _from_new([float(week) for week in PLACEBO], [1] * 21)
    left = [sum(week > age for week in PLACEBO) / 21 for age in curve.ages]
    assert curve.share == pytest.approx(left)
    assert curve.median_age == 8
    assert curve.low[-1] == 0
    assert curve.high[-1] == curve.high[-2]


def test_late_entries_worked_by_hand() -> None:
    """At 3 four were watched (the one that enters at 3 not yet), at 4 four, at 6 two."""
    entries, exits, repaired = [0.0, 0, 2, 3, 1], [3.0, 5, 4, 6, 6], [1, 0, 1, 1, 0]
    curve = _curve(entries, exits, repaired, least_at_risk=2)
    assert curve.at_risk.tolist() == [4, 4, 2]
    assert curve.share.tolist() == [3 / 4, 9 / 16, 9 / 32]
    assert curve.begins_at_age == 0
    assert _curve(entries, exits, repaired).begins_at_age == 2


def test_the_repair_of_the_only_device_watched_so_far_does_not_end_the_curve() -> None:
    entries = [0.5, *[2.0] * 20]
    exits = [1.0, *np.linspace(2.5, 6, 20).tolist()]
    curve = _curve(entries, exits, [1] * 21)
    assert curve.begins_at_age == 2
    assert curve.first_repairs_left_out == 1
    assert curve.share[0] == pytest.approx(19 / 20)
    assert _shares(curve, [1.0, 2.0, 7.0]) == [None, 1.0, None]


def test_a_share_of_0_ends_the_curve_though_devices_enter_later() -> None:
    curve = _curve([0.0, 1.0], [1.0, 2.0], [1, 1])
    assert (curve.ages.tolist(), curve.share.tolist(), curve.ends_at_age) == ([1], [0], 1)
    assert (curve.first_repairs, curve.first_repairs_left_out) == (1, 1)


def test_after_ages_that_nobody_was_watched_at_nothing_is_said() -> None:
    curve = _curve([0.0] * 30 + [5.0] * 12, [2.0] * 30 + [6.0] * 12, [0] * 29 + [1] * 13)
    assert (curve.begins_at_age, curve.ends_at_age) == (0, 2)
    assert curve.first_repairs_left_out == 12
    assert _shares(curve, [1.9, 3.0, 5.5]) == [1.0, None, None]


def test_before_the_first_repair_there_are_no_limits_to_give() -> None:
    first = share_at(_from_new([float(week) for week in WEEKS], ENDED), [5.9])[0]
    assert (first.share, first.low, first.high) == (1, None, None)
    unbroken = _from_new([3.0] * 12, [0] * 12)
    assert (unbroken.first_repairs, unbroken.median_age) == (0, None)
    assert _shares(unbroken, [3.0]) == [1.0]


def test_a_repair_on_the_day_of_purchase_counts_and_one_before_it_does_not() -> None:
    curve = _curve([0.0] * 20 + [0.0], [0.0] + [2.0] * 19 + [-1.0], [1] + [0] * 19 + [1])
    assert (curve.devices, curve.first_repairs) == (20, 1)
    assert curve.share.tolist() == [0.95]


def test_nobody_watched_is_no_curve() -> None:
    none = np.array([])
    assert survival_of(none, none, none.astype(bool)) is None
    assert survival_of(np.array([3.0]), np.array([3.0]), np.array([True])) is None
    assert survival_of(np.array([0.0]), np.array([np.nan]), np.array([True])) is None


def test_a_log_younger_than_the_devices_does_not_bias_the_share_and_ignoring_it_does() -> None:
    random = np.random.default_rng(11)
    aware: list[ShareUnrepaired] = []
    naive: list[ShareUnrepaired] = []
    for _ in range(2000):
        entries, exits, repaired = _fleet(random, 250)
        for found, starts in ((aware, entries), (naive, np.zeros(len(exits)))):
            curve = survival_of(starts, exits, repaired)
            assert curve is not None
            assert curve.begins_at_age == 0
            found.append(share_at(curve, [4.0])[0])
    assert abs(np.mean([one.share for one in aware if one.share]) - S4) < 0.01
    assert np.mean([one.share for one in naive if one.share]) - S4 > 0.08
    inside = np.mean([one.low <= S4 <= one.high for one in aware if one.low and one.high])
    assert 0.93 < inside < 0.97


def test_a_curve_that_begins_late_is_of_devices_that_were_whole_by_then() -> None:
    random = np.random.default_rng(12)
    wrong = []
    for _ in range(300):
        curve = survival_of(*_fleet(random, 400, youngest=5))
        assert curve is not None
        assert 2 <= curve.begins_at_age < 3
        given = np.exp(-((5 / SCALE) ** SHAPE) + (curve.begins_at_age / SCALE) ** SHAPE)
        share = share_at(curve, [5.0])[0].share
        assert share is not None
        wrong.append(share - given)
    assert abs(np.mean(wrong)) < 0.01


Lives = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 8), st.booleans()), min_size=1, max_size=25
)


@given(Lives)
def test_shares_and_numbers_at_risk_are_those_of_counting_one_by_one(
    lives: list[tuple[int, int, bool]],
) -> None:
    spans = [(start, start + length, ended) for start, length, ended in lives]
    curve = _curve(
        [float(s) for s, _, _ in spans], [float(x) for _, x, _ in spans], [r for *_, r in spans]
    )
    share = 1.0
    for age, at_risk, found in zip(curve.ages, curve.at_risk, curve.share, strict=True):
        seen = [r and x == age for s, x, r in spans if (s < age or s == 0) and age <= x]
        assert at_risk == len(seen)
        share *= 1 - sum(seen) / len(seen)
        assert found == pytest.approx(share)
    assert (np.diff(curve.share, prepend=1) < 0).all()
    assert (curve.low <= curve.share).all()
    assert (curve.share <= curve.high + 1e-12).all()


@given(Lives)
def test_a_curve_begins_with_enough_devices_and_ends_with_none(
    lives: list[tuple[int, int, bool]],
) -> None:
    entries = np.array([float(start) for start, *_ in lives])
    exits = entries + np.array([float(length) for _, length, _ in lives])
    curve = survival_of(entries, exits, np.array([ended for *_, ended in lives]), 5)
    assert curve is not None
    halves = at_risk_at(entries, exits, np.arange(0.5, 20))
    begin, end = int(curve.begins_at_age), int(curve.ends_at_age)
    assert halves[begin] >= min(5, halves.max())
    assert (halves[begin:end] > 0).all()
    assert halves[end] == 0 or curve.share[-1] == 0
