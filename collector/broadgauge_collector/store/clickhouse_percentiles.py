"""Exact percentiles by school, segment and local hour, in ClickHouse's SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from .clickhouse_seen import Seen, listed
from .percentiles import finished, zones_of
from .questions import SHARES, SchoolClock


def percentiles(
    seen: Seen, rows: str, values: Mapping[str, Any], schools: Sequence[SchoolClock]
) -> pa.Table:
    """See the protocol. `rows` is SQL of rows with a `reading`, its segment, moment and school;
    `values` are what it needs."""
    if not schools:
        return finished([])
    numbers = zones_of(schools)
    shares = ", ".join(map(str, SHARES.values()))
    named = ", ".join(f"q[{place}] AS {name}" for place, name in enumerate(SHARES, 1))
    query = f"""
        WITH {listed(school.school_id for school in schools)} AS schools
        SELECT toInt64(indexOf(schools, school_id)) - 1 AS school, segment, hour, size, simulated,
            {named}
        FROM (
            SELECT school_id, assumeNotNull(toString(segment)) AS segment,
                toInt64({_local_hour(schools, numbers)}) AS hour, toInt64(count()) AS size,
                toBool(max(coalesce(simulated, false))) AS simulated,
                quantilesExactInclusive({shares})(assumeNotNull(reading)) AS q
            FROM ({rows}) WHERE school_id IN (SELECT arrayJoin(schools))
            GROUP BY school_id, segment, hour
        )
    """  # noqa: S608 - names of our own
    zones = {f"zone_{number}": zone for zone, number in numbers.items()}
    return finished([seen.table(query, {**values, **zones})])


def _local_hour(schools: Sequence[SchoolClock], numbers: Mapping[str, int]) -> str:
    """Zone by zone, as this function's zone has to be the same in all rows."""
    hours = [
        f"school_id IN (SELECT arrayJoin({listed(_of(zone, schools))})), "
        f"toHour(moment, {{zone_{number}:String}})"
        for zone, number in numbers.items()
    ]
    return f"multiIf({', '.join(hours)}, 0)"


def _of(zone: str, schools: Sequence[SchoolClock]) -> list[str]:
    return [str(school.school_id) for school in schools if school.timezone == zone]
