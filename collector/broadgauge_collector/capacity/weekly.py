"""The verdict that stands: each week is evaluated at its end, and what is concluded counts once two
evaluations in a row agree.

Looking after every test would turn chance into verdicts; a week that stays as it is can't.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from itertools import pairwise, takewhile

import numpy as np
from msgspec.structs import replace

from .columns import Columns, since_change
from .evidence import Evidence, weigh
from .method import METHOD, Method
from .model import Conclusion, DayVote, Need, Pending, Target, UnknownNeed, Verdict
from .need import bits_on
from .tally import conclude, tally
from .verdict import basis, judge_evidence
from .votes import day_votes, exclusions
from .words import day as name_of

WEEK = timedelta(days=7)
SAID: dict[Conclusion, str] = {
    "meets": "meets the target",
    "below": "falls short",
    "undecided": "not decided",
}


def judge_weekly(
    tests: Columns,
    need: Need | UnknownNeed,
    *,
    target: Target,
    today: date,
    days: int,
    method: Method = METHOD,
    changed: date | None = None,
) -> tuple[Verdict, Evidence]:
    """The verdict that stands on a day, and the evidence it shows.

    Takes every throughput test of the link in the target's direction, back to the first day of the
    earliest evaluation. Each is held against what the people of its day needed. A count that is put
    right is right for all of its days at once: it is no matter of chance, and needn't hold twice.
    Where the line was `changed` on a day, only tests after it have a say, so that what evaluations
    found before says nothing about the line as it is now.
    """
    tests = since_change(tests, changed)
    votes_to = _day_votes(tests, need, days, method)

    def conclusion_of(end: date) -> Conclusion:
        return conclude(tally(basis(votes_to(end), method)), method)

    ends = evaluations(today, method)
    said = tuple(conclusion_of(end) for end in ends)
    stands = _standing(said)
    decided = stands is not None and said[stands] != "undecided"
    end = today if stands is None or not decided else ends[0 if said[0] == said[stands] else stands]
    window = window_to(end, days)
    evidence = weigh(tests, need, window, method)
    found = replace(
        _told(judge_evidence(evidence, target, window, method, days=votes_to(end)), changed),
        week_before=_stood(said[1:]),
    )
    if stands is None or not decided:
        return _undecided(found, said[0], ends[0], today), evidence
    run = sum(1 for _ in takewhile(lambda one: one == said[stands], said[stands:]))
    held = replace(
        found,
        evaluated_on=end,
        held_since=ends[stands + run - 1],
        pending=_pending(said[0], ends[0]) if said[0] != found.conclusion else None,
        today=conclusion_of(today),
    )
    return replace(held, explanation=_held(held)), evidence


def evaluations(today: date, method: Method = METHOD) -> tuple[date, ...]:
    """The last days of finished weeks, newest first. Weeks end on Sunday."""
    last = today - timedelta(days=today.weekday() + 1)
    return tuple(last - n * WEEK for n in range(method.weeks))


def window_to(end: date, days: int) -> tuple[date, date]:
    """First and last day of the window of so many days that ends with one."""
    return end - timedelta(days=days - 1), end


def _standing(said: tuple[Conclusion, ...]) -> int | None:
    """The place of the newest evaluation that agrees with the one before it."""
    return next((place for place, (new, old) in enumerate(pairwise(said)) if new == old), None)


def _stood(said: tuple[Conclusion, ...]) -> Conclusion:
    """What stood when these were the evaluations."""
    stands = _standing(said)
    return "undecided" if stands is None else said[stands]


def _told(found: Verdict, changed: date | None) -> Verdict:
    """The same, saying so where a change in the window leaves tests out."""
    if changed is None or changed < found.window[0]:
        return found
    words = f"The line was changed on {name_of(changed)}: only tests after that day count."
    return replace(found, changed_on=changed, explanation=f"{found.explanation} {words}")


def _day_votes(
    tests: Columns, need: Need | UnknownNeed, days: int, method: Method
) -> Callable[[date], tuple[DayVote, ...]]:
    """The votes of the window that ends with a day. A day's is worked out once for all windows that
    it is in."""
    if isinstance(need, UnknownNeed):
        return lambda _: ()
    real_days = np.unique(tests.day[(tests.unfit == 0) & ~tests.simulated])

    @cache
    def votes(real: bool) -> tuple[list[date], tuple[DayVote, ...]]:
        why = exclusions(tests, bits_on(need, tests.day), method, drop_simulated=real)
        says = tests.where(why == 0)
        bits = bits_on(need, says.day)
        found = () if bits is None else day_votes(says, bits, method)
        return [vote.day for vote in found], found

    def votes_to(end: date) -> tuple[DayVote, ...]:
        first, last = window_to(end, days)
        ends = first.toordinal(), last.toordinal() + 1
        real = bool(np.diff(np.searchsorted(real_days, ends))[0])
        voted, found = votes(real)
        return found[bisect_left(voted, first) : bisect_right(voted, last)]

    return votes_to


def _undecided(found: Verdict, latest: Conclusion, evaluated_on: date, today: date) -> Verdict:
    """Everything so far: what it reads, and when a verdict can be there."""
    reads = found.conclusion
    pending = _pending(latest, evaluated_on) if latest != "undecided" else None
    decided_on = _decided_on(found, pending, today)
    held = replace(
        found,
        conclusion="undecided",
        reason="must_hold_twice" if reads != "undecided" else found.reason,
        pending=pending,
        decided_on=decided_on,
        today=reads,
    )
    return replace(held, explanation=_not_held(held, found))


def _pending(conclusion: Conclusion, evaluated_on: date) -> Pending:
    counts_on = evaluated_on + WEEK + timedelta(days=1)
    return Pending(conclusion=conclusion, evaluated_on=evaluated_on, counts_on=counts_on)


def _decided_on(found: Verdict, pending: Pending | None, today: date) -> date | None:
    """The Monday after two weeks that both can decide, at a day that counts each day."""
    if pending is not None:
        return pending.counts_on
    if found.conclusion == "undecided" and found.more_days is None:
        return None
    voted = bool(found.votes) and found.votes[-1].day == today
    more = timedelta(days=max(0, (found.more_days or 0) - (not voted)))
    return _after_week_of(today + more) + WEEK


def _after_week_of(day: date) -> date:
    return day + timedelta(days=7 - day.weekday())


def _held(verdict: Verdict) -> str:
    words = verdict.explanation
    if verdict.held_since != verdict.evaluated_on and verdict.held_since is not None:
        words += f" Every week has said so since that to {name_of(verdict.held_since)}."
    if verdict.pending is not None:
        words += f" {_pending_words(verdict.pending)}"
    return words


def _pending_words(pending: Pending) -> str:
    return (
        f"The evaluation of {name_of(pending.evaluated_on)} says: {SAID[pending.conclusion]}. That "
        f"counts from {name_of(pending.counts_on)} on if this week's says so too."
    )


def _not_held(verdict: Verdict, found: Verdict) -> str:
    if verdict.pending is not None:
        return f"{_so_far(found)} {_pending_words(verdict.pending)}"
    if verdict.decided_on is None:
        return found.explanation
    return (
        f"{_so_far(found)} A verdict takes two finished weeks in a row that agree: the first can "
        f"be there on {name_of(verdict.decided_on)}."
    )


def _so_far(found: Verdict) -> str:
    """A conclusion of the window that ends today is a reading."""
    return found.explanation if found.conclusion == "undecided" else f"So far: {found.explanation}"
