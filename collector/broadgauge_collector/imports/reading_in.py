"""A file to rows that are ready to be applied: read once, compared with what is there, kept in
chunks. What isn't asked for by name is gone when this ends."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, Table, insert, null, select

from ..fleet.matching import in_parts
from ..fleet.other_rows import KEPT
from ..fleet.places import Places, read_places
from ..store import ControlStore
from ..store.tables import device_source, import_chunk, import_refused
from . import runs
from .addresses import district_key, hashed
from .cells import said
from .chunks import DEVICES_AT_ONCE, OTHERS_AT_ONCE, Chunk, packed
from .formats import all_formats
from .headings import plain
from .model import Column, DeviceRecord, Format, Record, Refused, RoomRecord, Taken, TicketRecord
from .places_kept import PLACE_FIELDS, kept_place
from .reading import is_mended, read
from .tables import CANNOT
from .unsaid import Facts, joined, still_said, unsaid

DIGEST_BYTES = 16
PIECE_BYTES = 1024 * 1024

NAMES = ("key", "serial", "asset_tag")
"""What a source knows a device by: the first of which it has a column."""

NO_SCHOOL = (
    "Its school isn't known here, and its name isn't one that only schools have. Write the "
    "school's name as it is here, or say once which school is meant: broadgauge imports place"
)


class There(Struct):
    """What a source's row said before, as a digest, and whether it had vanished."""

    digest: bytes
    vanished: bool
    names: tuple[str, ...] = ()
    """Serial number and asset tag, where it has them."""
    still: Facts = {}
    """What it said that the file doesn't speak of."""
    seen: bool = False


class Counts(Struct):
    """What became of a file's rows."""

    rows_read: int = 0
    accepted: int = 0
    refused: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int = 0
    chunks: int = 0


class ReadIn:
    """Reads one file in."""

    def __init__(self, control: ControlStore, run_id: UUID, format_: Format) -> None:
        self._control = control
        self._run_id = run_id
        self._format = format_
        is_device = format_.record is DeviceRecord
        self._at_once = DEVICES_AT_ONCE if is_device else OTHERS_AT_ONCE
        self._counts = Counts()
        self._refused: list[Refused] = []
        self._chunk: list[Any] = []
        self._named_in_refused: list[tuple[frozenset[str], bool]] = []
        self._there: dict[str, There] = {}
        self._groups: set[str] = set()
        with control.begin(changes_access=False) as c:
            self._key = district_key(c)
            self._places = _KeptPlaces(read_places(c), format_)

    def read(self, file: BinaryIO, *, apply_it: bool) -> bool:
        """Read all of it; whether it is to be applied at once. Unreadable or TooLarge if it can't
        be read, and nothing of it counts."""
        is_part = self._format.read is None and is_mended(file)
        with self._control.connect() as c:
            self._there = _what_is_there(c, self._format, unsaid(self._format, file))
        before = sum(not there.vanished for there in self._there.values())
        for row in read(self._format, file, all_formats().values()):
            self._take(row)
        vanished = [] if is_part else self._vanished()
        self._counts.vanished = len(vanished)
        self._flush()
        for some in in_parts(vanished, self._at_once):
            self._keep(Chunk(vanished=tuple(some)))
        with self._control.begin(changes_access=False) as c:
            self._note(c, digest=_digest(file))
            waits = runs.drop_words(runs.get(c, self._run_id), before)
            goes_on = apply_it and waits is None
            state = "applying" if goes_on else "ready"
            runs.note(c, self._run_id, state=state, trouble=waits, ended_at=None)
        return goes_on

    def _take(self, row: Taken | Refused) -> None:
        self._counts.rows_read += 1
        if isinstance(row, Taken):
            row = self._as_kept(row)
        if isinstance(row, Refused):
            self._counts.refused += 1
            self._refused.append(self._places.of_refused(row))
            if self._format.complete:
                self._named_in_refused.append(
                    (frozenset(map(_alike, row.cells.values())), _has_name(self._format, row))
                )
        else:
            self._counts.accepted += 1
            self._compare(row.record)
        if max(len(self._chunk), len(self._refused)) >= self._at_once:
            self._flush()

    def _as_kept(self, row: Taken) -> Taken | Refused:
        record = self._places.of_record(self._without_addresses(row.record))
        if isinstance(record, RoomRecord) and record.place is None:
            return Refused(row.line, NO_SCHOOL)
        return row if record is row.record else Taken(row.line, record)

    def _without_addresses(self, record: Record) -> Record:
        if not isinstance(record, DeviceRecord) or not record.macs:
            return record
        by_address = {each: hashed(each, self._key) for each in record.macs}
        key = by_address.get(record.key, record.key)  # of a device that has no better name
        return replace(record, key=key, macs=tuple(by_address.values()))

    def _compare(self, record: Record) -> None:
        if self._format.group is not None:
            self._groups.add(self._format.group(record.key))
        there = self._there.get(record.key)
        text = msgspec.json.encode(joined(record, there.still) if there else record)
        if there is None:
            self._counts.added += 1
        else:
            there.seen = True
            if there.digest == _of_text(text) and not there.vanished:
                self._counts.unchanged += 1
                return
            self._counts.changed += 1
        self._chunk.append(msgspec.Raw(text))

    def _vanished(self) -> list[str]:
        """Those that the file doesn't name. A row that was refused names its device too, a known
        one or a new one: where it can't be told which that is, none has vanished."""
        if not self._format.complete:
            return []
        by_name = {_alike(name): key for key, t in self._there.items() for name in (key, *t.names)}
        refused = self._named_in_refused
        named = {by_name[n] for cells, _ in refused for n in cells & by_name.keys()}
        if not all(has_name or cells & by_name.keys() for cells, has_name in refused):
            return []
        gone = (key for key, t in self._there.items() if not (t.seen or t.vanished))
        return [key for key in gone if key not in named and self._is_of_file(key)]

    def _is_of_file(self, key: str) -> bool:
        group = self._format.group
        return group is None or group(key) in self._groups

    def _flush(self) -> None:
        if self._chunk:
            self._keep(Chunk(records=tuple(self._chunk)))
            self._chunk = []
        if self._refused:
            with self._control.begin(changes_access=False) as c:
                first = self._counts.refused - len(self._refused)
                rows = [_refused(self._run_id, n, r) for n, r in enumerate(self._refused, first)]
                c.execute(insert(import_refused), rows)
                self._note(c)
            self._refused = []

    def _keep(self, chunk: Chunk) -> None:
        with self._control.begin(changes_access=False) as c:
            row = {"import_id": self._run_id, "number": self._counts.chunks}
            c.execute(insert(import_chunk).values(entries=packed(chunk), **row))
            self._counts.chunks += 1
            self._note(c)

    def _note(self, c: Connection, **also: Any) -> None:
        runs.note(c, self._run_id, **msgspec.structs.asdict(self._counts), **also)


class _KeptPlaces:
    """Lets through what may be kept of places, each looked at once."""

    def __init__(self, places: Places, format_: Format) -> None:
        self._is_school = lambda name: places.school(name) is not None
        self._kept: dict[str | None, str | None] = {}
        columns = (column for column in format_.columns if column.field in PLACE_FIELDS)
        self._headings = {plain(name) for column in columns for name in column.names}

    def of_record(self, record: Record) -> Record:
        if not isinstance(record, DeviceRecord | TicketRecord | RoomRecord):
            return record
        kept = self._of(record.place)
        return record if kept == record.place else replace(record, place=kept)

    def of_refused(self, row: Refused) -> Refused:
        cells = {
            heading: self._of(cell) or "" if plain(heading) in self._headings else cell
            for heading, cell in row.cells.items()
        }
        return replace(row, cells=cells)

    def _of(self, said: str | None) -> str | None:
        if said not in self._kept:
            self._kept[said] = kept_place(said, self._is_school)
        return self._kept[said]


def table_of(record: type[Record]) -> Table:
    """Where what sources say of such things is kept."""
    return device_source if record is DeviceRecord else KEPT[record].table


def _what_is_there(
    c: Connection, format_: Format, unsaid_names: tuple[str, ...]
) -> dict[str, There]:
    table = table_of(format_.record).c
    vanished_at = table.get("vanished_at")
    columns = (table.key, table.facts, null() if vanished_at is None else vanished_at)
    rows = c.execute(select(*columns).where(table.source == format_.source))
    decode = msgspec.json.Decoder(format_.record).decode
    found = {}
    for key, text, gone_at in rows:
        there = found[key] = _there(text.encode(), gone_at, format_)
        if unsaid_names:
            there.still = still_said(decode(text), unsaid_names)
    return found


def _there(text: bytes, gone_at: datetime | None, format_: Format) -> There:
    names: tuple[str, ...] = ()
    if format_.complete:
        named = msgspec.json.decode(text, type=_Named)
        names = tuple(name for name in (named.serial, named.asset_tag) if name)
    return There(_of_text(text), vanished=gone_at is not None, names=names)


class _Named(Struct):
    serial: str | None = None
    asset_tag: str | None = None


def _has_name(format_: Format, row: Refused) -> bool:
    """Whether what a source would know a refused row by stands in it, and can be read."""
    cells = {plain(heading): cell for heading, cell in row.cells.items()}
    for field in NAMES:
        for column in (column for column in format_.columns if column.field == field):
            if here := [cells[name] for name in map(plain, column.names) if name in cells]:
                return any(_reads(column, cell) for cell in here)
    return False


def _reads(column: Column, cell: str) -> bool:
    try:
        text = said(cell)
        return bool(text) and column.value(text) is not None
    except CANNOT:
        return False


def _alike(text: str) -> str:
    return "".join(text.casefold().split())


def _of_text(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=DIGEST_BYTES).digest()


def _refused(run_id: UUID, number: int, row: Refused) -> Mapping[str, Any]:
    cells = msgspec.json.encode(row.cells).decode()
    return {
        "import_id": run_id, "number": number, "line": row.line, "reason": row.reason,
        "cells": cells,
    }  # fmt: skip


def _digest(file: BinaryIO) -> bytes:
    file.seek(0)
    digest = hashlib.sha256()
    for piece in _pieces(file):
        digest.update(piece)
    return digest.digest()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(PIECE_BYTES), b"")
