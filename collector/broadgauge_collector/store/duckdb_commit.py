"""A group of batches on its way into one DuckDB transaction."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
from msgspec.structs import astuple

from broadgauge_wire import BatchKey, Refusal, Result, kind_of

from . import schema
from .arrow_rows import result_tables
from .aside_rows import OTHER_CONTENT, every_row, refused_rows
from .duckdb_file import insert
from .duckdb_sources import Sources
from .ledger import LaneKey, Ledger
from .results import Incoming, Outcome

ResultKey = tuple[UUID, UUID]
"""Whose result, and its id."""

SAME_LANE = "agent_id = ? AND epoch = ? AND lane = ?"


class GroupWriter:
    """Takes batches one by one, then writes what is new of all of them at once.

    `present` is what is there of the results of batches that the ledger has no digest of any more.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, ledger: Ledger, present: set[ResultKey]
    ) -> None:
        self.stored: dict[BatchKey, Incoming] = {}
        self._connection = connection
        self._ledger = ledger
        self._present = present
        self._conflicts: dict[tuple[BatchKey, bytes], Incoming] = {}

    def take(self, incoming: Incoming) -> Outcome:
        """Decide what becomes of a batch; nothing is written yet."""
        known = self._ledger.digest(incoming.key)
        if known is None and not self._ledger.is_below_watermark(incoming.key):
            return self._store(incoming)
        if known == incoming.digest or (known is None and self._is_stored(incoming)):
            return Outcome(state="seen", refused=self._refused_before(incoming))
        return self._set_aside(incoming)

    def write(self) -> None:
        """Write everything taken."""
        results = result_tables(self.stored.values())
        number = pa.scalar(self._next_commit() if results else 0, pa.int64())
        for kind, table in results.items():
            commits = pa.repeat(number, table.num_rows)
            insert(self._connection, kind, table.append_column(schema.COMMIT.name, commits))
        refused = [row for incoming in self.stored.values() for row in refused_rows(incoming)]
        conflicts = [row for incoming in self._conflicts.values() for row in every_row(incoming)]
        self._insert("refused", schema.REFUSED, refused + conflicts)
        self._insert("ledger", schema.LEDGER, [_ledger_row(i) for i in self.stored.values()])

    def _next_commit(self) -> int:
        number = last_commit(self._connection) + 1
        self._connection.execute("DELETE FROM last_commit")
        self._connection.execute("INSERT INTO last_commit VALUES (?)", [number])
        return number

    def _store(self, incoming: Incoming) -> Outcome:
        self._ledger.add(incoming.key, incoming.digest)
        self.stored[incoming.key] = incoming
        return Outcome(state="stored", refused=tuple(a.refusal for a in incoming.refused))

    def _set_aside(self, incoming: Incoming) -> Outcome:
        if not self._refused_before(incoming):
            self._conflicts[incoming.key, incoming.digest] = incoming
        return Outcome(state="conflict")

    def _is_stored(self, incoming: Incoming) -> bool:
        """Below the watermark the ledger's digest is gone, but what the batch left is not."""
        if any(refusal.reason != OTHER_CONTENT for refusal in self._refused_before(incoming)):
            return True
        agent_id = incoming.key.agent_id
        return not incoming.refused and all(
            (agent_id, result.id) in self._present for result in incoming.accepted
        )

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


def find_present(sources: Sources, batches: Iterable[Incoming]) -> set[ResultKey]:
    """Which results of these batches are there. All at once: after a store was put back from a
    backup, agents send thousands of batches again."""
    results: dict[str, list[Result]] = defaultdict(list)
    for incoming in batches:
        for result in incoming.accepted:
            results[kind_of(result)].append(result)
    return {key for kind, alike in results.items() for key in _find(sources, kind, alike)}


def last_commit(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of the last commit that brought results; 0 before the first."""
    rows = connection.execute("SELECT commit_number FROM last_commit").fetchall()
    return int(rows[0][0]) if rows else 0


def _find(sources: Sources, kind: str, results: Sequence[Result]) -> list[ResultKey]:
    starts = [schema.naive_utc(result.started_at) for result in results]
    first, last = min(starts), max(starts)
    rows = sources.of(kind, lambda part: part.first_start <= last and part.last_start >= first)
    query = f"""
        SELECT agent_id, id FROM {rows} WHERE started_at BETWEEN ? AND ?
        AND id IN (SELECT unnest(CAST(? AS UUID[])))
    """  # noqa: S608 - names of our own
    ids = [result.id for result in results]
    return sources.cursor.execute(query, [first, last, ids]).fetchall()


def read_ledger(connection: duckdb.DuckDBPyConnection) -> Ledger:
    """The ledger as the database has it."""
    ledger = Ledger()
    marks = connection.execute("SELECT agent_id, epoch, lane, sequence FROM watermark")
    for agent_id, epoch, lane, sequence in marks.fetchall():
        ledger.lane((agent_id, epoch, lane)).watermark = sequence
    batches = connection.execute("SELECT agent_id, epoch, lane, sequence, digest FROM ledger")
    for agent_id, epoch, lane, sequence, digest in batches.fetchall():
        ledger.lane((agent_id, epoch, lane)).digests[sequence] = digest
    return ledger


def prune_ledger(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Raise watermarks, in memory and in the database, and drop the batches they stand for."""
    for lane, watermark in ledger.prune().items():
        _raise_watermark(connection, lane, watermark)


def _raise_watermark(connection: duckdb.DuckDBPyConnection, lane: LaneKey, watermark: int) -> None:
    upto = [*lane, watermark]
    passed = f"DELETE FROM ledger WHERE {SAME_LANE} AND sequence <= ?"  # noqa: S608 - constant
    connection.execute(passed, upto)
    connection.execute(f"DELETE FROM watermark WHERE {SAME_LANE}", list(lane))  # noqa: S608
    connection.execute("INSERT INTO watermark VALUES (?, ?, ?, ?)", upto)


def _ledger_row(incoming: Incoming) -> tuple[Any, ...]:
    key = incoming.key
    batch = key.agent_id, key.epoch, key.lane, key.sequence
    return *batch, incoming.digest, incoming.received_at
