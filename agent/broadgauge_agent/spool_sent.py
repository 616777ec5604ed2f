"""Batches that the collector named committed, kept for a while as they were sent.

A collector that was restored from a backup has forgotten its last hours. It says so by the id of
its store, and is sent again what it may have forgotten: the same bytes under the same numbers, so
that what it does know is stored once.
"""

import sqlite3
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import BatchKey

from .spool_checks import sent_checksum

SHARE = 0.25
"""Of a spool's room, at most. They are copies: what was never sent needs the room more."""


class Receipt(Struct, frozen=True):
    """A committed batch as it was sent, and what the answer said."""

    body: bytes
    committed_at: float
    """Unix seconds by the collector's clock: this machine's may be wrong, and be set."""
    store_id: UUID | None = None
    """Of the store it is in."""


class KeptBatch(Struct, frozen=True):
    """A committed batch that is to be sent again."""

    id: int
    key: BatchKey
    body: bytes


def keep(db: sqlite3.Connection, key: BatchKey, receipt: Receipt, seconds: float) -> None:
    """Keep a batch, and no longer those that were committed long before it."""
    before = receipt.committed_at - seconds
    db.execute("DELETE FROM sent WHERE committed_at < ? AND again IS NULL", (before,))
    if seconds <= 0:
        return
    number = (str(key.epoch), key.lane, key.sequence)
    db.execute(
        "INSERT INTO sent(epoch, lane, sequence, committed_at, body, checksum) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (*number, receipt.committed_at, receipt.body, sent_checksum(*number, receipt.body)),
    )


def keep_within(db: sqlite3.Connection, max_bytes: float) -> None:
    """Drop the oldest beyond that size."""
    (size,) = db.execute("SELECT coalesce(sum(length(body)), 0) FROM sent").fetchone()
    if size > max_bytes:
        drop_oldest(db, size - max_bytes)


def drop_oldest(db: sqlite3.Connection, excess: float) -> bool:
    """Drop that many bytes of them, or all. Whether there was one."""
    last = None
    for row, size in db.execute("SELECT id, length(body) FROM sent ORDER BY id").fetchall():
        last, excess = row, excess - size
        if excess <= 0:
            break
    db.execute("DELETE FROM sent WHERE id <= ?", (last,))
    return last is not None


def send_all_again(db: sqlite3.Connection) -> None:
    """The collector has another store than before."""
    db.execute("UPDATE sent SET again = 1")


def next_again(db: sqlite3.Connection, agent_id: UUID) -> KeptBatch | None:
    """The oldest that is to be sent again. Those that the disk damaged go."""
    while row := db.execute(
        "SELECT id, epoch, lane, sequence, body, checksum FROM sent WHERE again = 1 "
        "ORDER BY id LIMIT 1"
    ).fetchone():
        name, epoch, lane, sequence, body, checksum = row
        if checksum == sent_checksum(epoch, lane, sequence, body):
            key = BatchKey(agent_id=agent_id, epoch=UUID(epoch), lane=lane, sequence=sequence)
            return KeptBatch(name, key, body)
        db.execute("DELETE FROM sent WHERE id = ?", (name,))
    return None


def is_sent(db: sqlite3.Connection, kept: KeptBatch) -> None:
    """It was sent again, and answered."""
    db.execute("UPDATE sent SET again = NULL WHERE id = ?", (kept.id,))
