"""How much measuring a line should get, and whether a calendar leaves room for it."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from broadgauge_wire.fields import about

from ..capacity.daypart import Clock

Part = Literal["closed_tests", "closed_days", "school_days", "hour_bands", "location_tests"]
"""Of a goal, each with a number of its own."""

MOST_TESTS_A_DAY = 8
"""Heavy tests of one line. More would be felt, and a line doesn't change so often."""

MONDAY = date(2024, 1, 1)
"""Of a week like any other: which days differ is no matter of the goal."""

WORDS: dict[Part, str] = {
    "closed_tests": "tests in closed hours",
    "closed_days": "days with a test in closed hours",
    "school_days": "school days with a test in school hours",
    "hour_bands": "hours of the school day with a test",
    "location_tests": "tests in each location",
}

Wanted = Annotated[int, Meta(ge=0, le=3000)]


class Goal(Struct, frozen=True, kw_only=True):
    """How many counting tests a line should have in the days that are looked at, and where."""

    closed_tests: Annotated[Wanted, about("Tests in closed hours")] = 10
    closed_days: Annotated[Wanted, about("Days with a test in closed hours")] = 8
    school_days: Annotated[Wanted, about("School days with a test in school hours")] = 8
    hour_bands: Annotated[Wanted, about("Hours of the school day with a test")] = 4
    location_tests: Annotated[Wanted, about("Tests in each location")] = 2

    def wants(self, part: Part) -> int:
        """How many of one part."""
        wanted: int = getattr(self, part)
        return wanted


DEFAULT_GOAL = Goal()


def why_not(goal: Goal, clocks: tuple[Clock, ...], days: int) -> dict[Part, str]:
    """The parts that no so many days of these calendars leave room for, each in a sentence."""
    hours, school_days = school_week(clocks)
    most = days // 7 * school_days + min(days % 7, school_days)
    rooms: dict[Part, tuple[int, str]] = {
        "closed_tests": (
            MOST_TESTS_A_DAY * days,
            f"{days} days have room for {MOST_TESTS_A_DAY * days} ({MOST_TESTS_A_DAY} a day)",
        ),
        "closed_days": (days, f"only {days} days are looked at"),
        "school_days": (most, f"{days} days have at most {most} school days"),
        "hour_bands": (len(hours), f"a school day has only {len(hours)}"),
        "location_tests": (
            MOST_TESTS_A_DAY * days,
            f"{days} days have room for {MOST_TESTS_A_DAY * days} ({MOST_TESTS_A_DAY} a day)",
        ),
    }
    return {
        part: f"{part} asks for {goal.wants(part)} {WORDS[part]}, and {why}."
        for part, (room, why) in rooms.items()
        if goal.wants(part) > room
    }


def unreachable(goal: Goal, lines: Iterable[tuple[Clock, ...]], days: int) -> dict[Part, str]:
    """The parts that no line can reach; none where there is no line to say."""
    refused = [why_not(goal, clocks, days) for clocks in lines]
    if not refused:
        return {}
    return {part: why for part, why in refused[0].items() if all(part in one for one in refused)}


@lru_cache(maxsize=4096)
def school_week(clocks: tuple[Clock, ...]) -> tuple[frozenset[int], int]:
    """Hours of the day with students on some weekday, and how many weekdays have any."""
    hours, weekdays = set[int](), 0
    for n in range(7):
        day = MONDAY + timedelta(days=n)
        walls = [wall for c in clocks for wall in replace(c, days=()).wall_hours(day)]
        weekdays += bool(walls)
        for opens, closes in walls:
            last = (
                closes.hour
                if closes > closes.replace(minute=0, second=0, microsecond=0)
                else (closes.hour - 1)
            )
            hours.update(range(opens.hour, last + 1))
    return frozenset(hours), weekdays
