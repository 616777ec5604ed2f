"""Variance of the logarithm of a rate whose repairs come in runs: on devices, and on days."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .exposure import Codes
from .poisson import Counts, Numbers
from .survival import Z95

Days = NDArray[np.datetime64] | NDArray[np.integer]

MOST_CELLS: Final = 2_000_000
"""Groups times days up to which a count of each is quicker than sorting repairs."""


class RepairDays(NamedTuple):
    """When each repair was, so that many on one day count for what they are."""

    device: Codes
    """A row of the devices."""
    day: Days
    watched_days: int
    """Days from the first on which any device was watched to the last."""


def between_devices(codes: Codes, groups: int, years: Numbers, counts: Counts) -> Numbers:
    """Variance of the logarithm of each group's rate, as seen in its devices."""
    from scipy.special import stdtrit  # slow to import

    total, time = np.bincount(codes, counts, groups), np.bincount(codes, years, groups)
    rate = total / np.where(time > 0, time, 1.0)
    squares = np.bincount(codes, (counts - rate[codes] * years) ** 2, groups)
    devices = np.bincount(codes, minlength=groups)
    spare = np.maximum(devices - 1, 1)
    variance = squares / np.maximum(total, 1) ** 2 * devices / spare
    # A single device tells nothing of others: whatever befell it befell once.
    return np.where(devices > 1, variance * (stdtrit(spare, 0.975) / Z95) ** 2, 1.0)


def between_days(codes: Codes, groups: int, day: Days, watched_days: int) -> Numbers:
    """Variance of the logarithm of each group's rate, as seen in its days."""
    total = np.bincount(codes, minlength=groups)
    if not len(day):
        return np.zeros(groups)
    offset = (day - day.min()).astype(np.int64)
    spans = int(offset.max()) + 1
    squares = _squares(codes.astype(np.int64) * spans + offset, groups, spans)
    # Days are never so few that all repairs on one of them are as expected.
    watched = max(watched_days, spans, 30)
    spread = squares / np.maximum(total, 1) ** 2 - 1 / watched
    return np.asarray(np.maximum(spread, 0) * watched / (watched - 1))


def _squares(cell: Codes, groups: int, spans: int) -> Numbers:
    """Of each group, the sum of the squares of its days' counts."""
    if groups * spans <= MOST_CELLS:
        counts = np.bincount(cell, minlength=groups * spans).reshape(groups, spans)
        return np.asarray((counts.astype(np.float64) ** 2).sum(axis=1))
    found, many = np.unique(cell, return_counts=True)
    return np.asarray(np.bincount(found // spans, many.astype(np.float64) ** 2, groups), np.float64)
