"""Targets, and what measurements say against them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from msgspec import Struct
from starlette.responses import Response

from .. import reports
from ..access.permissions import Permission
from ..capacity.model import Conclusion, Reason, Target
from ..capacity.targets import DEFAULT_TARGET, TARGETS
from ..config import DEFAULT_DAYS, MAX_DAYS
from ..exports import formats, verdicts
from ..reports import LinkVerdict, Overview, Reading, SchoolSummary
from ..schools.model import People
from .routing import Route, TheServices, answer

Days = Annotated[int, Query(ge=1, le=MAX_DAYS)]
NO_LINE = "No line is known for this school. Add one with: broadgauge links add"


class SchoolVerdict(Struct, frozen=True, kw_only=True):
    """A school's own verdict: that of its worst line, which is named."""

    school_id: UUID
    school: str
    people: People | None
    conclusion: Conclusion
    reason: Reason | None
    explanation: str
    link_id: UUID | None
    link: str | None
    reading: Reading | None
    last_heard_at: datetime | None
    simulated: bool


class Verdicts(Struct, frozen=True, kw_only=True):
    """Every school, and every line with its evidence, against one target."""

    target: Target
    days: int
    as_of: datetime
    schools: tuple[SchoolVerdict, ...]
    links: tuple[LinkVerdict, ...]


async def get_targets() -> Response:
    """All targets, with their sources."""
    return answer(TARGETS)


async def get_verdicts(
    services: TheServices,
    target: str = DEFAULT_TARGET,
    days: Days = DEFAULT_DAYS,
    format: Literal["json", "csv", "parquet"] = "json",  # noqa: A002 - the parameter's public name
) -> Response:
    """Whether each school's lines are big enough for a target, by the tests of the last days."""
    overview = await services.read(reports.overview, target, days, services.now())
    if format == "json":
        return await services.run(answer, judged(overview))
    body = await services.run(_file, overview, format)
    headers = {"Content-Disposition": f'attachment; filename="broadgauge-verdicts.{format}"'}
    return Response(body, headers=headers, media_type=formats.MEDIA_TYPES[format])


def judged(overview: Overview) -> Verdicts:
    """The overview as the API says it: schools first, then each line once."""
    links = {v.link.id: v for school in overview.schools for v in school.verdicts}
    return Verdicts(
        target=overview.target,
        days=overview.days,
        as_of=overview.as_of,
        schools=tuple(_school(summary) for summary in overview.schools),
        links=tuple(links.values()),
    )


def _file(overview: Overview, format_: formats.Format) -> bytes:
    return formats.write(verdicts.table(overview), format_)


def _school(summary: SchoolSummary) -> SchoolVerdict:
    worst = summary.deciding
    return SchoolVerdict(
        school_id=summary.school.id,
        school=summary.school.name,
        people=summary.people,
        conclusion=worst.verdict.conclusion if worst else "undecided",
        reason=worst.verdict.reason if worst else None,
        explanation=worst.verdict.explanation if worst else NO_LINE,
        link_id=worst.link.id if worst else None,
        link=worst.link.name if worst else None,
        reading=summary.reading,
        last_heard_at=summary.last_heard_at,
        simulated=summary.simulated,
    )


ROUTES = (
    Route(
        method="GET",
        path="/targets",
        endpoint=get_targets,
        permission=Permission.READ,
        answer=tuple[Target, ...],
    ),
    Route(
        method="GET",
        path="/verdicts",
        endpoint=get_verdicts,
        permission=Permission.READ,
        answer=Verdicts,
    ),
)
