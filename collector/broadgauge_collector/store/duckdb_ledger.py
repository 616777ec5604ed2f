"""The ledger of batches, as DuckDB keeps it."""

import duckdb
import pyarrow as pa

from . import schema
from .ledger import Ledger, Span

SAME_LANE = "(t.agent_id, t.epoch, t.lane) = (passed.agent_id, passed.epoch, passed.lane)"
LET_GO = (
    f"DELETE FROM ledger AS t USING passed WHERE {SAME_LANE} "  # noqa: S608 - constant
    'AND t.sequence BETWEEN passed."first" AND passed.sequence'
)
FORMER_SPANS = f"DELETE FROM watermark AS t USING passed WHERE {SAME_LANE}"  # noqa: S608
SPANS = "INSERT INTO watermark BY NAME FROM passed"


def read_ledger(connection: duckdb.DuckDBPyConnection) -> Ledger:
    """The ledger as the database has it."""
    ledger = Ledger()
    passed = connection.execute(
        'SELECT agent_id, epoch, lane, coalesce("first", 1), sequence FROM watermark ORDER BY ALL'
    )
    for agent_id, epoch, lane, first, last in passed.fetchall():
        ledger.lane((agent_id, epoch, lane)).passed += (Span(first, last),)
    batches = connection.execute("SELECT agent_id, epoch, lane, sequence, digest FROM ledger")
    for agent_id, epoch, lane, sequence, digest in batches.fetchall():
        ledger.lane((agent_id, epoch, lane)).digests[sequence] = digest
    return ledger


def prune_ledger(connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Let go of old digests, in memory and in the database. All lanes at once: a statement a lane
    would read through the whole ledger for each."""
    rows = [
        (*lane, span.last, span.first) for lane, spans in ledger.prune().items() for span in spans
    ]
    if not rows:
        return
    arrays = [
        column.array(values)
        for column, values in zip(schema.WATERMARK, zip(*rows, strict=True), strict=True)
    ]
    passed = pa.table(arrays, [column.name for column in schema.WATERMARK])
    connection.register("passed", passed)
    for statement in (LET_GO, FORMER_SPANS, SPANS):
        connection.execute(statement).fetchall()
    connection.unregister("passed")
