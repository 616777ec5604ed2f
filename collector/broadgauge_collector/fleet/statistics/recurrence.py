"""How many repairs a device has had by an age, on average: the mean cumulative function.

Nelson's estimate (Journal of Quality Technology 20, 1988) with the robust variance of Lawless and
Nadeau (Technometrics 37, 1995), since some devices break again and again. Devices
are watched above their entry up to their exit, as in `survival`, and stay so after a repair.
"""

from typing import Annotated

import numpy as np
from msgspec import Struct

from broadgauge_wire.fields import about

from .departures import History, Rows, robust_variance
from .survival import MIN_AT_RISK, Ages, Counts, Flags, stretch


class MeanRepairs(Struct, frozen=True, kw_only=True, eq=False):
    """Mean repairs per device by age; a step at each age at which a device was repaired."""

    devices: Annotated[int, about("Devices watched at some age in the curve")]
    repairs: Annotated[int, about("Their repairs in the curve")]
    repairs_left_out: Annotated[
        int, about("Repairs outside the curve, or at ages at which their device wasn't watched")
    ]
    begins_at_age: Annotated[float, about("Age that repairs are counted from", "years")]
    ends_at_age: Annotated[float, about("Age up to which a device was watched", "years")]
    ages: Annotated[Ages, about("Ages at repairs, each once, in order", "years")]
    at_risk: Annotated[Counts, about("Devices watched at each")]
    mean: Annotated[Ages, about("Mean repairs per device by then")]
    variance: Annotated[Ages, about("Robust variance of the mean")]
    error: Annotated[Ages, about("Its root, the standard error; not a number where unknown")]
    low: Annotated[Ages, about("Lower 95% limit of the mean; not a number where unknown")]
    high: Annotated[Ages, about("Upper 95% limit of the mean; not a number where unknown")]


class MeanAtAge(Struct, frozen=True, kw_only=True):
    """Mean repairs of a device by one age."""

    age: Annotated[float, about("Age of a device", "years")]
    mean: Annotated[float | None, about("Mean repairs by then; null outside the curve")]
    low: Annotated[float | None, about("Lower 95% limit; null where unknown")]
    high: Annotated[float | None, about("Upper 95% limit; null where unknown")]


class MeanDifference(Struct, frozen=True, kw_only=True):
    """By how many repairs per device one kind of device exceeds another by an age."""

    age: Annotated[float, about("Age of a device", "years")]
    difference: Annotated[float, about("Mean repairs of the first less those of the second")]
    low: Annotated[float, about("Lower 95% limit of the difference")]
    high: Annotated[float, about("Upper 95% limit of the difference")]


def mean_repairs(
    entries: Ages,
    exits: Ages,
    devices: Rows,
    ages: Ages,
    least_at_risk: int = MIN_AT_RISK,
    from_age: float = 0.0,
) -> MeanRepairs | None:
    """Of devices watched from entry to exit; repair i befell `devices[i]` (a row) at `ages[i]`.

    All ages are in years. Counting begins at `from_age`, or later where too few devices were
    watched till then. Limits are Student's of the logarithm, with the robust variance as seen in so
    many devices: normal ones hold too seldom in tens of them. None with nobody watched.
    """
    # Who was watched from new was so on day 0 too.
    entries = np.where(entries <= from_age, from_age if from_age > 0 else -np.inf, entries)
    usable = np.isfinite(exits) & (exits >= 0) & (exits > entries)
    if not usable.any():
        return None
    begin, end = stretch(entries[usable], exits[usable], least_at_risk)
    entries = np.maximum(entries, begin) if begin > 0 else entries
    usable &= (exits > entries) & (entries < end)
    inside = usable[devices] & _watched(entries, exits, devices, ages)
    history = History.of(entries, exits, usable, devices[inside], ages[inside])
    mean, variance = np.cumsum(history.counts / history.at_risk), robust_variance(history)
    count = int(usable.sum())
    error = _errors(mean, variance)
    low, high = _limits(mean, error, count)
    return MeanRepairs(
        devices=count,
        repairs=int(inside.sum()),
        repairs_left_out=int(len(ages) - inside.sum()),
        begins_at_age=begin,
        ends_at_age=end,
        ages=history.steps,
        at_risk=history.at_risk,
        mean=mean,
        variance=variance,
        error=error,
        low=low,
        high=high,
    )


def mean_at(curve: MeanRepairs, ages: list[float]) -> list[MeanAtAge]:
    """The curve at these ages in years: nothing is said before it begins and after it ends."""
    return [_mean_at(curve, age) for age in ages]


def difference_at(first: MeanRepairs, second: MeanRepairs, age: float) -> MeanDifference | None:
    """Between two kinds of devices by an age in years (Doganaksoy and Nelson, Lifetime Data
    Analysis 4, 1998). None outside either curve, or where they are counted from different ages.
    """
    if first.begins_at_age != second.begins_at_age:
        return None
    if not first.begins_at_age <= age <= min(first.ends_at_age, second.ends_at_age):
        return None
    (mean, width), (other, other_width) = _moments(first, age), _moments(second, age)
    width = float(np.hypot(width, other_width))
    if not width > 0:
        return None
    found = mean - other
    return MeanDifference(age=age, difference=found, low=found - width, high=found + width)


def _watched(entries: Ages, exits: Ages, devices: Rows, ages: Ages) -> Flags:
    """Which repairs befell their device while it was watched."""
    found: Flags = (ages > entries[devices]) & (ages <= exits[devices]) & (ages >= 0)
    return found


def _errors(mean: Ages, variance: Ages) -> Ages:
    # Devices that all did the same, or a single one, tell nothing of how much others may differ.
    known = variance > 1e-14 * mean**2
    return np.where(known, np.sqrt(variance), np.nan)


def _limits(mean: Ages, error: Ages, devices: int) -> tuple[Ages, Ages]:
    ratio = np.exp(_width(devices) * error / mean)
    return mean / ratio, mean * ratio


def _width(devices: int) -> float:
    """Of an interval, in standard errors; unknown with one device."""
    if devices < 2:
        return float("nan")
    from scipy.special import stdtrit  # slow to import, and seldom needed

    return float(stdtrit(devices - 1, 0.975) * np.sqrt(devices / (devices - 1)))


def _moments(curve: MeanRepairs, age: float) -> tuple[float, float]:
    """The mean at an age and half the width of its plain interval."""
    step = int(np.searchsorted(curve.ages, age, "right")) - 1
    if step < 0:
        return 0.0, 0.0
    return float(curve.mean[step]), _width(curve.devices) * float(np.sqrt(curve.variance[step]))


def _mean_at(curve: MeanRepairs, age: float) -> MeanAtAge:
    if not curve.begins_at_age <= age <= curve.ends_at_age:
        return MeanAtAge(age=age, mean=None, low=None, high=None)
    step = int(np.searchsorted(curve.ages, age, "right")) - 1
    if step < 0:
        return MeanAtAge(age=age, mean=0.0, low=None, high=None)
    mean, low, high = (float(one[step]) for one in (curve.mean, curve.low, curve.high))
    known = low == low
    return MeanAtAge(age=age, mean=mean, low=low if known else None, high=high if known else None)
