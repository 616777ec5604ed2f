"""Shares of time, estimated from tests that didn't come evenly: cells are weighted by the time they
stand for, and days are clusters.

Korn and Graubard, Survey Methodology 24 (1998) 193: an exact interval at the effective sample size.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import intervals
from .model import Interval


class Weighted(NamedTuple):
    """A weighted share, its interval, and the number of independent tests it is worth."""

    share: float
    interval: Interval
    effective: float


def weights(
    bands: NDArray[np.int64], weekdays: NDArray[np.int64], time: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The time each test stands for, as shares of 1.

    `time` is that of each band (row) and weekday. A cell without a test is stood for by the others
    of its band; a band without one, by nothing.
    """
    tests = np.zeros_like(time)
    np.add.at(tests, (bands, weekdays), 1)
    seen = np.where(tests > 0, time, 0)
    in_band, seen_in_band = time.sum(1), seen.sum(1)
    scale = np.divide(in_band, seen_in_band, out=np.zeros_like(in_band), where=seen_in_band > 0)
    each = np.divide(seen * scale[:, None], tests, out=np.zeros_like(time), where=tests > 0)
    found = each[bands, weekdays]
    shares: NDArray[np.float64] = found / found.sum()
    return shares


def weighted(
    good: NDArray[np.bool_],
    weight: NDArray[np.float64],
    day: NDArray[np.int64],
    confidence: float,
) -> Weighted:
    """The share of time that is good, from at least one test; weights add up to 1.

    Without a test that differs there is no variance to see: then each day counts as one test, as
    if all of a day's tests always agreed. Nothing is claimed from one day.
    """
    share = float(np.clip(weight @ good, 0, 1))
    _, cluster = np.unique(day, return_inverse=True)
    days = int(cluster.max()) + 1
    of_day = np.bincount(cluster, weight)
    worth = 1 / float(of_day @ of_day)
    if days < 2:
        return Weighted(share, Interval(0.0, 1.0), worth)
    if not good.all() and good.any():
        totals = np.bincount(cluster, weight * (good - share))
        variance = float(days / (days - 1) * totals @ totals)
        tests = min(1 / float(weight @ weight), share * (1 - share) / max(variance, 1e-12))
        worth = tests * intervals.t_ratio(len(good), days, confidence)
    return Weighted(share, _exact(share, worth, confidence), worth)


def _exact(share: float, tests: float, confidence: float) -> Interval:
    return Interval(
        intervals.lower(share * tests, tests, confidence),
        intervals.upper(share * tests, tests, confidence),
    )
