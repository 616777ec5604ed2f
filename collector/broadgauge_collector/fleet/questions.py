"""What is asked of the inventory."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    cast,
    desc,
    extract,
    func,
    nulls_last,
    select,
)

from broadgauge_wire.fields import about

from ..errors import NotFound
from ..schools.repository import find_school
from ..store.tables import device, device_source, school, ticket
from .device_rows import DeviceKept
from .merging import Conflict
from .model import Device, DeviceGroup, DevicePage, DeviceTicket, SourceSays, WholeDevice
from .supported import is_off_list

GroupBy = Literal["school", "kind", "make", "model", "state", "os_name", "sources", "year"]

SortBy = Literal[
    "school", "serial", "asset_tag", "kind", "make", "model", "state", "os_name",
    "support_ends_on", "purchased_on", "purchase_cost_cents", "warranty_ends_on",
    "memory_bytes", "battery_health_ratio", "hours_a_week", "last_seen_at", "conflicts",
]  # fmt: skip

ESCAPE = "\\"


class Asked(Struct, frozen=True, kw_only=True):
    """Which devices are asked for. Those without a value in a field match '' there."""

    search: Annotated[
        str | None, about("Words of serial number, asset tag, make, model, place")
    ] = None
    school: Annotated[str | None, about("School, by name or id; '': none")] = None
    kind: str | None = None
    make: str | None = None
    model: str | None = None
    state: str | None = None
    os_name: str | None = None
    source: str | None = None
    year: int | None = None
    conflicts: bool | None = None
    vanished: bool | None = None
    idle_below: float | None = None
    """Hours a week."""
    support_ends_before: date | None = None
    off_list: bool | None = None
    """Not of a supported model, where the district has a list of those."""


def devices(
    c: Connection, asked: Asked, sort: SortBy, *, descending: bool, start: int, limit: int
) -> DevicePage:
    """A page of devices. NotFound for a school that isn't known."""
    column: ColumnElement[Any] = school.c.name_key if sort == "school" else device.c[sort]
    by = nulls_last(desc(column) if descending else column)
    these = _devices().where(*_conditions(c, asked)).order_by(by, device.c.id)
    rows = c.execute(these.offset(start).limit(limit))
    return DevicePage(total=how_many(c, asked), devices=tuple(map(_device, rows)))


def how_many(c: Connection, asked: Asked) -> int:
    """Devices that are asked for. NotFound as above."""
    these = select(func.count()).select_from(device).where(*_conditions(c, asked))
    return c.execute(these).scalar_one()


def every_device(c: Connection, asked: Asked) -> Iterable[Device]:
    """All devices that are asked for, by school, kind and serial number."""
    order = (nulls_last(school.c.name_key), device.c.kind, device.c.serial, device.c.id)
    return map(_device, c.execute(_devices().where(*_conditions(c, asked)).order_by(*order)))


def groups(c: Connection, asked: Asked, by: GroupBy) -> tuple[DeviceGroup, ...]:
    """The same devices, counted by what they have in common, most first."""
    name = _grouping(by)
    rows = c.execute(
        select(
            name,
            func.count(),
            func.count().filter(device.c.conflicts > 0),
            func.min(device.c.purchased_on),
        )
        .select_from(device.outerjoin(school))
        .where(*_conditions(c, asked))
        .group_by(name)
        .order_by(desc(func.count()), name)
    )
    return tuple(
        DeviceGroup(name=name, devices=n, conflicts=differ, oldest=oldest)
        for name, n, differ, oldest in rows
    )


def whole_device(c: Connection, id_: UUID) -> WholeDevice:
    """All that is known of a device. NotFound if there is none of this id."""
    row = c.execute(_devices(device.c.facts).where(device.c.id == id_)).one_or_none()
    if row is None:
        raise NotFound(f"There is no device with the id {id_}.")
    kept = msgspec.json.decode(row.facts, type=DeviceKept)
    facts = msgspec.to_builtins(kept.record)
    del facts["key"]
    return WholeDevice(
        device=_device(row),
        facts=facts,
        origins=kept.origins,
        conflicts=msgspec.convert(kept.conflicts, tuple[Conflict, ...]),
        sources=tuple(_sources(c, id_)),
        tickets=tuple(_tickets(c, id_)),
    )


def _devices(*also: Any) -> Select[Any]:
    wanted = [device.c[name] for name in Device.__struct_fields__ if name != "school"]
    return select(school.c.name.label("school"), *wanted, *also).select_from(
        device.outerjoin(school)
    )


def _device(row: Row[Any]) -> Device:
    return Device(**{name: getattr(row, name) for name in Device.__struct_fields__})


def _conditions(c: Connection, asked: Asked) -> list[ColumnElement[bool]]:
    table = device.c
    words = (asked.search or "").casefold().split()
    found = [table.search.contains(_plain(word), escape=ESCAPE) for word in words]
    for name in ("kind", "make", "model", "state", "os_name"):
        value = getattr(asked, name)
        if value is not None:
            found.append(table[name] == value if value else table[name].is_(None))
    if asked.school is not None:
        found.append(table.school_id == (find_school(c, asked.school).id if asked.school else None))
    if asked.source is not None:
        one = (", " + table.sources + ", ").contains(f", {_plain(asked.source)}, ", escape=ESCAPE)
        found.append(one)
    return [*found, *_more_conditions(asked)]


def _more_conditions(asked: Asked) -> Iterable[ColumnElement[bool]]:
    table = device.c
    for wanted, holds in (
        (asked.conflicts, table.conflicts > 0),
        (asked.vanished, table.vanished.is_(True)),
        (asked.off_list, is_off_list()),
    ):
        if wanted is not None:
            yield holds if wanted else ~holds
    if asked.year is not None:
        yield extract("year", table.purchased_on) == asked.year
    if asked.idle_below is not None:
        yield table.hours_a_week < asked.idle_below
    if asked.support_ends_before is not None:
        yield table.support_ends_on < asked.support_ends_before


def _plain(text: str) -> str:
    for special in (ESCAPE, "%", "_"):
        text = text.replace(special, ESCAPE + special)
    return text


def _grouping(by: GroupBy) -> ColumnElement[Any]:
    if by == "school":
        return school.c.name
    if by == "year":
        return cast(extract("year", device.c.purchased_on), String)
    return device.c[by]


def _sources(c: Connection, id_: UUID) -> Iterable[SourceSays]:
    table = device_source.c
    rows = c.execute(
        select(table.source, table.key, table.said_at, table.vanished_at, table.facts)
        .where(table.device_id == id_)
        .order_by(table.said_at.desc(), table.source)
    )
    for row in rows:
        facts = msgspec.json.decode(row.facts)
        known = {name: value for name, value in facts.items() if name not in {"key", "macs"}}
        yield SourceSays(
            source=row.source, key=row.key, said_at=row.said_at, vanished_at=row.vanished_at,
            facts=known,
        )  # fmt: skip


def _tickets(c: Connection, id_: UUID) -> Iterable[DeviceTicket]:
    table = ticket.c
    rows = c.execute(
        select(table.source, table.key, table.opened_on, table.closed_on, table.facts)
        .where(table.device_id == id_)
        .order_by(table.opened_on.desc(), table.key)
    )
    for row in rows:
        yield DeviceTicket(
            source=row.source, key=row.key, opened_on=row.opened_on, closed_on=row.closed_on,
            facts=msgspec.json.decode(row.facts),
        )  # fmt: skip
