"""What followers read: results in the order in which they were committed."""

import duckdb
import pyarrow as pa

from broadgauge_wire import RESULT_KINDS

from . import schema
from .results import Changes

EVERY_COMMIT = " UNION ALL ".join(
    f'SELECT commit_number FROM "{kind}" WHERE commit_number > $after'  # noqa: S608 - our names
    for kind in RESULT_KINDS
)
UPTO = f"""
SELECT max(commit_number) FROM (
    SELECT commit_number, sum(count(*)) OVER (ORDER BY commit_number) AS results
    FROM ({EVERY_COMMIT}) GROUP BY commit_number
    QUALIFY results <= $limit OR row_number() OVER (ORDER BY commit_number) = 1
)
"""  # noqa: S608 - names of our own


def read_changes(cursor: duckdb.DuckDBPyConnection, after: int, limit: int) -> Changes:
    """Whole commits after the commit `after`; see the store."""
    upto = cursor.execute(UPTO, {"after": after, "limit": limit}).fetchall()[0][0]
    if upto is None:
        return Changes(after, {})
    tables = {kind: _committed(cursor, kind, after, upto) for kind in RESULT_KINDS}
    return Changes(upto, {kind: table for kind, table in tables.items() if table.num_rows})


def _committed(cursor: duckdb.DuckDBPyConnection, kind: str, after: int, upto: int) -> pa.Table:
    columns = ", ".join(f'"{column.name}"' for column in schema.columns_of(kind))
    query = (
        f'SELECT {columns} FROM "{kind}" '  # noqa: S608 - names of our own
        "WHERE commit_number > ? AND commit_number <= ? ORDER BY commit_number, id"
    )
    return cursor.sql(query, params=[after, upto]).to_arrow_table()
