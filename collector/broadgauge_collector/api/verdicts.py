"""Targets, and what measurements say against them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from msgspec import Struct
from starlette.responses import Response

from broadgauge_wire.fields import about

from .. import reports
from ..access.permissions import Permission
from ..capacity.model import Conclusion, Reason, Target
from ..capacity.targets import DEFAULT_TARGET, TARGETS
from ..config import DEFAULT_DAYS, MAX_DAYS
from ..errors import NotFound
from ..exports import formats, verdicts
from ..reports import LinkVerdict, Overview, Reading, SchoolSummary
from ..schools.model import People
from .results import FileFormat
from .routing import Route, TheServices, answer

Days = Annotated[int, Query(ge=1, le=MAX_DAYS, description="Days of tests to judge by")]
TargetKey = Annotated[str, Query(description="Key from `GET /api/v1/targets`")]
NO_LINE = "No line is known for this school. Add one with: broadgauge links add"


class SchoolVerdict(Struct, frozen=True, kw_only=True):
    """A school's own verdict: that of its worst line, which is named."""

    school_id: Annotated[UUID, about("The school")]
    school: Annotated[str, about("Its name")]
    people: Annotated[People | None, about("Counts in force today")]
    conclusion: Annotated[Conclusion, about("Whether its lines are big enough: that of the worst")]
    reason: Annotated[Reason | None, about("Why it is undecided, if it is")]
    explanation: Annotated[str, about("The same in a sentence")]
    link_id: Annotated[UUID | None, about("The worst line")]
    link: Annotated[str | None, about("Its name")]
    reading: Annotated[
        Reading | None, about("Latest test of today, as such and never as a verdict")
    ]
    last_heard_at: Annotated[datetime | None, about("When an agent there was last heard, UTC")]
    simulated: Annotated[bool, about("Rests on made-up results")]


class Verdicts(Struct, frozen=True, kw_only=True):
    """Every school, and every line with its evidence, against one target."""

    target: Annotated[Target, about("What was judged against")]
    days: Annotated[int, about("Days of tests judged by")]
    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    schools: Annotated[tuple[SchoolVerdict, ...], about("Every school")]
    links: Annotated[tuple[LinkVerdict, ...], about("Every line, once, with its evidence")]


async def get_targets() -> Response:
    """All targets, with their sources."""
    return answer(TARGETS)


async def get_verdicts(
    services: TheServices,
    target: TargetKey = DEFAULT_TARGET,
    days: Days = DEFAULT_DAYS,
    format: FileFormat = "json",  # noqa: A002 - the parameter's public name
) -> Response:
    """Whether each school's lines are big enough for a target, by the tests of the last days."""
    overview = await services.report(reports.overview, target, days)
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
        files=tuple(formats.MEDIA_TYPES.values()),
        refusals=(NotFound,),
    ),
)
