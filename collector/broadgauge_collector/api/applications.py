"""Which applications are installed on how many machines."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from ..access.permissions import Permission
from ..exports.applications import table
from ..reports.applications import ApplicationsReport, applications, matching
from .routing import Route, TheServices, answer
from .table_files import MEDIA_TYPES, TableFormat, table_file


async def get_applications(
    services: TheServices,
    search: Annotated[
        str | None, Query(max_length=200, description="Words of the application's name")
    ] = None,
    format: Annotated[  # noqa: A002 - the parameter's public name
        TableFormat, Query(description="JSON, or a table as a file")
    ] = "json",
) -> Response:
    """Counts of machines by application, version, school and model; no machine is named."""
    report = matching(await services.report(applications), search)
    if format == "json":
        return await services.run(answer, report)
    return await table_file(services, table(report.applications), "applications", format)


ROUTES = (
    Route(
        method="GET",
        path="/applications",
        endpoint=get_applications,
        permission=Permission.READ,
        answer=ApplicationsReport,
        files=MEDIA_TYPES,
    ),
)
