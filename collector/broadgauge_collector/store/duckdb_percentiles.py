"""Exact percentiles by school, segment and local hour, out of DuckDB.

The engine finds the readings and NumPy sorts them, one lot of schools while the next is being read:
in half of the time that the engine takes to group them itself. A school's rows lie together in the
parts.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple, get_args
from uuid import UUID

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from broadgauge_wire import Segment

from .percentiles import SCHEMA, Span, finished, spans, zones_of
from .questions import SHARES, SchoolClock, Window

READINGS_AT_ONCE = 4_000_000
"""About 100 MB of them, with what belongs to them."""

SEGMENTS = get_args(Segment)
HOURS = 24
MOST_SCHOOLS = 2**16 // (len(SEGMENTS) * HOURS)
"""At once, so that a group's number has 16 bits: such are sorted in a pass."""

HOUR_US = 3_600_000_000


class Asked(NamedTuple):
    """A school, its place in what was asked for, and its time zone's number."""

    school_id: UUID
    place: int
    zone: int


def percentiles(
    cursor: duckdb.DuckDBPyConnection,
    rows: str,
    size: int,
    window: Window,
    schools: Sequence[SchoolClock],
) -> pa.Table:
    """See the protocol. `rows` is SQL of rows with a `reading`, its segment, moment and school;
    there are about `size`."""
    numbers = zones_of(schools)
    zones = [spans(zone, window) for zone in numbers]
    asked = sorted(Asked(s.school_id, n, numbers[s.timezone]) for n, s in enumerate(schools))
    query, waiting, found = _query(rows), list[Future[pa.Table]](), []
    with ThreadPoolExecutor(1) as beside:
        for some in _apart(asked, size):
            ids = [each.school_id for each in some]
            readings = cursor.sql(query, params={"ids": ids}).to_arrow_table()
            found += [earlier.result() for earlier in waiting]
            waiting = [beside.submit(_percentiles, readings, some, zones)]
    return finished([*found, *(last.result() for last in waiting)])


def _query(rows: str) -> str:
    numbered = " ".join(f"WHEN '{name}' THEN {place}" for place, name in enumerate(SEGMENTS))
    return f"""
        SELECT number, CAST(CASE segment {numbered} END AS UTINYINT) AS segment, reading,
            epoch_us(started_at) + coalesce(CAST(1e6 * clock_offset_seconds AS BIGINT), 0) AS at_us,
            coalesce(simulated, false) AS simulated
        FROM ({rows}) JOIN (
            SELECT unnest(CAST($ids AS UUID[])) AS id,
                unnest(CAST(range(len($ids)) AS USMALLINT[])) AS number
        ) AS asked ON asked.id = school_id
    """  # noqa: S608 - names of our own


def _percentiles(
    readings: pa.Table, asked: Sequence[Asked], zones: Sequence[Sequence[Span]]
) -> pa.Table:
    """Of some schools' readings, whose `number` is the school's place among those asked for."""
    if not len(readings):
        return SCHEMA.empty_table()
    column = {name: readings[name].to_numpy() for name in readings.column_names}
    hour = _local_hour(column["at_us"], column["number"], [each.zone for each in asked], zones)
    slot = ((column["number"] * len(SEGMENTS) + column["segment"]) * HOURS + hour).astype(np.uint16)
    order = np.argsort(slot, kind="stable")
    slot, reading = slot[order], column["reading"][order]
    ends = np.append(np.flatnonzero(slot[1:] != slot[:-1]) + 1, len(slot))
    first = np.append(0, ends[:-1])
    for start, end in zip(first.tolist(), ends.tolist(), strict=True):
        reading[start:end].sort()
    group, hours = np.divmod(slot[first].astype(np.int64), HOURS)
    number, segment = np.divmod(group, len(SEGMENTS))
    return pa.table(
        {
            "school": np.array([each.place for each in asked])[number],
            "segment": np.array(SEGMENTS)[segment],
            "hour": hours,
            "size": ends - first,
            "simulated": np.logical_or.reduceat(column["simulated"][order], first),
            **{name: _share(reading, first, ends, share) for name, share in SHARES.items()},
        },
        SCHEMA,
    )


def _share(
    reading: NDArray[np.float64], first: NDArray[np.int64], ends: NDArray[np.int64], share: float
) -> NDArray[np.float64]:
    """Percentile of each group's sorted readings: a line between the two that are nearest."""
    at = (ends - first - 1) * share
    below, above = first + np.floor(at).astype(np.int64), first + np.ceil(at).astype(np.int64)
    low, high = reading[below], reading[above]
    return np.asarray(low + (high - low) * (at - np.floor(at)))


def _local_hour(
    at_us: NDArray[np.int64],
    number: NDArray[np.uint16],
    zone_of: Sequence[int],
    zones: Sequence[Sequence[Span]],
) -> NDArray[np.int64]:
    """The engine's own conversion of time zones takes ten times as long."""
    if len(set(zone_of)) == 1:
        return _hour(at_us, zones[zone_of[0]])
    hour, zone = np.zeros(len(at_us), np.int64), np.array(zone_of)[number]
    for each in set(zone_of):
        here = zone == each
        hour[here] = _hour(at_us[here], zones[each])
    return hour


def _hour(at_us: NDArray[np.int64], clock: Sequence[Span]) -> NDArray[np.int64]:
    hour = at_us + clock[0].ahead_seconds * 1_000_000
    for before, span in pairwise(clock):
        if before.until is not None:
            later = (span.ahead_seconds - before.ahead_seconds) * 1_000_000
            hour += (at_us >= round(before.until.timestamp() * 1e6)) * later
    hour //= HOUR_US
    hour %= HOURS
    return hour


def _apart(asked: list[Asked], size: int) -> Iterator[list[Asked]]:
    """Schools in lots that have not too many readings, if each has as many."""
    times = max(1, -(-size // READINGS_AT_ONCE), -(-len(asked) // MOST_SCHOOLS))
    at_once = max(1, -(-len(asked) // times))
    return (asked[start : start + at_once] for start in range(0, len(asked), at_once))
