"""Days counted, and what the count decides."""

from collections.abc import Iterable
from math import ceil, floor

from msgspec import Struct

from . import intervals
from .method import Method
from .model import Conclusion, DayVote, Interval


class Tally(Struct, frozen=True):
    """Days that reached the need, missed it and can't say; of the latter those where it is the
    testing computer that kept closed hours from saying; and how many tests they all rest on."""

    reached: int
    missed: int
    cannot_say: int
    limited: int
    tests: int

    @property
    def days(self) -> int:
        return self.reached + self.missed + self.cannot_say


def tally(days: Iterable[DayVote]) -> Tally:
    """Votes counted."""
    days = list(days)
    votes = [day.vote for day in days]
    return Tally(
        votes.count("reached"),
        votes.count("missed"),
        votes.count("cannot_say"),
        sum(_limited(day) for day in days),
        sum(day.tests for day in days),
    )


def enough(count: Tally, method: Method) -> bool:
    """Whether a verdict may be given at all."""
    return count.tests >= method.minimum_tests and count.days >= method.minimum_days


def share_reached(count: Tally, method: Method) -> Interval | None:
    """Exact interval of the share of days that reach; those that can't say widen it both ways."""
    if count.days == 0:
        return None
    return Interval(
        intervals.lower(count.reached, count.days, method.confidence),
        intervals.upper(count.reached + count.cannot_say, count.days, method.confidence),
    )


def conclude(count: Tally, method: Method) -> Conclusion:
    """`meets` or `below` where the interval clears the share asked for."""
    if not enough(count, method):
        return "undecided"
    return _decide(count.reached, count.reached + count.cannot_say, count.days, method)


def days_to_decide(count: Tally, method: Method) -> int | None:
    """How many more days, split like those so far, would decide; None if the horizon is too near.

    Before the first day, the fewest that can. Fractions of days are rounded against a decision.
    """
    if count.days == 0:
        return method.minimum_days
    for days in range(count.days + 1, method.horizon_days + 1):
        scale = days / count.days
        reached = floor(count.reached * scale + 1e-9)
        not_missed = ceil((count.reached + count.cannot_say) * scale - 1e-9)
        if days >= method.minimum_days and count.tests * scale >= method.minimum_tests:
            decided = _decide(reached, not_missed, days, method)
            if decided != "undecided":
                return days - count.days
    return None


def would_decide_if_said(count: Tally, method: Method) -> bool:
    """Whether the limited days would decide if all of them had reached, or all had missed."""
    if count.limited == 0:
        return False
    reached, days = count.reached, count.days
    if intervals.lower(reached + count.limited, days, method.confidence) > method.share_of_days:
        return True
    not_missed = reached + count.cannot_say - count.limited
    return intervals.upper(not_missed, days, method.confidence) < method.share_of_days


def _limited(day: DayVote) -> bool:
    return day.vote == "cannot_say" and day.daypart == "closed" and not day.split


def _decide(reached: int, not_missed: int, days: int, method: Method) -> Conclusion:
    if intervals.lower(reached, days, method.confidence) > method.share_of_days:
        return "meets"
    if intervals.upper(not_missed, days, method.confidence) < method.share_of_days:
        return "below"
    return "undecided"
