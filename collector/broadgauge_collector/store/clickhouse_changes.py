"""What followers read from ClickHouse: results in the order in which commits were numbered."""

import pyarrow as pa

from broadgauge_wire import RESULT_KINDS

from .clickhouse_seen import COUNTED, Seen, counted, shown
from .results import Changes

# Each commit that is listed brought one result at least.
UPTO = f"""
SELECT max(commit_number) FROM (
    SELECT commit_number, sum(results) OVER (ORDER BY commit_number) AS so_far,
        row_number() OVER (ORDER BY commit_number) AS place
    FROM (
        SELECT commit_number, results FROM commits
        WHERE commit_number > {{after:Int64}} AND commit_number <= {{settled:Int64}} AND {COUNTED}
        ORDER BY commit_number LIMIT {{limit:Int64}}
    )
) WHERE so_far <= {{limit:Int64}} OR place = 1
"""  # noqa: S608 - names of our own


def read_changes(seen: Seen, after: int, limit: int) -> Changes:
    """Whole commits after the commit `after`; see the store."""
    bounds = {"settled": seen.snapshot.settled, "limit": limit}
    while upto := seen.number(UPTO, {"after": after, **bounds}):
        tables = {kind: _committed(seen, kind, after, upto) for kind in RESULT_KINDS}
        if found := {kind: table for kind, table in tables.items() if table.num_rows}:
            return Changes(upto, found)
        after = upto  # they have expired
    return Changes(after, {})


def _committed(seen: Seen, kind: str, after: int, upto: int) -> pa.Table:
    query = f"""
        SELECT {shown(kind)} FROM {kind} AS t
        WHERE {counted(kind)} AND commit_number > {{after:Int64}}
            AND commit_number <= {{last:Int64}}
        ORDER BY commit_number, toUInt128(t.id)
    """  # noqa: S608 - names of our own
    return seen.table(query, {"after": after, "last": upto})
