"""When devices must be replaced, what must be bought, and by which rules."""

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from ..access.permissions import Permission
from ..errors import Invalid
from ..exports.refresh import lines_table, needs_table
from ..fleet.refresh.settings import (
    UnitCosts,
    replace_rules,
    set_replace_rules,
    set_unit_costs,
    unit_costs,
)
from ..fleet.statistics.replace_rules import ReplaceRules
from ..reports.refresh import RefreshReport, refresh
from .routing import Route, TheServices, answer, body_of
from .table_files import MEDIA_TYPES, TableFormat, table_file

TABLES = {"lines": lines_table, "needs": needs_table}


async def get_refresh(
    services: TheServices,
    format: Annotated[  # noqa: A002 - the parameter's public name
        TableFormat, Query(description="JSON with all of it, or a table as a file")
    ] = "json",
    table: Annotated[
        Literal["lines", "needs"],
        Query(description="For files: devices by line, or needs by school and fiscal year"),
    ] = "lines",
) -> Response:
    """What must be replaced, by school and fiscal year, and what that costs."""
    report: RefreshReport = await services.report(refresh)
    if format == "json":
        return await services.run(answer, report)
    return await table_file(services, TABLES[table](report), f"refresh-{table}", format)


async def get_rules(services: TheServices) -> Response:
    """What makes a device one to be replaced."""
    return answer(await services.look_up(replace_rules))


async def put_rules(
    services: TheServices, given: Annotated[ReplaceRules, body_of(ReplaceRules)]
) -> Response:
    """Change the rules, all at once."""
    return answer(await services.write(set_replace_rules, given))


async def get_costs(services: TheServices) -> Response:
    """Prices of new devices that were set; for the others, what was paid is reckoned with."""
    return answer(await services.look_up(unit_costs))


async def put_costs(
    services: TheServices, given: Annotated[UnitCosts, body_of(UnitCosts)]
) -> Response:
    """Set prices, all at once."""
    return answer(await services.write(set_unit_costs, given))


ROUTES = (
    Route(
        method="GET",
        path="/refresh",
        endpoint=get_refresh,
        permission=Permission.READ,
        answer=RefreshReport,
        files=MEDIA_TYPES,
    ),
    Route(
        method="GET",
        path="/replace-rules",
        endpoint=get_rules,
        permission=Permission.READ,
        answer=ReplaceRules,
    ),
    Route(
        method="PUT",
        path="/replace-rules",
        endpoint=put_rules,
        permission=Permission.MANAGE,
        body=ReplaceRules,
        answer=ReplaceRules,
        refusals=(Invalid,),
    ),
    Route(
        method="GET",
        path="/unit-costs",
        endpoint=get_costs,
        permission=Permission.READ,
        answer=UnitCosts,
    ),
    Route(
        method="PUT",
        path="/unit-costs",
        endpoint=put_costs,
        permission=Permission.MANAGE,
        body=UnitCosts,
        answer=UnitCosts,
        refusals=(Invalid,),
    ),
)
