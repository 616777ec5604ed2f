"""Who could test a line together, on which lines that is of use, and what a group's parts were."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Direction, ThroughputResult

from ..capacity.targets import DEFAULT_TARGET
from ..config import DEFAULT_DAYS
from ..errors import Invalid
from ..plan.group_model import Begun
from ..plan.group_records import askers
from ..plan.group_sum import Part
from ..plan.groups import LEAST_MEMBERS, Candidate, one_is_enough, wanted_rate
from ..schools.lines import OUTWARDS
from ..schools.model import Agent, Link, Reflector
from ..schools.repository import find_link, find_reflector, list_reflectors
from ..store import Stores
from ..store.questions import Window
from ..store.rows import throughput_result
from .coverage import standings
from .district import District, Ways, read_district
from .plans import needed_rates

HEARD_WITHIN = timedelta(minutes=20)
"""Agents ask for their settings every ten minutes at least; one that is off can't be called."""

LOOKED_BACK = timedelta(days=30)
TESTS_LOOKED_AT = 400
"""Of a school, for what its machines could see."""


class Able(Struct, frozen=True, kw_only=True):
    """Who could test a line together, and what they should be able to see."""

    link: Link
    reflector: Reflector
    wanted: float | None
    candidates: tuple[Candidate, ...]


def able(
    stores: Stores,
    line: str,
    direction: Direction,
    server: str | None,
    now: datetime,
) -> Able:
    """For a line by name or id, and a test server if one is named. NotFound for an unknown one,
    Invalid where no test server ends the line, or fewer than two agents could take part."""
    with stores.control.connect() as c:
        link = find_link(c, line)
        named = None if server is None else find_reflector(c, server)
        servers = [one for one in list_reflectors(c) if named is None or one.id == named.id]
        versions = askers(c)
    district = read_district(stores)
    reflector = _server(district, link, servers, named)
    behind = [a for a in district.agents if a.school_id in link.school_ids and not a.revoked_at]
    there = [a for a in behind if _is_there(a, now)]
    knowing = [a for a in there if versions.get(a.id) == a.version]
    if len(knowing) < LEAST_MEMBERS:
        raise Invalid(_too_few(link, behind, there, knowing))
    ceilings = _ceilings(stores, {a.school_id for a in knowing}, direction, now)
    need = max(needed_rates(district, link, now), default=None) if direction == "download" else None
    return Able(
        link=link,
        reflector=reflector,
        wanted=wanted_rate(need, link.contracted_bits_per_second),
        candidates=tuple(
            Candidate(agent_id=a.id, school_id=a.school_id, ceiling=ceilings.get(a.id))
            for a in knowing
        ),
    )


def lines_for_groups(stores: Stores, now: datetime) -> tuple[Link, ...]:
    """Lines whose tests don't count because no machine is fast enough, and those for which more
    was bought than any machine there could see."""
    found = standings(stores, DEFAULT_TARGET, DEFAULT_DAYS, now)
    return tuple(
        one.link
        for one in found.lines.values()
        if not one.link.simulated
        and one.crew.heard >= LEAST_MEMBERS
        and (one.too_slow > 0 or one.link.contracted_bits_per_second is not None)
        and one.covered.lacks("closed_days", one.goal)
    )


def is_of_use(found: Able) -> bool:
    """Whether no machine alone sees what is wanted, as far as is known."""
    known = [one for one in found.candidates if one.ceiling is not None]
    return len(known) >= LEAST_MEMBERS and not one_is_enough(known, found.wanted)


def parts(stores: Stores, group: Begun) -> tuple[Part, ...]:
    """What came of each member so far."""
    return tuple(
        _part(stores, member.agent_id, member.school_id, member.joins_after_seconds, result_id)
        for member, result_id in group.members
    )


def caps(stores: Stores, group: Begun) -> dict[UUID, tuple[UUID, float]]:
    """By school: the line nearer to it that carries least, of those whose rate was bought."""
    district = read_district(stores)
    schools = {member.school_id for member, _ in group.members}
    found = dict[UUID, tuple[UUID, float]]()
    for school_id in schools:
        nearer = [
            (link.contracted_bits_per_second, link.id)
            for link in district.links.values()
            if school_id in link.school_ids
            and link.contracted_bits_per_second is not None
            and OUTWARDS.index(link.segment) < OUTWARDS.index(group.link.segment)
        ]
        if nearer:
            most, link_id = min(nearer)
            found[school_id] = (link_id, most)
    return found


def _part(
    stores: Stores, agent_id: UUID, school_id: UUID, joins_after: float, result_id: UUID
) -> Part:
    result: ThroughputResult | None = throughput_result(
        stores.results.find("throughput", result_id)
    )
    skipped = None if result else stores.results.find("skipped", result_id).to_pylist()
    return Part(
        agent_id=agent_id,
        school_id=school_id,
        result_id=result_id,
        joins_after_seconds=joins_after,
        result=result,
        said_no=str(skipped[0]["reason"]) if skipped else None,
    )


def _server(
    district: District, link: Link, servers: Iterable[Reflector], named: Reflector | None
) -> Reflector:
    """The one that ends the line: registered to it before any other of its kind."""
    if not link.school_ids:
        raise Invalid(
            f"No school is behind {link.name!r}. Say which ones are: broadgauge links set"
        )
    ways = Ways(district)
    fit = [
        one
        for one in sorted(servers, key=lambda one: (one.link_id is None, one.name))
        if one.segment == link.segment
        and ways.link(link.school_ids[0], one.segment, one.id) == link
    ]
    if not fit:
        which = f"{named.name!r} is no test server at the end" if named else "No test server ends"
        of = f"of {link.name!r}" if named else f"{link.name!r}"
        raise Invalid(f"{which} {of}. Add one: broadgauge reflectors add")
    return fit[0]


def _is_there(agent: Agent, now: datetime) -> bool:
    heard = agent.last_seen_at is not None and now - agent.last_seen_at <= HEARD_WITHIN
    return heard and agent.asleep_since is None


def _too_few(link: Link, behind: list[Agent], there: list[Agent], knowing: list[Agent]) -> str:
    away, old = len(behind) - len(there), len(there) - len(knowing)
    why = [
        words
        for count, words in (
            (away, f"{away} not heard just now"),
            (old, f"{old} of a version that knows of no group tests, or that just started"),
        )
        if count
    ]
    known = f" ({', '.join(why)})" if why else ""
    return (
        f"A group test takes two agents or more: behind {link.name!r} there are {len(behind)}, and "
        f"{len(knowing)} could take part now{known}. Switch more on, or update them."
    )


def _ceilings(
    stores: Stores, schools: Iterable[UUID], direction: Direction, now: datetime
) -> dict[UUID, float]:
    """What each machine could see in its newest test in this direction."""
    window = Window(now - LOOKED_BACK, now + timedelta(days=1))
    found = dict[UUID, float]()
    with stores.results.questions() as questions:
        for school_id in schools:
            listed, _ = questions.newest_tests(window, school_id, TESTS_LOOKED_AT)
            for one in listed:
                if one.direction == direction and one.test.ceiling and one.test.method == "ndt7":
                    found.setdefault(one.agent_id, one.test.ceiling)
    return found
