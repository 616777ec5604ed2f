"""Repairs: those that tickets tell of and those typed in, the rule, and of whom they are told."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query
from starlette.responses import Response

from ..access.permissions import Permission
from ..errors import Invalid, NotFound
from ..exports.repairs import export
from ..fleet.repairs.by_hand import (
    HandRepair,
    KeptRepair,
    add_repair,
    change_repair,
    remove_repair,
)
from ..fleet.repairs.feeds import FeedDeclared, declare_feed
from ..fleet.repairs.listing import AskedRepairs, RepairPage, page
from ..fleet.repairs.model import Feed, FleetData
from ..fleet.repairs.rule import RepairRule, repair_rule, set_repair_rule
from ..imports.model import TicketCategory
from ..reports.repairs import fleet_data
from .routing import Route, TheServices, answer, body_of
from .table_files import MEDIA_TYPES, TableFormat, download
from .when import Day

MAX_REPAIRS = 10_000


async def asked(
    school: Annotated[str | None, Query(description="School, by name or id; empty: none")] = None,
    model: Annotated[str | None, Query(description="Model of the device")] = None,
    category: Annotated[TicketCategory | None, Query(description="Why it was opened")] = None,
    since: Annotated[Day | None, Query(description="Opened on this day or later")] = None,
    until: Annotated[Day | None, Query(description="Opened on this day or earlier")] = None,
    device: Annotated[
        str | None,
        Query(min_length=1, max_length=200, description="Device: asset tag, serial number or id"),
    ] = None,
) -> AskedRepairs:
    """Which repairs a request is about."""
    return AskedRepairs(
        school=school, model=model, category=category, since=since, until=until, device=device
    )


async def get_repairs(
    services: TheServices,
    which: Annotated[AskedRepairs, Depends(asked)],
    start: Annotated[int, Query(ge=0, le=2**53, description="How many to pass over")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_REPAIRS, description="Most on this page")] = 100,
    format: Annotated[  # noqa: A002 - the parameter's public name
        TableFormat,
        Query(description="JSON, a page of them; or a file with all that are asked for"),
    ] = "json",
) -> Response:
    """Repairs and losses, newest first, and how many tickets are neither, and why."""
    data: FleetData = await services.report(fleet_data)
    if format == "json":
        return answer(await services.look_up(page, data, which, start, limit))
    return download(await services.read(export, data, which, format), "repairs", format)


async def post_repair(
    services: TheServices, given: Annotated[HandRepair, body_of(HandRepair)]
) -> Response:
    """Type a repair in."""
    return answer(await services.write(add_repair, given, services.now()), 201)


async def put_repair(
    services: TheServices,
    repair_id: Annotated[UUID, Path(description="The repair's id")],
    given: Annotated[HandRepair, body_of(HandRepair)],
) -> Response:
    """Correct a repair that was typed in: all of it is said anew."""
    return answer(await services.write(change_repair, repair_id, given, services.now()))


async def delete_repair(
    services: TheServices, repair_id: Annotated[UUID, Path(description="The repair's id")]
) -> Response:
    """Take back a repair that was typed in."""
    await services.write(remove_repair, repair_id, services.now())
    return Response(status_code=204)


async def get_rule(services: TheServices) -> Response:
    """Which tickets are repairs, each clause with its reason."""
    return answer(await services.look_up(repair_rule))


async def put_rule(
    services: TheServices, wish: Annotated[RepairRule, body_of(RepairRule)]
) -> Response:
    """Change which tickets are repairs. What was counted before is counted anew."""
    return answer(await services.write(set_repair_rule, wish))


async def get_feeds(services: TheServices) -> Response:
    """Of which schools repairs are told, and since when. The others have no rate."""
    data: FleetData = await services.report(fleet_data)
    return answer(data.schools)


async def put_feed(
    services: TheServices, given: Annotated[FeedDeclared, body_of(FeedDeclared)]
) -> Response:
    """Declare whether a school's repairs are told of, and since when; every school's afterwards."""
    await services.write(declare_feed, given, services.now().date())
    data: FleetData = await services.report(fleet_data)
    return answer(data.schools)


ROUTES = (
    Route(
        method="GET",
        path="/repairs",
        endpoint=get_repairs,
        permission=Permission.READ,
        answer=RepairPage,
        files=MEDIA_TYPES,
        refusals=(NotFound, Invalid),
    ),
    Route(
        method="POST",
        path="/repairs",
        endpoint=post_repair,
        permission=Permission.MANAGE,
        body=HandRepair,
        answer=KeptRepair,
        status=201,
        refusals=(NotFound, Invalid),
    ),
    Route(
        method="PUT",
        path="/repairs/by-hand/{repair_id}",
        endpoint=put_repair,
        permission=Permission.MANAGE,
        body=HandRepair,
        answer=KeptRepair,
        refusals=(NotFound, Invalid),
    ),
    Route(
        method="DELETE",
        path="/repairs/by-hand/{repair_id}",
        endpoint=delete_repair,
        permission=Permission.MANAGE,
        status=204,
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/repair-rule",
        endpoint=get_rule,
        permission=Permission.READ,
        answer=RepairRule,
    ),
    Route(
        method="PUT",
        path="/repair-rule",
        endpoint=put_rule,
        permission=Permission.MANAGE,
        body=RepairRule,
        answer=RepairRule,
        refusals=(Invalid,),
    ),
    Route(
        method="GET",
        path="/repair-feeds",
        endpoint=get_feeds,
        permission=Permission.READ,
        answer=tuple[Feed, ...],
    ),
    Route(
        method="PUT",
        path="/repair-feeds",
        endpoint=put_feed,
        permission=Permission.MANAGE,
        body=FeedDeclared,
        answer=tuple[Feed, ...],
        refusals=(NotFound, Invalid),
    ),
)
