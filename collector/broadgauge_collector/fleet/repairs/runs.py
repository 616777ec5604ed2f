"""Whether repairs come in runs, on the same devices or days: as the rates see it."""

import numpy as np

from ..statistics.clusters import RepairDays
from ..statistics.rates import dispersion
from .model import FleetData, Mask


def dispersion_of(data: FleetData, chosen: Mask) -> float:
    """Of the chosen devices' repairs while watched: variance of their number over a Poisson one's.

    1 where the limits of their rate are Garwood's.
    """
    fleet, repairs = data.fleet, data.repairs
    kept = repairs.in_rates & chosen[repairs.device]
    years = np.where(chosen, fleet.watched_days / 365, 0.0)
    counts = np.bincount(repairs.device[kept], minlength=len(years))
    return dispersion(years, counts, days_of(data, kept))


def days_of(data: FleetData, chosen: Mask) -> RepairDays:
    """Devices and days of the chosen repairs."""
    repairs = data.repairs
    return RepairDays(repairs.device[chosen], repairs.day[chosen], watched_days(data))


def watched_days(data: FleetData) -> int:
    """Days from the first on which any device was watched to the last; at least 1."""
    watched = data.fleet.watched_days > 0
    if not watched.any():
        return 1
    first, last = data.fleet.watched_from[watched].min(), data.fleet.watched_until[watched].max()
    return max(int((last - first) / np.timedelta64(1, "D")), 1)
