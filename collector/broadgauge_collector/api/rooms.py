"""Rooms and their codes, and the tests that browsers make in them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Path, Query
from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from broadgauge_wire.fields import about

from ..access.failures import FailureLimit
from ..access.middleware import address_of
from ..access.permissions import Permission
from ..errors import Conflict, NotFound, TooManyTests
from ..rooms import repository
from ..rooms.model import FinishedTest, KeptTest, Room, StartedTest, TestUnderWay
from ..rooms.servers import PageServer, server_for_page
from ..rooms.under_way import RoomTests
from ..schools.repository import find_school
from .routing import Route, TheServices, answer, body_of
from .schools import Name

START_BODY_BYTES = 1024
FINISH_BODY_BYTES = 16 * 1024
CHANGED = "The test servers were changed since this page was opened. Reload the page."
log = structlog.get_logger()


class NewRooms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rooms of one school that shall have a code."""

    school: Annotated[Name, about("School they are in, by name or id")]
    names: Annotated[
        Annotated[tuple[Name, ...], Meta(min_length=1, max_length=repository.MAX_AT_ONCE)],
        about("What people call them"),
    ]


async def get_rooms(
    services: TheServices,
    school: Annotated[str | None, Query(description="Only this school, by name or id")] = None,
) -> Response:
    """Rooms that browsers may test, with their codes."""
    return answer(await services.look_up(_list, school))


async def post_rooms(
    services: TheServices, new: Annotated[NewRooms, body_of(NewRooms)]
) -> Response:
    """Make codes for rooms: for all of them, or for none if one has a code already."""
    made = await services.write(_add, new, services.now())
    log.info("room_codes_made", rooms=len(made))
    return answer(made, 201)


async def delete_room(
    services: TheServices, room_id: Annotated[UUID, Path(description="The room's id")]
) -> Response:
    """Withdraw a room's code. What was measured there stays."""
    await services.write(repository.remove_room, room_id)
    log.info("room_code_withdrawn", room_id=str(room_id))
    return Response(status_code=204)


async def post_start(
    request: Request, services: TheServices, wish: Annotated[StartedTest, body_of(StartedTest)]
) -> Response:
    """Announce a test of a room, whose code is the permission. Its result is awaited from now on:
    one that never comes is kept as a failed test."""
    address = address_of(request.scope)
    failures: FailureLimit = request.app.state.code_failures
    with failures.attempt(address):
        room, server = await services.look_up(_beginning, wish, services.config.secure)
    tests: RoomTests = request.app.state.room_tests
    test = await tests.begin(room, server, address, services.now())
    begun = TestUnderWay(id=test.id, lifetime_seconds=tests.lifetime_seconds)
    return answer(begun, 201)


async def post_finish(
    request: Request,
    test_id: Annotated[UUID, Path(description="The test's id")],
    finished: Annotated[FinishedTest, body_of(FinishedTest)],
) -> Response:
    """Say what a test of a room found, once. The answer comes after the commit."""
    tests: RoomTests = request.app.state.room_tests
    test = await tests.finish(test_id, finished)
    return answer(KeptTest(room=test.room.name, school=test.room.school))


def _list(c: Connection, school: str | None) -> tuple[Room, ...]:
    return repository.list_rooms(c, find_school(c, school).id if school else None)


def _add(c: Connection, new: NewRooms, now: datetime) -> tuple[Room, ...]:
    return repository.add_rooms(c, find_school(c, new.school).id, new.names, now)


def _beginning(c: Connection, wish: StartedTest, secure: bool) -> tuple[Room, PageServer]:
    room = repository.find_by_code(c, wish.room)
    server = server_for_page(c, room.school_id, secure=secure)
    if not isinstance(server, PageServer) or server.reflector.id != wish.reflector_id:
        raise Conflict(CHANGED)
    return room, server


ROUTES = (
    Route(
        method="GET",
        path="/rooms",
        endpoint=get_rooms,
        permission=Permission.READ,
        answer=tuple[Room, ...],
        refusals=(NotFound,),
    ),
    Route(
        method="POST",
        path="/rooms",
        endpoint=post_rooms,
        permission=Permission.MANAGE,
        body=NewRooms,
        answer=tuple[Room, ...],
        status=201,
        refusals=(NotFound, Conflict),
    ),
    Route(
        method="DELETE",
        path="/rooms/{room_id}",
        endpoint=delete_room,
        permission=Permission.MANAGE,
        status=204,
        refusals=(NotFound,),
    ),
    Route(
        method="POST",
        path="/room-tests",
        endpoint=post_start,
        permission=Permission.PUBLIC,
        body=StartedTest,
        answer=TestUnderWay,
        status=201,
        max_body_bytes=START_BODY_BYTES,
        refusals=(NotFound, Conflict, TooManyTests),
    ),
    Route(
        method="POST",
        path="/room-tests/{test_id}",
        endpoint=post_finish,
        permission=Permission.PUBLIC,
        body=FinishedTest,
        answer=KeptTest,
        max_body_bytes=FINISH_BODY_BYTES,
        refusals=(NotFound, Conflict),
    ),
)
