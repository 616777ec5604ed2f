"""A verdict in plain words, with the icon and tone that go with them."""

from typing import Literal

from msgspec import Struct

from broadgauge_collector.capacity.model import Conclusion, Per, Reason, Vote
from broadgauge_collector.reports import LinkVerdict, SchoolSummary

from . import format as fmt

Tone = Literal["meets", "below", "undecided", "stale"]

PER: dict[Per, str] = {
    "student": "Per student",
    "user": "Per person",
    "concurrent_user": "Per concurrent user",
    "school": "Per student",
}
"""What a rate is divided by: a need's people, who are other ones for other targets."""

SEGMENTS = {"lan": "inside the school", "wan": "district line", "internet": "Internet"}
SEGMENT_WHERE = {
    "lan": "inside the school",
    "wan": "from the school to the district",
    "internet": "from the school to the Internet",
}


class Saying(Struct, frozen=True):
    """What to show for a verdict: a word, a reason in a few words, an icon name and a tone."""

    word: str
    why: str
    tone: Tone


_WORDS: dict[Conclusion, str] = {
    "meets": "Meets the target",
    "below": "Falls short",
    "undecided": "Not decided yet",
}
_REASONS: dict[Reason, str] = {
    "loopback": "Measured inside one machine: never judged. Add a second machine.",
    "not_enough_tests": "Not enough tests yet.",
    "must_hold_twice": "It must hold for two weeks in a row.",
    "about_at_target": "About at the target: too close to call.",
    "machine_limited": (
        "The testing computer was the limit, or its readings were unsteady. "
        "Use a faster computer, on a cable, or several at once (a group test)."
    ),
    "no_people": "Nobody is counted at this school yet. Add its enrollment.",
}
READS: dict[Conclusion, str] = {
    "meets": "meets the target",
    "below": "falls short",
    "undecided": "not decided",
}
VOTES: dict[Vote, str] = {
    "reached": "reached the need",
    "missed": "missed the need",
    "cannot_say": "can't say",
}


def saying(summary: SchoolSummary) -> Saying:
    """What a school's own verdict says."""
    deciding = summary.deciding
    if not summary.agents and not (deciding and deciding.verdict.tests):
        return _undecided("No agent runs here yet. Add one.")
    if deciding is not None:
        return verdict_saying(deciding)
    if summary.loopback_only:
        return _undecided(_REASONS["loopback"])
    return _undecided("No line of this school is judged against this target.")


def verdict_saying(judged: LinkVerdict) -> Saying:
    """What one line's verdict says."""
    verdict = judged.verdict
    why = _REASONS[verdict.reason] if verdict.reason else _days(judged)
    if verdict.reason == "not_enough_tests" and verdict.more_days:
        why = f"Not enough tests yet: about {fmt.plural(verdict.more_days, 'more day')} to go."
    if verdict.conclusion == "undecided" and verdict.decided_on is not None:
        why += f" The first verdict can be there on {fmt.day(verdict.decided_on)}."
    elif verdict.pending is not None:
        why += f" Last week alone: {READS[verdict.pending.conclusion]}."
    return Saying(_WORDS[verdict.conclusion], why, verdict.conclusion)


def _undecided(why: str) -> Saying:
    return Saying(_WORDS["undecided"], why, "undecided")


def _days(judged: LinkVerdict) -> str:
    verdict = judged.verdict
    days = verdict.reached_days + verdict.missed_days + verdict.cannot_say_days
    return f"Reached the need on {verdict.reached_days} of {fmt.plural(days, 'day')}."
