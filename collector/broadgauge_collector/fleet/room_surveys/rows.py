"""What sources say of rooms, made one: what somebody here said by hand, then the latest sheet."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from ...errors import Invalid
from ...imports.model import RoomRecord, RowRefused
from ...imports.room_records import COUNTED, NO_ROOM_NAME, check_room, is_room_name, room_key
from ...rooms.repository import list_rooms
from ...schools.checks import clean_name, name_key
from ...schools.model import School
from ...schools.repository import find_school, list_schools
from ...store.tables import room_source
from ..merging import HAND
from ..places import read_places
from .model import HandSurvey, RoomFigures

SAID = ("surveyed_on", *COUNTED)
RoomKey = tuple[UUID | None, str, str]
"""The school here, or the sheet's words for it, and the room: names as they are compared."""


class RoomSaid(Struct, frozen=True, kw_only=True):
    """What one source says of a room."""

    by_hand: bool
    said_at: datetime
    record: RoomRecord


class KnownRoom(Struct, kw_only=True):
    """A room, and all that is said of it: what counts most first."""

    school_id: UUID | None
    school: str
    name: str
    has_code: bool = False
    said: tuple[RoomSaid, ...] = ()

    def figures(self) -> RoomFigures:
        """Of each figure what the first says that says something."""
        return RoomFigures(**{name: self.first(name) for name in COUNTED})

    def first(self, field: str) -> Any:
        """What the first says of a field that says something."""
        values = (getattr(said.record, field) for said in self.said)
        return next((value for value in values if value is not None), None)

    def by_hand(self) -> tuple[str, ...]:
        """What was said by hand."""
        hand = [said.record for said in self.said if said.by_hand]
        return tuple(name for name in SAID for said in hand if getattr(said, name) is not None)


def known_rooms(c: Connection, school_id: UUID | None = None) -> list[KnownRoom]:
    """Every room that has a code or of which something is said; on demand those of one school."""
    schools = {school.id: school for school in list_schools(c)}
    said = _said(c, school_id)
    found = {key: _known(key, some, schools) for key, some in said.items()}
    for room in list_rooms(c, school_id):
        key = (room.school_id, "", name_key(room.name))
        mine = found.setdefault(
            key, KnownRoom(school_id=room.school_id, school=room.school, name=room.name)
        )
        mine.name, mine.has_code = room.name, True
    return list(found.values())


def keep_by_hand(c: Connection, given: HandSurvey, now: datetime) -> tuple[School, str]:
    """Hold this of a room; its school and name. NotFound for a school that isn't there, Invalid for
    what can't be."""
    school = find_school(c, given.school)
    name = _checked_name(c, school.id, given.room)
    values = {field: getattr(given, field) for field in SAID}
    key = room_key(str(school.id), name)
    record = RoomRecord(key=key, place=school.name, room=name, **values)
    try:
        check_room(record)
    except RowRefused as error:
        raise Invalid(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    table = room_source.c
    c.execute(delete(room_source).where(table.source == HAND, table.key == key))
    if any(value is not None for value in values.values()):
        facts = msgspec.json.encode(record).decode()
        row = {"source": HAND, "key": key, "school_id": school.id, "facts": facts, "said_at": now}
        c.execute(insert(room_source).values(row))
    return school, name


def _checked_name(c: Connection, school_id: UUID, room: str) -> str:
    """A room that is known by this name, or a name that is no person's."""
    name = clean_name(room, "The room's name")
    known = {name_key(each.name): each.name for each in known_rooms(c, school_id)}
    if name_key(name) in known:
        return known[name_key(name)]
    if not is_room_name(name):
        raise Invalid(f"The room's name: {NO_ROOM_NAME}.")
    return name


def _said(c: Connection, school_id: UUID | None) -> Mapping[RoomKey, list[RoomSaid]]:
    table, places = room_source.c, read_places(c)
    found: defaultdict[RoomKey, list[RoomSaid]] = defaultdict(list)
    asked = select(table.source, table.school_id, table.facts, table.said_at)
    if school_id is not None:
        asked = asked.where((table.school_id == school_id) | table.school_id.is_(None))
    for source, placed, facts, said_at in c.execute(asked):
        record = msgspec.json.decode(facts, type=RoomRecord)
        mine = placed or places.school(record.place)  # a school may be newer than its sheet
        if school_id is None or mine == school_id:
            where = "" if mine else name_key(record.place or "")
            one = RoomSaid(by_hand=source == HAND, said_at=said_at, record=record)
            found[mine, where, name_key(record.room)].append(one)
    return found


def _known(key: RoomKey, said: Sequence[RoomSaid], schools: Mapping[UUID, School]) -> KnownRoom:
    latest = sorted(said, key=lambda one: (one.by_hand, one.said_at), reverse=True)
    first, school = latest[0].record, schools[key[0]].name if key[0] else None
    return KnownRoom(
        school_id=key[0],
        school=school or first.place or "",
        name=first.room,
        said=tuple(latest),
    )
