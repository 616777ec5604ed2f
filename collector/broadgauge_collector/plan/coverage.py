"""What of a goal a line's tests cover, what is missing, and who could fill it."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from .cells import NOWHERE, Place, PlacedTests
from .goal import Goal, Part

PARTS: tuple[Part, ...] = ("closed_tests", "closed_days", "school_days", "hour_bands")
"""Of a line as a whole; its locations come beside them."""


class Covered(Struct, frozen=True):
    """How much of each part a line has, the hours of school days that are covered, and how many
    tests each of its places has. `made` and `counted` are tests that agents made as planned, and
    those of them with a say."""

    closed_tests: int
    closed_days: int
    school_days: int
    bands: frozenset[int]
    by_place: tuple[int, ...]
    closed_today: bool
    school_today: bool
    made: int
    counted: int

    @property
    def hour_bands(self) -> int:
        return len(self.bands)

    def has(self, part: Part) -> int:
        """How much of one part; of locations, what the one with the least has."""
        if part == "location_tests":
            return min(self.by_place, default=0)
        have: int = getattr(self, part)
        return have

    def lacks(self, part: Part, goal: Goal) -> int:
        """How much of one part is missing."""
        return max(0, goal.wants(part) - self.has(part))

    def lacking_at(self, place: int, goal: Goal) -> int:
        """How many tests one place lacks."""
        return max(0, goal.location_tests - self.by_place[place])

    def complete(self, goal: Goal) -> bool:
        """Whether the goal is reached."""
        places = all(have >= goal.location_tests for have in self.by_place)
        return places and not any(self.lacks(part, goal) for part in PARTS)


class Have(Struct, frozen=True, kw_only=True):
    """One part of a goal."""

    part: Annotated[Part, about("Part of the goal")]
    have: Annotated[int, about("How much of it there is")]
    want: Annotated[int, about("How much of it is wanted")]


class Missing(Struct, frozen=True, kw_only=True):
    """Something that a goal still lacks."""

    part: Annotated[Part, about("Part of the goal")]
    have: Annotated[int, about("How much of it there is")]
    want: Annotated[int, about("How much of it is wanted")]
    school: Annotated[str | None, about("School of the location; null for the whole line")] = None
    location: Annotated[str | None, about("The location; null for the whole line")] = None
    words: Annotated[str, about("What is missing, in words")]
    advice: Annotated[str, about("What to do about it; what comes by itself says so")]


class Crew(NamedTuple):
    """A line's agents that weren't shut out: how many, how many of them were heard lately, and both
    at each of its places. `silent_schools` have an agent and none that was heard; `bare_schools`
    have none."""

    agents: int
    heard: int
    at: tuple[int, ...]
    heard_at: tuple[int, ...]
    bare_schools: tuple[str, ...]
    silent_schools: tuple[str, ...]


class Circumstances(NamedTuple):
    """What else decides about what is missing: how many tests a too slow machine made, school days
    in the time that was looked at, and parts that the calendar has no room for."""

    too_slow: int
    school_days: int
    no_room: dict[Part, str]


def cover(tests: PlacedTests, places: int, today: int, made: int) -> Covered:
    """What a line's tests cover; `today` as a date's ordinal, `made` as planned."""
    said = tests.where(tests.counts)
    closed, school = said.where(said.closed), said.where(~said.closed)
    in_rooms = tests.place[tests.shows & (tests.place != NOWHERE)]
    return Covered(
        closed_tests=len(closed.day),
        closed_days=_distinct(closed.day),
        school_days=_distinct(school.day),
        bands=frozenset(np.unique(school.hour).tolist()),
        by_place=tuple(np.bincount(in_rooms, minlength=places).tolist()),
        closed_today=bool((closed.day == today).any()),
        school_today=bool((school.day == today).any()),
        made=made,
        counted=len(said.day),
    )


def have(covered: Covered, goal: Goal) -> tuple[Have, ...]:
    """Each part of the whole line."""
    return tuple(Have(part=p, have=covered.has(p), want=goal.wants(p)) for p in PARTS)


def share(covered: Covered, goal: Goal) -> float:
    """How much of the goal there is, from 0 to 1: parts count alike, and so do locations."""
    of = [(covered.has(part), goal.wants(part)) for part in PARTS]
    parts = [min(1.0, n / want) if want else 1.0 for n, want in of]
    want = goal.location_tests
    rooms = [min(1.0, n / want) if want else 1.0 for n in covered.by_place]
    if rooms:
        parts.append(sum(rooms) / len(rooms))
    return sum(parts) / len(parts)


def missing(
    covered: Covered, goal: Goal, places: Sequence[Place], crew: Crew, around: Circumstances
) -> tuple[Missing, ...]:
    """What the goal lacks, with what to do about it; nothing if it is reached."""
    lacking = [part for part in PARTS if covered.lacks(part, goal)]
    whole = [
        Missing(
            part=part,
            have=covered.has(part),
            want=goal.wants(part),
            words=_lacks(part, covered.lacks(part, goal)),
            advice=_advice(part, crew, around),
        )
        for part in lacking
    ]
    rooms = (
        _room(place, goal, covered.by_place[n], crew.at[n], crew.heard_at[n])
        for n, place in enumerate(places)
        if covered.lacking_at(n, goal)
    )
    return (*whole, *rooms)


_LACKS: dict[Part, tuple[str, str]] = {
    "closed_tests": ("1 more test in closed hours", "{} more tests in closed hours"),
    "closed_days": (
        "a test in closed hours on 1 more day",
        "tests in closed hours on {} more days",
    ),
    "school_days": (
        "a test in school hours on 1 more school day",
        "tests in school hours on {} more school days",
    ),
    "hour_bands": (
        "a test at 1 more hour of the school day",
        "tests at {} more hours of the school day",
    ),
    "location_tests": ("1 more test", "{} more tests"),
}

BY_ITSELF = "Comes by itself: agents there test when it is most wanted."


def _lacks(part: Part, number: int) -> str:
    one, many = _LACKS[part]
    return one if number == 1 else many.format(number)


def _advice(part: Part, crew: Crew, around: Circumstances) -> str:
    """The first that holds, from what makes it impossible to what only takes time."""
    if part in around.no_room:
        return f"{around.no_room[part]} Lower the goal: broadgauge coverage goal"
    if not crew.agents:
        where = _and(crew.bare_schools) or "a school on this line"
        return f"No agent at {where}: add one (broadgauge token)."
    if not crew.heard:
        return "No agent on this line was heard lately: switch one on, or add one."
    if around.too_slow:
        return (
            f"{_do_not(around.too_slow)} count: the testing computer could not have seen what "
            "the line needs. Add a faster one, on a cable, or a second one for group tests."
        )
    if part in ("school_days", "hour_bands") and not around.school_days:
        return "There was no school in these days: comes by itself when school is on again."
    if crew.silent_schools and part.startswith("school"):
        return f"{BY_ITSELF} Nothing was heard lately from {_and(crew.silent_schools)}."
    return BY_ITSELF


def _do_not(number: int) -> str:
    return "1 test doesn't" if number == 1 else f"{number} tests don't"


def _room(place: Place, goal: Goal, tests: int, agents: int, heard: int) -> Missing:
    lacks = goal.location_tests - tests
    if not agents:
        advice = (
            f"No agent in {place.location}: add one, or walk there with a laptop "
            "(broadgauge-agent survey)."
        )
    elif not heard:
        advice = (
            f"The agent in {place.location} was not heard lately: switch it on, or walk there with "
            "a laptop (broadgauge-agent survey)."
        )
    else:
        advice = BY_ITSELF
    return Missing(
        part="location_tests",
        have=tests,
        want=goal.location_tests,
        school=place.school,
        location=place.location,
        words=f"{_lacks('location_tests', lacks)} in {place.location}, {place.school}",
        advice=advice,
    )


NAMED = 3
"""Schools that a sentence names."""


def _and(names: Sequence[str]) -> str:
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more schools"
    return " and ".join(names)


def _distinct(days: NDArray[np.int64]) -> int:
    return len(np.unique(days))
