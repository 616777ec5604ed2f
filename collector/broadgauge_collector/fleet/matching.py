"""Which device a source's row speaks of: by its own key, serial number, asset tag or address."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Connection, and_, select

from ..imports.model import DeviceRecord
from ..store.tables import device_identity, device_source

AT_ONCE = 500
"""Values in one question: SQLite takes some thousand."""

T = TypeVar("T")
Identity = tuple[str, str]
"""Its kind and its value."""


class Known(NamedTuple):
    """A row of some source that has an identity, and the device it speaks of."""

    source: str
    key: str
    device_id: UUID


def identities(record: DeviceRecord) -> tuple[Identity, ...]:
    """What a device is known by, the surest first."""
    named = (("serial", record.serial), ("asset_tag", record.asset_tag))
    known = [(kind, value) for kind, value in named if value is not None]
    return (*known, *(("mac", value) for value in record.macs))


class Matcher:
    """Finds devices for the rows of one source, among those that are kept and those just found;
    `own` are those that the source has spoken of under these keys."""

    def __init__(self, c: Connection, source: str, records: Sequence[DeviceRecord]) -> None:
        self.own = own_devices(c, source, [record.key for record in records])
        self._by_identity = _known_by(c, [i for record in records for i in identities(record)])
        self._serials = serials_of(
            c, {k.device_id for ks in self._by_identity.values() for k in ks}
        )

    def device(self, record: DeviceRecord) -> UUID | None:
        """The device, None if it is a new one. A serial number is surest; an asset tag or an
        address means nothing where the serial numbers differ, since tags are used again and
        adapters are lent."""
        own = self.own.get(record.key)
        if record.serial is not None and (same := self._with(("serial", record.serial), own)):
            return same
        if own is not None:
            return own
        weaker = (each for each in identities(record) if each[0] != "serial")
        found = (self._with(each, own, record.serial) for each in weaker)
        return next((device for device in found if device), None)

    def note(self, source: str, record: DeviceRecord, device_id: UUID) -> None:
        """Know a row that was just placed."""
        self.own[record.key] = device_id
        for each in identities(record):
            self._by_identity[each].append(Known(source, record.key, device_id))
        if record.serial is not None:
            self._serials[device_id].add(record.serial)

    def _with(self, identity: Identity, own: UUID | None, serial: str | None = None) -> UUID | None:
        known = self._by_identity[identity]
        if not known:
            return None
        devices = sorted({each.device_id for each in known})
        if serial is not None:
            devices = [d for d in devices if not self._serials[d] or serial in self._serials[d]]
        return own if own in devices else next(iter(devices), None)


def own_devices(c: Connection, source: str, keys: Iterable[str]) -> dict[str, UUID]:
    """The devices of a source's rows, by key."""
    table = device_source.c
    found: dict[str, UUID] = {}
    for some in in_parts(keys):
        asked = select(table.key, table.device_id).where(
            table.source == source, table.key.in_(some)
        )
        found |= dict(map(tuple, c.execute(asked)))
    return found


def in_parts(values: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """The different values, so many at a time."""
    rest = iter(dict.fromkeys(values))
    while some := list(islice(rest, size)):
        yield some


def serials_of(c: Connection, devices: Iterable[UUID]) -> defaultdict[UUID, set[str]]:
    """The serial numbers that sources give devices."""
    i, s = device_identity.c, device_source.c
    same = and_(i.source == s.source, i.key == s.key)
    found = defaultdict[UUID, set[str]](set)
    for some in in_parts(devices):
        rows = c.execute(
            select(s.device_id, i.value)
            .join_from(device_identity, device_source, same)
            .where(i.kind == "serial", s.device_id.in_(some))
        )
        for device_id, serial in rows:
            found[device_id].add(serial)
    return found


def _known_by(c: Connection, asked: Iterable[Identity]) -> defaultdict[Identity, list[Known]]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, value in asked:
        by_kind[kind].append(value)
    i, s = device_identity.c, device_source.c
    same = and_(i.source == s.source, i.key == s.key)
    found = defaultdict[Identity, list[Known]](list)
    for kind, values in by_kind.items():
        for some in in_parts(values):
            rows = c.execute(
                select(i.value, i.source, i.key, s.device_id)
                .join_from(device_identity, device_source, same)
                .where(i.kind == kind, i.value.in_(some))
            )
            for value, source, key, device_id in rows:
                found[kind, value].append(Known(source, key, device_id))
    return found
