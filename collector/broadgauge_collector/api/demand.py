"""What lines can carry, what they will need, and what that rests on."""

from typing import Annotated, Any

from fastapi import Query
from msgspec import Struct
from sqlalchemy import Connection
from starlette.responses import Response

from broadgauge_wire.fields import Text, about

from ..access.permissions import Permission
from ..capacity.models import BLENDED_MODELS, BlendedModel
from ..config import DEFAULT_DAYS
from ..demand_reports import demand_report
from ..errors import Invalid, NotFound
from ..exports import demand, formats
from ..reports.carry import AllTargets, CarryReport, all_targets, carry
from ..reports.checklist import Checklist, checklist
from ..reports.needs import NeedsReport, needs
from ..schools.assumptions import Assumptions, Value, list_assumptions, set_assumption
from ..schools.repository import find_link, find_school
from .results import FileFormat
from .routing import Route, TheServices, answer, body_of
from .schools import Name
from .verdicts import Days

SchoolAsked = Annotated[str | None, Query(description="Only this school, by name or id")]


class SetAssumption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one assumption is to be, for the district or for one school."""

    key: Annotated[Text, about("Its key, or `model` for the model wanted")]
    value: Annotated[
        Value | None,
        about("What to reckon with, a model's key, or null to take back what was set there"),
    ]
    low: Annotated[float | None, about("The least it may be; null: as the value")] = None
    high: Annotated[float | None, about("The most it may be; null: as the value")] = None
    school: Annotated[Name | None, about("Only this school, by name or id")] = None


async def get_carry(
    services: TheServices,
    school: SchoolAsked = None,
    days: Days = DEFAULT_DAYS,
    format: FileFormat = "json",  # noqa: A002 - the parameter's public name
) -> Response:
    """Which blended models, and how many students at once, each school can carry today."""
    found = await services.look_up(find_school, school) if school else None
    report = await demand_report(services, carry, found.id if found else None, days)
    if format == "json":
        return await services.run(answer, report)
    return await _file(services, demand.carry_table(report), "carry", format)


async def get_needs(
    services: TheServices,
    days: Days = DEFAULT_DAYS,
    format: FileFormat = "json",  # noqa: A002 - the parameter's public name
) -> Response:
    """What each line will need for the models wanted, today and three years ahead, and until when
    it is enough."""
    report = await demand_report(services, needs, days)
    if format == "json":
        return await services.run(answer, report)
    return await _file(services, demand.needs_table(report), "needs", format)


async def get_all_targets(
    services: TheServices,
    school: SchoolAsked = None,
    line: Annotated[str | None, Query(description="Only this line, by name or id")] = None,
    days: Days = DEFAULT_DAYS,
) -> Response:
    """Every target against each line of a school, or against one line. Say which."""
    if (school is None) == (line is None):
        raise Invalid("Say which school or which line: one of them, and not both.")
    of_school = await services.look_up(find_school, school) if school else None
    link = await services.look_up(find_link, line) if line else None
    ids = (of_school.id if of_school else None, link.id if link else None)
    return answer(await services.report(all_targets, *ids, days))


async def get_checklist(services: TheServices, days: Days = DEFAULT_DAYS) -> Response:
    """The guide's five broadband steps, ticked by evidence."""
    return answer(await demand_report(services, checklist, days))


async def get_models() -> Response:
    """All blended models, with what they take."""
    return answer(BLENDED_MODELS)


async def get_assumptions(services: TheServices) -> Response:
    """The model wanted, and every number that needs rest on, with its source."""
    return answer(await services.look_up(list_assumptions))


async def put_assumption(
    services: TheServices, wish: Annotated[SetAssumption, body_of(SetAssumption)]
) -> Response:
    """Set the model wanted or one number, for the district or for one school; or take it back."""
    return answer(await services.write(_put, wish))


def _put(c: Connection, wish: SetAssumption) -> Assumptions:
    school_id = None if wish.school is None else find_school(c, wish.school).id
    return set_assumption(
        c, key=wish.key, value=wish.value, low=wish.low, high=wish.high, school_id=school_id
    )


async def _file(services: Any, table: Any, name: str, format_: formats.Format) -> Response:
    body = await services.run(formats.write, table, format_)
    headers = {"Content-Disposition": f'attachment; filename="broadgauge-{name}.{format_}"'}
    return Response(body, headers=headers, media_type=formats.MEDIA_TYPES[format_])


FILES = tuple(formats.MEDIA_TYPES.values())

ROUTES = (
    Route(
        method="GET",
        path="/carry",
        endpoint=get_carry,
        permission=Permission.READ,
        answer=CarryReport,
        files=FILES,
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/demand/needs",
        endpoint=get_needs,
        permission=Permission.READ,
        answer=NeedsReport,
        files=FILES,
    ),
    Route(
        method="GET",
        path="/demand/targets",
        endpoint=get_all_targets,
        permission=Permission.READ,
        answer=AllTargets,
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/demand/checklist",
        endpoint=get_checklist,
        permission=Permission.READ,
        answer=Checklist,
    ),
    Route(
        method="GET",
        path="/demand/models",
        endpoint=get_models,
        permission=Permission.READ,
        answer=tuple[BlendedModel, ...],
    ),
    Route(
        method="GET",
        path="/demand/assumptions",
        endpoint=get_assumptions,
        permission=Permission.READ,
        answer=Assumptions,
    ),
    Route(
        method="PUT",
        path="/demand/assumptions",
        endpoint=put_assumption,
        permission=Permission.MANAGE,
        body=SetAssumption,
        answer=Assumptions,
        refusals=(NotFound,),
    ),
)
