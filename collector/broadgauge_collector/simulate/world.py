"""Who there is: districts, their schools, lines and people, each made when it is asked for.

Nothing is kept but the sizes of districts, so that a nation takes no more room than a district.
Sizes and shares are those of US public schools: 98,469 schools in 12,911 districts with about 500
students each, fewer in elementary schools and more in high schools.
"""

from datetime import date, time, timedelta
from functools import cached_property, lru_cache
from math import exp, log
from typing import Any, Literal

import numpy as np
from msgspec import Struct

from broadgauge_wire import Segment

from ..schools.model import SchoolHours
from .chance import Random, What, chance
from .names import LEVELS, district_name, school_name
from .school_year import school_year_of

Scale = Literal["district", "state", "nation"]
Story = Literal[
    "ample",
    "small_line",
    "own_line",
    "upgraded",
    "repaired",
    "old_switch",
    "at_target",
    "only_wifi",
    "newcomer",
    "outages",
]

SCHOOLS: dict[Scale, int] = {"district": 40, "state": 2_000, "nation": 98_469}
SCHOOLS_A_DISTRICT = 98_469 / 12_911

ZONES: dict[Scale, dict[str, float]] = {
    "district": {"America/Chicago": 1.0},
    "state": {"America/Chicago": 1.0},
    "nation": {
        "America/New_York": 0.47,
        "America/Chicago": 0.32,
        "America/Denver": 0.07,
        "America/Los_Angeles": 0.14,
    },
}

STORIES: dict[Story, int] = {
    "ample": 18,
    "small_line": 5,
    "own_line": 4,
    "upgraded": 4,
    "repaired": 2,
    "old_switch": 1,
    "at_target": 2,
    "only_wifi": 1,
    "newcomer": 1,
    "outages": 2,
}
"""Of each forty schools. The first forty of a district have exactly these."""

MEDIAN_STUDENTS = {"Elementary": 430, "Middle": 540, "High": 760}
SPREAD = {"Elementary": 0.4, "Middle": 0.45, "High": 0.7}
HOURS = {
    "Elementary": SchoolHours(opens=time(8, 0), closes=time(15, 0)),
    "Middle": SchoolHours(opens=time(7, 45), closes=time(15, 0)),
    "High": SchoolHours(opens=time(7, 30), closes=time(14, 45)),
}
STUDENTS_A_STAFF_MEMBER = 7.8
"""49 million students, 6.3 million people who teach and work in their schools."""

MEGABIT, GIGABIT = 1e6, 1e9
SOLD = tuple(n * MEGABIT for n in (50, 100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000, 20_000,
                                   40_000, 100_000))  # fmt: skip
"""Rates that lines are sold at, in bit/s."""

CABLE = tuple(n * MEGABIT for n in (50, 100, 200, 300))
NEWCOMER_DAYS = 4


class Line(Struct, frozen=True, kw_only=True):
    """A line of the simulation. `key` is its place among all; rates in bit/s.

    `students` load it. Before `upgraded_on` it had `before_bits_per_second`; from `fault[0]` until
    `fault[1]` it carried a fifth. A `cable` is much slower upwards, and its queue is long.
    """

    key: int
    name: str
    segment: Segment
    bits_per_second: float
    students: int
    contracted: bool = True
    cable: bool = False
    shaky: bool = False
    before_bits_per_second: float | None = None
    upgraded_on: date | None = None
    fault: tuple[date, date] | None = None


class SimulatedSchool(Struct, frozen=True, kw_only=True):
    """A school of the simulation; its lines from the inside out."""

    key: int
    name: str
    district: int
    timezone: str
    hours: SchoolHours
    students: int
    growth: float
    concurrent_ratio: float
    story: Story
    starts: date
    lines: tuple[Line, ...]

    def students_in(self, year: int) -> int:
        """Students in the school year that begins in a year."""
        return max(20, round(self.students * (1 + self.growth) ** (year - 2025)))

    def staff_in(self, year: int) -> int:
        """The same for staff."""
        return max(3, round(self.students_in(year) / STUDENTS_A_STAFF_MEMBER))

    def concurrent_in(self, year: int) -> int:
        """Most people online at once."""
        return round((self.students_in(year) + self.staff_in(year)) * self.concurrent_ratio)


class District(Struct, frozen=True, kw_only=True):
    """Schools that share a line to the Internet."""

    index: int
    name: str
    internet: Line
    schools: tuple[SimulatedSchool, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Each line once."""
        own = [line for school in self.schools for line in school.lines]
        return tuple({line.key: line for line in (*own, self.internet)}.values())


class World(Struct, frozen=True, kw_only=True, dict=True):
    """What is simulated. The same world has the same schools, and the same days.

    `since` is the first day with results and `days` how many there were when it was made: what
    happens in mid-year is placed between them.
    """

    seed: int
    scale: Scale
    schools: int
    agents_per_school: int
    since: date
    days: int

    @cached_property
    def school_ends(self) -> Any:
        """Numbers of schools up to and with each district."""
        if self.scale == "district":
            return np.array([self.schools])
        random = chance(self.seed, What.SIZES)
        likely = max(8, round(3 * self.schools / SCHOOLS_A_DISTRICT))
        sizes = np.ceil(random.lognormal(log(3.6), 1.2, size=likely)).astype(int)
        ends = np.minimum(np.cumsum(np.minimum(sizes, 400)), self.schools)
        ends[-1] = self.schools
        return np.unique(ends)

    @property
    def districts(self) -> int:
        """How many there are."""
        return len(self.school_ends)

    def district(self, index: int) -> District:
        """One of them, made anew or remembered from just now."""
        return _district(self, index)

    def schools_before(self, index: int) -> int:
        """How many schools the districts before this one have."""
        return int(self.school_ends[index - 1]) if index else 0


@lru_cache(maxsize=2048)
def _district(world: World, index: int) -> District:
    random = chance(world.seed, What.DISTRICT, index)
    first = world.schools_before(index)
    count = int(world.school_ends[index]) - first
    name = district_name(index)
    zones = ZONES[world.scale]
    timezone = str(random.choice(list(zones), p=list(zones.values())))
    sketches = [
        _sketch(random, first + n, story, n, name if world.districts > 1 else None)
        for n, story in enumerate(_stories(random, count))
    ]
    internet = _internet(world, random, index, name, sketches)
    schools = tuple(
        _school(world, random, sketch, index, timezone, internet) for sketch in sketches
    )
    return District(index=index, name=name, internet=internet, schools=schools)


class _Sketch(Struct, frozen=True):
    key: int
    name: str
    level: str
    students: int
    story: Story


def _stories(random: Random, count: int) -> list[Story]:
    cards = [story for story, number in STORIES.items() for _ in range(number)]
    packs = [random.permutation(len(cards)) for _ in range(-(-count // len(cards)))]
    return [cards[card] for pack in packs for card in pack][:count]


def _sketch(random: Random, key: int, story: Story, number: int, district: str | None) -> _Sketch:
    level = str(random.choice(LEVELS, p=(0.6, 0.2, 0.2)))
    size = MEDIAN_STUDENTS[level] * exp(SPREAD[level] * random.standard_normal())
    students = int(np.clip(size, 60, 2600))
    if story in ("own_line", "newcomer"):
        students = int(np.clip(students / 2, 60, 320))
    elif story == "at_target":
        students = 507
    elif story == "small_line":
        students = max(students, 260)
    return _Sketch(key, school_name(number, level, district), level, students, story)


def _internet(world: World, random: Random, index: int, name: str, sketches: list[_Sketch]) -> Line:
    """Of a district: ample in the first one, too small in one of five others."""
    students = sum(s.students for s in sketches if s.story != "own_line")
    is_small = index > 0 and random.random() < 0.2
    wanted = students * MEGABIT * (0.55 if is_small else 1.3)
    return Line(
        key=2 * world.schools + index,
        name=f"{name} Internet",
        segment="internet",
        bits_per_second=_sold(wanted, at_most=is_small),
        students=max(students, 1),
    )


def _school(
    world: World, random: Random, sketch: _Sketch, district: int, timezone: str, internet: Line
) -> SimulatedSchool:
    lan = _lan(world, random, sketch)
    outside = (_cable(random, sketch),) if sketch.story == "own_line" else (
        _wan(world, random, sketch), internet,
    )  # fmt: skip
    is_new = sketch.story == "newcomer" and world.days > 2 * NEWCOMER_DAYS
    wait = timedelta(days=world.days - NEWCOMER_DAYS if is_new else 0)
    return SimulatedSchool(
        key=sketch.key,
        name=sketch.name,
        district=district,
        timezone=timezone,
        hours=HOURS[sketch.level],
        students=sketch.students,
        growth=0.0 if sketch.story == "at_target" else float(random.normal(0, 0.02)),
        concurrent_ratio=float(random.uniform(0.4, 0.65)),
        story=sketch.story,
        starts=world.since + wait,
        lines=(lan, *outside),
    )


def _lan(world: World, random: Random, sketch: _Sketch) -> Line:
    need = sketch.students * MEGABIT
    modern = 10 * GIGABIT if need > 0.8 * GIGABIT else GIGABIT
    began = world.since + timedelta(days=round(world.days * random.uniform(0.25, 0.4)))
    lasted = timedelta(days=round(world.days * random.uniform(0.12, 0.25)))
    return Line(
        key=2 * sketch.key,
        name=f"{sketch.name}, inside",
        segment="lan",
        bits_per_second=100 * MEGABIT if sketch.story == "old_switch" else modern,
        students=sketch.students,
        contracted=False,
        fault=(began, began + lasted) if sketch.story == "repaired" else None,
    )


def _wan(world: World, random: Random, sketch: _Sketch) -> Line:
    need = sketch.students * MEGABIT
    bought = _sold(need * 1.3)
    before, upgraded = None, None
    if sketch.story == "small_line":
        bought = _sold(need * 0.75, at_most=True)
    elif sketch.story == "at_target":
        bought = 500 * MEGABIT
    elif sketch.story == "upgraded":
        before = _sold(need * 0.6, at_most=True)
        upgraded = world.since + timedelta(days=round(world.days * random.uniform(0.4, 0.7)))
    return Line(
        key=2 * sketch.key + 1,
        name=f"{sketch.name} WAN",
        segment="wan",
        bits_per_second=bought,
        students=sketch.students,
        shaky=sketch.story == "outages",
        before_bits_per_second=before,
        upgraded_on=upgraded,
    )


def _cable(random: Random, sketch: _Sketch) -> Line:
    """A small school's own line to the Internet."""
    return Line(
        key=2 * sketch.key + 1,
        name=f"{sketch.name} Internet",
        segment="internet",
        bits_per_second=float(random.choice(CABLE)),
        students=sketch.students,
        cable=True,
    )


def _sold(wanted: float, *, at_most: bool = False) -> float:
    """The smallest rate on sale from `wanted` on, or the largest up to it."""
    if at_most:
        return max((rate for rate in SOLD if rate <= wanted), default=SOLD[0])
    return next((rate for rate in SOLD if rate >= wanted), SOLD[-1])


def years_of(world: World) -> list[int]:
    """School years that the world's days are in, and the one after its last is begun."""
    last = world.since + timedelta(days=world.days)
    return list(range(school_year_of(world.since), school_year_of(last) + 1))
