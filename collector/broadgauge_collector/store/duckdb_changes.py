"""What followers read: results in the order in which they were committed."""

from functools import partial

import duckdb
import pyarrow as pa

from broadgauge_wire import RESULT_KINDS

from . import schema
from .duckdb_ahead import Rows, within
from .duckdb_sources import Sources, Wanted
from .duckdb_storeroom import Storeroom
from .results import Changes

ROWS_AHEAD = 1_000_000
"""About how many results are laid out at once: some 100 MB of disk."""

FEW_ROWS = 50_000
"""Parts with so few rows together are read for a page at a time."""

LAST_WITHIN = """
SELECT max(commit_number) FROM (
    SELECT commit_number, sum(count(*)) OVER (ORDER BY commit_number) AS results
    FROM ({rows}) GROUP BY commit_number
    QUALIFY results <= ? OR row_number() OVER (ORDER BY commit_number) = 1
)
"""


def read_changes(room: Storeroom, after: int, limit: int) -> Changes:
    """Whole commits after the commit `after`; see the store."""
    with room.reading() as sources:
        if ahead := room.ahead.covering(after):
            return _page(sources.cursor, ahead.rows_of, after, limit)
        rows = partial(_rows_of, sources)
        page = _next(sources.cursor, rows, after, limit)
        if page is None:
            return Changes(after, {})
        if _rows_in_parts(sources, *page) > FEW_ROWS:
            upto = _last_within(sources.cursor, rows, page[0], ROWS_AHEAD) or page[1]
            ahead = room.ahead.lay_out(sources.cursor, after, upto, rows)
            return _page(sources.cursor, ahead.rows_of, after, limit)
        return _committed(sources.cursor, rows, *page)


def _page(cursor: duckdb.DuckDBPyConnection, rows: Rows, after: int, limit: int) -> Changes:
    page = _next(cursor, rows, after, limit)
    return _committed(cursor, rows, *page) if page else Changes(after, {})


def _next(
    cursor: duckdb.DuckDBPyConnection, rows: Rows, after: int, limit: int
) -> tuple[int, int] | None:
    """The commits of the next page: those after one, up to another."""
    if upto := _last_within(cursor, rows, after, limit):
        return after, upto
    query = f"SELECT min(commit_number) FROM ({_numbers(rows, after, None)})"  # noqa: S608
    (first,) = cursor.execute(query).fetchall()[0]
    if first is None:
        return None
    return first - 1, _last_within(cursor, rows, first - 1, limit) or first


def _last_within(
    cursor: duckdb.DuckDBPyConnection, rows: Rows, after: int, limit: int
) -> int | None:
    # Each commit has a result at least: there can't be more commits than that.
    query = LAST_WITHIN.format(rows=_numbers(rows, after, after + limit))
    upto: int | None = cursor.execute(query, [limit]).fetchall()[0][0]
    return upto


def _numbers(rows: Rows, after: int, upto: int | None) -> str:
    return " UNION ALL ".join(
        f"SELECT commit_number FROM {rows(kind, after, upto)} WHERE {within(after, upto)}"  # noqa: S608
        for kind in RESULT_KINDS
    )


def _committed(cursor: duckdb.DuckDBPyConnection, rows: Rows, after: int, upto: int) -> Changes:
    tables = {kind: _results(cursor, rows, kind, after, upto) for kind in RESULT_KINDS}
    return Changes(upto, {kind: table for kind, table in tables.items() if table.num_rows})


def _results(
    cursor: duckdb.DuckDBPyConnection, rows: Rows, kind: str, after: int, upto: int
) -> pa.Table:
    columns = ", ".join(f'"{column.name}"' for column in schema.columns_of(kind))
    query = (
        f"SELECT {columns} FROM {rows(kind, after, upto)} "  # noqa: S608 - names of our own
        f"WHERE {within(after, upto)} ORDER BY commit_number, id"
    )
    return cursor.sql(query).to_arrow_table()


def _rows_of(sources: Sources, kind: str, after: int, upto: int | None) -> str:
    return sources.of(kind, _with_commits(after, upto))


def _rows_in_parts(sources: Sources, after: int, upto: int) -> int:
    has = _with_commits(after, upto)
    return sum(part.rows for part in sources.parts if part.kind in RESULT_KINDS and has(part))


def _with_commits(after: int, upto: int | None) -> Wanted:
    return lambda part: part.last_commit > after and (upto is None or part.first_commit <= upto)
