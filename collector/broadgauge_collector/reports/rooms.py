"""The rooms of a school beside each other."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import Segment

from ..rooms.calls import calls
from ..rooms.repository import list_rooms
from ..schools.checks import name_key
from ..schools.repository import get_school
from ..store import Stores
from ..store.questions import MadeBy, RoomRow
from .charts import local_window


class RoomReading(Struct, frozen=True, kw_only=True):
    """The latest rates of one room, one segment and one way of testing, in bit/s."""

    room: str
    made_by: MadeBy
    segment: Segment | None
    loopback: bool
    download_bits_per_second: float | None
    upload_bits_per_second: float | None
    calls: int | None
    """Video calls at once, by the slower direction; None unless both are known."""
    tests: int
    failed: int
    latest_at: datetime


class RoomsReport(Struct, frozen=True, kw_only=True):
    """What was tested where, by room, and which rooms with a code were not tested at all."""

    school_id: UUID
    timezone: str
    days: int
    as_of: datetime
    readings: tuple[RoomReading, ...]
    untested: tuple[str, ...]


def rooms(stores: Stores, school_id: UUID, days: int, now: datetime) -> RoomsReport:
    """The rooms of one school. NotFound for an unknown one."""
    with stores.control.connect() as connection:
        school = get_school(connection, school_id)
        named = [room.name for room in list_rooms(connection, school_id)]
    with stores.results.questions() as questions:
        found = questions.rooms(local_window(school, days, now), school_id)
    tested = {name_key(row.location) for row in found}
    return RoomsReport(
        school_id=school_id,
        timezone=school.timezone,
        days=days,
        as_of=now,
        readings=tuple(_reading(row) for row in sorted(found, key=_order)),
        untested=tuple(name for name in named if name_key(name) not in tested),
    )


def _order(row: RoomRow) -> tuple[str, int, str]:
    ways: tuple[MadeBy, ...] = ("browser", "survey", "agent")
    return name_key(row.location), ways.index(row.made_by), row.segment or ""


def _reading(row: RoomRow) -> RoomReading:
    return RoomReading(
        room=row.location,
        made_by=row.made_by,
        segment=row.segment,
        loopback=row.loopback,
        download_bits_per_second=row.download,
        upload_bits_per_second=row.upload,
        calls=None if row.payload is None else calls(row.payload),
        tests=row.tests,
        failed=row.failed,
        latest_at=row.latest,
    )
