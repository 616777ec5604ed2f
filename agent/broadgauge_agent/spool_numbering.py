"""How results become a numbered batch, and a number is never used again for other content."""

import sqlite3
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import asdict

from broadgauge_wire import Batch, BatchKey, DroppedResults, Lane, encode, new_id

from .errors import SpoolDamagedError
from .spool_checks import row_checksum, values_checksum
from .spool_room import dropped_results
from .spool_rows import Row, damaged_results, whole_rows
from .spool_tables import NUMBERED_COLUMNS, SETTLED, NumberedRow, note


class SpooledBatch(Struct, frozen=True):
    """A numbered batch. `rows` are the results' places in the spool, in the order of `bodies`.

    What is said beside the results is kept as it was when the batch was numbered, so that sending
    it again sends the same bytes: a collector may tell by them that it has seen them.
    """

    key: BatchKey
    numbered_at: float
    """Unix seconds by this machine's clock."""
    waiting: int
    """Results in the spool then, beside its own."""
    dropped: tuple[DroppedResults, ...]
    """What the spool had let go by then."""
    damaged: int
    """Results that the disk had damaged by then."""
    inherited: bool
    """Whether they are of the agent that this spool is a copy of."""
    mended: bool
    """Whether the disk damaged a part of it after it was numbered."""
    rows: tuple[int, ...]
    bodies: tuple[bytes, ...]

    @property
    def results(self) -> tuple[Raw, ...]:
        return tuple(Raw(body) for body in self.bodies)


SAID_WHEN_SET = ("inherited", "damaged_results")
"""Fields that earlier agents didn't know, and left out. A batch that one of them numbered has to
stay the same for this one, and the other way round: a collector tells by its bytes."""


class Number(NamedTuple):
    """Of a batch of one agent."""

    epoch: UUID
    lane: Lane
    sequence: int


def begin_epoch(db: sqlite3.Connection) -> UUID:
    """A new one, in which numbers begin at one. Of former ones nothing is numbered any more."""
    db.execute(
        "DELETE FROM sequences WHERE NOT EXISTS (SELECT 1 FROM batches "
        "WHERE batches.epoch = sequences.epoch AND batches.lane = sequences.lane)"
    )
    epoch = new_id()
    note(db, "epoch", str(epoch))
    return epoch


def numbers_are_whole(db: sqlite3.Connection) -> bool:
    """Whether the last numbers are as they were written. Those of an earlier agent, which wrote no
    checksums, may seem not to be: then a new epoch is begun without need, which does no harm."""
    found = db.execute("SELECT epoch, lane, last, checksum FROM sequences").fetchall()
    return all(row[3] in (None, values_checksum(row[:3])) for row in found)


def next_number(db: sqlite3.Connection, epoch: UUID, lane: Lane) -> Number:
    """One after the last of the epoch and lane."""
    query = "SELECT last FROM sequences WHERE epoch = ? AND lane = ?"
    (last,) = db.execute(query, (str(epoch), lane)).fetchone() or (0,)
    values = (str(epoch), lane, int(last) + 1)
    insert = "INSERT OR REPLACE INTO sequences(epoch, lane, last, checksum) VALUES (?, ?, ?, ?)"
    db.execute(insert, (*values, values_checksum(values)))
    return Number(epoch, lane, int(last) + 1)


def make_batch(
    db: sqlite3.Connection, number: Number, rows: list[Row], now: float, *, inherited: bool
) -> None:
    """Give the rows the number, for good."""
    (results,) = db.execute("SELECT count(*) FROM results").fetchone()
    numbered = NumberedRow(
        id=0,
        epoch=str(number.epoch),
        lane=number.lane,
        sequence=number.sequence,
        numbered_at=now,
        waiting=results - len(rows),
        dropped=encode(dropped_results(db)).decode(),
        damaged=damaged_results(db) or None,
        inherited=1 if inherited else None,
    )
    numbered = msgspec.structs.replace(numbered, checksum=numbered.own_checksum())
    batch = _insert(db, numbered)
    db.executemany(
        "UPDATE results SET batch = ?, body = ?, checksum = ? WHERE id = ?",
        [(batch, row.body, row_checksum(row.body, row.spooled_at), row.id) for row in rows],
    )


def oldest_batch(
    db: sqlite3.Connection, agent_id: UUID, lane: Lane, now: float
) -> SpooledBatch | None:
    """The lane's. SpoolDamagedError if the disk damaged its number."""
    query = f"SELECT {NUMBERED_COLUMNS} FROM batches WHERE lane = ? ORDER BY id LIMIT 1"  # noqa: S608
    while found := db.execute(query, (lane,)).fetchone():
        numbered = NumberedRow(*found)
        if not numbered.is_whole():
            raise SpoolDamagedError("The disk damaged a batch's number. The spool is mended.")
        if batch := _batch(db, agent_id, numbered, now):
            return batch
        db.execute("DELETE FROM batches WHERE id = ?", (numbered.id,))
    return None


def forget(db: sqlite3.Connection, key: BatchKey) -> None:
    """Delete a batch and its results, which are settled."""
    values = (str(key.epoch), key.lane, key.sequence)
    note(db, SETTLED + key.lane, [str(key.epoch), key.sequence])
    where = "epoch = ? AND lane = ? AND sequence = ?"
    batch = f"SELECT id FROM batches WHERE {where}"  # noqa: S608 - constant
    db.execute(f"DELETE FROM results WHERE batch = ({batch})", values)  # noqa: S608
    db.execute(f"DELETE FROM batches WHERE {where}", values)  # noqa: S608


def _insert(db: sqlite3.Connection, numbered: NumberedRow) -> int:
    _, *values = msgspec.structs.astuple(numbered)
    names = NUMBERED_COLUMNS.removeprefix("id, ")
    marks = ", ".join("?" * len(values))
    added = db.execute(f"INSERT INTO batches({names}) VALUES ({marks})", values)  # noqa: S608
    return int(added.lastrowid or 0)


def _batch(
    db: sqlite3.Connection, agent_id: UUID, numbered: NumberedRow, now: float
) -> SpooledBatch | None:
    """None if nothing of it is whole."""
    query = "SELECT id, body, spooled_at, checksum FROM results WHERE batch = ? ORDER BY id"
    found = [Row._make(one) for one in db.execute(query, (numbered.id,)).fetchall()]
    rows = whole_rows(db, found, now)
    if len(rows) < len(found):
        db.execute("UPDATE batches SET mended = 1 WHERE id = ?", (numbered.id,))
    if not rows:
        return None
    return SpooledBatch(
        key=BatchKey(
            agent_id=agent_id,
            epoch=UUID(numbered.epoch),
            lane=numbered.lane,
            sequence=numbered.sequence,
        ),
        numbered_at=numbered.numbered_at,
        waiting=numbered.waiting,
        dropped=msgspec.json.decode(numbered.dropped, type=tuple[DroppedResults, ...]),
        damaged=numbered.damaged or 0,
        inherited=bool(numbered.inherited),
        mended=bool(numbered.mended) or len(rows) < len(found),
        rows=tuple(row.id for row in rows),
        bodies=tuple(row.body for row in rows),
    )


def body_of(batch: SpooledBatch) -> bytes:
    """A batch as it is sent, before compression."""
    key = batch.key
    message = Batch(
        agent_id=key.agent_id,
        epoch=key.epoch,
        lane=key.lane,
        sequence=key.sequence,
        sent_at=datetime.fromtimestamp(batch.numbered_at, UTC),
        results=batch.results,
        spooled_results=batch.waiting,
        dropped_results=batch.dropped,
        inherited=batch.inherited,
        damaged_results=batch.damaged,
    )
    fields = asdict(message).items()
    return encode({name: value for name, value in fields if value or name not in SAID_WHEN_SET})
