"""All schools against one target."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from broadgauge_wire import Direction

from ..capacity.daypart import local_day
from ..capacity.model import Conclusion
from ..capacity.targets import find_target
from ..schools.model import School
from ..store import Stores
from ..store.questions import Latest
from .district import District, Ways, read_district
from .fleet import silent
from .judging import Asked, JudgedLink, judge_links
from .model import LinkVerdict, Overview, Reading, SchoolSummary

_WORST_FIRST: dict[Conclusion, int] = {"below": 0, "undecided": 1, "meets": 2}


class Background(Struct, frozen=True):
    """What summaries need beside verdicts: rates of the last day or two, newest first."""

    direction: Direction
    latest: list[Latest]
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
    summaries = (summarise(s, district, judged, background) for s in district.schools.values())
    return Overview(target=target, days=days, as_of=now, schools=tuple(summaries))


def read_background(stores: Stores, district: District, asked: Asked) -> Background:
    """Everything that summaries of a district need beside verdicts."""
    with stores.results.questions() as questions:
        return Background(
            asked.target.direction,
            questions.latest(replace(asked, days=1).fetched(), asked.target.direction),
            questions.only_loopback(asked.fetched()),
            Ways(district),
            asked.now,
        )


def summarise(
    school: School, district: District, judged: Iterable[JudgedLink], background: Background
) -> SchoolSummary:
    """One school's row."""
    answers = tuple(j.answer for j in judged if school.id in j.answer.link.school_ids)
    deciding = min(answers, key=_severity, default=None)
    agents = [a for a in district.agents if a.school_id == school.id and a.revoked_at is None]
    awake = [agent for agent in agents if agent.asleep_since is None]
    heard = [agent.last_seen_at for agent in awake or agents if agent.last_seen_at is not None]
    last_heard_at = max(heard, default=None)
    reading = _reading(school, deciding, background)
    return SchoolSummary(
        school=school,
        people=school.people_on(local_day(background.now, school.timezone)),
        verdicts=answers,
        deciding=deciding,
        reading=reading,
        last_heard_at=last_heard_at,
        silent=bool(awake) and silent(last_heard_at, background.now),
        agents=len(agents),
        asleep=len(agents) - len(awake),
        loopback_only=school.id in background.only_loopback,
        simulated=any(answer.verdict.simulated for answer in answers)
        or (reading is not None and reading.simulated),
    )


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
        for rate in background.latest
        if rate.school_id == school.id
        and rate.path_kind in ("network", "loopback")
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
