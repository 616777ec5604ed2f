"""Repairs per 100 device-years of many devices, by group or by age.

Exact Poisson limits take each repair for itself. Repairs don't come so: some devices break again
and again, and a bus or a flooded room breaks many on one day. Then such limits hold far less than
95% of the time, and one device with 200 repairs would make its model look surely bad. So from 10
repairs on the variance of the logarithm of the rate is also found between devices, and between
days where these are given, and the limits shown are the widest of the three. Below 10 repairs that
variance is itself too uncertain, and the exact limits are wide enough to warn.

Between devices: with rate r = K / T it is n / (n - 1) times the sum of ((k - r t) / K)^2 over n
devices. Between days: the same over D days of equal device-years. A variance v is that of 1 / v
repairs each by itself, and the limits are theirs (after Fay and Feuer, Statistics in Medicine 16,
1997): as on the scale of the logarithm where they are many, and wide where a few devices have
all repairs. With few devices v is first raised by the square of Student's quantile over the normal.
"""

from typing import Annotated, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from .clusters import RepairDays, between_days, between_devices
from .exposure import Codes, repairs_of, split_by_age
from .poisson import Counts, Numbers, Rate, garwood, listed

Flags = NDArray[np.bool_]

MIN_REPAIRS: Final = 10
"""From so many on the variance between devices is good for something."""


class AgeRate(Struct, frozen=True, kw_only=True):
    """Repairs of devices of one age."""

    age: Annotated[int, about("Whole years of age: 0 is a device's first year", "years")]
    devices: Annotated[int, about("Devices watched at that age")]
    rate: Annotated[Rate, about("Their repairs per 100 device-years")]


def group_rates(
    group: Codes,
    groups: int,
    device_years: Numbers,
    repairs: Counts,
    days: RepairDays | None = None,
) -> list[Rate]:
    """Rate of each group 0, 1, ... of devices; a device with a code below 0 is in none.

    `group`, `device_years` and `repairs` have one entry a device. The days are to be those of the
    same repairs. What has no device-years has no repairs either: they don't count.
    """
    inside = (group >= 0) & (device_years > 0)
    codes, counts, years = group[inside], repairs[inside], device_years[inside]
    between = [("devices", between_devices(codes, groups, years, counts))]
    if days is not None:
        between.append(("days", _between_days(group, groups, inside, days)))
    total = np.bincount(codes, counts, groups).astype(np.int64)
    time = np.asarray(np.bincount(codes, years, groups), np.float64)
    return _widest(total, time, between)


def dispersion(device_years: Numbers, repairs: Counts, days: RepairDays | None = None) -> float:
    """Variance of these devices' repairs over that of a Poisson count, where it widens their rate's
    limits; else 1. So many repairs say as much as repairs / dispersion that come by themselves.

    Entries are as in `group_rates`, of one group alone.
    """
    inside = device_years > 0
    total = int(repairs[inside].sum())
    if total < MIN_REPAIRS:
        return 1.0
    everyone = np.zeros(len(repairs), np.int32)
    variance = between_devices(everyone[inside], 1, device_years[inside], repairs[inside])[0]
    if days is not None:
        variance = max(variance, _between_days(everyone, 1, inside, days)[0])
    return max(1.0, float(variance) * total)


def _between_days(group: Codes, groups: int, inside: Flags, days: RepairDays) -> Numbers:
    kept = inside[days.device]
    rows, dates = group[days.device[kept]], days.day[kept]
    return between_days(rows, groups, dates, days.watched_days)


def age_rates(entries: Numbers, exits: Numbers, device: Codes, ages: Numbers) -> list[AgeRate]:
    """Rate at each whole year of age at which any device was watched.

    Devices are watched from entry up to before exit, in years of 365 days of age; repair i befell
    `device[i]` (a row) at `ages[i]`. A repair at an age at which its device wasn't watched is
    passed over.
    """
    pieces = split_by_age(entries, exits)
    if not len(pieces.age):
        return []
    repairs = repairs_of(pieces, entries, exits, device, ages)
    groups = int(pieces.age.max()) + 1
    devices = np.bincount(pieces.age, minlength=groups).tolist()
    rates = group_rates(pieces.age, groups, pieces.years, repairs)
    rows = enumerate(zip(devices, rates, strict=True))
    return [AgeRate(age=age, devices=count, rate=rate) for age, (count, rate) in rows if count]


def _widest(total: Counts, device_years: Numbers, between: list[tuple[str, Numbers]]) -> list[Rate]:
    low, high = garwood(total)
    limits = np.full(len(total), "poisson", dtype="<U8")
    least = np.divide(1.0, total, out=np.full(len(total), np.inf), where=total >= MIN_REPAIRS)
    for name, variance in between:
        wider = variance > least
        count = np.divide(1.0, variance, out=np.ones(len(total)), where=wider)
        below, above = garwood(count)
        low = np.where(wider, np.minimum(low, below / count * total), low)
        high = np.where(wider, np.maximum(high, above / count * total), high)
        limits = np.where(wider, name, limits)
        least = np.where(wider, variance, least)
    return listed(total, device_years, low, high, limits)
