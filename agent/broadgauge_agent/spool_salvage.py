"""A damaged spool's content, taken page by page into a new one.

A result is taken once: not if it is in a batch that the collector has named committed, and under
its batch's number if it has one, since the collector may have that batch. Should it have it, it
says that the content is another (a record of it may be lost), and what is left here isn't sent
again; should it not, it takes what is left. Later batches are numbered in a new epoch, for nobody
knows whether the last numbers could be read.
"""

import gzip
import logging
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from broadgauge_wire import WireError, decode, new_id

from .spool_checks import is_whole, row_checksum, sent_checksum, values_checksum
from .spool_copies import copied_up_to_row
from .spool_mending import mending_of, put_aside
from .spool_tables import (
    DAMAGED_RESULTS,
    SETTLED,
    NumberedRow,
    facts_of,
    make_tables,
    note,
    own_mark,
    sign,
)
from .sqlite_pages import Cell, Pages
from .state import sync_directory

log = logging.getLogger(__name__)

DAMAGED = "damaged on this machine's disk before it was sent"
NUMBER_LOST = "may have been sent: the number it was sent under is lost by damage of the disk"
LANES = ("live", "backlog")

MAX_ROWS = 2**48
"""Beyond any spool's life. A row of a higher number has a damaged number."""

Number = tuple[str, str, int]
"""Epoch, lane and sequence."""


class _Named(Struct):
    id: str


class _Sent(Struct):
    results: list[_Named]


class Row(Struct):
    """A result that can be read."""

    number: int
    body: bytes
    spooled_at: float
    batch: int | None
    inherited: int | None


class Found(Struct):
    """What is left of a spool."""

    results: dict[str, Row] = {}
    """By the result's own id."""
    damaged: dict[int, bytes] = {}
    """By their row's number."""
    whole_rows: set[int] = set()
    last_row: int = 0
    """The highest number that a result's row is known to have had."""
    numbered: dict[int, NumberedRow] = {}
    numbers: dict[int, Number] = {}
    """As the index of the batches has them."""
    last: dict[tuple[str, str], int] = {}
    facts: dict[str, bytes] = {}
    dropped: dict[str, tuple[Any, ...]] = {}
    refused: dict[int, tuple[Any, ...]] = {}
    sent: dict[Number, tuple[Any, ...]] = {}


def salvage(file: Path, owners: Sequence[UUID], now: float) -> Path:
    """Put a mended spool in the place of a damaged one. Where that is kept. sqlite3.Error, and
    nothing has changed, if the mended one can't be written."""
    with closing(Pages(file)) as pages:
        found = read(pages.cells())
        owner = _owner(found, pages.application_id(), owners)
    if owner is None:
        return put_aside(file, "other-agent", now)
    mended = mending_of(file)
    with closing(sqlite3.connect(mended, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=FULL")
        db.execute("BEGIN IMMEDIATE")
        kept, lost = write(db, found, owner, now)
        db.execute("COMMIT")
    aside = put_aside(file, "damaged", now)
    mended.replace(file)
    sync_directory(file.parent)  # before anything of it is sent
    log.error("the spool was damaged: results kept=%d, damaged=%d", kept, lost)
    return aside


def read(cells: Iterable[Cell]) -> Found:
    """Sort what is on the pages by the tables it can be of."""
    found = Found()
    for cell in cells:
        if cell.row is not None:
            _take_row(found, cell.row, cell)
        elif not cell.is_doubtful:
            _take_entry(found, cell)
    return found


def write(db: sqlite3.Connection, found: Found, owner: UUID, now: float) -> tuple[int, int]:
    """Make a spool of it. How many results are kept, and how many are damaged."""
    make_tables(db)
    committed = _committed_ids(found)
    results = {name: row for name, row in found.results.items() if name not in committed}
    damaged = [body for row, body in found.damaged.items() if row not in found.whole_rows]
    _write_what_is_as_it_was(db, found)
    numbers = _numbers_of(found, {row.batch for row in results.values() if row.batch is not None})
    for batch in numbers.values():
        _write_number(db, batch)
    for row in _with_numbers(db, results.values(), found):
        _write_result(db, row, numbers, found, now)
    _refuse(db, damaged, DAMAGED, now)
    facts = facts_of(found.facts.items())
    sign(db, owner)
    note(db, "epoch", str(new_id()))
    known = facts.get(DAMAGED_RESULTS)
    note(db, DAMAGED_RESULTS, (known if isinstance(known, int) else 0) + len(damaged))
    return len(results), len(damaged)


def _take_row(found: Found, number: int, cell: Cell) -> None:
    """One of results, batches, refused or sent, or SQLite's count of results: each has its own
    shape."""
    match cell.record:
        case ["results", int(last)] if last < MAX_ROWS:
            found.last_row = max(found.last_row, last)
        case [None, bytes(), str(), float() | int()]:
            found.refused.setdefault(number, cell.record[1:])
        case [None, bytes(body), float() | int() as at, int() | None as batch, *more]:
            _, checksum, inherited = (*more, None, None, None)[:3]
            row = Row(number, body, float(at), batch, 1 if inherited else None)
            _take_result(found, number, row, checksum)
        case [None, str(epoch), str(lane), int(sequence), at, bytes(body), int(checksum), again]:
            if checksum == sent_checksum(epoch, lane, sequence, body):
                found.sent.setdefault((epoch, lane, sequence), (at, body, checksum, again))
        case [None, str(), str(lane), int(), float() | int(), int(), *_] if lane in LANES:
            _take_number(found, number, cell)


def _take_result(found: Found, number: int, row: Row, checksum: object) -> None:
    name = _id_of(row.body) if is_whole(row.body, row.spooled_at, checksum) else None
    if name is None:
        found.damaged.setdefault(number, row.body)
        return
    found.whole_rows.add(number)
    known = found.results.get(name)
    if known is None or (known.batch is None and row.batch is not None):
        found.results[name] = row


def _take_number(found: Found, number: int, cell: Cell) -> None:
    said = (number, *cell.record[1:], *[None] * 5)[: len(NumberedRow.__struct_fields__)]
    fields = dict(zip(NumberedRow.__struct_fields__, said, strict=True))
    try:
        row = msgspec.convert(fields | {"dropped": fields["dropped"] or "[]"}, NumberedRow)
    except msgspec.ValidationError:
        return
    if row.is_whole():
        found.numbered.setdefault(number, row)


def _take_entry(found: Found, cell: Cell) -> None:
    """One of facts, sequences, dropped, or of the index of the batches."""
    match cell.record:
        case [str(key), str(value)]:
            found.facts.setdefault(key, value.encode())
        case [str(epoch), str(lane), int(sequence), int(batch)] if lane in LANES:
            checksum = values_checksum((epoch, lane, sequence))
            if batch == checksum:  # a row of sequences, of four columns as well
                found.last.setdefault((epoch, lane), sequence)
            else:
                found.numbers.setdefault(batch, (epoch, lane, sequence))
        case [str(epoch), str(lane), int(last), *_] if lane in LANES:
            found.last.setdefault((epoch, lane), last)
        case [str(kind), int(), float() | int(), float() | int()]:
            found.dropped.setdefault(kind, cell.record)


def _owner(found: Found, mark: int, owners: Sequence[UUID]) -> UUID | None:
    """Whose spool it is; None if another agent's. If nothing can be told, it is this agent's."""
    said = facts_of(found.facts.items()).get("agent_id")
    for owner in owners:
        if said == str(owner) or mark == own_mark(owner):
            return owner
    return owners[0] if said is None else None


def _committed_ids(found: Found) -> set[str]:
    """Of results in kept batches, which the collector has."""
    return {name for _, body, _, _ in found.sent.values() for name in _ids_in(body)}


def _ids_in(body: bytes) -> Iterator[str]:
    try:
        yield from (result.id for result in decode(gzip.decompress(body), _Sent).results)
    except (WireError, OSError, EOFError):
        return


def _numbers_of(found: Found, batches: set[int]) -> dict[int, NumberedRow]:
    """What the batches of these rows were numbered with, by their row's number.

    At most one batch a lane waits for its answer, so that a lane's last number that isn't known to
    be committed is that of a batch which nothing else tells of.
    """
    known = {batch: row for batch in batches if (row := found.numbered.get(batch))}
    for batch in batches - known.keys():
        if number := found.numbers.get(batch):
            known[batch] = _bare_number(batch, number)
    taken = {(row.epoch, row.lane, row.sequence) for row in known.values()}
    unsettled, unknown = _unsettled(found) - taken, batches - known.keys()
    if len(unknown) == len(unsettled) == 1:
        batch = unknown.pop()
        known[batch] = _bare_number(batch, unsettled.pop())
    return known


def _unsettled(found: Found) -> set[Number]:
    """Numbers that were given, and of which it isn't known that the collector answered."""
    settled = set(found.sent)
    for lane in LANES:
        said = facts_of(found.facts.items()).get(SETTLED + lane)
        if isinstance(said, list) and len(said) == 2:
            settled.add((said[0], lane, said[1]))
    return {(*key, last) for key, last in found.last.items()} - settled


def _bare_number(batch: int, number: Number) -> NumberedRow:
    """Of a batch of which no more is known."""
    epoch, lane, sequence = number
    fields = {"id": batch, "epoch": epoch, "lane": lane, "sequence": sequence}
    return msgspec.convert(fields, NumberedRow)


def _write_what_is_as_it_was(db: sqlite3.Connection, found: Found) -> None:
    for key, value in facts_of(found.facts.items()).items():
        note(db, key, value)
    db.executemany("INSERT OR REPLACE INTO dropped VALUES (?, ?, ?, ?)", found.dropped.values())
    refused = [found.refused[number] for number in sorted(found.refused)]
    insert = "INSERT INTO refused(body, reason, refused_at) VALUES (?, ?, ?)"
    db.executemany(insert, refused)
    db.executemany(
        "INSERT INTO sent(epoch, lane, sequence, committed_at, body, checksum, again) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(*number, *rest) for number, rest in found.sent.items()],
    )


def _write_number(db: sqlite3.Connection, row: NumberedRow) -> None:
    mended = msgspec.structs.replace(row, checksum=row.own_checksum(), mended=1)
    values = msgspec.structs.astuple(mended)
    columns = ", ".join(NumberedRow.__struct_fields__)
    marks = ", ".join("?" * len(values))
    db.execute(f"INSERT INTO batches({columns}) VALUES ({marks})", values)  # noqa: S608 - constant


def _with_numbers(db: sqlite3.Connection, rows: Collection[Row], found: Found) -> list[Row]:
    """The rows with their own numbers, as what a copy has of its original is told by them; none is
    given twice. One whose number is damaged gets a new one, and is the original's if there is one:
    kept aside rather than stored twice."""
    up_to = copied_up_to_row(facts_of(found.facts.items()))
    known: dict[int, Row] = {}
    strays = list[Row]()
    for row in rows:
        fits = 0 < row.number < MAX_ROWS and known.setdefault(row.number, row) is row
        if not fits:
            strays.append(row)
    last = max([found.last_row, up_to or 0, *known])
    db.execute(
        "INSERT INTO sqlite_sequence(name, seq) VALUES ('results', ?)", (last + len(strays),)
    )
    inherited = None if up_to is None else 1
    renumbered = [
        msgspec.structs.replace(row, number=last + place, inherited=row.inherited or inherited)
        for place, row in enumerate(strays, 1)
    ]
    return [*known.values(), *renumbered]


def _write_result(
    db: sqlite3.Connection, row: Row, numbers: dict[int, NumberedRow], found: Found, now: float
) -> None:
    if row.batch is not None and row.batch not in numbers and _may_have_been_sent(found):
        _refuse(db, [row.body], NUMBER_LOST, now)
        return
    db.execute(
        "INSERT INTO results(id, body, spooled_at, batch, checksum, inherited) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            *(row.number, row.body, row.spooled_at, row.batch if row.batch in numbers else None),
            *(row_checksum(row.body, row.spooled_at), row.inherited),
        ),
    )


def _may_have_been_sent(found: Found) -> bool:
    """Whether a batch of unknown number was sent. It wasn't if all numbers that were given are
    settled, for a batch is sent only when its number is on the disk."""
    return not found.last or bool(_unsettled(found))


def _refuse(db: sqlite3.Connection, bodies: Iterable[bytes], reason: str, now: float) -> None:
    insert = "INSERT INTO refused(body, reason, refused_at) VALUES (?, ?, ?)"
    db.executemany(insert, [(body, reason, now) for body in bodies])


def _id_of(body: bytes) -> str | None:
    try:
        return decode(body, _Named).id
    except WireError:
        return None
