"""Which tests count, what each says, and the one vote of a day.

Whether a test counts never depends on what it read: choosing by reading would choose the answer.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from . import estimate
from .columns import AT_LEAST, EXACT, Columns, day_of
from .estimate import Reading
from .exclusions import place_of
from .method import Method
from .model import DayVote, Vote

ORDER: tuple[Vote, ...] = ("missed", "cannot_say", "reached")
"""Of votes; in columns a vote is its place here."""
MISSED, CANNOT_SAY, REACHED = range(3)

Counts = Sequence[int]
"""How many votes there are of each kind, in that order."""


Bits = float | NDArray[np.float64]
"""A need in bit/s: the same for all tests, or one for each by its day, NaN where it is unknown."""


def exclusions(
    tests: Columns, need: Bits | None, method: Method, *, drop_simulated: bool
) -> NDArray[np.int8]:
    """Why each test has no say on a need, as its place among the exclusions."""
    no_reading = np.isin(tests.unfit, (place_of("failed"), place_of("no_rate")))
    dropped = tests.simulated & ~no_reading if drop_simulated else np.zeros_like(tests.simulated)
    why = np.where(dropped, place_of("simulated"), tests.unfit).astype(np.int8)
    fit = why == 0
    if need is None:
        why[fit] = place_of("no_need")
        return why
    why[fit & np.isnan(tests.ceiling)] = place_of("unknown_ceiling")
    why[fit & (tests.ceiling < method.ceiling_margin * need)] = place_of("machine_too_slow")
    why[fit & np.isnan(need)] = place_of("no_need")
    return why


def votes(tests: Columns, need: Bits, method: Method) -> NDArray[np.int8]:
    """What tests with a say say about a need. In school hours never `missed`."""
    reached = (tests.bound != 0) & (tests.line >= method.tolerance * need)
    missed = (tests.bound == EXACT) & tests.closed
    return np.select([reached, missed], [REACHED, MISSED], CANNOT_SAY).astype(np.int8)


def counts(tests: Columns, said: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Which tests with a say are evidence: in school hours only those that reached the need."""
    evidence: NDArray[np.bool_] = tests.closed | (said == REACHED)
    return evidence


def median_vote(counted: Counts) -> Vote:
    """The median of ordered votes, at least one; `cannot_say` where two middle ones differ."""
    size = sum(counted)
    below, above = _vote_at(counted, (size - 1) // 2), _vote_at(counted, size // 2)
    return below if below == above else "cannot_say"


def day_votes(tests: Columns, need: Bits, method: Method) -> tuple[DayVote, ...]:
    """One vote for each day with a test that has a say, ascending."""
    said = votes(tests, need, method)
    days, row_days = np.unique(tests.day, return_inverse=True)
    cells = row_days * 6 + tests.closed * 3 + said
    counted = np.bincount(cells, minlength=6 * len(days)).reshape(-1, 2, 3).tolist()
    has_closed = np.array([any(closed) for _, closed in counted], np.bool_)
    speak = tests.closed | ~has_closed[row_days]
    medians = day_medians(tests.where(speak))
    return tuple(
        _day_vote(day, closed, school, medians.get(day))
        for day, (school, closed) in zip(days.tolist(), counted, strict=True)
    )


def day_medians(tests: Columns) -> dict[int, Reading]:
    """Each day's median of the tests whose bound is known, by the day's ordinal."""
    tests = tests.where(tests.bound != 0)
    tests = tests.where(np.lexsort((tests.bound, tests.line, tests.day)))
    days, starts = np.unique(tests.day, return_index=True)
    ends = np.append(starts[1:], len(tests.day))
    middles = (tests.line[(starts + ends - 1) // 2] + tests.line[(starts + ends) // 2]) / 2
    bounded = np.add.reduceat(tests.bound == AT_LEAST, starts) if len(days) else starts
    medians = dict(zip(days.tolist(), (Reading(m, False) for m in middles.tolist()), strict=True))
    for place in np.flatnonzero(bounded):
        of_day = tests.where(slice(starts[place], ends[place]))
        at_least = (of_day.bound == AT_LEAST).tolist()
        readings = map(Reading, of_day.line.tolist(), at_least)
        medians[int(days[place])] = estimate.median(readings)
    return medians


def _vote_at(counted: Counts, place: int) -> Vote:
    missed, cannot_say, _ = counted
    return ORDER[(place >= missed) + (place >= missed + cannot_say)]


def _day_vote(day: int, closed: Counts, school: Counts, median: Reading | None) -> DayVote:
    together = _together(closed, school)
    return DayVote(
        day=day_of(day),
        vote=together,
        daypart="closed" if any(closed) else "school",
        tests=sum(closed) + school[REACHED],
        median_bits_per_second=median.bits_per_second if median else None,
        split=together == "cannot_say" and closed[CANNOT_SAY] < sum(closed) / 2,
    )


def _together(closed: Counts, school: Counts) -> Vote:
    """Closed hours speak for the day; school hours stand in for them, or lift what they say."""
    lift = any(school) and median_vote(school) == "reached"
    if not any(closed):
        return "reached" if lift else "cannot_say"
    said = median_vote(closed)
    if not lift:
        return said
    return "cannot_say" if said == "missed" else "reached"
