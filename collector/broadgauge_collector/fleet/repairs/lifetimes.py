"""How long devices go without a repair, and how many repairs they have had by an age."""

from collections.abc import Iterator
from math import isfinite
from typing import Annotated, Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from ..statistics.recurrence import MeanAtAge, MeanRepairs, mean_at, mean_repairs
from ..statistics.survival import (
    MIN_AT_RISK,
    ShareUnrepaired,
    SurvivalCurve,
    share_at,
    survival_of,
)
from ..statistics.weibull import WeibullFit, fit_weibull
from ..statistics.weibull_check import WeibullCheck, check_weibull
from .histories import Histories, codes_of, histories
from .model import FleetData

LifetimesBy = Literal["model", "school", "kind"]

Numbers = NDArray[np.float64]

EVERY: Final = "All devices"
POINTS: Final = 120
"""Of a curve, at most: more can't be told apart on a page."""

FEWEST_REPAIRS: Final = 3
"""For a group to have curves of its own."""

AGES: Final = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


class CurvePoint(Struct, frozen=True, kw_only=True):
    """One step of a curve."""

    age: Annotated[float, about("Age of a device", "years")]
    value: Annotated[float, about("What the curve is from this age on")]
    low: Annotated[float | None, about("Lower 95% limit; null where unknown")]
    high: Annotated[float | None, about("Upper 95% limit; null where unknown")]
    error: Annotated[float | None, about("Standard error of the value; null where unknown")]
    at_risk: Annotated[int, about("Devices watched at that age")]


class Lifetime(Struct, frozen=True, kw_only=True):
    """Devices that have something in common, by age."""

    name: Annotated[str, about("What they have in common")]
    devices: Annotated[int, about("Devices watched")]
    repairs: Annotated[int, about("Their repairs while watched")]
    left_out: Annotated[
        int, about("Devices repaired before they were watched: they have no first repair to tell")
    ]
    begins_at_age: Annotated[
        float | None, about("Age at which both curves begin; null: none can be drawn", "years")
    ]
    unrepaired: Annotated[tuple[CurvePoint, ...], about("Share without a repair (Kaplan-Meier)")]
    shares: Annotated[tuple[ShareUnrepaired, ...], about("That share at whole years")]
    median_age: Annotated[
        float | None,
        about("First age by which half or more were repaired; null: not reached", "years"),
    ]
    median_low: Annotated[float | None, about("Lower 95% limit of it; null: not reached", "years")]
    median_high: Annotated[float | None, about("Upper 95% limit of it; null: not reached", "years")]
    weibull: Annotated[WeibullFit | None, about("A law fitted to it; null: none can be")]
    fit: Annotated[WeibullCheck | None, about("How that law fits")]
    mean_repairs: Annotated[
        tuple[CurvePoint, ...], about("Mean repairs of a device (mean cumulative function)")
    ]
    means: Annotated[tuple[MeanAtAge, ...], about("That mean at whole years")]


class Lifetimes(Struct, frozen=True, kw_only=True):
    """The whole fleet, and its groups with the most device-years."""

    by: Annotated[LifetimesBy, about("What groups have in common")]
    groups: Annotated[tuple[Lifetime, ...], about("All devices first, then each group")]
    too_few: Annotated[
        int, about("Groups with too few repairs for a curve, and those beyond the ones asked for")
    ]


class Drawn(Struct, frozen=True, kw_only=True):
    """How curves are drawn."""

    points: int = POINTS
    """Of a curve, at most."""
    least_at_risk: int = MIN_AT_RISK
    """Devices watched at once for a curve to begin."""


AS_ON_A_PAGE: Final = Drawn()


def lifetimes(
    data: FleetData, by: LifetimesBy, most: int, drawn: Drawn = AS_ON_A_PAGE
) -> Lifetimes:
    """Of the whole fleet, and of so many groups at most."""
    all_ = histories(data)
    codes, names = codes_of(data, by)
    code = codes[all_.places]
    chosen = _largest(all_, code, len(names))
    groups = [
        _lifetime(str(names[each]), all_.of(code == each), drawn)
        for each in sorted(chosen[:most], key=lambda each: str(names[each]).casefold())
    ]
    there = len(np.unique(code[code >= 0]))
    return Lifetimes(
        by=by, groups=(_lifetime(EVERY, all_, drawn), *groups), too_few=there - len(groups)
    )


def _largest(all_: Histories, code: NDArray[np.int32], many: int) -> list[int]:
    """Groups with repairs enough, those with the most device-years first."""
    known = code >= 0
    years = np.bincount(code[known], (all_.exits - all_.entries)[known], many)
    of_repairs = code[all_.devices]
    repairs = np.bincount(of_repairs[of_repairs >= 0], minlength=many)
    order = np.argsort(-years, kind="stable")
    return [int(each) for each in order if repairs[each] >= FEWEST_REPAIRS]


def _lifetime(name: str, of: Histories, drawn: Drawn) -> Lifetime:
    fresh = ~of.before
    watched = of.befores[fresh], of.first_exits[fresh], of.repaired[fresh]
    curve = survival_of(*watched, drawn.least_at_risk)
    law = fit_weibull(*watched) if curve else None
    mean = mean_repairs(of.befores, of.lasts, of.devices, of.ages, drawn.least_at_risk)
    return Lifetime(
        name=name,
        devices=len(of.places),
        repairs=len(of.ages),
        left_out=int(of.before.sum()),
        begins_at_age=curve.begins_at_age if curve else None,
        unrepaired=tuple(_survival_points(curve, drawn.points)) if curve else (),
        shares=tuple(share_at(curve, AGES)) if curve else (),
        median_age=curve.median_age if curve else None,
        median_low=curve.median_low if curve else None,
        median_high=curve.median_high if curve else None,
        weibull=law,
        fit=check_weibull(law, curve, *watched) if law and curve else None,
        mean_repairs=tuple(_mean_points(mean, drawn.points)) if mean else (),
        means=tuple(mean_at(mean, AGES)) if mean else (),
    )


def _survival_points(curve: SurvivalCurve, most: int) -> Iterator[CurvePoint]:
    yield _start(curve.begins_at_age, 1.0, curve.devices)
    limits = curve.low, curve.high, curve.error
    yield from _points(curve.ages, curve.share, limits, curve.at_risk, most)


def _mean_points(curve: MeanRepairs, most: int) -> Iterator[CurvePoint]:
    yield _start(curve.begins_at_age, 0.0, curve.devices)
    limits = curve.low, curve.high, curve.error
    yield from _points(curve.ages, curve.mean, limits, curve.at_risk, most)


def _start(age: float, value: float, devices: int) -> CurvePoint:
    return CurvePoint(age=age, value=value, low=None, high=None, error=None, at_risk=devices)


def _points(
    ages: Numbers, values: Numbers, limits: tuple[Numbers, Numbers, Numbers],
    at_risk: NDArray[np.int64], most: int,
) -> Iterator[CurvePoint]:  # fmt: skip
    """Some of the steps, evenly, with the last."""
    if not len(ages):
        return
    low, high, error = limits
    for at in np.unique(np.linspace(0, len(ages) - 1, most).astype(np.int64)).tolist():
        yield CurvePoint(
            age=float(ages[at]),
            value=float(values[at]),
            low=_known(low[at]),
            high=_known(high[at]),
            error=_known(error[at]),
            at_risk=int(at_risk[at]),
        )


def _known(limit: float) -> float | None:
    return float(limit) if isfinite(limit) else None
