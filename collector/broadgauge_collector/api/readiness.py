"""Whether schools have the devices that teaching, assessment and support take."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from ..access.permissions import Permission
from ..demand_reports import demand_report
from ..exports.readiness import table
from ..fleet.readiness.entries import entries, set_entries
from ..fleet.readiness.model import Readiness, ReadinessEntries
from ..reports.readiness import readiness
from .routing import Route, TheServices, answer, body_of
from .table_files import MEDIA_TYPES, TableFormat, table_file


async def get_readiness(
    services: TheServices,
    format: Annotated[  # noqa: A002 - the parameter's public name
        TableFormat, Query(description="JSON, or a file with a row for each school and demand")
    ] = "json",
) -> Response:
    """Every school's devices, held against its model, the assessment and what students produce."""
    report = await demand_report(services, readiness)
    if format == "json":
        return await services.run(answer, report)
    return await table_file(services, table(report), "readiness", format)


async def get_entries(services: TheServices) -> Response:
    """What only the district can say: its technicians, and what students produce."""
    return answer(await services.look_up(entries))


async def put_entries(
    services: TheServices, given: Annotated[ReadinessEntries, body_of(ReadinessEntries)]
) -> Response:
    """Say it, all of it at once."""
    return answer(await services.write(set_entries, given))


ROUTES = (
    Route(
        method="GET",
        path="/readiness",
        endpoint=get_readiness,
        permission=Permission.READ,
        answer=Readiness,
        files=MEDIA_TYPES,
    ),
    Route(
        method="GET",
        path="/readiness-entries",
        endpoint=get_entries,
        permission=Permission.READ,
        answer=ReadinessEntries,
    ),
    Route(
        method="PUT",
        path="/readiness-entries",
        endpoint=put_entries,
        permission=Permission.MANAGE,
        body=ReadinessEntries,
        answer=ReadinessEntries,
    ),
)
