"""Devices whose place is no school that is known: to be told once, for all of them."""

from typing import Annotated

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, desc, func, select, update

from broadgauge_wire.fields import about

from ..imports.model import RoomRecord
from ..store.tables import device, room_source
from .device_rows import refresh
from .matching import in_parts
from .merging import HAND
from .places import SchoolAlias, read_places, remove_alias, set_alias
from .precedence import precedence


class Unplaced(Struct, frozen=True, kw_only=True):
    """A place that no school is known by."""

    place: Annotated[str, about("In the words of the source")]
    devices: Annotated[int, about("How many devices are there")]


def unplaced(c: Connection) -> tuple[Unplaced, ...]:
    """Those with most devices first."""
    table = device.c
    rows = c.execute(
        select(table.place, func.count())
        .where(table.school_id.is_(None), table.place.is_not(None))
        .group_by(table.place)
        .order_by(desc(func.count()), table.place)
    )
    return tuple(Unplaced(place=place, devices=number) for place, number in rows)


def say_which_school(c: Connection, given: SchoolAlias) -> SchoolAlias:
    """Say what another system calls a school; what is there is there at once. NotFound if there is
    no such school."""
    said = set_alias(c, given)
    place_again(c)
    return said


def forget_which_school(c: Connection, name: str) -> None:
    """Forget what another system calls a school."""
    remove_alias(c, name)
    place_again(c)


def school_was_added(c: Connection) -> None:
    """Devices and rooms that were brought before their school are at it from now on. Thousands of
    schools are added before anything is brought."""
    somewhere = select(device.c.id).where(device.c.place.is_not(None)).limit(1)
    rooms = select(room_source.c.key).limit(1)
    if any(c.execute(asked).one_or_none() for asked in (somewhere, rooms)):
        place_again(c)


def place_again(c: Connection) -> None:
    """Look anew where devices and rooms are, once there are other schools or other names of them;
    and on what sources disagree, which may be two names of one school."""
    table, places = device.c, read_places(c)
    asked = select(table.place, table.school_id).where(table.place.is_not(None)).distinct()
    moved = [place for place, school_id in c.execute(asked) if places.school(place) != school_id]
    ids = set(c.execute(select(table.id).where(table.conflicts > 0)).scalars())
    for some in in_parts(moved):
        ids |= set(c.execute(select(table.id).where(table.place.in_(some))).scalars())
    refresh(c, ids, precedence(c))
    _place_rooms(c)


def _place_rooms(c: Connection) -> None:
    table, places = room_source.c, read_places(c)
    said = select(table.source, table.key, table.school_id, table.facts)
    for source, key, school_id, facts in c.execute(said.where(table.source != HAND)).all():
        found = places.school(msgspec.json.decode(facts, type=RoomRecord).place)
        if found != school_id:
            this = (table.source == source) & (table.key == key)
            c.execute(update(room_source).where(this).values(school_id=found))
