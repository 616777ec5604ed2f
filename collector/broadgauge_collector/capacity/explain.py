"""A verdict in one or two plain sentences, with its numbers, for a tech director."""

from .evidence import Evidence
from .method import Method
from .model import Conclusion, Need, Reason, UnknownNeed
from .tally import Tally, share_reached
from .words import number, percent, rate

_REMEDY = "Use a faster computer, on a cable."


def explain(
    conclusion: Conclusion,
    reason: Reason | None,
    evidence: Evidence,
    count: Tally,
    more_days: int | None,
    method: Method,
) -> str:
    """What was found and, where nothing was decided, what to do about it."""
    if reason == "loopback":
        return (
            "Every test ran inside one machine, which says nothing about the line. "
            "Add an agent on a second machine."
        )
    if isinstance(evidence.need, UnknownNeed):
        return evidence.need.explanation
    need = evidence.need
    if conclusion == "meets":
        return f"{_split(need, count)} {_interval(count, method)} more than half: it is big enough."
    if conclusion == "below":
        return f"{_split(need, count)} {_interval(count, method)} less than half: it falls short."
    if reason == "machine_limited":
        return _machine_limited(need, evidence, count)
    if reason == "about_at_target":
        return (
            f"{_split(need, count)} That is about even: "
            f"{method.horizon_days} days like these would not decide it."
        )
    return _not_enough(need, evidence, count, more_days, method)


def _split(need: Need, count: Tally) -> str:
    days = number(count.days, "day")
    words = (
        f"The line reached the need of {rate(need.bits_per_second)} on {count.reached} of {days}"
    )
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


def _machine_limited(need: Need, evidence: Evidence, count: Tally) -> str:
    slow = evidence.excluded("machine_too_slow", "unknown_ceiling")
    if count.limited:
        return (
            f"{_split(need, count)} Where it can't say, the testing computer was the limit or its "
            f"reading was unsteady. {_REMEDY}"
        )
    return (
        f"{number(slow, 'test')} ran on a computer that could not have seen the need of "
        f"{rate(need.bits_per_second)}, or not surely. {_REMEDY}"
    )


def _not_enough(
    need: Need, evidence: Evidence, count: Tally, more_days: int | None, method: Method
) -> str:
    if evidence.size == 0:
        return f"No test of this line yet; the need is {rate(need.bits_per_second)}."
    words = (
        f"So far {number(count.tests, 'test')} on {number(count.days, 'day')} count; "
        f"the need of {rate(need.bits_per_second)} was reached on {count.reached}."
    )
    if more_days is not None:
        return f"{words} About {number(more_days, 'more day')} like these would decide."
    return (
        f"{words} A verdict takes at least {method.minimum_tests} tests on "
        f"{method.minimum_days} days, in closed hours."
    )
