"""When a rate has settled, and at what. Pure.

The estimate is the median of the rates in the longest end of the test over which the rate held
still. A line that is full carries its rate all the time but for moments in which a sender eased
off; a median passes over these, and over slow start's last steps, where a mean does not.
"""

from collections.abc import Sequence
from math import ceil, sqrt
from statistics import fmean, median

from .observation import Estimate
from .progress import INTERVAL_SECONDS

MIN_INTERVALS = 5
"""Half a second: fewer intervals can't show whether a rate holds."""

MIN_ROUND_TRIPS = 4
"""A sender that still doubles its rate in each round trip looks steady within one."""

MIN_SHARE = 0.2
"""Of the test so far: where a rate goes up and down, half a second of rest is chance."""

MAX_UNCERTAINTY = 0.02
"""Half the width of the 95% confidence interval, as a share of the estimate."""

MAX_DRIFT = 0.03
"""Between the medians of the two halves."""

MAX_SAG = 0.10
"""How far the last three intervals may lie off the estimate: a rate that has just changed. And how
far the mean of all may: a median sees nothing of a line that stops for a third of the time."""

LAST = 3

GROWING = 1.25
"""A rate that is so many times what it ever was before is in slow start."""

NORMAL_DEVIATIONS = 1.4826
"""Standard deviation of normal values by their median absolute deviation (Rousseeuw and Croux)."""

MEDIAN_ERRORS = 1.2533
"""Standard error of a median by that of a mean: the square root of pi/2."""

QUANTILE_95 = 1.96
NEIGHBORS = 2.0
"""Counts are interpolated, so that neighboring intervals share what they say: half the intervals
are taken to be independent."""


def settled(rates: Sequence[float], rtt_seconds: float, first: int = 0) -> Estimate | None:
    """The estimate over the longest steady end of the test, not before an interval; None if there
    is none yet."""
    fewest = max(
        MIN_INTERVALS,
        ceil(MIN_ROUND_TRIPS * rtt_seconds / INTERVAL_SECONDS),
        ceil(MIN_SHARE * len(rates)),
    )
    for begin in range(first, len(rates) - fewest + 1):
        estimate = estimate_from(rates, begin)
        if estimate.uncertainty_ratio <= MAX_UNCERTAINTY and _holds(
            rates[begin:], estimate.bits_per_second
        ):
            return estimate
    return None


def estimate_from(rates: Sequence[float], begin: int) -> Estimate:
    """The median of the rates from an interval on, and its uncertainty, whether steady or not."""
    part = rates[begin:]
    middle = median(part)
    spread = NORMAL_DEVIATIONS * median(abs(rate - middle) for rate in part)
    error = QUANTILE_95 * MEDIAN_ERRORS * spread / sqrt(len(part) / NEIGHBORS)
    return Estimate(
        bits_per_second=middle,
        from_seconds=begin * INTERVAL_SECONDS,
        to_seconds=len(rates) * INTERVAL_SECONDS,
        uncertainty_ratio=min(1.0, error / middle) if middle else 1.0,
    )


def unsettled(rates: Sequence[float]) -> Estimate:
    """The best that can be said of a rate that never held still: the test's second half."""
    return estimate_from(rates, len(rates) // 2)


def seconds_at(rates: Sequence[float], bits_per_second: float) -> float:
    """How long the load has lasted since it first came near this rate."""
    near = (1 - MAX_SAG) * bits_per_second
    first = next((place for place, rate in enumerate(rates) if rate >= near), len(rates))
    return (len(rates) - first) * INTERVAL_SECONDS


def grown(rates: Sequence[float]) -> int:
    """The interval from which on a rate no longer grows as in slow start."""
    most, since = 0.0, 0
    for place, rate in enumerate(rates):
        if rate > GROWING * most:
            since = place
        most = max(most, rate)
    return since


def grown_seconds(rates: Sequence[float]) -> float:
    """How long it has not grown so."""
    return (len(rates) - grown(rates)) * INTERVAL_SECONDS


def is_falling(rates: Sequence[float]) -> bool:
    """Whether the end of a test lies below what came before, slow start left out."""
    half = rates[len(rates) // 3 :]
    middle = len(half) // 2
    return len(half) > 1 and median(half[middle:]) < (1 - MAX_DRIFT) * median(half[:middle])


def is_rising(rates: Sequence[float]) -> bool:
    """Whether it lies above: slow start may not be over."""
    half = rates[len(rates) // 3 :]
    middle = len(half) // 2
    return len(half) > 1 and median(half[middle:]) > (1 + MAX_DRIFT) * median(half[:middle])


def _holds(part: Sequence[float], estimate: float) -> bool:
    middle = len(part) // 2
    drift = abs(median(part[middle:]) - median(part[:middle]))
    last = sum(part[-LAST:]) / LAST
    return (
        drift <= MAX_DRIFT * estimate
        and abs(last - estimate) <= MAX_SAG * estimate
        and abs(fmean(part) - estimate) <= MAX_SAG * estimate
    )
