"""Weibull's law, against published fits and fleets whose law is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from broadgauge_collector.fleet.statistics.survival import survival_of
from broadgauge_collector.fleet.statistics.weibull import (
    WeibullFit,
    fit_weibull,
    weibull_share_at,
)
from broadgauge_collector.fleet.statistics.weibull_check import WeibullCheck, check_weibull

Numbers = NDArray[np.float64]
Fleet = tuple[Numbers, Numbers, NDArray[np.bool_]]

# Running hours of 70 diesel generators' fans (Nelson, Journal of Quality Technology 1, 1969).
FAILED = [450, 1150, 1150, 1600, 2070, 2070, 2080, 3100, 3450, 4600, 6100, 8750]
STILL_RUNNING = """
    460x1 1560x1 1660x1 1850x5 2030x3 2200x1 3000x4 3200x1 3750x2 4150x4 4300x4 4850x4 5000x3
    6100x3 6300x1 6450x2 6700x1 7450x1 7800x2 8100x2 8200x1 8500x3 8750x2 9400x1 9900x1 10100x3
    11500x1
"""
"""Hours run without failing, by how many fans."""

SHAPE = 1.5
SCALE = 6.0


def _fans() -> Fleet:
    pairs = [one.split("x") for one in STILL_RUNNING.split()]
    running = [float(hours) for hours, fans in pairs for _ in range(int(fans))]
    exits = np.array([*FAILED, *running], float)
    return np.zeros(70), exits, np.arange(70) < len(FAILED)


def _fleet(
    random: np.random.Generator, first: Numbers, log_years: float = 3, oldest: float = 8
) -> Fleet:
    """Devices with these ages at first repair, of which only those whole at the log's start."""
    age = random.uniform(0, oldest, len(first))
    entry = np.maximum(age - log_years, 0)
    kept = first > entry
    return entry[kept], np.minimum(first, age)[kept], (first <= age)[kept]


def _weibull(random: np.random.Generator, devices: int) -> Fleet:
    return _fleet(random, SCALE * random.weibull(SHAPE, devices))


def _fit(fleet: Fleet) -> WeibullFit:
    found = fit_weibull(*fleet)
    assert found is not None
    return found


def _check(fleet: Fleet) -> WeibullCheck:
    curve = survival_of(*fleet)
    assert curve is not None
    return check_weibull(_fit(fleet), curve, *fleet)


def _log_likelihood(fleet: Fleet, log_scale: float, log_shape: float) -> float:
    """Device by device, from the density and the hazard."""
    scale, shape, total = np.exp(log_scale), np.exp(log_shape), 0.0
    for entry, leave, repaired in zip(*fleet, strict=True):
        total -= (leave / scale) ** shape - (max(entry, 0) / scale) ** shape
        if repaired:
            total += np.log(shape / scale * (leave / scale) ** (shape - 1))
    return float(total)


def test_the_published_fit_of_generator_fans_comes_out() -> None:
    fit = _fit(_fans())
    assert round(fit.scale, 2) == pytest.approx(26296.85, abs=0.011)
    assert round(fit.shape, 5) == 1.05845
    assert round(fit.log_likelihood, 4) == -135.1527
    assert (fit.devices, fit.first_repairs) == (70, 12)
    assert fit.shape_error == pytest.approx(0.268251, abs=1e-6)
    assert fit.scale_error == pytest.approx(12251.43, abs=0.01)


def test_errors_and_limits_are_those_of_the_curvature_of_the_likelihood() -> None:
    fleet = _weibull(np.random.default_rng(1), 150)
    fit = _fit(fleet)
    at, step = np.log([fit.scale, fit.shape]), 1e-4 * np.eye(2)
    assert _log_likelihood(fleet, *at) == pytest.approx(fit.log_likelihood)
    curvature = [
        [
            sum(
                a * b * _log_likelihood(fleet, *(at + a * one + b * other))
                for a in (1, -1)
                for b in (1, -1)
            )
            / 4e-8
            for other in step
        ]
        for one in step
    ]
    variance = np.linalg.inv(-np.array(curvature))
    assert fit.variance_log_scale == pytest.approx(variance[0, 0], rel=1e-3)
    assert fit.variance_log_shape == pytest.approx(variance[1, 1], rel=1e-3)
    assert fit.covariance == pytest.approx(variance[0, 1], rel=1e-3)
    assert np.log(fit.shape_high / fit.shape) == pytest.approx(1.959964 * variance[1, 1] ** 0.5)


def test_no_other_law_of_weibulls_is_likelier() -> None:
    fleet = _weibull(np.random.default_rng(2), 100)
    fit = _fit(fleet)
    for scale in np.geomspace(0.2, 5, 9) * fit.scale:
        for shape in np.geomspace(0.2, 5, 9) * fit.shape:
            other = _log_likelihood(fleet, np.log(scale), np.log(shape))
            assert other <= fit.log_likelihood + 1e-9


@settings(max_examples=30)
@given(st.floats(1e-6, 1e9))
def test_the_unit_of_age_changes_nothing_but_the_scale(unit: float) -> None:
    entries, exits, repaired = _weibull(np.random.default_rng(3), 120)
    years, other = _fit((entries, exits, repaired)), _fit((entries * unit, exits * unit, repaired))
    assert other.shape == pytest.approx(years.shape, rel=1e-9)
    assert other.scale == pytest.approx(years.scale * unit, rel=1e-9)
    assert other.variance_log_scale == pytest.approx(years.variance_log_scale, rel=1e-6)


def test_repairs_at_fewer_than_two_ages_make_no_fit() -> None:
    ages = np.array([1.0, 2, 2, 3])
    for repaired in ([0, 0, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0]):
        assert fit_weibull(np.zeros(4), ages, np.array(repaired, bool)) is None
    assert fit_weibull(np.zeros(4), ages, np.array([0, 1, 1, 1], bool)) is not None
    assert fit_weibull(np.array([]), np.array([]), np.array([], bool)) is None


def test_a_likelihood_that_rises_as_the_shape_falls_to_nothing_makes_no_fit() -> None:
    """All devices entered late, and broke soon after: no age is too young for half to be gone."""
    entries = np.array([1.0, 2, 3, 4, 5, 6])
    exits = entries + np.array([0.01, 1, 1, 2, 2, 3])
    assert fit_weibull(entries, exits, np.array([1, 1, 0, 0, 0, 0], bool)) is None


def test_a_device_of_no_age_is_passed_over() -> None:
    entries, exits, repaired = _fans()
    with_new = np.append(entries, 0), np.append(exits, 0), np.append(repaired, True)
    assert _fit(with_new) == _fit((entries, exits, repaired))


def test_shape_scale_and_shares_are_found_again_though_the_log_is_younger_than_devices() -> None:
    random = np.random.default_rng(4)
    truth = float(np.exp(-((4 / SCALE) ** SHAPE)))
    fits = [_fit(_weibull(random, 500)) for _ in range(2000)]
    shares = [weibull_share_at(fit, [4.0])[0] for fit in fits]
    assert np.mean([fit.shape for fit in fits]) == pytest.approx(SHAPE, rel=0.02)
    assert np.mean([fit.scale for fit in fits]) == pytest.approx(SCALE, rel=0.02)
    assert np.mean([one.share for one in shares]) == pytest.approx(truth, abs=0.005)
    assert 0.93 < np.mean([fit.shape_low < SHAPE < fit.shape_high for fit in fits]) < 0.97
    assert 0.93 < np.mean([fit.scale_low < SCALE < fit.scale_high for fit in fits]) < 0.97
    assert 0.93 < np.mean([one.low < truth < one.high for one in shares]) < 0.97


def test_overlooking_late_entries_would_make_devices_seem_far_better() -> None:
    entries, exits, repaired = _weibull(np.random.default_rng(5), 20_000)
    assert _fit((np.zeros(len(exits)), exits, repaired)).scale > 1.15 * SCALE
    assert _fit((entries, exits, repaired)).scale == pytest.approx(SCALE, rel=0.03)


def test_a_right_law_fits_and_is_doubted_about_once_in_twenty() -> None:
    random = np.random.default_rng(6)
    checks = [_check(_weibull(random, 700)) for _ in range(600)]
    doubted = np.mean([one.p_value is not None and one.p_value < 0.05 for one in checks])
    assert 0.03 < doubted < 0.075
    assert {one.degrees_of_freedom for one in checks} == {11}


def test_early_failures_followed_by_wear_do_not_fit() -> None:
    random = np.random.default_rng(7)
    soon = random.random(1500) < 0.3
    first = np.where(soon, random.exponential(0.5, 1500), 4 + 3 * random.weibull(3, 1500))
    check = _check(_fleet(random, first))
    assert check.word == "does not fit"
    assert check.greatest_distance is not None
    assert check.greatest_distance > 0.05


def test_a_law_that_is_only_nearly_right_fits_however_many_devices_show_it() -> None:
    random = np.random.default_rng(8)
    check = _check(_fleet(random, random.gamma(1.6, 3.5, 200_000)))
    assert check.p_value is not None
    assert check.p_value < 0.01
    assert check.greatest_distance is not None
    assert check.greatest_distance < 0.02
    assert check.word == "fits"


def test_few_repairs_are_too_few_to_tell() -> None:
    check = _check(_fans())
    assert check.word == "too few repairs to tell"
    assert (check.chi_square, check.p_value) == (None, None)
    assert check.greatest_distance is not None


def test_the_greatest_distance_is_the_one_found_step_by_step() -> None:
    fleet = _weibull(np.random.default_rng(9), 400)
    curve, fit = survival_of(*fleet), _fit(fleet)
    assert curve is not None
    law = [one.share for one in weibull_share_at(fit, curve.ages.tolist())]
    before, greatest = 1.0, 0.0
    for at_risk, share, fitted in zip(curve.at_risk, curve.share, law, strict=True):
        if at_risk >= 10:
            greatest = max(greatest, abs(fitted - share), abs(fitted - before))
        before = share
    assert curve.begins_at_age == 0
    assert check_weibull(fit, curve, *fleet).greatest_distance == pytest.approx(greatest)


def test_repairs_that_were_written_down_by_the_day_are_checked_as_others_are() -> None:
    entries, exits, repaired = _weibull(np.random.default_rng(10), 5000)
    days = (np.floor(entries * 12) / 12, np.ceil(exits * 12) / 12 - 1 / 24, repaired)
    assert _check(days).word == "fits"


Life = st.tuples(st.integers(0, 60), st.integers(1, 60), st.booleans())


@given(st.lists(Life, max_size=40), st.sampled_from([1.0, 1e-6, 1e6]))
def test_whatever_devices_did_there_is_a_finite_fit_or_none(
    lives: list[tuple[int, int, bool]], unit: float
) -> None:
    entries = np.array([entry for entry, *_ in lives], float) * unit
    exits = entries + np.array([years for _, years, _ in lives], float) * unit
    fleet = entries, exits, np.array([repaired for *_, repaired in lives], bool)
    fit = fit_weibull(*fleet)
    if fit is None:
        return
    assert 0 < fit.shape_low <= fit.shape <= fit.shape_high < np.inf
    assert 0 < fit.scale_low <= fit.scale <= fit.scale_high < np.inf
    check = _check(fleet)
    assert check.p_value is None or 0 <= check.p_value <= 1
    for one in weibull_share_at(fit, [unit, 30 * unit]):
        assert 0 <= one.low <= one.share <= one.high <= 1
