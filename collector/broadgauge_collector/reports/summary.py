"""All schools against one target."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from broadgauge_wire import Direction

from ..capacity.daypart import local_day
from ..capacity.model import Conclusion
from ..capacity.targets import find_target
from ..schools.model import Agent, School
from ..store import Stores
from ..store.questions import Latest
from .asked import Asked
from .district import District, Ways, read_district
from .fleet import silent
from .judging import JudgedLink, judge_links
from .model import LinkVerdict, Overview, Reading, SchoolSummary

_WORST_FIRST: dict[Conclusion, int] = {"below": 0, "undecided": 1, "meets": 2}


OfSchool = TypeVar("OfSchool", Agent, Latest)


class Background(Struct, frozen=True):
    """What summaries need beside verdicts, by school: its agents that weren't revoked, and its
    rates of the last day or two, newest first."""

    direction: Direction
    agents: Mapping[UUID, Sequence[Agent]]
    latest: Mapping[UUID, Sequence[Latest]]
    only_loopback: set[UUID]
    ways: Ways
    now: datetime


def overview(stores: Stores, target_key: str, days: int, now: datetime) -> Overview:
    """Every school, by name. NotFound for an unknown target."""
    target = find_target(target_key)
    district = read_district(stores)
    asked = Asked(target, days, now)
    judged = judge_links(stores, district, asked, district.links.values())
    background = read_background(stores, district, asked)
    answers = by_school(judged)
    summaries = (
        summarise(school, answers.get(school.id, ()), background)
        for school in district.schools.values()
    )
    return Overview(target=target, days=days, as_of=now, schools=tuple(summaries))


def read_background(
    stores: Stores, district: District, asked: Asked, school_id: UUID | None = None
) -> Background:
    """Everything that summaries of one school, or of all, need beside verdicts."""
    direction, recent = asked.target.direction, replace(asked, days=1)
    with stores.results.questions() as questions:
        return Background(
            direction,
            _grouped(agent for agent in district.agents if agent.revoked_at is None),
            _grouped(questions.latest(recent.fetched(), direction, school_id)),
            questions.only_loopback(asked.fetched(), school_id),
            Ways(district),
            asked.now,
        )


def summarise(
    school: School, answers: Sequence[LinkVerdict], background: Background
) -> SchoolSummary:
    """One school's row, from the verdicts on its links."""
    deciding = worst(answers)
    agents = background.agents.get(school.id, ())
    awake = [agent for agent in agents if agent.asleep_since is None]
    heard = [agent.last_seen_at for agent in awake or agents if agent.last_seen_at is not None]
    last_heard_at = max(heard, default=None)
    reading = _reading(school, deciding, background)
    return SchoolSummary(
        school=school,
        people=school.people_on(local_day(background.now, school.timezone)),
        verdicts=tuple(answers),
        deciding=deciding,
        reading=reading,
        last_heard_at=last_heard_at,
        silent=bool(awake) and silent(last_heard_at, background.now),
        agents=len(agents),
        asleep=len(agents) - len(awake),
        loopback_only=school.id in background.only_loopback,
        simulated=school.simulated
        or any(answer.verdict.simulated for answer in answers)
        or (reading is not None and reading.simulated),
    )


def worst(answers: Iterable[LinkVerdict]) -> LinkVerdict | None:
    """The verdict that decides for a school which depends on all of these lines."""
    return min(answers, key=_severity, default=None)


def by_school(judged: Iterable[JudgedLink]) -> Mapping[UUID, Sequence[LinkVerdict]]:
    """The verdicts on the lines of each school."""
    answers = defaultdict[UUID, list[LinkVerdict]](list)
    for link in judged:
        for school_id in link.answer.link.school_ids:
            answers[school_id].append(link.answer)
    return answers


def _grouped(found: Iterable[OfSchool]) -> Mapping[UUID, Sequence[OfSchool]]:
    grouped = defaultdict[UUID, list[OfSchool]](list)
    for one in found:
        grouped[one.school_id].append(one)
    return grouped


def _severity(answer: LinkVerdict) -> tuple[int, float]:
    """The worst conclusion first; among equals, the least capacity for the need."""
    verdict = answer.verdict
    share = float("inf")
    if verdict.capacity is not None and verdict.need is not None:
        share = verdict.capacity.bits_per_second / verdict.need.bits_per_second
    return _WORST_FIRST[verdict.conclusion], share


def _reading(
    school: School, deciding: LinkVerdict | None, background: Background
) -> Reading | None:
    """Today's latest test of the school: over the network before inside one machine, and on the
    link that decides before on another."""
    today = local_day(background.now, school.timezone)
    rates = (
        rate
        for rate in background.latest.get(school.id, ())
        if rate.path_kind in ("network", "loopback")
        and local_day(rate.moment, school.timezone) == today
    )
    elsewhere = partial(_elsewhere, deciding=deciding, ways=background.ways)
    found = min(
        rates, key=lambda rate: (rate.path_kind != "network", elsewhere(rate)), default=None
    )
    if found is None:
        return None
    return Reading(
        started_at=found.moment,
        direction=background.direction,
        segment=found.segment,
        line_bits_per_second=found.line,
        bound=found.bound,
        loopback=found.path_kind == "loopback",
        simulated=found.simulated,
    )


def _elsewhere(rate: Latest, deciding: LinkVerdict | None, ways: Ways) -> bool:
    link = ways.link_of(rate)
    return deciding is None or link is None or link.id != deciding.link.id
