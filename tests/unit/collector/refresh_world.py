"""Simulated fleets: devices fail, are lost and grow old, and each is bought again at once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadgauge_collector.fleet.statistics.refresh_model import Attrition
from broadgauge_collector.fleet.statistics.wear import Weibull

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]

GROWN_YEARS, LOG_YEARS, AHEAD_YEARS, LIMIT_YEARS = 7.0, 3.0, 3, 8.0


class World(NamedTuple):
    """Many fleets at once. Arrays of fleets, then of places for a device."""

    shape: Numbers
    scale: Numbers
    lost: Numbers
    fleet: Places
    begun: Numbers
    """When the first device at a place was bought, in years before today."""


class Lives(NamedTuple):
    """Devices that were there while the log was kept: age then and at the end, and how it ended."""

    fleet: Places
    entry: Numbers
    exit: Numbers
    failed: NDArray[np.bool_]
    lost: NDArray[np.bool_]


class Lived(NamedTuple):
    """What was, and what came."""

    lives: Lives
    ages: Numbers
    """By place, today."""
    needs: Places
    """By fleet and year ahead."""


def world(fleets: int, rng: np.random.Generator) -> World:
    """Fleets of 200 to 2,000 devices that differ in how long devices last and how many are lost."""
    sizes = np.exp(rng.uniform(np.log(200), np.log(2000), fleets)).astype(np.int64)
    fleet = np.repeat(np.arange(fleets), sizes)
    return World(
        shape=rng.uniform(1.3, 3.0, fleets),
        scale=rng.uniform(4.0, 9.0, fleets),
        lost=rng.uniform(0.01, 0.05, fleets),
        fleet=fleet,
        begun=rng.uniform(0.0, GROWN_YEARS, len(fleet)),
    )


def live(w: World, rng: np.random.Generator) -> Lived:
    """From the first purchase to three years ahead."""
    ages, parts = np.zeros(len(w.fleet)), list[Lives]()
    needs = np.zeros((len(w.shape), AHEAD_YEARS), np.int64)
    at, place = -w.begun, np.arange(len(w.fleet))
    while len(place):
        fleet = w.fleet[place]
        fails = w.scale[fleet] * rng.standard_exponential(len(place)) ** (1 / w.shape[fleet])
        lost = rng.standard_exponential(len(place)) / w.lost[fleet]
        ends = np.minimum(np.minimum(fails, lost), LIMIT_YEARS)
        parts.append(_watched(fleet, at, ends, fails, lost))
        today = (at <= 0) & (at + ends > 0)
        ages[place[today]] = -at[today]
        at = at + ends
        ahead = (at > 0) & (at < AHEAD_YEARS)
        np.add.at(needs, (fleet[ahead], at[ahead].astype(np.int64)), 1)
        place, at = place[at < AHEAD_YEARS], at[at < AHEAD_YEARS]
    return Lived(_joined(parts), ages, needs)


def _watched(fleet: Places, at: Numbers, ends: Numbers, fails: Numbers, lost: Numbers) -> Lives:
    entry, exit_ = np.maximum(-LOG_YEARS - at, 0.0), np.minimum(ends, -at)
    seen, over = exit_ > entry, at + ends <= 0
    failed, gone = over & (fails == ends), over & (lost == ends)
    return Lives(fleet[seen], entry[seen], exit_[seen], failed[seen], gone[seen])


def _joined(parts: list[Lives]) -> Lives:
    return Lives(
        fleet=np.concatenate([part.fleet for part in parts]),
        entry=np.concatenate([part.entry for part in parts]),
        exit=np.concatenate([part.exit for part in parts]),
        failed=np.concatenate([part.failed for part in parts]),
        lost=np.concatenate([part.lost for part in parts]),
    )


def losses(lives: Lives, fleets: int) -> list[Attrition]:
    """As each fleet's log says."""
    events = np.bincount(lives.fleet, lives.lost, fleets)
    years = np.bincount(lives.fleet, lives.exit - lives.entry, fleets)
    pairs = zip(events.tolist(), years.tolist(), strict=True)
    return [Attrition(events=k, device_years=t) for k, t in pairs]


def fitted(lives: Lives, fleets: int) -> list[Weibull]:
    """By maximum likelihood from each fleet's log, with devices that were there before it began
    (left truncation) and after its end (right censoring)."""
    deaths = np.bincount(lives.fleet, lives.failed, fleets)
    logs = np.bincount(lives.fleet, lives.failed * np.log(lives.exit), fleets)
    shape = np.full(fleets, 1.8)
    for _ in range(12):
        zero, one, two = _moments(lives, shape, fleets)
        slope = deaths / shape + logs - deaths * one / zero
        curve = -deaths / shape**2 - deaths * (two / zero - (one / zero) ** 2)
        shape = np.clip(shape - slope / curve, shape / 2, shape * 2)
    zero, one, two = _moments(lives, shape, fleets)
    scale = (zero / deaths) ** (1 / shape)
    mean = one / zero - np.log(scale)
    square = two / zero - 2 * np.log(scale) * one / zero + np.log(scale) ** 2
    information = shape**2 * deaths
    first = deaths + information * square
    determinant = first * information - (information * mean) ** 2
    columns = (
        shape, scale, information / determinant, first / determinant,
        information * mean / determinant,
    )  # fmt: skip
    return [
        Weibull(shape=k, scale_years=s, var_log_shape=a, var_log_scale=b, covariance=c)
        for k, s, a, b, c in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _moments(lives: Lives, shape: Numbers, fleets: int) -> tuple[Numbers, Numbers, Numbers]:
    """Sums of t^k, t^k log t and t^k log^2 t, less those at entry."""
    powers = shape[lives.fleet]
    old = lives.entry > 0
    sums = _sums(lives.fleet, lives.exit, powers, fleets)
    before = _sums(lives.fleet[old], lives.entry[old], powers[old], fleets)
    zero, one, two = (a - b for a, b in zip(sums, before, strict=True))
    return zero, one, two


def _sums(fleet: Places, ages: Numbers, powers: Numbers, fleets: int) -> list[Numbers]:
    logs = np.log(ages)
    terms = np.exp(powers * logs)
    weights = (terms, terms * logs, terms * logs**2)
    return [np.bincount(fleet, each, fleets).astype(np.float64) for each in weights]
