"""Devices whose place is no school that is known: to be told once, for all of them."""

from typing import Annotated

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, desc, func, select, update

from broadgauge_wire.fields import about

from ..imports.model import RoomRecord
from ..schools.checks import name_key
from ..store.tables import device, room_source
from .device_rows import refresh
from .merging import HAND
from .places import read_places
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


def place_again(c: Connection, name: str) -> None:
    """Look anew where the devices and rooms of a place are."""
    table = device.c
    places = c.execute(select(table.place).where(table.place.is_not(None)).distinct()).scalars()
    parts = {place: {name_key(part) for part in (place, *place.split("/"))} for place in places}
    meant = [place for place, keys in parts.items() if name_key(name) in keys]
    ids = c.execute(select(table.id).where(table.place.in_(meant))).scalars().all()
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
