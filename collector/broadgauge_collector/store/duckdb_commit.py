"""A group of batches on its way into one DuckDB transaction."""

from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa
from msgspec.structs import astuple

from broadgauge_wire import BatchKey, Refusal

from . import schema
from .arrow_rows import result_tables
from .aside_rows import OTHER_CONTENT, Row, every_row, refusal_of, refused_rows
from .duckdb_aside import keep_within
from .duckdb_file import insert
from .duckdb_present import Found, Present
from .ledger import Ledger
from .results import Incoming, Outcome

UNREADABLE = "it was sent before, and the sealed month that should have it can't be read"

SAME_LANE = "agent_id = ? AND epoch = ? AND lane = ?"


class GroupWriter:
    """Takes batches one by one, then writes what is new of all of them at once.

    `present` is what is there of the results of batches that the ledger has no digest of any more.
    None of those is stored, whatever is there: their numbers are used up.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, ledger: Ledger, present: Present
    ) -> None:
        self.stored: dict[BatchKey, Incoming] = {}
        self._connection = connection
        self._ledger = ledger
        self._present = present
        self._aside: dict[tuple[BatchKey, bytes], list[Row]] = {}

    def take(self, incoming: Incoming) -> Outcome:
        """Decide what becomes of a batch; nothing is written yet."""
        known = self._ledger.digest(incoming.key)
        if known is None and not self._ledger.has_passed(incoming.key):
            return self._store(incoming)
        if known == incoming.digest:
            return Outcome(state="seen", refused=self._refused_before(incoming))
        return self._set_aside(incoming) if known is not None else self._know_again(incoming)

    def write(self) -> None:
        """Write everything taken."""
        results = result_tables(self.stored.values())
        number = pa.scalar(self._next_commit() if results else 0, pa.int64())
        for kind, table in results.items():
            commits = pa.repeat(number, table.num_rows)
            insert(self._connection, kind, table.append_column(schema.COMMIT.name, commits))
        aside = [row for incoming in self.stored.values() for row in refused_rows(incoming)]
        aside += [row for rows in self._aside.values() for row in rows]
        self._insert("refused", schema.REFUSED, aside)
        if aside:
            keep_within(self._connection)
        self._insert("ledger", schema.LEDGER, [_ledger_row(i) for i in self.stored.values()])

    def _next_commit(self) -> int:
        counted = "UPDATE last_commit SET commit_number = commit_number + 1 RETURNING commit_number"
        rows = self._connection.execute(counted).fetchall()
        if not rows:
            rows = self._connection.execute(
                "INSERT INTO last_commit VALUES (1) RETURNING 1"
            ).fetchall()
        return int(rows[0][0])

    def _store(self, incoming: Incoming) -> Outcome:
        self._ledger.add(incoming.key, incoming.digest)
        self.stored[incoming.key] = incoming
        return Outcome(state="stored", refused=tuple(a.refusal for a in incoming.refused))

    def _set_aside(self, incoming: Incoming) -> Outcome:
        if not self._refused_before(incoming):
            self._aside[incoming.key, incoming.digest] = list(every_row(incoming, OTHER_CONTENT))
        return Outcome(state="conflict")

    def _know_again(self, incoming: Incoming) -> Outcome:
        """Below the watermark the ledger's digest is gone, but what the batch left is not."""
        before = self._refused_before(incoming)
        if any(refusal.reason != OTHER_CONTENT for refusal in before):
            return Outcome(state="seen", refused=before)
        found = self._present.of(incoming)
        if found is Found.NOT_THERE:
            return self._set_aside(incoming)
        if found is Found.UNKNOWN:
            rows = list(every_row(incoming, UNREADABLE))
        else:  # what was kept aside of it is gone by now
            rows = list(refused_rows(incoming))
        self._aside[incoming.key, incoming.digest] = rows
        return Outcome(state="seen", refused=tuple(map(refusal_of, rows)))

    def _refused_before(self, incoming: Incoming) -> tuple[Refusal, ...]:
        stored = self.stored.get(incoming.key)
        if stored is not None and stored.digest == incoming.digest:
            return tuple(aside.refusal for aside in stored.refused)
        query = (
            f'SELECT "index", id, reason FROM refused WHERE {SAME_LANE} '  # noqa: S608 - constant
            'AND sequence = ? AND digest = ? ORDER BY "index"'
        )
        values = [*astuple(incoming.key), incoming.digest]
        rows = self._connection.execute(query, values).fetchall()
        return tuple(Refusal(index=index, id=id_, reason=reason) for index, id_, reason in rows)

    def _insert(
        self, table: str, columns: tuple[schema.Column, ...], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        if rows:
            arrays = [
                column.array(values)
                for column, values in zip(columns, zip(*rows, strict=True), strict=True)
            ]
            names = [column.name for column in columns]
            insert(self._connection, table, pa.table(arrays, names))


def last_commit(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the last commit that brought results; 0 before the first."""
    rows = connection.execute("SELECT commit_number FROM last_commit").fetchall()
    return int(rows[0][0]) if rows else 0


def _ledger_row(incoming: Incoming) -> tuple[Any, ...]:
    key = incoming.key
    batch = key.agent_id, key.epoch, key.lane, key.sequence
    return *batch, incoming.digest, incoming.received_at
