"""Devices as they are kept: what each source says, and what all of them together make of it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from broadgauge_wire import new_id

from ..imports.model import DeviceRecord
from ..store.tables import device, device_identity, device_signal, device_source, ticket
from .matching import Matcher, identities, in_parts, own_devices
from .merging import Merged, Precedence, Said, merged
from .places import Places, read_places, schools_of
from .source_rows import Before, by_time_said, remove_rows, said_before

COLUMNS = (
    "place", "serial", "asset_tag", "kind", "make", "model", "state", "state_since", "os_name",
    "os_version", "support_ends_on", "purchased_on", "purchase_cost_cents", "currency",
    "warranty_ends_on", "memory_bytes", "battery_health_ratio", "hours_a_week", "last_seen_at",
)  # fmt: skip

_facts = msgspec.json.Decoder(DeviceRecord).decode


class DeviceKept(Struct, frozen=True):
    """What is there of a device's facts, as pages show it whole."""

    origins: dict[str, str]
    conflicts: list[Any]
    record: DeviceRecord


class Devices:
    """Puts what one source says in force, some rows at a time, in the caller's transaction."""

    def __init__(self, c: Connection, source: str, precedence: Precedence) -> None:
        self._c = c
        self._source = source
        self._precedence = precedence

    def put(
        self, records: Sequence[DeviceRecord], now: datetime, *, of: UUID | None = None
    ) -> list[Before]:
        """Take rows in, new or changed, of the devices they speak of, or all of one that is there
        already; what was there before."""
        before = self._before([record.key for record in records])
        matcher = Matcher(self._c, self._source, records)
        touched = set(matcher.own.values())
        placed: list[tuple[DeviceRecord, UUID]] = []
        for record in records:
            device_id = of or matcher.device(record) or new_id()
            matcher.note(self._source, record, device_id)
            placed.append((record, device_id))
        self._remove([each.key for each in before if each.facts is not None])
        self._write(placed, now)
        refresh(self._c, touched | {device_id for _, device_id in placed}, self._precedence)
        return before

    def vanish(self, keys: Sequence[str], now: datetime) -> list[Before]:
        """Mark rows that the source doesn't have any more; what was there before."""
        before = self._before(keys)
        table = device_source
        for some in in_parts(keys):
            self._c.execute(
                update(table)
                .where(table.c.source == self._source, table.c.key.in_(some))
                .values(vanished_at=now)
            )
        refresh(self._c, own_devices(self._c, self._source, keys).values(), self._precedence)
        return before

    def forget(self, keys: Sequence[str]) -> None:
        """Take back what the source said of these."""
        self.restore([Before(key) for key in keys])

    def restore(self, before: Sequence[Before]) -> None:
        """Put back what was there."""
        new = [each.key for each in before if each.facts is None]
        touched = set(own_devices(self._c, self._source, new).values())
        self._remove(new)
        for said_at, records in by_time_said(before, _facts).items():
            self.put(records, said_at)
        gone = defaultdict[datetime, list[str]](list)
        for each in before:
            if each.vanished_at is not None:
                gone[each.vanished_at].append(each.key)
        for vanished_at, keys in gone.items():
            self.vanish(keys, vanished_at)
        refresh(self._c, touched, self._precedence)

    def _before(self, keys: Sequence[str]) -> list[Before]:
        return said_before(self._c, device_source, self._source, keys)

    def _write(self, placed: Sequence[tuple[DeviceRecord, UUID]], now: datetime) -> None:
        said = [
            {
                "source": self._source,
                "key": record.key,
                "device_id": device_id,
                "facts": text_of(record),
                "said_at": now,
            }
            for record, device_id in placed
        ]
        known = [
            {"kind": kind, "value": value, "source": self._source, "key": record.key}
            for record, _ in placed
            for kind, value in dict.fromkeys(identities(record))
        ]
        self._c.execute(insert(device_source), said)
        if known:
            self._c.execute(insert(device_identity), known)

    def _remove(self, keys: Sequence[str]) -> None:
        for table in (device_identity, device_source):
            remove_rows(self._c, table, self._source, keys)


def text_of(record: DeviceRecord) -> str:
    """A record as it is kept, and compared with what is there."""
    return msgspec.json.encode(record).decode()


def refresh(c: Connection, devices: Iterable[UUID], precedence: Precedence) -> None:
    """Make of devices what their sources say now. One of which nobody says anything is gone."""
    places = read_places(c)
    for some in in_parts(devices):
        said = _said(c, some)
        _forget(c, [id_ for id_ in some if id_ not in said])
        rows = [_row(id_, of_device, precedence, places) for id_, of_device in said.items()]
        here = set(c.execute(select(device.c.id).where(device.c.id.in_(some))).scalars())
        if known := [row for row in rows if row["id"] in here]:
            change = update(device).where(device.c.id == bindparam("which"))
            c.execute(change, [row | {"which": row["id"]} for row in known])
        if new := [row for row in rows if row["id"] not in here]:
            c.execute(insert(device), new)


def _forget(c: Connection, devices: Collection[UUID]) -> None:
    if devices:
        c.execute(update(ticket).where(ticket.c.device_id.in_(devices)).values(device_id=None))
        c.execute(delete(device_signal).where(device_signal.c.device_id.in_(devices)))
        c.execute(delete(device).where(device.c.id.in_(devices)))


def _said(c: Connection, devices: Collection[UUID]) -> Mapping[UUID, list[Said]]:
    table = device_source.c
    rows = c.execute(
        select(table.device_id, table.source, table.facts, table.vanished_at)
        .where(table.device_id.in_(devices))
        .order_by(table.source, table.said_at.desc(), table.key)
    )
    found = defaultdict[UUID, list[Said]](list)
    for device_id, source, facts, vanished_at in rows:
        said = Said(source=source, record=_facts(facts), vanished=vanished_at is not None)
        found[device_id].append(said)
    return found


def _row(id_: UUID, said: list[Said], precedence: Precedence, places: Places) -> dict[str, Any]:
    whole = merged(said, precedence, schools_of(places, (s.record.place for s in said)))
    record = whole.record
    values = {name: getattr(record, name) for name in COLUMNS}
    return values | {
        "id": id_,
        "school_id": places.school(record.place),
        "sources": ", ".join(dict.fromkeys(s.source for s in said)),
        "conflicts": len(whole.conflicts),
        "vanished": all(s.vanished for s in said),
        "search": _search(record),
        "facts": msgspec.json.encode(_kept(whole)).decode(),
    }


def _kept(whole: Merged) -> DeviceKept:
    return DeviceKept(whole.origins, list(whole.conflicts), replace(whole.record, macs=()))


def _search(record: DeviceRecord) -> str:
    words = (record.serial, record.asset_tag, record.make, record.model, record.place)
    return " ".join(word.casefold() for word in words if word)
