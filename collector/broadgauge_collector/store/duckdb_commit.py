"""A group of batches on its way into one DuckDB transaction."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
from msgspec.structs import astuple

from broadgauge_wire import BatchKey, Refusal, Result, kind_of

from . import schema
from .duckdb_file import insert
from .ledger import LaneKey, Ledger
from .results import Aside, Incoming, Outcome

OTHER_CONTENT = "a batch with this number was committed before, with other content"

SAME_LANE = "agent_id = ? AND epoch = ? AND lane = ?"


class GroupWriter:
    """Takes batches one by one, then writes what is new of all of them at once."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
        self.stored: dict[BatchKey, Incoming] = {}
        self._connection = connection
        self._ledger = ledger
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
        results: dict[str, list[tuple[Result, Incoming]]] = defaultdict(list)
        for incoming in self.stored.values():
            for result in incoming.accepted:
                results[kind_of(result)].append((result, incoming))
        number = self._next_commit() if results else 0
        for kind, pairs in results.items():
            columns = (*schema.columns_of(kind), schema.COMMIT)
            self._insert(kind, columns, [(*_result_row(*pair), number) for pair in pairs])
        refused = [row for incoming in self.stored.values() for row in _refused_rows(incoming)]
        conflicts = [row for incoming in self._conflicts.values() for row in _every_row(incoming)]
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
        return not incoming.refused and all(
            self._has_result(incoming.key.agent_id, result) for result in incoming.accepted
        )

    def _has_result(self, agent_id: UUID, result: Result) -> bool:
        query = (
            f'SELECT 1 FROM "{kind_of(result)}" '  # noqa: S608 - a kind of the wire
            "WHERE agent_id = ? AND started_at = ? AND id = ? LIMIT 1"
        )
        values = [agent_id, schema.naive_utc(result.started_at), result.id]
        return bool(self._connection.execute(query, values).fetchall())

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


def _receipt(incoming: Incoming) -> tuple[Any, ...]:
    return incoming.key.agent_id, incoming.school_id, incoming.received_at


def _result_row(result: Result, incoming: Incoming) -> tuple[Any, ...]:
    return *astuple(result), *_receipt(incoming)


def _batch_columns(incoming: Incoming) -> tuple[Any, ...]:
    key = incoming.key
    return key.epoch, key.lane, key.sequence


def _refused_rows(incoming: Incoming) -> Iterator[tuple[Any, ...]]:
    return (_aside_row(incoming, aside) for aside in incoming.refused)


def _every_row(incoming: Incoming) -> Iterator[tuple[Any, ...]]:
    for index, record in enumerate(incoming.records):
        refusal = Refusal(index=index, reason=OTHER_CONTENT)
        yield _aside_row(incoming, Aside(refusal=refusal, record=record))


def _aside_row(incoming: Incoming, aside: Aside) -> tuple[Any, ...]:
    refusal = aside.refusal
    body = aside.record.decode("utf-8", "replace")
    return (
        *_receipt(incoming),
        *_batch_columns(incoming),
        incoming.digest,
        refusal.index,
        refusal.id,
        refusal.reason,
        body,
    )


def _ledger_row(incoming: Incoming) -> tuple[Any, ...]:
    key = incoming.key.agent_id
    return key, *_batch_columns(incoming), incoming.digest, incoming.received_at
