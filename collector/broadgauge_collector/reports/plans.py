"""An agent's plan: what its lines still want, shared among those that were heard lately."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from broadgauge_wire import Plan

from ..capacity.daypart import local_day
from ..capacity.model import Need
from ..capacity.need import size_of, work_out
from ..capacity.targets import DEFAULT_TARGET, TARGETS, applies
from ..config import DEFAULT_DAYS
from ..plan.plan import plan_of
from ..plan.steering import (
    DAYS,
    Blackout,
    Rates,
    agent_factor,
    blackouts,
    line_rates,
    timetable,
    together,
)
from ..schools.checks import name_key
from ..schools.model import Agent, Link
from ..store import Stores
from .coverage import Standing, Standings, heard_lately, standings, today_of
from .district import District, Ways


def planned(stores: Stores, now: datetime) -> Standings:
    """What every agent's plan starts from."""
    return standings(stores, DEFAULT_TARGET, DEFAULT_DAYS, now)


def plan_for(found: Standings, agent: Agent, now: datetime) -> Plan:
    """One agent's. Without a line at its school there is nothing to plan, and it keeps its own
    rhythm."""
    lines = [one for one in found.lines.values() if agent.school_id in one.link.school_ids]
    if not lines:
        return Plan(made_at=now, valid_until=now + timedelta(days=DAYS))
    rates = together([_rates(found, one, agent, now) for one in lines])
    return plan_of(rates, _needs(found.district, agent, now), now)


def _rates(
    found: Standings, standing: Standing, agent: Agent, now: datetime
) -> tuple[Rates, float]:
    today = today_of(standing, now)
    table = timetable(
        standing.clocks, _blackouts(found.district, standing.link, now), today, DAYS + 1
    )
    return line_rates(table, standing.covered, standing.goal, today), _factor(standing, agent, now)


def _factor(standing: Standing, agent: Agent, now: datetime) -> float:
    """An agent that asks is heard, whatever is noted of it yet."""
    place = _place_of(standing, agent)
    asks_anew = not heard_lately(agent, now)
    crew = standing.crew
    return agent_factor(
        standing.covered,
        standing.goal,
        heard=crew.heard + asks_anew,
        place=place,
        heard_there=0 if place is None else crew.heard_at[place] + asks_anew,
    )


def _place_of(standing: Standing, agent: Agent) -> int | None:
    key = name_key(agent.location or "")
    return next(
        (
            n
            for n, place in enumerate(standing.places)
            if place.school_id == agent.school_id and name_key(place.location) == key
        ),
        None,
    )


def _blackouts(district: District, link: Link, now: datetime) -> tuple[Blackout, ...]:
    """Of every school behind the line: a heavy test anywhere on it is felt by all."""
    day = timedelta(days=1)
    first, last = (now - day).date(), (now + (DAYS + 2) * day).date()
    found = {
        span
        for school_id in link.school_ids
        for span in blackouts(district.calendars[school_id], first, last)
    }
    return tuple(sorted(found))


def _needs(district: District, agent: Agent, now: datetime) -> dict[UUID, float]:
    """What the lines to each test server must carry, by the target that asks most."""
    ways = Ways(district)
    needs = dict[UUID, float]()
    by_line = dict[UUID, float | None]()
    for reflector in district.reflectors.values():
        link = ways.link(agent.school_id, reflector.segment, reflector.id)
        if link is None:
            continue
        if link.id not in by_line:
            by_line[link.id] = max(needed_rates(district, link, now), default=None)
        need = by_line[link.id]
        if need is not None:
            needs[reflector.id] = need
    return needs


def needed_rates(district: District, link: Link, now: datetime) -> Iterable[float]:
    """By each target in the direction that is judged; nothing where people aren't counted."""
    day = local_day(now, district.clocks(link)[0].timezone)
    size = size_of(district.headcounts(tuple(district.schools.values()), day))
    people = district.headcounts(district.behind(link), day)
    for target in TARGETS:
        if applies(target, link.segment) and target.direction == "download":
            need = work_out(target, people, size)
            if isinstance(need, Need):
                yield need.bits_per_second
