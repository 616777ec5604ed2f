"""Which tests count, what each says, and the one vote of a day.

Whether a test counts never depends on what it read: choosing by reading would choose the answer.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import Literal

from . import estimate
from .method import Method
from .model import DayVote, LinkTest, Vote

Exclusion = Literal[
    "failed",
    "no_rate",
    "simulated",
    "loopback",
    "vpn",
    "failover",
    "unknown_path",
    "web_page",
    "other_protocol",
    "public_server",
    "not_planned",
    "no_need",
    "unknown_ceiling",
    "machine_too_slow",
    "school_hours",
    "other_days_decide",
]

WHY_NOT: dict[Exclusion, str] = {
    "failed": "The test failed.",
    "no_rate": "The test has no rate.",
    "simulated": "Made up for a demonstration, and this line has real tests.",
    "loopback": "Measured inside one machine.",
    "vpn": "Went over a VPN, not this line alone.",
    "failover": "Went over a stand-in for this line, such as a mobile network.",
    "unknown_path": "It is not known which way the test went.",
    "web_page": "Made by a web page: it shows what a room gets, and is never judged.",
    "other_protocol": (
        "Measured by a protocol that often reads low: shown for comparison, never judged."
    ),
    "public_server": "Went to a public server, beyond the district's own lines: never judged.",
    "not_planned": "Started by hand: only planned and group tests count.",
    "no_need": "The need is unknown.",
    "unknown_ceiling": "It is not known how fast a line the testing computer could have seen.",
    "machine_too_slow": (
        "The testing computer could not have seen the need: use a faster one, on a cable."
    ),
    "school_hours": (
        "Made in school hours: shows what others left over, and counts only where it reached."
    ),
    "other_days_decide": (
        "No closed-hours test counts that day, and the days that have one are judged without it."
    ),
}

_ORDER: tuple[Vote, ...] = ("missed", "cannot_say", "reached")


def unfit(test: LinkTest, *, drop_simulated: bool) -> Exclusion | None:
    """Why a test says nothing about a line, whatever the need; None if it may."""
    if test.failed:
        return "failed"
    if test.line_bits_per_second is None:
        return "no_rate"
    if test.simulated and drop_simulated:
        return "simulated"
    if found := _foreign(test):
        return found
    if test.path_kind != "network":
        return test.path_kind or "unknown_path"
    return None if test.trigger in ("planned", "swarm") else "not_planned"


def _foreign(test: LinkTest) -> Exclusion | None:
    """Only agents' own tests to the district's test servers are judged."""
    if test.client != "agent":
        return "web_page"
    if test.method != "ndt7":
        return "other_protocol"
    return "public_server" if test.public_server else None


def exclusion(
    test: LinkTest, need: float | None, method: Method, *, drop_simulated: bool
) -> Exclusion | None:
    """Why a test has no say on a need in bit/s; None if it has."""
    if found := unfit(test, drop_simulated=drop_simulated):
        return found
    if need is None:
        return "no_need"
    if test.ceiling_bits_per_second is None:
        return "unknown_ceiling"
    if test.ceiling_bits_per_second < method.ceiling_margin * need:
        return "machine_too_slow"
    return None


def counts(test: LinkTest, need: float, method: Method) -> bool:
    """Whether a test with a say is evidence: in school hours only if it reached the need."""
    return test.daypart == "closed" or vote(test, need, method) == "reached"


def vote(test: LinkTest, need: float, method: Method) -> Vote:
    """What a test with a say says about a need in bit/s. In school hours never `missed`."""
    if test.bound is None or test.line_bits_per_second is None:
        return "cannot_say"
    if test.line_bits_per_second >= method.tolerance * need:
        return "reached"
    return "missed" if test.bound == "exact" and test.daypart == "closed" else "cannot_say"


def median_vote(votes: Iterable[Vote]) -> Vote:
    """The median of ordered votes; `cannot_say` where two middle ones differ."""
    places = sorted(_ORDER.index(vote) for vote in votes)
    below, above = places[(len(places) - 1) // 2], places[len(places) // 2]
    return _ORDER[below] if below == above else "cannot_say"


def day_votes(tests: Iterable[LinkTest], need: float, method: Method) -> tuple[DayVote, ...]:
    """One vote for each day with a test that has a say, ascending."""
    by_day = groupby(sorted(tests, key=lambda test: test.day), key=lambda test: test.day)
    return tuple(_day_vote(list(day), need, method) for _, day in by_day)


def _day_vote(tests: list[LinkTest], need: float, method: Method) -> DayVote:
    closed = [test for test in tests if test.daypart == "closed"]
    said = [vote(test, need, method) for test in closed]
    in_school_hours = [vote(test, need, method) for test in tests if test.daypart == "school"]
    together = _together(said, in_school_hours)
    return DayVote(
        day=tests[0].day,
        vote=together,
        daypart="closed" if closed else "school",
        tests=sum(counts(test, need, method) for test in tests),
        median_bits_per_second=day_median(closed or tests),
        split=together == "cannot_say" and said.count("cannot_say") < len(said) / 2,
    )


def _together(closed: list[Vote], school: list[Vote]) -> Vote:
    """Closed hours speak for the day; school hours stand in for them, or lift what they say."""
    lift = bool(school) and median_vote(school) == "reached"
    if not closed:
        return "reached" if lift else "cannot_say"
    said = median_vote(closed)
    if not lift:
        return said
    return "cannot_say" if said == "missed" else "reached"


def day_median(tests: list[LinkTest]) -> float | None:
    """The median rate of tests whose bound is known, in bit/s; None without one."""
    readings = readings_of(tests)
    return estimate.median(readings).bits_per_second if readings else None


def readings_of(tests: Iterable[LinkTest]) -> list[estimate.Reading]:
    """What tests with a known bound read."""
    return [
        estimate.Reading(test.line_bits_per_second, test.bound == "at_least")
        for test in tests
        if test.bound is not None and test.line_bits_per_second is not None
    ]
