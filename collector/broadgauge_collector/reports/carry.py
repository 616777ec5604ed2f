"""What each school can carry today, under every blended model, and all targets side by side."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Segment
from broadgauge_wire.fields import about

from ..capacity.carry import Carries, Load, MeasuredLine, carries
from ..capacity.daypart import local_day
from ..capacity.demand import working
from ..capacity.model import Estimate
from ..capacity.models import BLENDED_MODELS
from ..capacity.targets import TARGETS
from ..errors import NotFound
from ..schools.model import Link, School
from ..store import Stores
from .asked import Asked
from .district import District, read_district
from .judging import judge_links
from .model import LinkVerdict
from .planning import Planning, read_planning

Loads = Callable[[UUID, str], Load | str]

NO_LINE = "No line is known for this school."


class ModelCarried(Struct, frozen=True, kw_only=True):
    """One blended model at one school."""

    title: Annotated[str, about("What people call the model")]
    wanted: Annotated[bool, about("Whether it is the model wanted here")]
    carries: Annotated[Carries, about("Whether it is carried, and for how many at once")]
    working: Annotated[str, about("How the school's need comes about")]


class SchoolCarries(Struct, frozen=True, kw_only=True):
    """What a school's lines carry today."""

    school_id: Annotated[UUID, about("The school")]
    school: Annotated[str, about("Its name")]
    students: Annotated[int | None, about("Students counted today; null if nobody is")]
    models: Annotated[tuple[ModelCarried, ...], about("Every blended model; none if unknown")]
    unknown: Annotated[str | None, about("Why nothing can be said, if so")]
    simulated: Annotated[bool, about("Rests on made-up results")]


class CarryReport(Struct, frozen=True, kw_only=True):
    """What every school, or one, can carry."""

    days: Annotated[int, about("Days of tests it rests on")]
    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    schools: Annotated[tuple[SchoolCarries, ...], about("By name")]


class TargetHeld(Struct, frozen=True, kw_only=True):
    """One target held against one line."""

    target: Annotated[str, about("Key of the target")]
    title: Annotated[str, about("What people call it")]
    source: Annotated[str, about("Who says so, and where")]
    year: Annotated[int, about("Year it is for or was published")]
    level: Annotated[str, about("What it was stated for: a district or a school")]
    link_id: Annotated[UUID, about("The line")]
    link: Annotated[str, about("Its name")]
    segment: Annotated[Segment, about("Kind of line")]
    need_bits_per_second: Annotated[float | None, about("What the line must carry", "bit/s")]
    working: Annotated[str, about("How that was worked out, or why it isn't known")]
    capacity: Annotated[Estimate | None, about("What the line carries, as measured")]
    conclusion: Annotated[str, about("meets, below or undecided")]
    explanation: Annotated[str, about("The same in a sentence")]


class AllTargets(Struct, frozen=True, kw_only=True):
    """Every target against each line of a school, or against one line."""

    name: Annotated[str, about("The school or line")]
    days: Annotated[int, about("Days of tests judged by")]
    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    held: Annotated[tuple[TargetHeld, ...], about("By line, then in the order of targets")]


def carry(stores: Stores, school_id: UUID | None, days: int, now: datetime) -> CarryReport:
    """Every school, or one. NotFound for a school that isn't known."""
    planning = read_planning(stores, days, now, school_id)
    schools = planning.district.schools
    asked = [schools[school_id]] if school_id else list(schools.values())
    return CarryReport(days=days, as_of=now, schools=carried(planning, asked))


def carried(planning: Planning, schools: Sequence[School]) -> tuple[SchoolCarries, ...]:
    """What these schools can carry, by lines that were read."""
    lines: dict[UUID, list[LinkVerdict]] = defaultdict(list)
    for line in planning.lines:
        for school_id in line.link.school_ids:
            lines[school_id].append(line)
    load = planning.loads()
    return tuple(_school(planning, school, lines[school.id], load) for school in schools)


def all_targets(
    stores: Stores, school_id: UUID | None, link_id: UUID | None, days: int, now: datetime
) -> AllTargets:
    """All targets against a school's lines, or against one line. NotFound if it isn't known."""
    district = read_district(stores)
    name, links = _links(district, school_id, link_id)
    answers = [
        (target, judged.answer)
        for target in TARGETS
        for judged in judge_links(stores, district, Asked(target, days, now), links)
    ]
    order = {link.id: place for place, link in enumerate(links)}
    answers.sort(key=lambda pair: order[pair[1].link.id])
    held = tuple(
        TargetHeld(
            target=target.key,
            title=target.title,
            source=target.source,
            year=target.year,
            level=target.level,
            link_id=answer.link.id,
            link=answer.link.name,
            segment=answer.link.segment,
            need_bits_per_second=need.bits_per_second if (need := answer.verdict.need) else None,
            working=need.working if need else answer.verdict.explanation,
            capacity=answer.verdict.capacity,
            conclusion=answer.verdict.conclusion,
            explanation=answer.verdict.explanation,
        )
        for target, answer in answers
    )
    return AllTargets(name=name, days=days, as_of=now, held=held)


def _links(
    district: District, school_id: UUID | None, link_id: UUID | None
) -> tuple[str, list[Link]]:
    if school_id is not None:
        school = district.school(school_id)
        return school.name, [k for k in district.links.values() if school_id in k.school_ids]
    link = district.links.get(link_id) if link_id else None
    if link is None:
        raise NotFound(f"There is no line with the id {link_id}.")
    return link.name, [link]


def _school(
    planning: Planning, school: School, lines: Sequence[LinkVerdict], load: Loads
) -> SchoolCarries:
    models, unknown = [], None if lines else NO_LINE
    wanted = planning.held(school).model
    for model in BLENDED_MODELS if lines else ():
        demand = planning.demand(school, model.key)
        loads = [load(line.link.id, model.key) for line in lines]
        unknown = next((one for one in (demand, *loads) if isinstance(one, str)), None)
        if unknown is not None or isinstance(demand, str):
            break
        found = carries(demand, _measured(lines, loads))
        models.append(
            ModelCarried(
                title=model.title,
                wanted=model.key == wanted,
                carries=found,
                working=working(demand),
            )
        )
    people = school.people_on(local_day(planning.now, school.timezone))
    return SchoolCarries(
        school_id=school.id,
        school=school.name,
        students=people.students if people else None,
        models=() if unknown else tuple(models),
        unknown=unknown,
        simulated=school.simulated or any(line.verdict.simulated for line in lines),
    )


def _measured(lines: Sequence[LinkVerdict], loads: Sequence[Load | str]) -> list[MeasuredLine]:
    return [
        MeasuredLine(link=line.link.name, capacity=line.verdict.capacity, load=load)
        for line, load in zip(lines, loads, strict=True)
        if isinstance(load, Load)
    ]
