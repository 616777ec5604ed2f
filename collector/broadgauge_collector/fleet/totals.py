"""The inventory in a few numbers."""

from typing import Annotated

from msgspec import Struct
from sqlalchemy import Connection, func, select

from broadgauge_wire.fields import about

from ..store.tables import device, supported_model
from .supported import is_off_list


class DeviceTotals(Struct, frozen=True, kw_only=True):
    """How many devices there are, and how many need somebody."""

    devices: Annotated[int, about("All that are known")]
    in_service: Annotated[int, about("In service, as far as sources say")]
    unplaced: Annotated[int, about("At no school that is known")]
    conflicts: Annotated[int, about("That sources disagree on")]
    vanished: Annotated[int, about("That no source has any more")]
    off_list: Annotated[
        int | None, about("Of models that aren't supported; null: there is no list of those")
    ]


def totals(c: Connection) -> DeviceTotals:
    """Of all devices."""
    table = device.c
    row = c.execute(
        select(
            func.count(),
            func.count().filter(table.state.in_(("in_service", "loaner"))),
            func.count().filter(table.school_id.is_(None)),
            func.count().filter(table.conflicts > 0),
            func.count().filter(table.vanished),
            func.count().filter(is_off_list()),
        )
    ).one()
    has_list = c.execute(select(func.count()).select_from(supported_model)).scalar_one()
    return DeviceTotals(
        devices=row[0],
        in_service=row[1],
        unplaced=row[2],
        conflicts=row[3],
        vanished=row[4],
        off_list=row[5] if has_list else None,
    )
