"""Before and after a change: by how much the days of a line differ, however they are distributed.

The shift is the Hodges-Lehmann estimate, the median of all differences between a day after and a
day before (Ann. Math. Stat. 34, 1963), with the interval that the Mann-Whitney test doesn't reject
(Ann. Math. Stat. 18, 1947). Days are the units: tests of one day share its conditions.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from math import inf, isfinite
from typing import Annotated, Literal, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from . import estimate
from .estimate import Reading
from .method import METHOD
from .model import Interval

DEFAULT_DAYS = 28
"""Four whole weeks, so that weekdays weigh alike on both sides."""

LEAST_DAYS = METHOD.minimum_days
EXACT_UP_TO = 40
"""Days a side: with more, the normal approximation of the test is as good, and quicker."""

Days = dict[int, Reading]
"""The median of each day's tests, by the day's ordinal."""


class Shift(Struct, frozen=True, kw_only=True):
    """By how much a rate differs. Days that are lower bounds may leave an end open."""

    bits_per_second: Annotated[
        float | None, about("Difference; null if it can't be told from lower bounds", "bit/s")
    ]
    bound: Annotated[
        Literal["exact", "at_least", "at_most"] | None,
        about("What the difference says; null if it can't be told"),
    ]
    interval: Annotated[Interval, about("Its interval, bit/s")]
    confidence: Annotated[float, about("What the interval has, at least")]


class Span(NamedTuple):
    """First and last day; without a day if the last is before the first."""

    first: date
    last: date

    def days_of(self, medians: Days) -> list[Reading]:
        """Those that are in it, in order."""
        first, last = self.first.toordinal(), self.last.toordinal()
        return [medians[day] for day in sorted(medians) if first <= day <= last]


class Around(NamedTuple):
    """The days before a change and those after it. The day itself has both, and is in neither."""

    before: Span
    after: Span


def around(day: date, days: int, others: Iterable[date], today: date) -> Around:
    """So many days on both sides, cut at other changes and after today."""
    others = list(others)
    last_other = max((other for other in others if other < day), default=date.min)
    next_other = min((other for other in others if other > day), default=date.max)
    one, reach = timedelta(days=1), timedelta(days=days)
    first = max(day - reach, min(last_other, day - one) + one)
    last = min(day + reach, max(next_other, day + one) - one, today)
    return Around(Span(first, day - one), Span(day + one, last))


def shift(
    before: Sequence[Reading], after: Sequence[Reading], confidence: float = METHOD.confidence
) -> Shift | None:
    """How much higher the days after are. None with fewer than LEAST_DAYS on a side.

    A lower bound may be any rate above it: at both ends of the interval, and for the difference
    itself, each counts as what is worst for that end.
    """
    if min(len(before), len(after)) < LEAST_DAYS:
        return None
    lows, highs = _differences(before, after)
    rank, achieved = rank_of(len(before), len(after), confidence)
    middle, bound = _middle(float(np.median(lows)), float(np.median(highs)))
    interval = Interval(_finite(lows[rank - 1]), _finite(highs[-rank]))
    return Shift(bits_per_second=middle, bound=bound, interval=interval, confidence=achieved)


def beyond(mine: Shift, others: Shift) -> Shift:
    """How much more one shifted than the other. Both intervals hold at once as surely as what
    either may miss, added up, leaves (Bonferroni): nothing is taken for independent."""
    low = _minus(mine.interval.low, others.interval.high)
    high = _minus(mine.interval.high, others.interval.low)
    difference = _minus(mine.bits_per_second, others.bits_per_second)
    bound = mine.bound if others.bound == "exact" else None
    return Shift(
        bits_per_second=difference if bound else None,
        bound=bound if difference is not None else None,
        interval=Interval(low, high),
        confidence=mine.confidence + others.confidence - 1,
    )


def enough(medians: Days, spans: Around) -> bool:
    """Whether a line has enough days on both sides for a comparison."""
    return all(len(span.days_of(medians)) >= LEAST_DAYS for span in spans)


def together(lines: Iterable[Days], before: Span) -> Days:
    """Several lines as one: each day's median of how far each line is from its own median before.
    Each has a day before."""
    by_day: dict[int, list[Reading]] = {}
    for medians in lines:
        level = estimate.median(before.days_of(medians)).bits_per_second
        for day, reading in medians.items():
            away = Reading(reading.bits_per_second - level, reading.at_least)
            by_day.setdefault(day, []).append(away)
    return {day: estimate.median(readings) for day, readings in by_day.items()}


@lru_cache(maxsize=4096)
def rank_of(before: int, after: int, confidence: float) -> tuple[int, float]:
    """Which difference from either end bounds the interval, and the confidence it really has. At
    least six days on both sides make one for any confidence up to 0.997."""
    low, high = 1, before * after // 2
    while low < high:  # the largest that is still sure enough
        rank = (low + high + 1) // 2
        sure = _outside(rank, before, after) <= 1 - confidence
        low, high = (rank, high) if sure else (low, rank - 1)
    return low, 1 - _outside(low, before, after)


def _outside(rank: int, before: int, after: int) -> float:
    """How often the truth is outside, which is so if Mann and Whitney's U is under the rank at one
    end or the other."""
    from scipy.stats import mannwhitneyu  # a second of import, and a server must start without it

    above, of = divmod(rank - 1, before)
    days_before = np.arange(before, dtype=np.float64)
    days_after = np.full(after, -1.0) - np.arange(after)
    days_after[:above] = before + np.arange(above)
    if of:
        days_after[above] = of - 0.5
    method = "exact" if max(before, after) <= EXACT_UP_TO else "asymptotic"
    test = mannwhitneyu(days_after, days_before, alternative="less", method=method)
    return 2 * float(test.pvalue)


def _differences(
    before: Sequence[Reading], after: Sequence[Reading]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """All of them in order, each as the least and as the most that it may be."""
    least = np.subtract.outer(_rates(after), _rates(before, bounds=inf))
    most = np.subtract.outer(_rates(after, bounds=inf), _rates(before))
    return np.sort(least, axis=None), np.sort(most, axis=None)


def _rates(days: Sequence[Reading], bounds: float | None = None) -> NDArray[np.float64]:
    """Rates of days; lower bounds as something else, if said."""
    rates = (bounds if day.at_least and bounds else day.bits_per_second for day in days)
    return np.array(list(rates), np.float64)


def _middle(
    least: float, most: float
) -> tuple[float | None, Literal["exact", "at_least", "at_most"] | None]:
    """The median difference lies between these."""
    if isfinite(least) and isfinite(most):
        return (least + most) / 2, "exact"
    if isfinite(least):
        return least, "at_least"
    return (most, "at_most") if isfinite(most) else (None, None)


def _finite(end: float) -> float | None:
    return float(end) if isfinite(end) else None


def _minus(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first - second
