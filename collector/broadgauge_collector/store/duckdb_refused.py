"""Records that were set aside, as DuckDB has them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import duckdb

from .duckdb_aside import MADE_ROOM
from .results import MOST_TALLIES, RefusedRecord, RefusedTally
from .schema import naive_utc


def read_refused(
    cursor: duckdb.DuckDBPyConnection,
    *,
    school_id: UUID | None,
    agent_id: UUID | None,
    reason: str | None,
    since: datetime | None,
    limit: int,
) -> list[RefusedRecord]:
    """Records that were set aside, the last received first; see the store."""
    asked = {
        "school_id = ?": school_id,
        "agent_id = ?": agent_id,
        "reason = ?": reason,
        "received_at >= ?": since and naive_utc(since),
    }
    given = {condition: value for condition, value in asked.items() if value is not None}
    query = f"""
        SELECT agent_id, school_id, received_at, epoch, lane, sequence, "index", id, reason, body
        FROM refused WHERE {" AND ".join(given) or "TRUE"}
        ORDER BY received_at DESC, agent_id, epoch, lane, sequence DESC, "index" LIMIT ?
    """  # noqa: S608 - names of our own
    rows = cursor.execute(query, [*given.values(), limit]).fetchall()
    return [RefusedRecord._make(_in_utc(row, 2)) for row in rows]


def tally_refused(cursor: duckdb.DuckDBPyConnection) -> list[RefusedTally]:
    """How many were set aside of whom and why, and how many of them made room, the last received
    first; see the store."""
    query = """
        SELECT agent_id, school_id, reason, count(*), min(received_at), max(received_at) AS last_at
        FROM refused GROUP BY ALL
        UNION ALL
        SELECT agent_id, school_id, ?, records, first_at, last_at FROM refused_gone
        ORDER BY last_at DESC, agent_id, reason LIMIT ?
    """
    rows = cursor.execute(query, [MADE_ROOM, MOST_TALLIES]).fetchall()
    return [RefusedTally._make(_in_utc(row, 4, 5)) for row in rows]


def _in_utc(row: tuple[Any, ...], *places: int) -> list[Any]:
    return [
        value.replace(tzinfo=UTC) if place in places else value for place, value in enumerate(row)
    ]
