"""How fast a line is: a median of readings of which some are only lower bounds."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil, comb, log2
from typing import NamedTuple

from .model import Estimate, Interval

ROUNDING = 1e-9
MOST_TOGETHER = 0.8
"""Correlation from day to day that is believed: of few days, little is known."""


class Reading(NamedTuple):
    """A rate in bit/s; `at_least` (right-censored) if the truth may be higher."""

    bits_per_second: float
    at_least: bool


def median(readings: Iterable[Reading]) -> Reading:
    """Kaplan-Meier median (J. Am. Stat. Assoc. 53, 1958) of at least one reading.

    With every reading exact this is the ordinary median. Where the curve stays above one half, the
    largest reading as a lower bound. Assumes that how fast a machine is has nothing to do with how
    fast the line was that day.
    """
    ordered = sorted(readings)
    survival, left = 1.0, len(ordered)
    for place, reading in enumerate(ordered):
        if not reading.at_least:
            survival *= 1 - 1 / left
        left -= 1
        if survival < 0.5 - ROUNDING:
            return Reading(reading.bits_per_second, at_least=False)
        if survival <= 0.5 + ROUNDING:
            return _middle(ordered, place)
    return Reading(ordered[-1].bits_per_second, at_least=True)


def estimate(days: Iterable[Reading], confidence: float) -> Estimate | None:
    """Median of day medians, given in the order of days, with its order-statistic interval; None
    without a day."""
    days = list(days)
    if not days:
        return None
    middle = median(days)
    ends, achieved = interval(days, confidence)
    return Estimate(
        bits_per_second=middle.bits_per_second,
        interval=ends,
        at_least=middle.at_least,
        days=len(days),
        confidence=achieved,
    )


def interval(days: Iterable[Reading], confidence: float) -> tuple[Interval, float | None]:
    """Order-statistic interval of the median of days in their order, and the confidence that it
    really has.

    Days that hang together count for fewer: the interval is as wide as that of so many independent
    ones. A lower bound stands for itself at the lower end and for infinity at the upper one, so the
    interval covers the median of the truth whatever the bounds hide. Both ends and the confidence
    are None where even the extremes fall short of the confidence asked for.
    """
    days = list(days)
    independent = _independent(days, confidence)
    rank, achieved = _rank(independent, confidence)
    if rank == 0:
        return Interval(None, None), None
    place = max(1, rank * (len(days) + 1) // (independent + 1))
    low = sorted(day.bits_per_second for day in days)[place - 1]
    high = sorted(float("inf") if d.at_least else d.bits_per_second for d in days)[-place]
    return Interval(low, None if high == float("inf") else high), achieved


def _independent(days: Sequence[Reading], confidence: float) -> int:
    """How many independent days would say as much: fewer, where days above the median follow one
    another (Bayley and Hammersley, J. R. Stat. Soc. Suppl. 8, 1946). What a short series hides of
    its correlation is added (Marriott and Pope, Biometrika 41, 1954). As many as an interval takes,
    if there are so many days."""
    count = len(days)
    middle = median(days).bits_per_second if days else 0.0
    above = [(day.bits_per_second, day.at_least) > (middle, False) for day in days]
    share = sum(above) / max(1, count)
    if share in (0, 1):
        return count
    products = [(here - share) * (after - share) for here, after in pairwise(above)]
    seen = sum(products) / len(products) / (share * (1 - share))
    together = min(max(0.0, seen + (1 + 3 * seen) / count), MOST_TOGETHER)
    fewest = ceil(log2(2 / (1 - confidence)))
    return max(min(count, fewest), int(count * (1 - together) / (1 + together)))


def _rank(count: int, confidence: float) -> tuple[int, float | None]:
    """The largest k for which the k-th smallest and k-th largest enclose the median, or 0."""
    rank, outside, achieved = 0, 0, None
    for k in range(1, count // 2 + 1):
        outside += comb(count, k - 1)
        covered = 1 - 2 * outside / 2**count
        if covered < confidence:
            break
        rank, achieved = k, covered
    return rank, achieved


def _middle(ordered: list[Reading], place: int) -> Reading:
    """Halfway to the next exact reading: the curve is level at one half in between."""
    here, rest = ordered[place], ordered[place + 1 :]
    following = next((r for r in rest if not r.at_least), rest[-1] if rest else here)
    midpoint = (here.bits_per_second + following.bits_per_second) / 2
    return Reading(midpoint, at_least=following.at_least)
