"""Rows of the results store: pages of results, and one by its id."""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import pyarrow as pa

from . import schema
from .duckdb_parts import MOMENT, Part
from .duckdb_sources import Sources, Wanted, every
from .results import Place, place_of

AROUND_SECONDS = 2 * 86400
"""An id says when it was made by the agent's clock: first the parts around that are searched."""


class Asked(NamedTuple):
    """What a page of results is asked for by; see `select` of the store."""

    kind: str
    school_id: UUID | None
    agent_id: UUID | None
    since: datetime | None
    until: datetime | None
    before: Place | None
    limit: int


def select(sources: Sources, asked: Asked) -> pa.Table:
    """A page of results. The newest parts are read first, and older ones only where those have too
    few rows."""
    condition, values = _conditions(asked)
    query = f"{condition} ORDER BY {MOMENT} DESC, id DESC LIMIT ?"
    parts = _newest_first(sources, asked)
    number = 0
    while True:
        page = _rows(sources, asked.kind, query, [*values, asked.limit], _among(parts[:number]))
        if number >= len(parts) or _is_complete(page, asked.limit, parts[number:]):
            return page
        number = max(1, number * 2)


def find(sources: Sources, kind: str, result_id: UUID) -> pa.Table:
    """The result with this id, if there is one of the kind."""
    table = _rows(sources, kind, "id = ? LIMIT 1", [result_id], _around(result_id))
    return table if table.num_rows else _rows(sources, kind, "id = ? LIMIT 1", [result_id], every)


def _newest_first(sources: Sources, asked: Asked) -> list[Part]:
    since = asked.since and schema.naive_utc(asked.since)
    ends = [
        schema.naive_utc(end)
        for end in (asked.until, asked.before and asked.before.moment)
        if end is not None
    ]
    wanted = (
        part
        for part in sources.parts
        if part.kind == asked.kind
        and (since is None or part.last_moment >= since)
        and all(part.first_moment <= end for end in ends)
    )
    return sorted(wanted, key=lambda part: part.last_moment, reverse=True)


def _is_complete(page: pa.Table, limit: int, left_out: list[Part]) -> bool:
    """Whether nothing that was left out would stand on the page."""
    if page.num_rows < limit:
        return False
    oldest = place_of(page.slice(page.num_rows - 1).to_pylist()[0]).moment
    return schema.naive_utc(oldest) > left_out[0].last_moment


def _among(parts: list[Part]) -> Wanted:
    files = {part.file for part in parts}
    return lambda part: part.file in files


def _around(result_id: UUID) -> Wanted:
    made_seconds = (result_id.int >> 80) / 1000
    return lambda part: (
        _seconds(part.first_start) - AROUND_SECONDS
        <= made_seconds
        <= _seconds(part.last_start) + AROUND_SECONDS
    )


def _seconds(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()


def _rows(
    sources: Sources, kind: str, condition: str, values: list[Any], wanted: Wanted
) -> pa.Table:
    columns = ", ".join(f'"{column.name}"' for column in schema.columns_of(kind))
    query = f"SELECT {columns} FROM {sources.of(kind, wanted)} WHERE {condition}"  # noqa: S608
    return sources.cursor.sql(query, params=values).to_arrow_table()


def _conditions(asked: Asked) -> tuple[str, list[Any]]:
    since, until, before = asked.since, asked.until, asked.before
    conditions: dict[str, list[Any]] = {
        "school_id = ?": [asked.school_id],
        "agent_id = ?": [asked.agent_id],
        f"{MOMENT} >= ?": [since and schema.naive_utc(since)],
        f"{MOMENT} < ?": [until and schema.naive_utc(until)],
        f"({MOMENT}, id) < (?, ?)": [
            before and schema.naive_utc(before.moment),
            before and before.id,
        ],
    }
    given = {key: values for key, values in conditions.items() if None not in values}
    return " AND ".join(given) or "TRUE", [value for values in given.values() for value in values]
