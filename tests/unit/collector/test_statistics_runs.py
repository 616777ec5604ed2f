"""Repairs that come in runs, on devices or days: ranges and reserves allow for them."""

from math import isclose, sqrt

import numpy as np
import pytest
from numpy.typing import NDArray

from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.statistics.clusters import RepairDays
from broadgauge_collector.fleet.statistics.rates import dispersion, group_rates
from broadgauge_collector.fleet.statistics.self_insurance import (
    Log,
    costs_like,
    drawn_cents,
    drawn_repairs,
    repairs_reserve,
    self_insured,
    variance_of,
)
from broadgauge_collector.fleet.statistics.warranty import Plan, all_covered, compare

Whole = NDArray[np.int64]

DEVICES, DAYS, RATE = 400, 365, 0.5
PLAIN = Log(repairs=400, device_years=4000)
RUNS = Log(repairs=400, device_years=4000, dispersion=16.0)


def _year(random: np.random.Generator, frail: float, runs: float) -> tuple[Whole, Whole]:
    """Device and day of each repair in a year: devices' rates vary by a gamma law of the shape
    `frail`, and a day on which anything breaks breaks one more with each of `runs`."""
    own = random.gamma(frail, 1 / frail, DEVICES)
    bad_days = random.poisson(RATE * DEVICES / (1 + runs))
    many = 1 + random.poisson(runs, bad_days)
    device = random.choice(DEVICES, many.sum(), p=own / own.sum())
    return device, np.repeat(random.integers(0, DAYS, bad_days), many)


def _log(device: Whole, day: Whole, *, plain: bool = False) -> Log:
    counts = np.bincount(device, minlength=DEVICES)
    found = dispersion(np.ones(DEVICES), counts, RepairDays(device, day, DAYS))
    return Log(repairs=len(device), device_years=float(DEVICES), dispersion=1.0 if plain else found)


def _exceeded(frail: float, runs: float, *, plain: bool = False) -> float:
    """In how many districts a 95% reserve, of a log of a year, falls short in the next."""
    random = np.random.default_rng(11)
    short = 0
    for _ in range(600):
        log = _log(*_year(random, frail, runs), plain=plain)
        short += len(_year(random, frail, runs)[0]) > repairs_reserve(log, DEVICES, 1)
    return short / 600


def test_where_days_break_many_devices_a_reserve_falls_short_in_one_year_of_twenty() -> None:
    assert _exceeded(1.0, 9.0, plain=True) > 0.2
    assert 0.02 < _exceeded(1.0, 9.0) < 0.08


def test_where_each_repair_comes_by_itself_it_does_too_and_is_no_longer_wider() -> None:
    assert 0.025 < _exceeded(1e6, 0.0) < 0.075


def test_where_some_devices_break_again_and_again_a_reserve_for_others_like_them_holds() -> None:
    def others(random: np.random.Generator) -> Whole:
        return random.poisson(random.gamma(0.2, RATE / 0.2, DEVICES))

    random = np.random.default_rng(12)
    short = {True: 0, False: 0}
    for _ in range(600):
        counts, to_come = others(random), others(random).sum()
        device = np.repeat(np.arange(DEVICES), counts)
        day = random.integers(0, DAYS, len(device))
        for plain in short:
            log = _log(device, day, plain=plain)
            short[plain] += to_come > repairs_reserve(log, DEVICES, 1)
    assert short[True] / 600 > 0.15
    assert 0.02 < short[False] / 600 < 0.08


def test_the_dispersion_is_that_by_which_the_rates_limits_are_wider() -> None:
    random = np.random.default_rng(3)
    device, day = _year(random, 1.0, 9.0)
    counts, years = np.bincount(device, minlength=DEVICES), np.ones(DEVICES)
    days = RepairDays(device, day, DAYS)
    (rate,) = group_rates(np.zeros(DEVICES, np.int32), 1, years, counts, days)
    found = dispersion(years, counts, days)
    assert rate.limits == "days"
    assert 5 < found < 15
    assert rate.high and rate.low and rate.poisson_high and rate.poisson_low
    wider = (rate.high - rate.low) / (rate.poisson_high - rate.poisson_low)
    assert wider == pytest.approx(sqrt(found), rel=0.1)


def test_with_fewer_than_10_repairs_the_dispersion_is_not_known_and_none_is_taken() -> None:
    counts = np.array([9, *[0] * 99])
    assert dispersion(np.ones(100), counts) == 1
    assert dispersion(np.ones(100), counts + np.eye(100, dtype=np.int64)[0]) > 5


def test_a_repair_a_device_on_days_of_their_own_has_no_dispersion() -> None:
    device = np.arange(50)
    days = RepairDays(device, device, 365)
    assert dispersion(np.ones(100), np.bincount(device, minlength=100), days) == 1


def test_a_future_in_runs_has_the_variance_of_its_formula() -> None:
    random = np.random.default_rng(4)
    costs = costs_like(10_000, 8_000)
    repairs = np.asarray(16.0 * random.poisson(300 / 16, 100_000), np.float64)
    cents = drawn_cents(repairs, costs, random)
    assert isclose(cents.var(), variance_of(1000, 0.1, 3, costs, 16.0), rel_tol=0.02)
    assert variance_of(1000, 0.1, 3, costs, 1.0) == variance_of(1000, 0.1, 3, costs)


def test_ranges_are_as_many_times_as_wide_as_the_root_of_the_dispersion() -> None:
    costs = costs_like(10_000, 0)
    plain, runs = (self_insured(log, costs, 1000, 3)[0] for log in (PLAIN, RUNS))
    assert runs.expected_cents == plain.expected_cents
    assert runs.chance_sd_cents == pytest.approx(4 * plain.chance_sd_cents, rel=1e-6)
    assert runs.sd_cents == pytest.approx(4 * plain.sd_cents, rel=0.05)


def test_draws_and_the_reserve_agree() -> None:
    drawn = drawn_repairs(RUNS, 1000, 3, np.random.default_rng(5))
    reserve = repairs_reserve(RUNS, 1000, 3)
    assert abs(np.mean(drawn <= reserve) - 0.95) < 0.012
    assert reserve > 1.2 * repairs_reserve(PLAIN, 1000, 3)


def test_that_ranges_are_wider_is_told_and_not_where_they_are_hardly() -> None:
    plan, costs = Plan(premium_cents=3_000, term_years=3), costs_like(10_000, 0)
    for log, told in ((RUNS, True), (PLAIN, False)):
        found = compare(plan, all_covered(log, costs, share=0.5), 500)
        assert found
        assert told == any("4.0 times as wide" in note for note in found.notes)


def test_a_dispersion_below_1_is_refused() -> None:
    with pytest.raises(Invalid, match="or more"):
        repairs_reserve(Log(repairs=4, device_years=40, dispersion=0.5), 10, 1)
