"""Group tests: started and looked at by people, heard of and answered by agents."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from broadgauge_wire import Direction, GroupAnswer, GroupAsk
from broadgauge_wire.fields import about

from ..access.permissions import Permission
from ..errors import Blackout, BudgetUsedUp, Conflict, Invalid, NotFound
from ..group_tests import GroupTests
from ..plan.group_model import GroupTest
from ..plan.group_records import get_group, list_groups
from ..schools.repository import find_link
from .agents import agent_of
from .routing import Route, ThePrincipal, TheServices, answer, body_of
from .schools import Name

BODY_BYTES = 4 * 1024
FURTHEST_SECONDS = 7 * 86400.0

Line = Annotated[str | None, Query(description="Only those of this line, by name or id")]
Limit = Annotated[int, Query(description="How many at most", ge=1, le=1000)]


class NewGroup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group test to start."""

    line: Annotated[Name, about("The line, by name or id")]
    direction: Annotated[Direction, about("Direction to test")] = "download"
    server: Annotated[
        Name | None, about("Test server at the line's end; null: the one that there is")
    ] = None
    at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        about("When to begin, within a week; null: as soon as the agents have answered"),
    ] = None
    in_school_hours: Annotated[
        bool, about("Whether it may run in school hours, when it fills the line for all")
    ] = False


async def post_group(
    request: Request,
    services: TheServices,
    new: Annotated[NewGroup, body_of(NewGroup)],
) -> Response:
    """Start a group test of a line: several agents at the same instant, whose sum is the result.
    What is wrong with that is said at once, as far as it is known."""
    groups: GroupTests = request.app.state.group_tests
    at = new.at and new.at.astimezone(UTC)
    if at is not None:
        _check_moment(at, services.now())
    started = await groups.start(
        new.line, new.direction, new.server, at, in_school_hours=new.in_school_hours
    )
    return answer(started, 201)


async def get_groups(services: TheServices, line: Line = None, limit: Limit = 100) -> Response:
    """Group tests, the newest first."""
    return answer(await services.look_up(_listed, line, limit))


async def get_one_group(
    services: TheServices, group_id: Annotated[UUID, Path(description="The group test's id")]
) -> Response:
    """One group test. What came of it is the test of the same id, once it is done."""
    return answer(await services.look_up(get_group, group_id))


async def post_group_call(
    request: Request,
    principal: ThePrincipal,
    said: Annotated[GroupAsk, body_of(GroupAsk)],
) -> Response:
    """Ask whether the agent is called to a group test, and say how it stands to it."""
    groups: GroupTests = request.app.state.group_tests
    return answer(await groups.answer(agent_of(principal), said))


def _check_moment(at: datetime, now: datetime) -> None:
    ahead = (at - now).total_seconds()
    if not -60 <= ahead <= FURTHEST_SECONDS:
        raise Invalid("'at' has to be within a week from now. Leave it out to begin now.")


def _listed(c: Connection, line: str | None, limit: int) -> tuple[GroupTest, ...]:
    return list_groups(c, link_id=find_link(c, line).id if line else None, limit=limit)


ROUTES = (
    Route(
        method="POST",
        path="/groups",
        endpoint=post_group,
        permission=Permission.MANAGE,
        body=NewGroup,
        answer=GroupTest,
        status=201,
        max_body_bytes=BODY_BYTES,
        refusals=(NotFound, Conflict, Invalid, Blackout, BudgetUsedUp),
    ),
    Route(
        method="GET",
        path="/groups",
        endpoint=get_groups,
        permission=Permission.READ,
        answer=tuple[GroupTest, ...],
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/groups/{group_id}",
        endpoint=get_one_group,
        permission=Permission.READ,
        answer=GroupTest,
        refusals=(NotFound,),
    ),
    Route(
        method="POST",
        path="/group-calls",
        endpoint=post_group_call,
        permission=Permission.AGENT,
        body=GroupAsk,
        answer=GroupAnswer,
        max_body_bytes=BODY_BYTES,
    ),
)
