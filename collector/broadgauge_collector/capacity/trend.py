"""How the use of a line grows, from what tests in school hours find missing.

A week's use is the median of its exact readings in closed hours less the median of its exact
readings in school hours: what others took meanwhile, or less, since a test pushes others aside.
The slope is Theil and Sen's (median of all slopes between two weeks), with Sen's interval, which
assumes nothing of the noise but that weeks are independent.
"""

from typing import Annotated, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from .columns import EXACT, Columns
from .model import Interval

CONFIDENCE = 0.95
MIN_WEEKS = 20
"""About half a school year: less, and the seasons of a term pass for growth."""

MIN_TESTS = 3
"""In each part of a week, for a median."""

WEEKS_PER_YEAR = 365.25 / 7


class Trend(Struct, frozen=True, kw_only=True):
    """How the use of a line grew, as measured."""

    weeks: Annotated[int, about("Weeks with tests enough in school hours and in closed hours")]
    weeks_wanted: Annotated[int, about("Weeks that it takes to say anything")]
    use_bits_per_second: Annotated[
        float | None, about("Use in school hours now, or more; null with too few weeks", "bit/s")
    ]
    growth_bits_per_second_per_year: Annotated[
        float | None, about("Its growth in a year; null with too few weeks", "bit/s")
    ]
    growth_interval: Annotated[Interval | None, about("95% interval of that growth, bit/s")]
    explanation: Annotated[str, about("The same in a sentence")]


class Week(NamedTuple):
    """A week's number since year one, and its use in bit/s."""

    week: int
    use: float


def trend_of(tests: Columns) -> Trend:
    """Of the line that these tests went over."""
    return fit(weekly_use(tests))


def weekly_use(tests: Columns) -> list[Week]:
    """The weeks with exact readings enough in both parts, in order."""
    usable = tests.where((tests.unfit == 0) & (tests.bound == EXACT) & ~np.isnan(tests.line))
    weeks = usable.day // 7
    found = []
    for week in np.unique(weeks).tolist():
        night = usable.line[(weeks == week) & usable.closed]
        school = usable.line[(weeks == week) & ~usable.closed]
        if min(len(night), len(school)) >= MIN_TESTS:
            found.append(Week(week, float(np.median(night) - np.median(school))))
    return found


def fit(weeks: list[Week]) -> Trend:
    """A line through the weeks; nothing but a count where they are too few."""
    if len(weeks) < MIN_WEEKS:
        return Trend(
            weeks=len(weeks),
            weeks_wanted=MIN_WEEKS,
            use_bits_per_second=None,
            growth_bits_per_second_per_year=None,
            growth_interval=None,
            explanation=f"Too little data for a trend: {len(weeks)} of {MIN_WEEKS} weeks have full "
            "readings enough in school hours and in closed hours.",
        )
    from scipy.stats import theilslopes  # slow to import, and seldom needed

    when: NDArray[np.float64] = np.array([w.week for w in weeks], np.float64) / WEEKS_PER_YEAR
    found = theilslopes([w.use for w in weeks], when, alpha=CONFIDENCE)
    now = max(float(found.intercept + found.slope * when[-1]), 0.0)
    slope, low, high = float(found.slope), float(found.low_slope), float(found.high_slope)
    grows = "grows" if low > 0 else "shrinks" if high < 0 else "can't be told from standing still"
    return Trend(
        weeks=len(weeks),
        weeks_wanted=MIN_WEEKS,
        use_bits_per_second=now,
        growth_bits_per_second_per_year=slope,
        growth_interval=Interval(low, high),
        explanation=f"In {len(weeks)} weeks the use in school hours {grows}.",
    )
