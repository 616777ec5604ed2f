"""Day votes worked out test by test, as docs/explanation/verdicts.md says them: what judging by
columns has to come to."""

from collections.abc import Iterable
from itertools import groupby

from broadgauge_collector.capacity import estimate
from broadgauge_collector.capacity.exclusions import Exclusion
from broadgauge_collector.capacity.method import METHOD
from broadgauge_collector.capacity.model import LinkTest, Vote

Day = tuple[str, Vote, str, int, float | None]
"""Its date, vote, daypart, tests that count and median rate."""


def judged_days(tests: list[LinkTest], need: float) -> list[Day]:
    """Every day with a test that has a say, ascending."""
    real = any(not t.simulated and why_no_say(t, 0, drop_simulated=True) is None for t in tests)
    say = [t for t in tests if why_no_say(t, need, drop_simulated=real) is None]
    by_day = groupby(sorted(say, key=lambda t: t.day), key=lambda t: t.day)
    return [_day(str(day), list(of_day), need) for day, of_day in by_day]


def why_no_say(test: LinkTest, need: float, *, drop_simulated: bool) -> Exclusion | None:
    """The first reason that holds."""
    foreign = test.client != "agent" or test.method != "ndt7" or test.public_server
    reasons: list[tuple[Exclusion, bool]] = [
        ("failed", test.failed),
        ("no_rate", test.line_bits_per_second is None),
        ("simulated", test.simulated and drop_simulated),
        ("other_protocol", foreign),
        ("unknown_path", test.path_kind != "network"),
        ("not_planned", test.trigger not in ("planned", "swarm")),
    ]
    if need:
        ceiling = test.ceiling_bits_per_second
        reasons.append(("machine_too_slow", ceiling is None or ceiling < 1.1 * need))
    return next((reason for reason, holds in reasons if holds), None)


def _says(test: LinkTest, need: float) -> Vote:
    if test.bound is None or test.line_bits_per_second is None:
        return "cannot_say"
    if test.line_bits_per_second >= METHOD.tolerance * need:
        return "reached"
    return "missed" if test.bound == "exact" and test.daypart == "closed" else "cannot_say"


def _day(day: str, tests: list[LinkTest], need: float) -> Day:
    closed = [test for test in tests if test.daypart == "closed"]
    school = [_says(test, need) for test in tests if test.daypart == "school"]
    lifted = bool(school) and _median(school) == "reached"
    if closed:
        steps: dict[Vote, Vote] = {"missed": "cannot_say"} if lifted else {}
        said = _median([_says(test, need) for test in closed])
        vote = steps.get(said, "reached" if lifted else said)
    else:
        vote = "reached" if lifted else "cannot_say"
    readings = [
        estimate.Reading(test.line_bits_per_second, test.bound == "at_least")
        for test in closed or tests
        if test.bound is not None and test.line_bits_per_second is not None
    ]
    median = estimate.median(readings).bits_per_second if readings else None
    counted = len(closed) + school.count("reached")
    return day, vote, "closed" if closed else "school", counted, median


def _median(votes: Iterable[Vote]) -> Vote:
    order: list[Vote] = ["missed", "cannot_say", "reached"]
    ranks = sorted(map(order.index, votes))
    below, above = ranks[(len(ranks) - 1) // 2], ranks[len(ranks) // 2]
    return order[below] if below == above else "cannot_say"
