"""Tickets, parts, counts of people, lists of schools and rooms, as a source says them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Table, bindparam, insert, or_, select, update

from ..imports.model import (
    PartRecord,
    PeopleRecord,
    Record,
    RoomRecord,
    SchoolRecord,
    TicketRecord,
)
from ..store.tables import (
    device_identity,
    device_source,
    room_source,
    school_source,
    ticket,
    ticket_part,
)
from .matching import in_parts, own_devices, serials_of
from .places import read_places
from .source_rows import Before, by_time_said, remove_rows, said_before

Columns = Callable[[Connection, str, Sequence[Any]], list[dict[str, Any]]]


class Kept(NamedTuple):
    """Where records of one kind are kept, and the columns by which they are found."""

    table: Table
    record: type[Record]
    columns: Columns


class OtherRows:
    """Puts what one source says in force, in the caller's transaction."""

    def __init__(self, c: Connection, source: str, kept: Kept) -> None:
        self._c = c
        self._source = source
        self._kept = kept
        self._table = kept.table

    def put(self, records: Sequence[Any], now: datetime) -> list[Before]:
        """Take rows in, new or changed; what was there before."""
        before = self._before([record.key for record in records])
        self._remove([each.key for each in before if each.facts is not None])
        columns = self._kept.columns(self._c, self._source, records)
        rows = [
            {
                "source": self._source,
                "key": record.key,
                "facts": msgspec.json.encode(record).decode(),
                "said_at": now,
            }
            | of_record
            for record, of_record in zip(records, columns, strict=True)
        ]
        self._c.execute(insert(self._table), rows)
        return before

    def vanish(self, keys: Sequence[str], _now: datetime) -> list[Before]:
        """Let go of rows that the source doesn't have any more; what was there before."""
        before = self._before(keys)
        self._remove(keys)
        return before

    def restore(self, before: Sequence[Before]) -> None:
        """Put back what was there."""
        self._remove([each.key for each in before])
        decoded = msgspec.json.Decoder(self._kept.record).decode
        for said_at, records in by_time_said(before, decoded).items():
            self.put(records, said_at)

    def _before(self, keys: Sequence[str]) -> list[Before]:
        return said_before(self._c, self._table, self._source, keys)

    def _remove(self, keys: Sequence[str]) -> None:
        remove_rows(self._c, self._table, self._source, keys)


def attach_tickets(c: Connection) -> int:
    """Give tickets whose device wasn't known when they came the device that is now; how many."""
    table = ticket.c
    names = (table.device_key, table.serial, table.asset_tag)
    loose = table.device_id.is_(None) & or_(*(name.is_not(None) for name in names))
    rows = c.execute(select(table.source, table.key, *names).where(loose)).all()
    found = []
    for source in {row.source for row in rows}:
        of_source = [row for row in rows if row.source == source]
        devices = zip(of_source, _devices(c, source, of_source), strict=True)
        found += [{"of": source, "named": row.key, "device_id": id_} for row, id_ in devices if id_]
    if found:
        mine = (table.source == bindparam("of")) & (table.key == bindparam("named"))
        c.execute(update(ticket).where(mine), found)
    return len(found)


def _of_tickets(c: Connection, source: str, records: Sequence[Any]) -> list[dict[str, Any]]:
    devices = _devices(c, source, records)
    named = ("device_key", "serial", "asset_tag", "opened_on", "closed_on")
    return [
        {"device_id": device_id} | {name: getattr(record, name) for name in named}
        for record, device_id in zip(records, devices, strict=True)
    ]


def _devices(c: Connection, source: str, rows: Sequence[Any]) -> list[UUID | None]:
    """By the source's own key, then by serial number, then by asset tag if one device has it: one
    with another serial number is another, since tags are used again."""
    own = own_devices(c, source, (row.device_key for row in rows if row.device_key))
    by_serial = _known_as(c, "serial", [row.serial for row in rows])
    by_tag = _known_as(c, "asset_tag", [row.asset_tag for row in rows])
    serials = serials_of(c, by_tag.values())

    def tagged(row: Any) -> UUID | None:
        device_id = by_tag.get(row.asset_tag)
        theirs = serials[device_id] if device_id and row.serial else None
        return device_id if not theirs or row.serial in theirs else None

    return [own.get(row.device_key) or by_serial.get(row.serial) or tagged(row) for row in rows]


def _known_as(c: Connection, kind: str, values: Sequence[str | None]) -> Mapping[Any, UUID]:
    i, s = device_identity.c, device_source.c
    found: dict[str, set[UUID]] = {}
    for some in in_parts(value for value in values if value is not None):
        rows = c.execute(
            select(i.value, s.device_id)
            .join_from(device_identity, device_source, (i.source == s.source) & (i.key == s.key))
            .where(i.kind == kind, i.value.in_(some))
        )
        for value, device_id in rows:
            found.setdefault(value, set()).add(device_id)
    return {value: next(iter(ids)) for value, ids in found.items() if len(ids) == 1}


def _of_parts(_c: Connection, _source: str, records: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"ticket_key": record.ticket_key} for record in records]


def _of_places(c: Connection, _source: str, records: Sequence[Any]) -> list[dict[str, Any]]:
    places = read_places(c)
    return [{"school_id": places.school(record.place)} for record in records]


def _of_schools(c: Connection, _source: str, records: Sequence[Any]) -> list[dict[str, Any]]:
    places = read_places(c)
    return [{"school_id": places.school(record.name)} for record in records]


KEPT: dict[type[Record], Kept] = {
    TicketRecord: Kept(ticket, TicketRecord, _of_tickets),
    PartRecord: Kept(ticket_part, PartRecord, _of_parts),
    PeopleRecord: Kept(school_source, PeopleRecord, _of_places),
    SchoolRecord: Kept(school_source, SchoolRecord, _of_schools),
    RoomRecord: Kept(room_source, RoomRecord, _of_places),
}
