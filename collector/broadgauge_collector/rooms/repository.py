"""Rooms and their codes in the control database, by the rules of schools/repository.py."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, delete, insert, select

from broadgauge_wire import new_id

from ..errors import Conflict, Invalid, NotFound
from ..schools.checks import clean_name, name_key
from ..schools.repository import get_school
from ..store import tables
from .codes import new_code, normal_code
from .model import Room

MAX_AT_ONCE = 500
"""Rooms of one request: a large school's, and few enough to be one short transaction."""

NO_SUCH_CODE = "No room has this code, or it was withdrawn."

_ROOMS: Select[Any] = (
    select(tables.room, tables.school.c.name.label("school"))
    .join(tables.school)
    .order_by(tables.school.c.name_key, tables.room.c.name_key)
)


def add_rooms(
    c: Connection, school_id: UUID, names: Iterable[str], now: datetime
) -> tuple[Room, ...]:
    """Make a code for each of these rooms: all of them, or none if one has a code already."""
    get_school(c, school_id)
    rows = [_row(school_id, name, now) for name in names]
    if not 0 < len(rows) <= MAX_AT_ONCE:
        raise Invalid(f"Name 1 to {MAX_AT_ONCE} rooms at once.")
    _refuse_taken(c, school_id, rows)
    c.execute(insert(tables.room), rows)
    made = {row["id"] for row in rows}
    return tuple(room for room in list_rooms(c, school_id) if room.id in made)


def list_rooms(c: Connection, school_id: UUID | None = None) -> tuple[Room, ...]:
    """Every room with a code, by school and name; on demand those of one school."""
    wanted = _ROOMS if school_id is None else _ROOMS.where(tables.room.c.school_id == school_id)
    return tuple(_room(row) for row in c.execute(wanted))


def find_by_code(c: Connection, typed: str) -> Room:
    """The room with this code, however it was typed. NotFound if nobody made it."""
    code = normal_code(typed)
    row = code and c.execute(_ROOMS.where(tables.room.c.code == code)).one_or_none()
    if not row:
        raise NotFound(NO_SUCH_CODE)
    return _room(row)


def remove_room(c: Connection, room_id: UUID) -> None:
    """Withdraw a room's code: it opens nothing from now on. What was measured there stays."""
    gone = c.execute(delete(tables.room).where(tables.room.c.id == room_id))
    if gone.rowcount != 1:
        raise NotFound(f"There is no room with the id {room_id}. See: broadgauge rooms list")


def _row(school_id: UUID, name: str, now: datetime) -> dict[str, Any]:
    cleaned = clean_name(name, "The room's name")
    row = {"id": new_id(), "school_id": school_id, "code": new_code(), "made_at": now}
    return row | {"name": cleaned, "name_key": name_key(cleaned)}


def _refuse_taken(c: Connection, school_id: UUID, rows: list[dict[str, Any]]) -> None:
    query = select(tables.room.c.name_key).where(tables.room.c.school_id == school_id)
    taken = set(c.execute(query).scalars())
    for row in rows:
        if row["name_key"] in taken:
            raise Conflict(
                f"There is already a code for {row['name']!r} at this school. For a new code, "
                "remove the room and add it again."
            )
        taken.add(row["name_key"])


def _room(row: Row[Any]) -> Room:
    return Room(
        id=row.id,
        school_id=row.school_id,
        school=row.school,
        name=row.name,
        code=row.code,
        made_at=row.made_at,
    )
