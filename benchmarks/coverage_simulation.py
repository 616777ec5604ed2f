"""Schools, agents that come and go, and the plan that steers them, on a virtual clock.

Everything that decides is the product's own: coverage, steering, the plan as it goes over the wire,
and the agent's schedule of gaps. Made up are the schools, when machines are on, and which tests
fail.
"""

import random
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from uuid import UUID

import numpy as np
from msgspec import Struct

from broadgauge_agent.intensity import Intensity
from broadgauge_agent.plan import in_force
from broadgauge_agent.schedule import gap_runs
from broadgauge_collector.capacity.daypart import Clock, day_begins, local_hours, placed
from broadgauge_collector.plan.cells import PlacedTests
from broadgauge_collector.plan.coverage import Covered, cover
from broadgauge_collector.plan.goal import DEFAULT_GOAL, Goal
from broadgauge_collector.plan.plan import plan_of
from broadgauge_collector.plan.steering import (
    DAYS,
    agent_factor,
    line_rates,
    timetable,
    together,
)
from broadgauge_collector.reports.coverage import LATELY
from broadgauge_collector.schools.calendar import SchoolCalendar
from broadgauge_collector.schools.model import SchoolHours
from broadgauge_wire import Plan

FIRST = date(2026, 3, 2)
"""A Monday. Clocks go forward on the Sunday after."""

SCHOOL_DAYS = 15
OFFLINE_SHARE = 0.3
OFF_HOURS = 24.0
"""Mean time for which a machine is switched off, asleep or carried about, on end."""

FAILED_SHARE = 0.1
"""Of tests that don't count: the machine was in use, or the test server was away."""

DEFAULT_MEAN_SECONDS = 14400.0
ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
OPENS = (time(7, 0), time(7, 30), time(8, 0), time(8, 45))
CLOSES = (time(14, 0), time(15, 0), time(15, 30), time(16, 0))


class Outcome(Struct, frozen=True):
    """One line: after how many school days its goal was reached (None: not at all), and how many
    tests it took in how many days."""

    school_days: int | None
    tests: int
    days: int
    agents: int


class Machine:
    """An agent: its location, when it is on, and what is left of its gap."""

    def __init__(self, place: int, since: float, until: float, chance: random.Random) -> None:
        self.place = place
        self.chance = chance
        self.on = list(_on_spans(since, until, chance))
        self.plan: Plan | None = None
        self.left = gap_runs(chance)

    def heard(self, now: float) -> bool:
        """Whether it was on lately."""
        return any(begins < now and ends > now - LATELY.total_seconds() for begins, ends in self.on)

    def runs(self, since: float, until: float) -> Iterator[float]:
        """When it tests: each time it is switched on it begins a new gap."""
        mean = DEFAULT_MEAN_SECONDS
        rates = in_force(self.plan, 0.0).intensity(mean, "any") or Intensity((), (), 1 / mean)
        for begins, ends in self.on:
            at, until_then = max(begins, since), min(ends, until)
            if at >= until_then:
                continue
            if begins >= since:
                self.left = gap_runs(self.chance)
            while (due := rates.reached(at, self.left)) < until_then:
                yield due
                at, self.left = due, gap_runs(self.chance)
            self.left -= rates.expected(at, until_then)


def simulate(seed: int, agents: int | None = None, goal: Goal = DEFAULT_GOAL) -> Outcome:
    """One school on its line, until the goal is reached or the school days are over."""
    chance = random.Random(seed)
    clock = _calendar(chance).placing()
    clocks = (clock,)
    count = agents or chance.randint(2, 5)
    begins = day_begins(FIRST, clock.timezone)
    last = FIRST + timedelta(days=SCHOOL_DAYS // 5 * 7)
    ends = day_begins(last, clock.timezone).timestamp()
    machines = [
        Machine(n // 2 if count > 3 else n, begins.timestamp(), ends, chance) for n in range(count)
    ]
    places = max(machine.place for machine in machines) + 1
    made: list[tuple[float, int, bool]] = []
    school_days = 0
    for n in range((last - FIRST).days):
        today = FIRST + timedelta(days=n)
        now = day_begins(today, clock.timezone)
        covered = _covered(made, clocks, places, today)
        if covered.complete(goal):
            return Outcome(school_days, len(made), n, count)
        _tell(machines, clocks, covered, goal, today, now)
        tomorrow = day_begins(today + timedelta(days=1), clock.timezone).timestamp()
        for machine in machines:
            made.extend(
                (at, machine.place, chance.random() >= FAILED_SHARE)
                for at in machine.runs(now.timestamp(), tomorrow)
            )
        school_days += clock.is_school_day(today)
    reached = _covered(made, clocks, places, last).complete(goal)
    return Outcome(school_days if reached else None, len(made), (last - FIRST).days, count)


def _tell(
    machines: list[Machine],
    clocks: tuple[Clock, ...],
    covered: Covered,
    goal: Goal,
    today: date,
    now: datetime,
) -> None:
    """Those that are on hear a new plan, once a day; the others keep theirs."""
    at = now.timestamp()
    heard = [machine.heard(at) for machine in machines]
    rates = line_rates(timetable(clocks, (), today, DAYS + 1), covered, goal, today)
    for machine in machines:
        if not any(begins <= at < ends for begins, ends in machine.on):
            continue
        there = sum(h for m, h in zip(machines, heard, strict=True) if m.place == machine.place)
        factor = agent_factor(
            covered, goal, heard=sum(heard), place=machine.place, heard_there=there
        )
        needs: dict[UUID, float] = {}
        machine.plan = plan_of(together([(rates, factor)]), needs, now)


def _covered(
    made: list[tuple[float, int, bool]], clocks: tuple[Clock, ...], places: int, today: date
) -> Covered:
    moments = np.array([round(at * 1e6) for at, _, _ in made], np.int64)
    day, closed = placed(moments, clocks)
    counts = np.array([good for _, _, good in made], np.bool_)
    tests = PlacedTests(
        day=day,
        hour=local_hours(moments, clocks[0].timezone),
        closed=closed,
        place=np.array([place for _, place, _ in made], np.int64),
        counts=counts,
        shows=counts,
    )
    return cover(tests, places, today.toordinal(), len(made))


def _on_spans(since: float, until: float, chance: random.Random) -> Iterator[tuple[float, float]]:
    """On and off in turn, from a state of long standing."""
    off = OFF_HOURS * 3600
    on = off * (1 - OFFLINE_SHARE) / OFFLINE_SHARE
    at, is_on = since, chance.random() >= OFFLINE_SHARE
    while at < until:
        ends = at + chance.expovariate(1 / (on if is_on else off))
        if is_on:
            yield at, min(ends, until)
        at, is_on = ends, not is_on


def _calendar(chance: random.Random) -> SchoolCalendar:
    hours = SchoolHours(opens=chance.choice(OPENS), closes=chance.choice(CLOSES))
    return SchoolCalendar(chance.choice(ZONES), hours)
