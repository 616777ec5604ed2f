"""Results in one DuckDB file."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import duckdb
import pyarrow as pa

from ..errors import CannotStart, CollectorError
from . import schema
from .duckdb_changes import read_changes
from .duckdb_commit import GroupWriter, prune_ledger, read_ledger
from .duckdb_file import DuckDBFile
from .duckdb_questions import DuckDBQuestions
from .ledger import Ledger
from .results import Changes, Incoming, Outcome, Place

PRUNE_EVERY = 4096
"""Batches between two prunings of the ledger: each costs a few deletes."""


class DuckDBResults:
    """One table for each kind of result, refused records, and the ledger of batches.

    A result is stored once because its batch is: ids are not looked up among all others, so an
    agent that puts one result into two batches has it stored twice.
    """

    def __init__(self, file: DuckDBFile) -> None:
        self._file = file
        self._writing = threading.Lock()
        self._ledger: Ledger | None = None
        self._since_pruning = 0

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or create the file, adding the columns that today's wire has and it hasn't.

        CannotStart if it can't be opened.
        """
        try:
            return cls(DuckDBFile(path, schema.tables()))
        except CollectorError as error:
            raise CannotStart(f"In {path.parent}, {error}") from error
        except OSError as error:
            raise CannotStart(f"{path.parent} can't be used ({error.strerror}).") from error

    def commit(self, group: Sequence[Incoming]) -> tuple[Outcome, ...]:
        """Keep these batches, all in one transaction, durable on return; one outcome for each.

        StorageFull or Busy: none of them is kept, and the same call may succeed later.
        """
        with self._writing:
            try:
                return self._commit(group)
            except BaseException:
                self._ledger = None  # whatever was done, the file knows
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
        """Results of one kind, newest first, with `since` <= started_at < `until`.

        Columns are the wire's fields, then agent_id, school_id, received_at; ids are text, moments
        are UTC without a zone. `before` is the place of the last row of the page before. KeyError
        for an unknown kind.
        """
        conditions, values = _conditions(school_id, agent_id, since, until, before)
        return self._rows(
            kind, f"{conditions} ORDER BY started_at DESC, id DESC LIMIT ?", [*values, limit]
        )

    def find(self, kind: str, result_id: UUID) -> pa.Table:
        """The result with this id, as `select` gives it; no row if there is none of the kind."""
        return self._rows(kind, "id = ? LIMIT 1", [result_id])

    @contextmanager
    def questions(self) -> Iterator[DuckDBQuestions]:
        """Questions about one moment, for one thread; Busy if they can't be answered now."""
        with self.cursor() as cursor:
            yield DuckDBQuestions(cursor)

    def changes(self, after: int, limit: int) -> Changes:
        """What was committed after the commit `after`: whole commits, oldest first, as many as
        have about `limit` results, and one at least where there is one.
        """
        with self.cursor() as cursor:
            cursor.begin()  # all kinds at one moment
            return read_changes(cursor, after, limit)

    def check(self) -> None:
        """Busy or StorageFull if the store can't answer."""
        with self.cursor() as cursor:
            cursor.execute("SELECT 1")

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own for questions, safe in any thread; closed at the end."""
        with self._file.cursor() as cursor:
            yield cursor

    def close(self) -> None:
        """Finish what is being committed, and close the file."""
        with self._writing:
            self._file.close()

    def _rows(self, kind: str, condition: str, values: list[Any]) -> pa.Table:
        columns = ", ".join(f'"{column.name}"' for column in schema.columns_of(kind))
        query = f'SELECT {columns} FROM "{kind}" WHERE {condition}'  # noqa: S608 - names of our own
        with self.cursor() as cursor:
            return cursor.sql(query, params=values).to_arrow_table()

    def _commit(self, group: Sequence[Incoming]) -> tuple[Outcome, ...]:
        with self._file.transaction() as connection:
            ledger = self._ledger or read_ledger(connection)
            writer = GroupWriter(connection, ledger)
            outcomes = tuple(writer.take(incoming) for incoming in group)
            writer.write()
            self._since_pruning += len(writer.stored)
            if self._since_pruning >= PRUNE_EVERY:
                prune_ledger(connection, ledger)
                self._since_pruning = 0
        self._ledger = ledger
        return outcomes


def _conditions(
    school_id: UUID | None,
    agent_id: UUID | None,
    since: datetime | None,
    until: datetime | None,
    before: Place | None,
) -> tuple[str, list[Any]]:
    asked: dict[str, list[Any]] = {
        "school_id = ?": [school_id],
        "agent_id = ?": [agent_id],
        "started_at >= ?": [since and schema.naive_utc(since)],
        "started_at < ?": [until and schema.naive_utc(until)],
        "(started_at, id) < (?, ?)": [
            before and schema.naive_utc(before.started_at),
            before and before.id,
        ],
    }
    given = {condition: values for condition, values in asked.items() if None not in values}
    return " AND ".join(given) or "TRUE", [value for values in given.values() for value in values]
