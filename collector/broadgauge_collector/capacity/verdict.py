"""Is the line big enough? Tests and a need in, a verdict with its reasons out."""

from collections.abc import Iterable
from datetime import date

from . import estimate
from .columns import Columns, columns_of
from .evidence import Evidence, weigh
from .explain import explain
from .method import METHOD, Method
from .model import DayVote, Estimate, LinkTest, Need, Reason, Target, UnknownNeed, Verdict
from .need import bits_on
from .tally import (
    Tally,
    conclude,
    days_to_decide,
    enough,
    share_reached,
    tally,
    would_decide_if_said,
)
from .votes import day_medians, day_votes


def judge(
    tests: Iterable[LinkTest],
    need: Need | UnknownNeed,
    *,
    target: Target,
    window: tuple[date, date],
    method: Method = METHOD,
) -> Verdict:
    """The verdict on one link from the tests of one window; their order does not matter.

    Takes every throughput test of the link in the target's direction, also those that don't count.
    Tests dated outside the window (first and last day) are left out.
    """
    weighed = weigh(columns_of(list(tests)), need, window, method)
    return judge_evidence(weighed, target, window, method)


def judge_evidence(
    evidence: Evidence,
    target: Target,
    window: tuple[date, date],
    method: Method = METHOD,
    *,
    days: tuple[DayVote, ...] | None = None,
) -> Verdict:
    """The same for tests that were weighed already, and for `days` that have voted already."""
    votes = basis(_days(evidence, method) if days is None else days, method)
    count = tally(votes)
    conclusion = conclude(count, method)
    reason = _reason(evidence, votes, method) if conclusion == "undecided" else None
    more_days = days_to_decide(count, method) if reason == "not_enough_tests" else None
    return Verdict(
        conclusion=conclusion,
        reason=reason,
        explanation=explain(conclusion, reason, evidence, count, more_days, method),
        direction=target.direction,
        target=target.key,
        level=target.level,
        need=evidence.need if isinstance(evidence.need, Need) else None,
        reached_days=count.reached,
        missed_days=count.missed,
        cannot_say_days=count.cannot_say,
        share_reached=share_reached(count, method),
        more_days=more_days,
        counting_tests=count.tests,
        tests=evidence.size,
        votes=votes,
        capacity=capacity(evidence.of_capacity(method.minimum_days), method),
        window=window,
        method=str(method),
        simulated=bool(evidence.with_a_say().simulated.any()),
    )


def capacity(tests: Columns, method: Method) -> Estimate | None:
    """Right-censored median of day medians; None without a test whose bound is known."""
    return estimate.estimate(day_medians(tests).values(), method.confidence)


def _days(evidence: Evidence, method: Method) -> tuple[DayVote, ...]:
    tests = evidence.with_a_say()
    bits = bits_on(evidence.need, tests.day)
    return () if bits is None else day_votes(tests, bits, method)


def basis(days: tuple[DayVote, ...], method: Method) -> tuple[DayVote, ...]:
    """The days that are judged: those with closed-hours tests, unless only all days decide."""
    closed = tuple(day for day in days if day.daypart == "closed")
    decided = (basis for basis in (closed, days) if conclude(tally(basis), method) != "undecided")
    return next(decided, closed or days)


def _reason(evidence: Evidence, votes: tuple[DayVote, ...], method: Method) -> Reason:
    """The first that holds, from what makes judging impossible to what only takes longer."""
    count = tally(votes)
    table: tuple[tuple[Reason, bool], ...] = (
        ("loopback", _only_loopback(evidence)),
        ("no_people", isinstance(evidence.need, UnknownNeed)),
        ("machine_limited", not enough(count, method) and _mostly_too_slow(evidence, method)),
        ("machine_limited", _mostly_limited(count, method)),
        ("machine_limited", would_decide_if_said(count, method)),
        ("about_at_target", _about_at_target(votes, count, method)),
    )
    return next((reason for reason, holds in table if holds), "not_enough_tests")


def _only_loopback(evidence: Evidence) -> bool:
    loopback = evidence.excluded("loopback")
    return loopback > 0 and evidence.size == evidence.excluded("loopback", "failed", "no_rate")


def _mostly_too_slow(evidence: Evidence, method: Method) -> bool:
    slow = evidence.excluded("machine_too_slow", "unknown_ceiling")
    return slow > 0 and slow >= method.mostly * (slow + int((evidence.why == 0).sum()))


def _mostly_limited(count: Tally, method: Method) -> bool:
    return count.limited > 0 and count.limited >= method.mostly * count.days


def _about_at_target(votes: tuple[DayVote, ...], count: Tally, method: Method) -> bool:
    in_closed_hours = all(day.daypart == "closed" for day in votes)
    return in_closed_hours and enough(count, method) and days_to_decide(count, method) is None
