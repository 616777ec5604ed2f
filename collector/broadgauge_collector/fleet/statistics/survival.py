"""How long devices go without a repair: Kaplan and Meier (JASA 53, 1958), with late entry.

A device is watched at ages above its entry, up to and including its exit: the age at its first
repair, or the one up to which nothing happened. Its entry is above 0 where the repair log starts
later than the device; leaving that out would count years in which nobody wrote repairs down as
years without any (left truncation: Tsai, Jewell and Wang, Biometrika 74, 1987). A device known to
have been repaired before its entry has no first repair left to wait for and isn't to be given.
"""

from typing import Annotated

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

Ages = NDArray[np.float64]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

MIN_AT_RISK = 10
"""Devices watched at once for a curve to begin. With late entries the first ages may have one or
two, and the repair of the only one would take the whole curve down to 0 for good."""

HALF = 0.5 * (1 + 1e-9)
"""A product such as 23/24 * 22/23 * ... * 12/13 is a half, and in floating point a little more."""

Z95 = 1.959963984540054
"""Normal quantile of limits that hold 95% of the time."""


class SurvivalCurve(Struct, frozen=True, kw_only=True, eq=False):
    """Share of devices not repaired yet, by age; a step at each age at which one first was."""

    devices: Annotated[int, about("Devices watched at some age in the curve")]
    first_repairs: Annotated[int, about("First repairs in the curve")]
    first_repairs_left_out: Annotated[
        int, about("First repairs at ages before the curve begins or after it ends")
    ]
    begins_at_age: Annotated[
        float,
        about("Age at which the share is 1: shares are of devices unrepaired by then", "years"),
    ]
    ends_at_age: Annotated[float, about("Age up to which a share is known", "years")]
    median_age: Annotated[
        float | None, about("Age by which half were repaired; null if not reached", "years")
    ]
    median_low: Annotated[
        float | None, about("Lower 95% limit of it; null if not reached", "years")
    ]
    median_high: Annotated[
        float | None, about("Upper 95% limit of it; null if not reached", "years")
    ]
    ages: Annotated[Ages, about("Ages at first repairs, each once, in order", "years")]
    at_risk: Annotated[Counts, about("Devices watched and unrepaired just before each")]
    repaired: Annotated[Counts, about("Of them, those repaired at that age")]
    share: Annotated[Ages, about("Share of devices unrepaired after each", "ratio")]
    error: Annotated[
        Ages, about("Greenwood's standard error of the share; not a number where it is 0", "ratio")
    ]
    low: Annotated[Ages, about("Lower 95% limit of the share", "ratio")]
    high: Annotated[Ages, about("Upper 95% limit of the share", "ratio")]


class ShareUnrepaired(Struct, frozen=True, kw_only=True):
    """A survival curve at one age."""

    age: Annotated[float, about("Age of a device", "years")]
    share: Annotated[
        float | None, about("Share not repaired by then; null outside the curve", "ratio")
    ]
    low: Annotated[float | None, about("Lower 95% limit; null before the first repair", "ratio")]
    high: Annotated[float | None, about("Upper 95% limit; null before the first repair", "ratio")]


def survival_of(
    entries: Ages, exits: Ages, repaired: Flags, least_at_risk: int = MIN_AT_RISK
) -> SurvivalCurve | None:
    """Of devices watched from entry to exit (ages in years), `repaired` where that ended it.

    Limits are Greenwood's on the scale of log(-log S) (Kalbfleisch and Prentice 1980). The median
    is the first age with a share of a half or less, and its limits are the first with limits of it
    (Brookmeyer and Crowley, Biometrics 38, 1982). None where no device was watched. A device whose
    exit doesn't come after its entry is passed over.
    """
    entries, exits, repaired = watched(entries, exits, repaired)
    if not len(exits):
        return None
    begin, end = stretch(entries, exits, least_at_risk)
    events = exits[repaired]
    ages, counts = _steps(entries, exits, events[_between(events, begin, end)])
    at_risk = at_risk_at(entries, exits, ages)
    end = float(ages[-1]) if (counts == at_risk).any() else end
    share = np.cumprod(1 - counts / at_risk, dtype=np.float64)
    variance = _greenwood(counts, at_risk)
    low, high = _limits(share, variance)
    return SurvivalCurve(
        devices=int((_between(exits, begin, np.inf) & (entries < end)).sum()),
        first_repairs=int(counts.sum()),
        first_repairs_left_out=len(events) - int(counts.sum()),
        begins_at_age=begin,
        ends_at_age=end,
        median_age=_first(ages, share <= HALF),
        median_low=_first(ages, low <= HALF),
        median_high=_first(ages, high <= HALF),
        ages=ages,
        at_risk=at_risk,
        repaired=counts,
        share=share,
        error=_errors(share, variance),
        low=low,
        high=high,
    )


def share_at(curve: SurvivalCurve, ages: list[float]) -> list[ShareUnrepaired]:
    """The curve at these ages in years: nothing is said before it begins and after it ends."""
    return [_share_at(curve, age) for age in ages]


def at_risk_at(entries: Ages, exits: Ages, ages: Ages) -> Counts:
    """Devices that were watched at each of these ages in years."""
    begun = np.searchsorted(np.sort(entries), ages, "left")
    return begun - np.searchsorted(np.sort(exits), ages, "left")


def watched(entries: Ages, exits: Ages, repaired: Flags) -> tuple[Ages, Ages, Flags]:
    """Those watched at any age; who was watched from new was so at age 0 too."""
    entries = np.where(entries <= 0, -np.inf, entries)
    usable = np.isfinite(exits) & (exits >= 0) & (exits > entries)
    return entries[usable], exits[usable], repaired[usable]


def stretch(entries: Ages, exits: Ages, least: int) -> tuple[float, float]:
    """From which age on, and up to which, a curve can be drawn.

    It begins where at least so many (or as many as there ever are) were watched at once and ends
    where nobody was. Of several such stretches the one with the most device-years counts.
    """
    turns = np.unique(np.concatenate([np.maximum(entries, 0), exits]))
    begun = np.searchsorted(np.sort(entries), turns, "right")
    at_risk = begun - np.searchsorted(np.sort(exits), turns, "right")
    enough = at_risk >= max(min(least, int(at_risk.max())), 1)
    starts = np.flatnonzero(np.diff(enough, prepend=False) & enough)
    if not len(starts):
        return 0.0, float(turns[-1])
    years = at_risk * np.diff(turns, append=turns[-1]) * enough
    start = starts[int(np.argmax(np.add.reduceat(years, starts)))]
    end = start + int(np.argmax(at_risk[start:] == 0))
    return float(turns[start]), float(turns[end])


def _steps(entries: Ages, exits: Ages, events: Ages) -> tuple[Ages, Counts]:
    """Ages at repairs and how many there were, up to one that left nobody: nothing brings a share
    of 0 up again, whoever enters later."""
    ages, counts = np.unique(events, return_counts=True)
    left = at_risk_at(entries, exits, ages) - counts
    steps = int(np.argmin(left)) + 1 if len(left) and left.min() == 0 else len(ages)
    return ages[:steps], counts[:steps]


def _between(ages: Ages, begin: float, end: float) -> Flags:
    # A curve from new has the repairs of day 0; a later one is of devices that outlived its start.
    return (ages <= end) & ((ages > begin) | (begin == 0))


def _greenwood(counts: Counts, at_risk: Counts) -> Ages:
    """Variance of log S; infinite where S is 0."""
    with np.errstate(divide="ignore"):
        found: Ages = np.cumsum(counts / (at_risk * (at_risk - counts)))
    return found


def _errors(share: Ages, variance: Ages) -> Ages:
    with np.errstate(invalid="ignore"):
        found: Ages = share * np.sqrt(variance)
    return found


def _limits(share: Ages, variance: Ages) -> tuple[Ages, Ages]:
    if not len(share):
        return share, share
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.exp(Z95 * np.sqrt(variance) / -np.log(share))
        low, high = share**power, share ** (1 / power)
    none_left = share <= 0
    # A share of 0 has no variance to go by; it can't lie higher than the step before it.
    before = high[~none_left][-1] if not none_left.all() else 1.0
    return np.where(none_left, 0.0, low), np.where(none_left, before, high)


def _first(ages: Ages, reached: Flags) -> float | None:
    return float(ages[int(np.argmax(reached))]) if reached.any() else None


def _share_at(curve: SurvivalCurve, age: float) -> ShareUnrepaired:
    if not curve.begins_at_age <= age <= curve.ends_at_age:
        return ShareUnrepaired(age=age, share=None, low=None, high=None)
    step = int(np.searchsorted(curve.ages, age, "right")) - 1
    if step < 0:
        return ShareUnrepaired(age=age, share=1.0, low=None, high=None)
    share, low, high = (float(one[step]) for one in (curve.share, curve.low, curve.high))
    return ShareUnrepaired(age=age, share=share, low=low, high=high)
