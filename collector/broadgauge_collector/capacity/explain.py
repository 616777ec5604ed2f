"""A verdict in one or two plain sentences, with its numbers, for a tech director."""

import numpy as np

from .evidence import Evidence
from .method import Method
from .model import Conclusion, Need, Reason, UnknownNeed
from .need import bits_on
from .tally import Tally, share_reached
from .words import day, number, percent, rate

_REMEDY = "Use a faster computer, on a cable, or several at once: a group test does that."


def explain(
    conclusion: Conclusion,
    reason: Reason | None,
    evidence: Evidence,
    count: Tally,
    more_days: int | None,
    method: Method,
) -> str:
    """What was found and, where nothing was decided, what to do about it."""
    words = _found(conclusion, reason, evidence, count, more_days, method)
    need = evidence.need
    if reason == "loopback" or isinstance(need, UnknownNeed) or not need.earlier:
        return words
    return f"{words} {_changes(need)}"


def _found(
    conclusion: Conclusion,
    reason: Reason | None,
    evidence: Evidence,
    count: Tally,
    more_days: int | None,
    method: Method,
) -> str:
    if reason == "loopback":
        return (
            "Every test ran inside one machine, which says nothing about the line. "
            "Add an agent on a second machine."
        )
    if isinstance(evidence.need, UnknownNeed):
        return evidence.need.explanation
    need = _needed(evidence.need, evidence)
    share = percent(method.share_of_days)
    if conclusion == "meets":
        return f"{_split(need, count)} {_interval(count, method)} over {share}: it is big enough."
    if conclusion == "below":
        return f"{_split(need, count)} {_interval(count, method)} under {share}: it falls short."
    if reason == "machine_limited":
        return _machine_limited(need, evidence, count)
    if reason == "about_at_target":
        return (
            f"{_split(need, count)} That is about at the target: "
            f"{method.horizon_days} days like these would not decide it."
        )
    return _not_enough(need, evidence, count, more_days, method)


def _needed(need: Need, evidence: Evidence) -> str:
    """What was needed on the days with tests: a range where people changed between them."""
    held = bits_on(need, np.unique(evidence.tests.day))
    bits = np.array([need.bits_per_second if held is None else held]).ravel()
    bits = bits[~np.isnan(bits)]
    if not len(bits) or bits.min() == bits.max():
        return rate(float(bits[0]) if len(bits) else need.bits_per_second)
    return f"{rate(float(bits.min()))} to {rate(float(bits.max()))} (each day's own)"


def _changes(need: Need) -> str:
    last = need.earlier[-1]
    was = "not known" if last.bits_per_second is None else rate(last.bits_per_second)
    several = f", after {number(len(need.earlier), 'change')}" if len(need.earlier) > 1 else ""
    return (
        f"The need changed with the people: {was} to {day(last.until)}, "
        f"{rate(need.bits_per_second)} since{several}."
    )


def _split(need: str, count: Tally) -> str:
    days = number(count.days, "day")
    words = f"The line reached the need of {need} on {count.reached} of {days}"
    if count.cannot_say:
        words += f" and missed it on {count.missed}; {count.cannot_say} can't say"
    return f"{words}."


def _interval(count: Tally, method: Method) -> str:
    share = share_reached(count, method)
    if share is None or share.low is None or share.high is None:
        raise ValueError("a decided verdict has days")
    return (
        f"That makes {percent(share.low)} to {percent(share.high)} of all days "
        f"({percent(method.confidence)} interval),"
    )


def _machine_limited(need: str, evidence: Evidence, count: Tally) -> str:
    slow = evidence.excluded("machine_too_slow", "unknown_ceiling")
    if count.limited:
        return (
            f"{_split(need, count)} Where it can't say, the testing computer was the limit or its "
            f"reading was unsteady. {_REMEDY}"
        )
    return (
        f"{number(slow, 'test')} ran on a computer that could not have seen the need of "
        f"{need}, or not surely. {_REMEDY}"
    )


def _not_enough(
    need: str, evidence: Evidence, count: Tally, more_days: int | None, method: Method
) -> str:
    if evidence.size == 0:
        return f"No test of this line yet; the need is {need}."
    words = (
        f"So far {number(count.tests, 'test')} on {number(count.days, 'day')} count; "
        f"the need of {need} was reached on {count.reached}."
    )
    if more_days is not None:
        return f"{words} About {number(more_days, 'more day')} like these would decide."
    return (
        f"{words} A verdict takes at least {method.minimum_tests} tests on "
        f"{method.minimum_days} days, in closed hours."
    )
