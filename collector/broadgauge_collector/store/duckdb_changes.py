"""What followers read: results in the order in which they were committed."""

import pyarrow as pa

from broadgauge_wire import RESULT_KINDS

from . import schema
from .duckdb_sources import Sources, Wanted
from .results import Changes

LAST_WITHIN = """
SELECT max(commit_number) FROM (
    SELECT commit_number, sum(count(*)) OVER (ORDER BY commit_number) AS results
    FROM ({rows}) GROUP BY commit_number
    QUALIFY results <= ? OR row_number() OVER (ORDER BY commit_number) = 1
)
"""


def read_changes(sources: Sources, after: int, limit: int) -> Changes:
    """Whole commits after the commit `after`; see the store."""
    first = _first_after(sources, after)
    if first is None:
        return Changes(after, {})
    # Each commit has a result at least: there can't be more commits than that.
    upto = _last_within(sources, first, first + limit, limit)
    tables = {kind: _committed(sources, kind, first, upto) for kind in RESULT_KINDS}
    return Changes(upto, {kind: table for kind, table in tables.items() if table.num_rows})


def _first_after(sources: Sources, after: int) -> int | None:
    rows = _numbers(sources, after + 1, None)
    found = sources.cursor.execute(f"SELECT min(commit_number) FROM ({rows})").fetchall()  # noqa: S608
    return None if found[0][0] is None else int(found[0][0])


def _last_within(sources: Sources, first: int, last: int, limit: int) -> int:
    query = LAST_WITHIN.format(rows=_numbers(sources, first, last))
    return int(sources.cursor.execute(query, [limit]).fetchall()[0][0])


def _numbers(sources: Sources, first: int, last: int | None) -> str:
    return " UNION ALL ".join(
        f"SELECT commit_number FROM {sources.of(kind, _with_commits(first, last))} "  # noqa: S608
        f"WHERE {_within(first, last)}"
        for kind in RESULT_KINDS
    )


def _committed(sources: Sources, kind: str, first: int, last: int) -> pa.Table:
    columns = ", ".join(f'"{column.name}"' for column in schema.columns_of(kind))
    query = (
        f"SELECT {columns} FROM {sources.of(kind, _with_commits(first, last))} "  # noqa: S608
        f"WHERE {_within(first, last)} ORDER BY commit_number, id"
    )
    return sources.cursor.sql(query).to_arrow_table()


def _within(first: int, last: int | None) -> str:
    return f"commit_number >= {first}" + ("" if last is None else f" AND commit_number <= {last}")


def _with_commits(first: int, last: int | None) -> Wanted:
    return lambda part: part.last_commit >= first and (last is None or part.first_commit <= last)
