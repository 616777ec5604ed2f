"""Devices whose place is no school that is known: to be told once, for all of them."""

from typing import Annotated

from msgspec import Struct
from sqlalchemy import Connection, desc, func, select

from broadgauge_wire.fields import about

from ..schools.checks import name_key
from ..store.tables import device
from .device_rows import refresh
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
    """Look anew where the devices of a place are."""
    table = device.c
    places = c.execute(select(table.place).where(table.place.is_not(None)).distinct()).scalars()
    parts = {place: {name_key(part) for part in (place, *place.split("/"))} for place in places}
    meant = [place for place, keys in parts.items() if name_key(name) in keys]
    ids = c.execute(select(table.id).where(table.place.in_(meant))).scalars().all()
    refresh(c, ids, precedence(c))
