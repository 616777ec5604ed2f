"""Exact percentiles by school, segment and local hour, in DuckDB's SQL.

All readings of a group are in memory when its percentiles are taken, so many schools are asked
about some at a time: a school's rows lie together in the parts.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from .percentiles import Span, finished, spans, zones_of
from .questions import SHARES, SchoolClock, Window

READINGS_AT_ONCE = 12_000_000
"""About 100 MB of them."""

CLOCK = "epoch_us(started_at) + coalesce(CAST(1e6 * clock_offset_seconds AS BIGINT), 0)"
HOUR_US = 3_600_000_000


def percentiles(
    cursor: duckdb.DuckDBPyConnection,
    rows: str,
    size: int,
    window: Window,
    schools: Sequence[SchoolClock],
) -> pa.Table:
    """See the protocol. `rows` is SQL of rows with a `reading`, its segment, moment and school;
    there are about `size`."""
    if not schools:
        return finished([])
    numbers = zones_of(schools)
    asked = sorted((s.school_id, place, numbers[s.timezone]) for place, s in enumerate(schools))
    query = _query(rows, {n: spans(zone, window) for zone, n in numbers.items()})
    return finished(
        [
            cursor.sql(query, params=_as_values(some)).to_arrow_table()
            for some in _apart(asked, size)
        ]
    )


def _query(rows: str, zones: dict[int, list[Span]]) -> str:
    shares = list(SHARES.values())
    named = ", ".join(f"q[{place}] AS {name}" for place, name in enumerate(SHARES, 1))
    return f"""
        SELECT school, segment, hour, size, simulated, {named} FROM (
            SELECT asked.place AS school, segment, {_local_hour(zones)} AS hour,
                count(*) AS size, bool_or(simulated) AS simulated,
                quantile_cont(reading, {shares}) AS q
            FROM ({rows}) JOIN (
                SELECT unnest(CAST($ids AS UUID[])) AS id, unnest($places) AS place,
                    unnest($zones) AS zone
            ) AS asked ON asked.id = school_id
            GROUP BY ALL
        )
    """  # noqa: S608 - names of our own


def _local_hour(zones: dict[int, list[Span]]) -> str:
    """The engine's own conversion of time zones takes ten times as long."""
    ahead = " ".join(f"WHEN {number} THEN {_ahead(found)}" for number, found in zones.items())
    of_zone = f"CASE zone {ahead} END" if len(zones) > 1 else _ahead(*zones.values())
    return f"({CLOCK} + {of_zone}) // {HOUR_US} % 24"


def _ahead(found: list[Span]) -> str:
    """How many microseconds clocks are ahead."""
    until = "".join(
        f"WHEN {CLOCK} < epoch_us(TIMESTAMP '{span.until:%Y-%m-%d %H:%M}') "
        f"THEN {span.ahead_seconds * 1_000_000} "
        for span in found
        if span.until is not None
    )
    last = f"{found[-1].ahead_seconds * 1_000_000}"
    return f"CASE {until} ELSE {last} END" if until else last


def _apart(asked: list[tuple[UUID, int, int]], size: int) -> Iterator[list[tuple[UUID, int, int]]]:
    """Schools in groups that have not too many readings, if each has as many."""
    times = max(1, -(-size // READINGS_AT_ONCE))
    at_once = max(1, -(-len(asked) // times))
    return (asked[start : start + at_once] for start in range(0, len(asked), at_once))


def _as_values(some: list[tuple[UUID, int, int]]) -> dict[str, Any]:
    ids, places, zones = (list(column) for column in zip(*some, strict=True))
    return {"ids": ids, "places": places, "zones": zones}
