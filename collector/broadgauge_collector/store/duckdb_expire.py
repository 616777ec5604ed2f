"""Results that were kept for long enough go; of latency windows their hours stay."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import duckdb

from . import schema
from .duckdb_commit import last_commit
from .duckdb_parts import MOMENT, Part, check_whole, rows_of
from .duckdb_seal import deleted
from .duckdb_sources import Sources
from .duckdb_storeroom import Storeroom, exchange

EXPIRED = f"""{MOMENT} < $before AND strftime({MOMENT}, '%Y-%m') = $month
    AND coalesce(commit_number, 0) <= $upto"""

WORKED = "error IS NULL"

HOURS = f"""
    SELECT date_trunc('hour', {MOMENT}) AS started_at,
        CAST(NULL AS DOUBLE) AS clock_offset_seconds,
        segment, location, path_kind, simulated, reflector_id, count(*) AS windows,
        count(*) FILTER (WHERE NOT ({WORKED})) AS failed,
        CAST(sum(sent) FILTER (WHERE {WORKED}) AS BIGINT) AS sent,
        CAST(sum(lost) FILTER (WHERE {WORKED}) AS BIGINT) AS lost,
        min(rtt_min_seconds) AS rtt_min_seconds, max(rtt_max_seconds) AS rtt_max_seconds,
        list(rtt_p50_seconds) FILTER (WHERE {WORKED} AND rtt_p50_seconds IS NOT NULL)
            AS rtt_p50_seconds,
        list(lost / nullif(sent, 0)) FILTER (WHERE {WORKED} AND lost IS NOT NULL AND sent > 0)
            AS lost_ratio,
        agent_id, school_id, max(received_at) AS received_at, max(commit_number) AS commit_number
    FROM ({{windows}}) WHERE {MOMENT} >= $since AND {MOMENT} < $until
    GROUP BY ALL
"""  # noqa: S608 - names of our own


def expire(room: Storeroom, kind: str, before: datetime) -> int:
    """Let go of what began before an instant; how many rows. See the store."""
    end = schema.naive_utc(before)
    if kind == "refused":
        with room.writing() as connection:
            deleted(connection, "refused_gone", "last_at < $before", {"before": end})
            return deleted(connection, kind, "received_at < $before", {"before": end})
    with room.reading() as sources:
        upto = last_commit(sources.cursor)
        months = _hot_months(sources.cursor, kind, end, upto)
        old = [part for part in sources.parts if part.kind == kind and part.first_moment < end]
    months |= {part.month for part in old}
    return sum(
        _expire_month(
            room, kind, [part for part in old if part.month == month],
            {"before": end, "month": month, "upto": upto},
        )
        for month in sorted(months)
    )  # fmt: skip


def count_before(sources: Sources, kind: str, before: datetime) -> int:
    """How many rows would go."""
    end = schema.naive_utc(before)
    if kind == "refused":
        query = "SELECT count(*) FROM refused WHERE received_at < ?"
    else:
        rows = sources.of(kind, lambda part: part.first_moment < end)
        query = f"SELECT count(*) FROM {rows} WHERE {MOMENT} < ?"  # noqa: S608 - names of our own
    return int(sources.cursor.execute(query, [end]).fetchall()[0][0])


def _expire_month(room: Storeroom, kind: str, old: list[Part], values: dict[str, Any]) -> int:
    # What goes as it is need not be read: a damaged part that is old enough goes, too.
    check_whole(
        room.folder, [part for part in old if kind == "latency" or _is_divided(part, values)]
    )
    new = [_rest(room, kind, old, values)]
    kept = sum(part.rows for part in new if part)
    if kind == "latency":
        new.append(_hours(room, old, values))
    with room.writing() as connection:
        gone = deleted(connection, kind, EXPIRED, values)
        exchange(connection, old, new)
    room.drop(old)
    return gone + sum(part.rows for part in old) - kept


def _rest(room: Storeroom, kind: str, old: Iterable[Part], values: dict[str, Any]) -> Part | None:
    """What stays of these parts."""
    before = values["before"]
    divided = [part for part in old if _is_divided(part, values)]
    if not divided:
        return None
    rows = rows_of(room.folder, divided, schema.stored_columns_of(kind))
    staying = f"SELECT * FROM ({rows}) WHERE {MOMENT} >= $before"  # noqa: S608 - our names
    with room.reading() as sources:
        return room.write_part(sources, kind, values["month"], staying, {"before": before})


def _is_divided(part: Part, values: dict[str, Any]) -> bool:
    return bool(part.last_moment >= values["before"])


def _hours(room: Storeroom, old: list[Part], values: dict[str, Any]) -> Part | None:
    """The hours of the latency windows that go. Day by day: lists in memory can't be spilled."""
    columns = schema.stored_columns_of("latency")
    names = ", ".join(f'"{column.name}"' for column in columns)
    rows = f"SELECT {names} FROM main.latency WHERE {EXPIRED}"  # noqa: S608 - names of our own
    if old:
        in_parts = rows_of(room.folder, old, columns)
        rows += f" UNION ALL SELECT * FROM ({in_parts}) WHERE {MOMENT} < $before"  # noqa: S608
    with room.reading() as sources:
        _gather(sources, rows, values)
        return room.write_part(sources, schema.HOURLY, values["month"], "SELECT * FROM hours", {})


def _gather(sources: Sources, rows: str, values: dict[str, Any]) -> None:
    cursor = sources.cursor
    cursor.execute("CREATE TEMP TABLE hours AS SELECT * FROM main.latency_hourly LIMIT 0")
    days = f"SELECT DISTINCT date_trunc('day', {MOMENT})::TIMESTAMP FROM ({rows})"  # noqa: S608
    for (day,) in cursor.execute(days, values).fetchall():
        cursor.execute(
            f"INSERT INTO hours BY NAME {HOURS.format(windows=rows)}",
            {**values, "since": day, "until": day + timedelta(days=1)},
        )


def _hot_months(cursor: duckdb.DuckDBPyConnection, kind: str, end: datetime, upto: int) -> set[str]:
    query = f"""
        SELECT DISTINCT strftime({MOMENT}, '%Y-%m') FROM main."{kind}"
        WHERE {MOMENT} < ? AND coalesce(commit_number, 0) <= ?
    """  # noqa: S608 - names of our own
    return {row[0] for row in cursor.execute(query, [end, upto]).fetchall()}
