"""When a line stops being enough, with a range.

Ranges come from one simulation with a fixed seed: every assumption is drawn from a triangle between
its low and high with the peak at its value, and the capacity from its interval. What a device takes
and how that grows is the same unknown at every school; people, devices and habits are drawn for
each school by itself. So the range of a shared line is that of the sum, which is narrower than the
sum of the ranges. All schools are taken to be at their busiest at the same moment.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Annotated, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from .demand import SchoolDemand, need_of, needed
from .model import Estimate, Interval
from .models import Assumption

SEED = 20260302
DRAWS = 1000
RANGE = (0.05, 0.95)
"""Quantiles of the draws that a range goes from and to: nine in ten lie within."""

YEARS_AHEAD = 3
HORIZON_YEARS = 10
"""Nobody knows what schools do with networks later than this."""

NORMAL_95 = 1.959964

SHARED = ("rate.", "growth.use")
"""Assumptions that are the same unknown at every school."""

Draws = NDArray[np.float64]


class YearNeed(Struct, frozen=True, kw_only=True):
    """What a line must carry so many years from now."""

    years: Annotated[int, about("Years from now")]
    bits_per_second: Annotated[float, about("By what is reckoned with", "bit/s")]
    interval: Annotated[Interval, about("Nine in ten of the simulated needs, bit/s")]
    enough: Annotated[
        float | None,
        about("Share of simulated futures in which the line carries it; null if not measured"),
    ]


class Stops(Struct, frozen=True, kw_only=True):
    """In how many years a line stops being enough; null: not within ten years."""

    soonest_years: Annotated[float | None, about("One in twenty futures stop before this")]
    likely_years: Annotated[float | None, about("Half of them stop before this")]
    latest_years: Annotated[float | None, about("Nineteen in twenty stop before this")]
    at_least: Annotated[bool, about("The capacity is a lower bound: it may well last longer")]
    capacity_range_known: Annotated[
        bool, about("Whether the ranges hold the uncertainty of the measured capacity too")
    ]


class Forecast(Struct, frozen=True, kw_only=True):
    """Needs today and in each of the next three years, and when the line stops being enough."""

    years: tuple[YearNeed, ...]
    stops: Stops | None


def forecast(schools: Sequence[SchoolDemand], capacity: Estimate | None) -> Forecast:
    """Of a line with these schools behind it; without a capacity only the needs."""
    grid = _drawn_needs(schools)
    able = None if capacity is None else _drawn_capacity(capacity)
    return Forecast(
        years=tuple(_year(schools, grid, able, year) for year in range(YEARS_AHEAD + 1)),
        stops=None if capacity is None or able is None else _stops(grid, able, capacity),
    )


def _year(schools: Sequence[SchoolDemand], grid: Draws, able: Draws | None, year: int) -> YearNeed:
    low, high = np.quantile(grid[year], RANGE)
    return YearNeed(
        years=year,
        bits_per_second=sum(float(need_of(s, year).bits_per_second) for s in schools),
        interval=Interval(float(low), float(high)),
        enough=None if able is None else float(np.mean(grid[year] <= able)),
    )


def _stops(grid: Draws, able: Draws, capacity: Estimate) -> Stops:
    moments = np.sort(_crossings(grid, able))
    soonest, likely, latest = (_within(moments, share) for share in (RANGE[0], 0.5, RANGE[1]))
    return Stops(
        soonest_years=soonest,
        likely_years=likely,
        latest_years=latest,
        at_least=capacity.at_least,
        capacity_range_known=capacity.interval.low is not None,
    )


def _within(moments: Draws, share: float) -> float | None:
    """The moment by which this share of the draws stopped; None beyond the horizon."""
    moment = float(moments[int(np.ceil(share * len(moments))) - 1])
    return None if moment == np.inf else moment


def _crossings(grid: Draws, able: Draws) -> Draws:
    """Years until each draw's need is above what its line carries; between two years in proportion
    to the logarithm, as growth goes."""
    over = grid > able
    first = np.argmax(over, axis=0)
    moments = np.where(over.any(axis=0), first.astype(np.float64), np.inf)
    later = np.flatnonzero(over.any(axis=0) & (first > 0))
    before, after = grid[first[later] - 1, later], grid[first[later], later]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.log(able[later] / before) / np.log(after / before)
    moments[later] += np.nan_to_num(part, nan=1.0) - 1
    return moments


def _drawn_needs(schools: Sequence[SchoolDemand]) -> Draws:
    """By year from now, and draw."""
    grid = np.zeros((HORIZON_YEARS + 1, DRAWS))
    for school in schools:
        assumed = drawn(school)
        for year in range(HORIZON_YEARS + 1):
            grid[year] += needed(school.people, school.model, assumed, year).bits_per_second
    return grid


def drawn(school: SchoolDemand) -> Mapping[str, Any]:
    """Draws of what is assumed of a school: the same whenever and with whomever it is asked."""
    return {key: _draw(assumption, school.id) for key, assumption in school.assumed.items()}


def _draw(assumption: Assumption, school_id: str) -> Any:
    low, high, peak = assumption.low, assumption.high, assumption.value
    if high <= low:
        return peak
    whose = "" if assumption.key.startswith(SHARED) else school_id
    uniform = _uniform(assumption.key, whose)
    left = (peak - low) / (high - low)
    rising = low + np.sqrt(uniform * (high - low) * (peak - low))
    falling = high - np.sqrt((1 - uniform) * (high - low) * (high - peak))
    return np.where(uniform < left, rising, falling)


def _uniform(key: str, whose: str) -> Draws:
    digest = blake2b(f"{SEED}/{key}/{whose}".encode(), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(digest)).random(DRAWS)


def _drawn_capacity(capacity: Estimate) -> Draws:
    """Two halves of normal curves whose 95% ends are those of the interval; an end that isn't known
    has no spread: beyond it lies what nobody measured."""
    middle, ends = capacity.bits_per_second, capacity.interval
    below = (middle - ends.low) / NORMAL_95 if ends.low is not None else 0.0
    above = (ends.high - middle) / NORMAL_95 if ends.high is not None else 0.0
    digest = blake2b(f"{SEED}/capacity".encode(), digest_size=8).digest()
    standard = np.random.default_rng(int.from_bytes(digest)).standard_normal(DRAWS)
    spread = np.where(standard < 0, max(below, 0.0), max(above, 0.0))
    drawn_rates: Draws = np.maximum(middle + standard * spread, 1.0)
    return drawn_rates
