"""Closed months go from the hot database into parts, and small parts of a month into larger ones.

A part is written and durable before one transaction lets it count and deletes exactly its rows, or
the parts it stands for. A kill leaves the one or the other.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import accumulate, groupby
from typing import NamedTuple

import duckdb

from ..errors import DamagedResults
from . import schema
from .duckdb_commit import last_commit
from .duckdb_parts import MOMENT, Part, check_whole, rows_of
from .duckdb_storeroom import Storeroom, exchange

ROWS_AT_ONCE = 1_000_000
"""About how many hot rows one transaction deletes: batches wait for it."""

CLOSED = f"{MOMENT} >= $since AND {MOMENT} < $until AND coalesce(commit_number, 0) <= $upto"

MOST_TIMES_LARGER = 4
"""A part is written anew only with others that have a quarter of its rows together, at least."""

DAY = timedelta(days=1)


class Span(NamedTuple):
    """Days of one month, the last left out, whose rows of one kind become a part."""

    kind: str
    since: datetime
    until: datetime


def seal(room: Storeroom, before: datetime) -> int:
    """Move the results of months that ended before an instant into parts; how many."""
    end = month_of(schema.naive_utc(before))
    with room.reading() as sources:
        upto = last_commit(sources.cursor)
        spans = [s for kind in schema.SEALED_KINDS for s in _spans(sources.cursor, kind, end, upto)]
    return sum(_seal(room, span, upto) for span in spans)


def merge(room: Storeroom) -> None:
    """Make larger parts of small ones of the same kind and month."""
    with room.reading() as sources:
        parts = sources.parts
    for _, alike in groupby(parts, key=lambda part: (part.kind, part.month)):
        if several := worth_merging(alike):
            replace_rows(room, several, "TRUE", {})


def worth_merging(parts: Iterable[Part]) -> list[Part]:
    """The smaller parts of one kind and month, up to the largest that is at most four times as
    large as those before it together; none where there is none such.

    So each part that is left is more than four times as large as all smaller ones together: of a
    million rows, there are ten parts at most. And each time a row is written anew, its part has
    grown by a quarter at least, however many late results come one by one.
    """
    ordered = sorted(parts, key=lambda part: part.rows)
    smaller = accumulate(part.rows for part in ordered)
    worth = 0
    for place, (part, rows) in enumerate(zip(ordered[1:], smaller, strict=False), 2):
        if part.rows <= MOST_TIMES_LARGER * rows:
            worth = place
    return ordered[:worth]


def replace_rows(room: Storeroom, old: list[Part], staying: str, values: dict[str, object]) -> int:
    """Put one part, of those rows that a condition holds for, in the place of several of the same
    kind and month; how many rows went."""
    kind, month = old[0].kind, old[0].month
    check_whole(room.folder, old)
    rows = rows_of(room.folder, old, schema.stored_columns_of(kind))
    with room.reading() as sources:
        part = room.write_part(
            sources, kind, month, f"SELECT * FROM ({rows}) WHERE {staying}", values  # noqa: S608
        )  # fmt: skip
    kept, had = part.rows if part else 0, sum(part.rows for part in old)
    if staying == "TRUE" and kept != had:
        raise _miscounted(kind, month, had, kept)
    with room.writing() as connection:
        exchange(connection, old, (part,))
    room.drop(old)
    return had - kept


def month_of(moment: datetime) -> datetime:
    """The beginning of its month."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def named(month: datetime) -> str:
    """A month as parts are named by."""
    return f"{month:%Y-%m}"


def _spans(
    cursor: duckdb.DuckDBPyConnection, kind: str, end: datetime, upto: int
) -> Iterator[Span]:
    """Few days of many results, and many of few, each within one month."""
    query = f"""
        SELECT date_trunc('day', {MOMENT})::TIMESTAMP, count(*) FROM main."{kind}"
        WHERE {MOMENT} < ? AND coalesce(commit_number, 0) <= ? GROUP BY 1 ORDER BY 1
    """  # noqa: S608 - names of our own
    days = cursor.execute(query, [end, upto]).fetchall()
    for _, of_month in groupby(days, key=lambda day: month_of(day[0])):
        yield from (Span(kind, first, last + DAY) for first, last in _grouped(of_month))


def _grouped(days: Iterable[tuple[datetime, int]]) -> Iterator[tuple[datetime, datetime]]:
    group: list[datetime] = []
    rows = 0
    for day, count in days:
        if group and rows + count > ROWS_AT_ONCE:
            yield group[0], group[-1]
            group, rows = [], 0
        group.append(day)
        rows += count
    if group:
        yield group[0], group[-1]


def _seal(room: Storeroom, span: Span, upto: int) -> int:
    kind, month = span.kind, named(span.since)
    values = {"since": span.since, "until": span.until, "upto": upto}
    rows = f'SELECT * FROM main."{kind}" WHERE {CLOSED}'  # noqa: S608 - names of our own
    with room.reading() as sources:
        part = room.write_part(sources, kind, month, rows, values)
    if part is None:
        return 0
    with room.writing() as connection:
        gone = deleted(connection, kind, CLOSED, values)
        if gone != part.rows:
            raise _miscounted(kind, month, gone, part.rows)
        exchange(connection, (), (part,))
    return gone


def deleted(
    connection: duckdb.DuckDBPyConnection, table: str, condition: str, values: dict[str, object]
) -> int:
    """Delete hot rows; how many."""
    query = f'DELETE FROM main."{table}" WHERE {condition}'  # noqa: S608 - names of our own
    return int(connection.execute(query, values).fetchall()[0][0])


def _miscounted(kind: str, month: str, had: int, kept: int) -> DamagedResults:
    return DamagedResults(
        f"Of {had} {kind} results of {month}, {kept} could be read. Nothing was changed: restore "
        "the results from a backup."
    )
