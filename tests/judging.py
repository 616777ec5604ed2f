"""Tests, needs and windows for tests of judging."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from broadgauge_collector.capacity.model import LinkTest, Need, UnknownNeed, Verdict, Vote
from broadgauge_collector.capacity.targets import find_target
from broadgauge_collector.capacity.verdict import judge

FIRST = date(2026, 3, 2)
WINDOW = (FIRST, FIRST + timedelta(days=59))
NEED = Need(bits_per_second=500e6, people=500, working="500 students x 1 Mbps = 500 Mbps")
TARGET = find_target("fcc-1mbps")

RATES: dict[Vote, float] = {"reached": 600e6, "missed": 300e6, "cannot_say": 300e6}


def a_test(day: int = 0, mbps: float | None = 600, **changes: Any) -> LinkTest:
    """A full reading in closed hours by a machine that can see a gigabit."""
    facts: dict[str, Any] = {
        "day": FIRST + timedelta(days=day),
        "daypart": "closed",
        "line_bits_per_second": None if mbps is None else mbps * 1e6,
        "ceiling_bits_per_second": 940e6,
        "bound": "exact",
        "path_kind": "network",
        "trigger": "planned",
    }
    return LinkTest(**facts | changes)


def saying(vote: Vote, day: int = 0, **changes: Any) -> LinkTest:
    """A test that says this about NEED."""
    bound = "at_least" if vote == "cannot_say" else "exact"
    return a_test(day, RATES[vote] / 1e6, **{"bound": bound} | changes)


def days(reached: int = 0, missed: int = 0, cannot_say: int = 0, each: int = 2) -> list[LinkTest]:
    """Days of `each` tests that all say the same."""
    counts: dict[Vote, int] = {"reached": reached, "missed": missed, "cannot_say": cannot_say}
    said = [vote for vote, number in counts.items() for _ in range(number)]
    return [saying(vote, day) for day, vote in enumerate(said) for _ in range(each)]


def verdict(tests: Iterable[LinkTest], need: Need | UnknownNeed = NEED) -> Verdict:
    """The verdict on these tests against 500 Mbps."""
    return judge(tests, need, target=TARGET, window=WINDOW)
