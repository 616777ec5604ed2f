"""The tests of rooms that are under way, in the control database: whichever collector a page began
its test at, any may be told what it found, and all know which rooms are being tested."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select, update

from ..errors import Conflict, NotFound, TooManyTests
from ..store.tables import room_test
from .model import Room
from .servers import PageServer

State = Literal["awaited", "keeping", "kept"]

TESTS_AT_SCHOOL = 4
"""At once: more would only measure each other."""

WAIT_SECONDS = 10
"""A test that is under way may have ended after this."""

REMEMBERED = timedelta(hours=1)
"""A page whose answer got lost may say the same again for so long."""

NOT_AWAITED = "This test isn't awaited any more: it took too long, or the server was away."
BEING_KEPT = "The result of this test is being kept right now."


class UnderWay(Struct, frozen=True, kw_only=True):
    """A test that began in a room. Its id is a secret of its page."""

    id: UUID
    room: Room
    server: PageServer
    began: datetime


class Claimed(NamedTuple):
    """A test whose result has come; whether it was kept before."""

    test: UnderWay
    is_kept: bool


def begin(c: Connection, test: UnderWay, ends_at: datetime) -> None:
    """Note a test. TooManyTests if its room or too many others of its school are being tested."""
    c.execute(delete(room_test).where(room_test.c.ends_at < test.began - REMEMBERED))
    rooms = select(room_test.c.room_id).where(
        room_test.c.school_id == test.room.school_id,
        room_test.c.state != "kept",
        room_test.c.ends_at > test.began,
    )
    tested = c.execute(rooms).scalars().all()
    if test.room.id in tested:
        raise TooManyTests("Another device is testing this room right now.", WAIT_SECONDS)
    if len(tested) >= TESTS_AT_SCHOOL:
        raise TooManyTests("Other rooms are being tested right now.", WAIT_SECONDS)
    row = {"id": test.id, "room_id": test.room.id, "school_id": test.room.school_id}
    text = msgspec.json.encode(test).decode()
    c.execute(insert(room_test).values(test=text, ends_at=ends_at, state="awaited", **row))


def claim(c: Connection, test_id: UUID) -> Claimed:
    """Take it on to keep its result: one caller alone does, unless it is kept already.

    NotFound if it isn't awaited, Conflict while another keeps it.
    """
    row = c.execute(select(room_test).where(room_test.c.id == test_id)).one_or_none()
    if row is None:
        raise NotFound(NOT_AWAITED)
    if row.state == "keeping":
        raise Conflict(BEING_KEPT)
    if row.state == "awaited":
        _set(c, test_id, "keeping")
    return Claimed(msgspec.json.decode(row.test, type=UnderWay), row.state == "kept")


def settle(c: Connection, test_id: UUID) -> None:
    """Its result is kept."""
    _set(c, test_id, "kept")


def await_again(c: Connection, test_id: UUID, ends_at: datetime) -> None:
    """Its result could not be kept for the moment."""
    again = {"state": "awaited", "ends_at": ends_at}
    c.execute(update(room_test).where(room_test.c.id == test_id).values(again))


def forget(c: Connection, test_id: UUID) -> None:
    """It is awaited no more."""
    c.execute(delete(room_test).where(room_test.c.id == test_id))


def _set(c: Connection, test_id: UUID, state: State) -> None:
    c.execute(update(room_test).where(room_test.c.id == test_id).values(state=state))
