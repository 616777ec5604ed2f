"""Results are kept here before anything else happens, until the collector has named them committed.

SQLite in WAL mode with synchronous=FULL: what `put` returned from is there after a power cut.
A batch is a fixed set of results with a number that is never used again for other content. Every
result is in exactly one place: unnumbered, in one batch, or set aside among the refused.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec import Raw, Struct

from broadgauge_wire import BatchKey, DroppedResults, Lane, Refusal, Result, encode, new_id
from broadgauge_wire.spec import MAX_BATCH_RESULTS, MAX_COMPRESSED_BYTES

from .config import SpoolConfig
from .spool_file import INSERT, open_spool_file, spool_errors
from .spool_room import dropped_results, make_room
from .state import StateLock, make_state_directory

log = logging.getLogger(__name__)

FRESH_SECONDS = 600
"""A result younger than this when it is numbered travels in the live lane."""

MAX_BODY_BYTES = MAX_COMPRESSED_BYTES * 9 // 10
"""Of a batch's results before compression: below the limit for compressed bodies, however badly
they compress, and far below the one for plain bodies."""

MAX_REFUSED = 10_000
"""Refused results kept for a person to look at; beyond it the oldest go, and are counted."""


class SpooledBatch(Struct, frozen=True):
    """A numbered batch. `rows` are the results' places in the spool, in the order of `bodies`.

    `numbered_at` (Unix seconds), `waiting` (results in the spool then, beside its own) and
    `dropped` (what the spool had let go by then) are kept with it, so that sending it again sends
    the same bytes: a collector may tell by them that it has seen them.
    """

    key: BatchKey
    numbered_at: float
    waiting: int
    dropped: tuple[DroppedResults, ...]
    rows: tuple[int, ...]
    bodies: tuple[bytes, ...]

    @property
    def results(self) -> tuple[Raw, ...]:
        return tuple(Raw(body) for body in self.bodies)


class Spool:
    """One agent's unsent results. Safe to use from several threads of one process."""

    def __init__(
        self,
        directory: Path,
        agent_id: UUID,
        now: Callable[[], float] = time.time,
        max_bytes: Callable[[], float] = lambda: SpoolConfig().max_bytes,
    ) -> None:
        """Open or create it. `now` gives Unix seconds, `max_bytes` how large it may be. SpoolError
        if it cannot be used, and SpoolInUseError if another process has it.

        A damaged spool, or one of another agent, is kept under another name, and a new one begun.
        """
        make_state_directory(directory)
        self.directory = directory
        self._one_process = StateLock(directory)
        try:
            self._db, self.set_aside_file = open_spool_file(directory, agent_id, now())
        except BaseException:
            self._one_process.release()
            raise
        self._lock = threading.RLock()
        self._agent_id = agent_id
        self._data_version = 0
        self._now = now
        self._max_bytes = max_bytes
        self.epoch = UUID(str(self.fact("epoch")))

    def close(self) -> None:
        with self._lock:
            self._db.close()
            self._one_process.release()

    def put(self, results: Iterable[Result]) -> None:
        """Keep results. When this returns they are on the disk. In a spool that is as large as it
        may be, others make room for them."""
        rows = [(encode(result), self._now()) for result in results]
        with self._transaction() as db:
            db.executemany(INSERT, rows)
            dropped = make_room(db, self._max_bytes())
        if dropped:
            log.warning("the spool is full: results dropped=%d, as `status` says", dropped)

    def next_batch(self, lane: Lane) -> SpooledBatch | None:
        """The lane's oldest uncommitted batch, numbered now if need be; None if it is empty."""
        with self._transaction() as db:
            return self._oldest(db, lane) or (
                self._oldest(db, lane) if self._number(db, lane) else None
            )

    def commit(self, batch: SpooledBatch, refused: Sequence[Refusal] = ()) -> None:
        """Delete a batch that the collector named committed; keep aside what it refused."""
        with self._transaction() as db:
            for refusal in refused:
                if refusal.index < len(batch.rows):
                    self._refuse(db, batch.rows[refusal.index], refusal.reason)
            self._forget(db, batch)
            self._note("last_shipped_at", self._now())

    def set_aside(self, batch: SpooledBatch, reason: str) -> None:
        """Keep a whole batch aside that the collector will never take."""
        with self._transaction() as db:
            for row in batch.rows:
                self._refuse(db, row, reason)
            self._forget(db, batch)

    def begin_epoch(self) -> None:
        """Number from one again under a new epoch: this spool is a copy of one that went on."""
        with self._transaction():
            self.epoch = new_id()
            self._note("epoch", str(self.epoch))

    def waiting(self) -> int:
        """Results not yet committed."""
        with self._lock, spool_errors():
            return int(self._db.execute("SELECT count(*) FROM results").fetchone()[0])

    def was_added_to(self) -> bool:
        """Whether another process (see spool_beside.py) changed it since this was asked last."""
        with self._lock, spool_errors():
            version = int(self._db.execute("PRAGMA data_version").fetchone()[0])
        former, self._data_version = self._data_version, version
        return former != version

    def note(self, key: str, value: object) -> None:
        """Keep a fact (JSON-able) for `status`."""
        with self._transaction():
            self._note(key, value)

    def fact(self, key: str) -> object:
        """A fact noted earlier, or None."""
        with self._lock, spool_errors():
            row = self._db.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
        return msgspec.json.decode(row[0]) if row else None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, spool_errors():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _number(self, db: sqlite3.Connection, lane: Lane) -> bool:
        """Put unnumbered results of a lane into a new batch, if there are any."""
        rows = self._unnumbered(db, lane)
        if not rows:
            return False
        epoch = str(self.epoch)
        sequence = int(
            db.execute(
                "INSERT INTO sequences(epoch, lane, last) VALUES (?, ?, 1) "
                "ON CONFLICT(epoch, lane) DO UPDATE SET last = last + 1 RETURNING last",
                (epoch, lane),
            ).fetchone()[0]
        )
        batch = db.execute(
            "INSERT INTO batches(epoch, lane, sequence, numbered_at, waiting, dropped) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (
                *(epoch, lane, sequence, self._now(), self.waiting() - len(rows)),
                encode(dropped_results(db)).decode(),
            ),
        ).lastrowid
        update = "UPDATE results SET batch = ? WHERE id = ?"
        db.executemany(update, [(batch, row) for row in rows])
        return True

    def _unnumbered(self, db: sqlite3.Connection, lane: Lane) -> list[int]:
        """Oldest results of a lane, as many as one batch holds."""
        age = "spooled_at > ?" if lane == "live" else "spooled_at <= ?"
        found = db.execute(
            f"SELECT id, length(body) FROM results WHERE batch IS NULL AND {age} "  # noqa: S608
            "ORDER BY spooled_at, id LIMIT ?",
            (self._now() - FRESH_SECONDS, MAX_BATCH_RESULTS),
        )
        rows: list[int] = []
        room = MAX_BODY_BYTES
        for row, size in found.fetchall():
            room -= size + 1
            if rows and room < 0:
                break
            rows.append(row)
        return rows

    def _oldest(self, db: sqlite3.Connection, lane: Lane) -> SpooledBatch | None:
        row = db.execute(
            "SELECT id, epoch, sequence, numbered_at, waiting, dropped FROM batches "
            "WHERE lane = ? ORDER BY id LIMIT 1",
            (lane,),
        ).fetchone()
        if row is None:
            return None
        batch, epoch, sequence, numbered_at, waiting, dropped = row
        key = BatchKey(agent_id=self._agent_id, epoch=UUID(epoch), lane=lane, sequence=sequence)
        query = "SELECT id, body FROM results WHERE batch = ? ORDER BY id"
        found = db.execute(query, (batch,)).fetchall()
        rows, bodies = tuple(row for row, _ in found), tuple(body for _, body in found)
        told = msgspec.json.decode(dropped, type=tuple[DroppedResults, ...])
        return SpooledBatch(key, numbered_at, waiting, told, rows, bodies)

    def _refuse(self, db: sqlite3.Connection, row: int, reason: str) -> None:
        db.execute(
            "INSERT INTO refused(body, reason, refused_at) "
            "SELECT body, ?, ? FROM results WHERE id = ?",
            (reason, self._now(), row),
        )
        # At once: a collector that names a record twice must not make two of it.
        db.execute("DELETE FROM results WHERE id = ?", (row,))
        beyond = "DELETE FROM refused WHERE id <= (SELECT max(id) FROM refused) - ?"
        db.execute(beyond, (MAX_REFUSED,))

    def _forget(self, db: sqlite3.Connection, batch: SpooledBatch) -> None:
        key = (str(batch.key.epoch), batch.key.lane, batch.key.sequence)
        where = "epoch = ? AND lane = ? AND sequence = ?"
        db.execute(
            f"DELETE FROM results WHERE batch = (SELECT id FROM batches WHERE {where})",  # noqa: S608
            key,
        )
        db.execute(f"DELETE FROM batches WHERE {where}", key)  # noqa: S608

    def _note(self, key: str, value: object) -> None:
        self._db.execute(
            "INSERT INTO facts(key, value) VALUES (?, ?) "
            "ON CONFLICT(key) DO UPDATE SET value = excluded.value",
            (key, encode(value).decode()),
        )
