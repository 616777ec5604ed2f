"""Results in DuckDB: a hot database, and closed months in parts beside it."""

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Self
from uuid import UUID

import duckdb
import pyarrow as pa

from broadgauge_wire import new_id

from ..errors import Busy, CannotStart, CollectorError, StorageFull
from . import duckdb_copy, duckdb_erase, duckdb_expire, duckdb_reading, duckdb_seal
from .duckdb_changes import read_changes
from .duckdb_commit import GroupWriter
from .duckdb_ledger import prune_ledger, read_ledger
from .duckdb_present import Present, find_present
from .duckdb_questions import DuckDBQuestions
from .duckdb_refused import read_refused, tally_refused
from .duckdb_storeroom import Storeroom
from .ledger import Ledger
from .results import (
    Changes,
    ExpiringKind,
    Incoming,
    Outcome,
    Place,
    RefusedRecord,
    RefusedTally,
)

PRUNE_EVERY = 4096
"""Batches between two prunings of the ledger: each costs a few deletes."""


class DuckDBResults:
    """One table for each kind of result, refused records, and the ledger of batches; closed months
    in Parquet. What is asked and answered, the protocol says.

    A result is stored once because its batch is: ids are not looked up among all others, so an
    agent that puts one result into two batches has it stored twice.
    """

    def __init__(self, room: Storeroom) -> None:
        self._room = room
        self._upkeep = threading.Lock()
        self._since_pruning = 0
        self._incarnation = _incarnation(room)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or create the files, adding the columns that today's wire has and they haven't, and
        finishing upkeep that was broken off.

        CannotStart if they can't be opened.
        """
        try:
            room = Storeroom(path)
        except CollectorError as error:
            raise CannotStart(f"In {path.parent}, {error}") from error
        except OSError as error:
            raise CannotStart(f"{path.parent} can't be used ({error.strerror}).") from error
        try:
            room.check()
            if room.tidy():
                # On a full disk it can still serve; whoever erased is told when that is done.
                with suppress(StorageFull, Busy):
                    duckdb_copy.rewrite(room)
            return cls(room)
        except CollectorError as error:
            room.file.close()
            raise CannotStart(f"In {path.parent}, {error}") from error

    @property
    def incarnation(self) -> UUID:
        return self._incarnation

    def commit(self, group: Sequence[Incoming]) -> tuple[Outcome, ...]:
        with self._room.pause():
            try:
                return self._commit(group)
            except BaseException:
                self._room.ledger = None  # whatever was done, the file knows
                raise

    def select(
        self,
        kind: str,
        *,
        school_id: UUID | None = None,
        agent_id: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: Place | None = None,
        limit: int,
    ) -> pa.Table:
        asked = duckdb_reading.Asked(kind, school_id, agent_id, since, until, before, limit)
        with self._room.reading() as sources:
            return duckdb_reading.select(sources, asked)

    def find(self, kind: str, result_id: UUID) -> pa.Table:
        with self._room.reading() as sources:
            return duckdb_reading.find(sources, kind, result_id)

    def refused(
        self,
        *,
        school_id: UUID | None = None,
        agent_id: UUID | None = None,
        reason: str | None = None,
        since: datetime | None = None,
        limit: int,
    ) -> list[RefusedRecord]:
        with self.cursor() as cursor:
            return read_refused(
                cursor, school_id=school_id, agent_id=agent_id, reason=reason, since=since,
                limit=limit,
            )  # fmt: skip

    def tally_refused(self) -> list[RefusedTally]:
        with self.cursor() as cursor:
            return tally_refused(cursor)

    @contextmanager
    def questions(self) -> Iterator[DuckDBQuestions]:
        with self._room.reading() as sources:
            yield DuckDBQuestions(sources)

    def changes(self, after: int, limit: int) -> Changes:
        return read_changes(self._room, after, limit)

    def seal(self, before: datetime) -> int:
        """Move the results of months (UTC) that ended before an instant into parts; how many."""
        with self._upkeep:
            return duckdb_seal.seal(self._room, before)

    def compact(self) -> None:
        """Make one part of a month's several, and write the hot database anew where much of it is
        free room."""
        with self._upkeep:
            self._room.ahead.forget()
            duckdb_seal.merge(self._room)
            if duckdb_copy.is_worth_rewriting(self._room):
                duckdb_copy.rewrite(self._room)

    def expire(self, kind: ExpiringKind, before: datetime) -> int:
        """Let go of what began before an instant (refused records: was received); how many rows.

        Latency windows leave their hours behind. Cheap where the instant is the start of a month
        (UTC), since files go whole; else the month's file is written anew.
        """
        with self._upkeep:
            gone = duckdb_expire.expire(self._room, kind, before)
            self._room.ahead.forget()
            return gone

    def count_before(self, kind: ExpiringKind, before: datetime) -> int:
        with self._room.reading() as sources:
            return duckdb_expire.count_before(sources, kind, before)

    def erase(self, *, agent_ids: Collection[UUID] = (), school_ids: Collection[UUID] = ()) -> int:
        with self._upkeep:
            return duckdb_erase.erase(self._room, agent_ids, school_ids)

    def owners(self) -> set[tuple[UUID, UUID]]:
        """Agents and schools of which there is anything, together."""
        return duckdb_erase.owners(self._room)

    def backup(self, directory: Path) -> None:
        with self._upkeep:
            duckdb_copy.backup(self._room, directory)

    def check(self) -> None:
        with self.cursor() as cursor:
            cursor.execute("SELECT 1")

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own to the hot database, safe in any thread; closed at the end."""
        with self._room.file.cursor() as cursor:
            yield cursor

    def close(self) -> None:
        """Finish what is being committed, and close the file."""
        with self._room.pause():
            self._room.ahead.forget()
            self._room.file.close()

    def _commit(self, group: Sequence[Incoming]) -> tuple[Outcome, ...]:
        room = self._room
        ledger = room.ledger or _read_ledger(room)
        old = [incoming for incoming in group if ledger.has_passed(incoming.key)]
        present = find_present(room, old) if old else Present()
        with room.file.transaction() as connection:
            writer = GroupWriter(connection, ledger, present)
            outcomes = tuple(writer.take(incoming) for incoming in group)
            writer.write()
            self._since_pruning += len(writer.stored)
            if self._since_pruning >= PRUNE_EVERY:
                prune_ledger(connection, ledger)
                self._since_pruning = 0
        room.ledger = ledger
        return outcomes


def _read_ledger(room: Storeroom) -> Ledger:
    with room.file.cursor() as cursor:
        cursor.begin()
        return read_ledger(cursor)


def _incarnation(room: Storeroom) -> UUID:
    with room.file.cursor() as cursor:
        rows = cursor.execute("SELECT id FROM incarnation").fetchall()
    if rows:
        return UUID(str(rows[0][0]))
    made = new_id()
    with room.writing() as connection:
        connection.execute("INSERT INTO incarnation VALUES (?)", [made])
    return made
