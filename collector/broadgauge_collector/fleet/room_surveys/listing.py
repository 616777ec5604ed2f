"""Rooms with what they have and whether that carries a full class, and schools' sums of them."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Annotated
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection

from broadgauge_wire.fields import about

from ...schools.checks import name_key
from ...schools.repository import find_school
from ..readiness.model import Enough
from .judge import judge_room
from .model import HandSurvey, RoomFigures, SchoolRooms, SurveyedRoom
from .rows import KnownRoom, keep_by_hand, known_rooms
from .rules import RoomRules, room_rules

DIGITS = re.compile(r"(\d+)")
NOTHING = RoomFigures()


class RoomSurveys(Struct, frozen=True, kw_only=True):
    """What rooms have, by school, and by which figures that was judged."""

    schools: Annotated[tuple[SchoolRooms, ...], about("Their schools, by name")]
    rooms: Annotated[tuple[SurveyedRoom, ...], about("Rooms by school and name")]
    rules: Annotated[RoomRules, about("By which figures they were judged")]


def room_surveys(
    c: Connection, school: str | None = None, power: Enough | None = None
) -> RoomSurveys:
    """Every known room; on demand those of one school (NotFound if there is none), or those whose
    power is so. Sums are of all rooms of the schools."""
    school_id = find_school(c, school).id if school else None
    rules = room_rules(c)
    rooms = surveyed_rooms(known_rooms(c, school_id), rules)
    shown = [room for room in rooms if power is None or room.judgement.power == power]
    return RoomSurveys(schools=tuple(_schools(rooms)), rooms=tuple(shown), rules=rules)


def surveyed_rooms(known: Iterable[KnownRoom], rules: RoomRules) -> list[SurveyedRoom]:
    """Rooms with their judgement, by school and name: Room 2 before Room 10."""
    return sorted((_surveyed(room, rules) for room in known), key=_order)


def survey_by_hand(c: Connection, given: HandSurvey, now: datetime) -> SurveyedRoom:
    """Hold this of a room; the room as it is now."""
    school, name = keep_by_hand(c, given, now)
    known = known_rooms(c, school.id)
    same = (room for room in known if name_key(room.name) == name_key(name))
    nothing = KnownRoom(school_id=school.id, school=school.name, name=name)
    return _surveyed(next(same, nothing), room_rules(c))


def school_rooms(c: Connection, school_id: UUID) -> SchoolRooms | None:
    """The sums of one school; None if it has no room."""
    rooms = surveyed_rooms(known_rooms(c, school_id), room_rules(c))
    return next(_schools(rooms), None)


def _surveyed(room: KnownRoom, rules: RoomRules) -> SurveyedRoom:
    has = room.figures()
    return SurveyedRoom(
        school_id=room.school_id,
        school=room.school,
        room=room.name,
        has_code=room.has_code,
        surveyed_on=room.first("surveyed_on"),
        has=has,
        by_hand=room.by_hand(),
        judgement=judge_room(has, rules),
    )


def _order(room: SurveyedRoom) -> tuple[str, str, list[str | int]]:
    parts = DIGITS.split(name_key(room.room))
    numbered = [int(p) if n % 2 else p for n, p in enumerate(parts)]
    return name_key(room.school), str(room.school_id), numbered


def _schools(rooms: Sequence[SurveyedRoom]) -> Iterator[SchoolRooms]:
    by_school = groupby(rooms, key=lambda room: (room.school_id, room.school))
    return (_sums(id_, name, list(some)) for (id_, name), some in by_school)


def _sums(school_id: UUID | None, name: str, rooms: Sequence[SurveyedRoom]) -> SchoolRooms:
    short = [room.judgement for room in rooms if room.judgement.power == "short"]
    power = [room.judgement.power for room in rooms]
    return SchoolRooms(
        school_id=school_id,
        school=name,
        rooms=len(rooms),
        surveyed=sum(room.has != NOTHING for room in rooms),
        power_short=power.count("short"),
        power_enough=power.count("enough"),
        power_open=power.count("open"),
        network_short=sum(room.judgement.network == "short" for room in rooms),
        missing_places=sum(one.missing_places or 0 for one in short),
        missing_circuits=sum(one.missing_circuits or 0 for one in short),
    )
