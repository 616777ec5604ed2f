"""Results are kept here before anything else happens, until the collector has named them committed.

SQLite in WAL mode with synchronous=FULL: what `put` returned from is there after a power cut.
A batch is a fixed set of results with a number that is never used again for other content. Every
result is in exactly one place: unnumbered, in one batch, or set aside among the refused.
"""

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from broadgauge_wire import Lane, Refusal, Result, encode

from . import spool_copies, spool_sent
from .clock import Clock, Leads
from .config import SpoolConfig
from .errors import DiskFullError, SpoolDamagedError, SpoolError, SpoolFullError
from .spool_checks import row_checksum
from .spool_file import open_spool_file, spool_errors
from .spool_numbering import (
    SpooledBatch,
    begin_epoch,
    forget,
    make_batch,
    next_number,
    numbers_are_whole,
    oldest_batch,
)
from .spool_room import make_room
from .spool_rows import INHERITED, Row, fresh, oldest_unnumbered, refuse, stale
from .spool_sent import KeptBatch, Receipt
from .spool_tables import INSERT, fact_of, note, sign
from .state import StateLock, make_state_directory

log = logging.getLogger(__name__)

STORES_SEEN = 8
"""Results stores of the collector that are known to have what was sent to them."""

FRESH_SECONDS = 600
"""A result younger than this when it is numbered travels in the live lane."""

NO_OFFSET = b'"clock_offset_seconds":null'

BEYOND_ALL_ROWS = 2**62


class Spool:
    """One agent's unsent results. Safe to use from several threads of one process."""

    def __init__(
        self,
        directory: Path,
        agent_id: UUID,
        clock: Clock | None = None,
        limits: Callable[[], SpoolConfig] = SpoolConfig,
    ) -> None:
        """Open or create it. SpoolError if it cannot be used, and SpoolInUseError if another
        process has it.

        A damaged spool, or one of another agent, is kept under another name, and a new one begun
        with what could be read of the damaged one.
        """
        with suppress(DiskFullError):  # there may be room inside the spool's own files
            make_state_directory(directory)
        self.directory = directory
        self.clock = clock or Clock()
        self._one_process = StateLock(directory)
        self._lock = threading.RLock()
        self._agent_id = agent_id
        self._data_version = 0
        self._is_closed = False
        self._limits = limits
        self._leads = Leads()
        self._added: deque[tuple[float, int]] = deque()
        """When, by the steady clock, rows were added, and the first of them."""
        self._opened_row = BEYOND_ALL_ROWS
        try:
            self._open()
            if self.fact("agent_id") != str(agent_id):  # the process ended before it took over
                self.become(agent_id)
        except BaseException:
            self._one_process.release()
            raise

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            self._db.close()
            self._one_process.release()

    def put(self, results: Iterable[Result]) -> None:
        """Keep results. When this returns they are on the disk. In a spool that is as large as it
        may be, others make room for them."""
        bodies = [encode(result) for result in results]
        try:
            self._put(bodies)
        except SpoolFullError:
            self._put(bodies)  # the log had to be emptied into the file, and may have room now

    def _put(self, bodies: Sequence[bytes]) -> None:
        with self._transaction() as db:
            now = self.clock.wall()
            for body in bodies:
                last = db.execute(INSERT, (body, now, row_checksum(body, now))).lastrowid
            dropped = make_room(db, self._limits().max_bytes)
        if bodies:
            first = int(last or 0) - len(bodies) + 1
            self._leads.added(first, self.clock.lead())
            self._forget_stale_rows()
            self._added.append((self.clock.steady(), first))
        if dropped:
            log.warning("the spool is full: results dropped=%d, as `status` says", dropped)

    def next_batch(self, lane: Lane) -> SpooledBatch | None:
        """The lane's oldest uncommitted batch, numbered now if need be; None if it is empty."""
        with self._transaction() as db:
            now = self.clock.wall()
            batch = oldest_batch(db, self._agent_id, lane, now)
            if batch is None and self._number(db, lane, now):
                batch = oldest_batch(db, self._agent_id, lane, now)
            return batch

    def commit(
        self, batch: SpooledBatch, refused: Sequence[Refusal] = (), receipt: Receipt | None = None
    ) -> None:
        """Delete a batch that the collector named committed; keep aside what it refused. What was
        sent is kept for a while, if there is a receipt."""
        with self._transaction() as db:
            now = self.clock.wall()
            for refusal in refused:
                if refusal.index < len(batch.rows):
                    refuse(db, batch.rows[refusal.index], refusal.reason, now)
            forget(db, batch.key)
            note(db, "last_shipped_at", now)
            if receipt:
                _look_at_store(db, receipt.store_id)
                limits = self._limits()
                spool_sent.keep(db, batch.key, receipt, limits.keep_sent_seconds)
                spool_sent.keep_within(db, limits.max_bytes * spool_sent.SHARE)

    def next_again(self) -> KeptBatch | None:
        """A committed batch that the collector may have forgotten; None if there is none."""
        with self._transaction() as db:
            return spool_sent.next_again(db, self._agent_id)

    def sent_again(self, kept: KeptBatch, store_id: UUID | None = None) -> None:
        """The collector has answered it."""
        with self._transaction() as db:
            _look_at_store(db, store_id)
            spool_sent.is_sent(db, kept)

    def set_aside(self, batch: SpooledBatch, reason: str) -> None:
        """Keep a whole batch aside that the collector will never take."""
        with self._transaction() as db:
            for row in batch.rows:
                refuse(db, row, reason, self.clock.wall())
            forget(db, batch.key)

    def begin_epoch(self) -> None:
        """Number from one again under a new epoch: this spool is a copy of one that went on."""
        with self._transaction() as db:
            self.epoch = begin_epoch(db)

    def note_copied(self, machine: str) -> None:
        """What was in the spool when this machine opened it first is the original's, too."""
        with self._transaction() as db:
            spool_copies.note_copied(db, machine, self._opened_row)

    def note_at_home(self) -> None:
        """This is the original, on the machine that it is of."""
        if any(self.fact(key) for key in (spool_copies.COPIED, spool_copies.FORK)):
            self.forget_copying()

    def forget_copying(self) -> None:
        """Nobody waits for a name of this copy's own any more."""
        with self._transaction() as db:
            spool_copies.forget_copying(db)

    def fork_id(self, machine: str | None) -> UUID:
        """The name under which this copy asks to be an agent of its own."""
        with self._transaction() as db:
            return spool_copies.fork_id(db, machine)

    def forget_fork_id(self) -> None:
        """The collector knows another agent by it."""
        self.note(spool_copies.FORK, None)

    def become(self, agent_id: UUID, refused: SpooledBatch | None = None) -> None:
        """Be another agent's from now on: this spool is a copy, and its agent has its own name now.

        What was here when the copy was made is the original's, too, and sent as inherited; what
        this machine added since is this agent's own.
        """
        with self._transaction() as db:
            spool_copies.take_over(db, self._opened_row, refused.rows if refused else ())
            sign(db, agent_id)
            self.epoch = begin_epoch(db)
        self._agent_id = agent_id

    def waiting(self) -> int:
        """Results not yet committed."""
        with self._reading() as db:
            return int(db.execute("SELECT count(*) FROM results").fetchone()[0])

    def was_added_to(self) -> bool:
        """Whether another process (see spool_beside.py) changed it since this was asked last."""
        with self._reading() as db:
            version = int(db.execute("PRAGMA data_version").fetchone()[0])
        former, self._data_version = self._data_version, version
        return former != version

    def note(self, key: str, value: object) -> None:
        """Keep a fact (JSON-able) for `status`."""
        with self._transaction() as db:
            note(db, key, value)

    def fact(self, key: str) -> object:
        """A fact noted earlier, or None."""
        with self._reading() as db:
            return fact_of(db, key)

    def _open(self) -> None:
        opened = open_spool_file(self.directory, self._agent_id, self.clock.wall())
        self._db, self.set_aside_file = opened.db, opened.put_aside
        with spool_errors():
            query = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'results'"
            # One that is mended while the agent runs has rows that this process added.
            self._opened_row = min(self._opened_row, self._db.execute(query).fetchone()[0])
            self.epoch = _known_epoch(self._db)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The database. One that turns out damaged is mended before SpoolDamagedError is raised."""
        with self._lock:
            if self._is_closed:
                raise SpoolError("The spool is closed: this agent is ending.")
            try:
                with spool_errors():
                    yield self._db
            except SpoolDamagedError as error:
                log.warning("the spool is damaged, and is mended: %s", error.__cause__ or error)
                self._db.close()
                self._open()
                raise SpoolDamagedError(
                    "The spool was damaged and is mended: what could be read is there."
                ) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException as error:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                    _reuse_log(db)
                raise

    def _number(self, db: sqlite3.Connection, lane: Lane, now: float) -> bool:
        """Put unnumbered results of a lane into a new batch, if there are any."""
        self._forget_stale_rows()
        first = self._added[0][1] if self._added else BEYOND_ALL_ROWS
        lately = (first, now - FRESH_SECONDS, now)
        which = fresh(*lately) if lane == "live" else stale(*lately)
        rows = oldest_unnumbered(db, which, now)
        is_inherited = not rows and lane == "backlog"
        if is_inherited:
            rows = oldest_unnumbered(db, INHERITED, now)
        if rows:
            number = next_number(db, self.epoch, lane)
            made = [self._with_offset(row) for row in rows]
            make_batch(db, number, made, now, inherited=is_inherited)
        return bool(rows)

    def _forget_stale_rows(self) -> None:
        """Those this process added lately are fresh, whatever the wall clock showed meanwhile."""
        since = self.clock.steady() - FRESH_SECONDS
        while self._added and self._added[0][0] <= since:
            self._added.popleft()

    def _with_offset(self, row: Row) -> Row:
        """A result made before the clocks were compared says now how far they were apart."""
        lead = self._leads.of(row.id)
        offset = self.clock.offset_at(lead) if lead is not None else None
        if offset is None:
            return row
        said = NO_OFFSET.replace(b"null", encode(offset))
        return row._replace(body=row.body.replace(NO_OFFSET, said, 1))


def _known_epoch(db: sqlite3.Connection) -> UUID:
    """A new one if the disk damaged it, or the last numbers that were given in it."""
    try:
        epoch = UUID(str(fact_of(db, "epoch")))
    except ValueError:
        return begin_epoch(db)
    return epoch if numbers_are_whole(db) else begin_epoch(db)


def _look_at_store(db: sqlite3.Connection, store_id: UUID | None) -> None:
    """A collector that has another store than before was restored from a backup."""
    seen = fact_of(db, "stores_seen")
    known = list(seen) if isinstance(seen, list) else []
    if store_id is None or str(store_id) in known:
        return  # two that answer in turn are both known soon: nothing goes to and fro for ever
    if known:
        log.warning("the collector's results were restored: what they may lack is sent again")
        spool_sent.send_all_again(db)
    note(db, "stores_seen", [*known, str(store_id)][-STORES_SEEN:])


def _reuse_log(db: sqlite3.Connection) -> None:
    """Make room in the log, which is there already, on a disk that has none left."""
    try:
        db.execute("PRAGMA wal_checkpoint(RESTART)")
    except sqlite3.Error as error:
        log.debug("%s", error)
