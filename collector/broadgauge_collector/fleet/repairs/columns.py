"""Devices, tickets and parts as plain columns: only what repairs are worked out from."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, String, func, select, type_coerce

from ...imports.formats import all_formats
from ...imports.model import TicketRecord
from ...store.tables import device, device_source, import_run, school, ticket, ticket_part
from .model import Codes, Days

AT_ONCE = 10_000
"""Rows that are decoded together."""

T = TypeVar("T")
RawId = Any
"""An id as the database's driver has it: making UUIDs of half a million takes a second."""


class DeviceSaid(Struct, frozen=True, gc=False):
    """What of a device's facts is asked for."""

    model: str | None = None
    kind: str | None = None
    state: str | None = None
    state_since: date | None = None
    byod: bool | None = None
    manufactured_on: date | None = None
    purchased_on: date | None = None
    enrolled_on: date | None = None
    last_seen_at: datetime | None = None


class DeviceFacts(Struct, frozen=True, gc=False):
    """Where a device's facts have it."""

    record: DeviceSaid


class TicketSaid(Struct, frozen=True, gc=False):
    """What of a ticket's facts is asked for."""

    key: str
    opened_on: date | None = None
    closed_on: date | None = None
    category: str | None = None
    kind: str | None = None
    issue: str | None = None
    status: str | None = None
    under_warranty: bool | None = None
    cost_cents: int | None = None
    parts_cents: int | None = None
    labour_cents: int | None = None
    currency: str | None = None
    downtime_days: float | None = None


class PartSaid(Struct, frozen=True, gc=False):
    """What of a part's facts is asked for."""

    ticket_key: str
    quantity: float | None = None
    cost_cents: int | None = None
    warranty_claim: bool | None = None
    student_damage: bool | None = None


class DeviceColumns(Struct, frozen=True, kw_only=True):
    """Devices in the order of their ids."""

    ids: tuple[UUID, ...]
    places: dict[RawId, int]
    """Where a device stands in the others, by its id as the driver has it."""
    schools: Sequence[RawId | None]
    said: list[DeviceSaid]
    vanished_on: dict[int, date]
    """Of those that no source has any more, when the last of them hadn't, by place."""


class TicketColumns(Struct, frozen=True, kw_only=True):
    """Tickets, by source and key."""

    source: Codes
    sources: tuple[str, ...]
    key: NDArray[np.object_]
    device: Codes
    """In `DeviceColumns`; -1: none is known."""
    issue: Codes
    issues: tuple[str, ...]
    said: list[TicketSaid]


def read_devices(c: Connection) -> DeviceColumns:
    """Every device."""
    table = device.c
    columns = (_raw(table.id), _raw(table.school_id), table.vanished, table.facts)
    rows = _rows(c, select(*columns).order_by(table.id))
    raw, schools, vanished, facts = _turned(rows, 4)
    places = {id_: place for place, id_ in enumerate(raw)}
    return DeviceColumns(
        ids=tuple(map(_uuid, raw)),
        places=places,
        schools=schools,
        said=[each.record for each in _decoded(facts, DeviceFacts)],
        vanished_on=_vanished(c, places) if any(vanished) else {},
    )


def read_tickets(c: Connection, places: dict[RawId, int]) -> TicketColumns:
    """Every ticket."""
    table = ticket.c
    columns = (table.source, _raw(table.device_id), table.facts)
    rows = _rows(c, select(*columns).order_by(table.source, table.key))
    sources, devices, facts = _turned(rows, 3)
    said = _decoded(facts, TicketSaid)
    source, names = coded(sources)
    issue, issues = coded([each.issue for each in said])
    return TicketColumns(
        source=source,
        sources=names,
        key=np.array([each.key for each in said], object),
        device=np.array([places.get(id_, -1) for id_ in devices], np.int32),
        issue=issue,
        issues=issues,
        said=said,
    )


def read_parts(c: Connection) -> list[tuple[str, PartSaid]]:
    """Every part that was used, with its source."""
    rows = _rows(c, select(ticket_part.c.source, ticket_part.c.facts))
    sources, facts = _turned(rows, 2)
    return list(zip(sources, _decoded(facts, PartSaid), strict=True))


def read_schools(c: Connection) -> list[tuple[RawId, UUID, str]]:
    """Every school's id, as the driver has it and as it is, and its name; by name."""
    asked = select(_raw(school.c.id), school.c.name).order_by(school.c.name_key)
    return [(raw, _uuid(raw), name) for raw, name in c.execute(asked)]


def last_imports(c: Connection) -> dict[str, date]:
    """By source, the day of its last file of tickets (UTC). A source that files don't come from
    isn't there."""
    formats = [each.key for each in all_formats().values() if each.record is TicketRecord]
    run = import_run.c
    asked = (
        select(run.source, func.max(run.asked_at))
        .where(run.format.in_(formats), run.state == "applied")
        .group_by(run.source)
    )
    return {source: at.date() for source, at in c.execute(asked)}


def coded(values: Iterable[Hashable]) -> tuple[Codes, tuple[Any, ...]]:
    """Each value's place among the different ones; -1 for None."""
    known = list(values)
    different = {
        v: place for place, v in enumerate(v for v in dict.fromkeys(known) if v is not None)
    }
    return np.array([different.get(v, -1) for v in known], np.int32), tuple(different)


def days(values: Sequence[date | None]) -> Days:
    """NaT where there is none. Few days are different: each is made once."""
    codes, different = coded(values)
    return np.append(np.array(different, "datetime64[D]"), np.datetime64("NaT", "D"))[codes]


def _rows(c: Connection, asked: Select[Any]) -> Sequence[Any]:
    return c.execute(asked).all()


def _turned(rows: Sequence[Any], width: int) -> list[list[Any]]:
    return [[row[column] for row in rows] for column in range(width)]


def _decoded(texts: Sequence[str], kind: type[T]) -> list[T]:
    decode = msgspec.json.Decoder(list[kind]).decode  # type: ignore[valid-type]
    return [each for some in _parts(texts) for each in decode(f"[{','.join(some)}]")]


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[at : at + AT_ONCE] for at in range(0, len(texts), AT_ONCE))


def _raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return type_coerce(column, String)


def _uuid(raw: RawId) -> UUID:
    return raw if isinstance(raw, UUID) else UUID(raw)


def _vanished(c: Connection, places: dict[RawId, int]) -> dict[int, date]:
    said = device_source.c
    asked = (
        select(_raw(said.device_id), func.max(said.vanished_at))
        .join_from(device_source, device, said.device_id == device.c.id)
        .where(device.c.vanished.is_(True))
        .group_by(said.device_id)
    )
    return {places[raw]: at.date() for raw, at in c.execute(asked) if at is not None}
