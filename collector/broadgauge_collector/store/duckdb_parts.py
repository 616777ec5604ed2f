"""Parts: files of results of closed months, and the table that says which of them count.

A file counts from the transaction on that names it, and no longer after the one that drops it.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from broadgauge_wire import new_id

from ..errors import DamagedResults
from . import schema
from .durable import sha256_of, sync_file, sync_folder

FOLDER = "sealed"

SUFFIX = ".parquet"

MOMENT = "started_at + to_microseconds(CAST(1e6 * coalesce(clock_offset_seconds, 0) AS BIGINT))"
"""When a result's run began by the collector's clock; a result is of the month (UTC) of that."""

ROWS_IN_GROUP = 61_440
"""Rows of a part that are read together: a school's lie together, and others are passed over."""


class Part(NamedTuple):
    """A file, and what its rows reach from and to; columns as in schema.PART."""

    kind: str
    month: str
    file: str
    rows: int
    bytes: int
    sha256: str
    columns: str
    first_moment: datetime
    last_moment: datetime
    first_start: datetime
    last_start: datetime
    first_receipt: datetime
    last_receipt: datetime
    first_commit: int
    last_commit: int
    sealed_at: datetime


def read_parts(cursor: duckdb.DuckDBPyConnection) -> list[Part]:
    """The parts that count, by kind and month."""
    columns = ", ".join(f'"{column.name}"' for column in schema.PART)
    query = f"SELECT {columns} FROM part ORDER BY kind, month, file"  # noqa: S608 - our names
    return [Part(*row) for row in cursor.execute(query).fetchall()]


def new_name(kind: str, month: str) -> str:
    """A name that no part has or had."""
    return f"{kind}-{month}-{new_id().hex}{SUFFIX}"


def write_part(
    cursor: duckdb.DuckDBPyConnection,
    file: Path,
    kind: str,
    month: str,
    rows: str,
    values: dict[str, Any] | None = None,
) -> Part | None:
    """The rows of a query, durable in a new file; None, and no file, where there are none.

    A school's rows lie together in the order of time: most questions are about one school.
    """
    columns = [column.name for column in schema.stored_columns_of(kind)]
    named = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(
        f"COPY (SELECT {named} FROM ({rows}) ORDER BY school_id, {MOMENT}) "  # noqa: S608
        f"TO {quoted(file)} (FORMAT parquet, "
        f"COMPRESSION zstd, PARQUET_VERSION v2, ROW_GROUP_SIZE {ROWS_IN_GROUP})",
        values or None,
    ).fetchall()
    count, *reach = _reach(cursor, file)
    if not count:
        file.unlink()
        return None
    sync_file(file)
    sync_folder(file.parent)
    size, digest, now = file.stat().st_size, sha256_of(file), schema.naive_utc(datetime.now(UTC))
    written = (kind, month, file.name, count, size, digest, ",".join(columns))
    return Part._make((*written, *reach, now))


def replace_parts(
    connection: duckdb.DuckDBPyConnection, old: Iterable[Part], new: Iterable[Part | None]
) -> None:
    """In a transaction: let the new parts count, and the old ones no longer."""
    for part in old:
        connection.execute("DELETE FROM part WHERE file = ?", [part.file])
    places = ", ".join("?" for _ in schema.PART)
    for part in filter(None, new):
        connection.execute(f"INSERT INTO part VALUES ({places})", list(part))  # noqa: S608


def check_present(folder: Path, parts: Iterable[Part]) -> None:
    """DamagedResults, naming the file, unless each is there with its whole length."""
    for part in parts:
        file = folder / part.file
        if not file.is_file():
            raise _damaged(file, "is missing")
        if file.stat().st_size != part.bytes:
            raise _damaged(file, f"has {file.stat().st_size} bytes, and had {part.bytes}")


def check_whole(folder: Path, parts: Collection[Part]) -> None:
    """DamagedResults, naming the file, unless each is byte for byte what was written."""
    check_present(folder, parts)
    for part in parts:
        if sha256_of(folder / part.file) != part.sha256:
            raise _damaged(folder / part.file, "is not what was written")


def strangers(folder: Path, parts: Iterable[Part]) -> Iterator[Path]:
    """Files like parts that don't count."""
    counting = {part.file for part in parts}
    return (file for file in folder.glob(f"*{SUFFIX}") if file.name not in counting)


def rows_of(folder: Path, parts: Iterable[Part], columns: Iterable[schema.Column]) -> str:
    """SQL of these parts' rows; what a part's writer did not know yet is NULL."""
    by_columns: dict[str, list[Part]] = {}
    for part in parts:
        by_columns.setdefault(part.columns, []).append(part)
    wanted = tuple(columns)
    return " UNION ALL ".join(
        f"SELECT {_columns(wanted, present)} FROM read_parquet({_files(folder, alike)})"  # noqa: S608
        for present, alike in by_columns.items()
    )


def quoted(file: Path) -> str:
    """A path as SQL text."""
    return "'" + str(file).replace("'", "''") + "'"


def _columns(wanted: tuple[schema.Column, ...], present: str) -> str:
    known = present.split(",")
    return ", ".join(
        f'"{column.name}"'
        if column.name in known
        else f'CAST(NULL AS {column.sql}) "{column.name}"'
        for column in wanted
    )


def _files(folder: Path, parts: Iterable[Part]) -> str:
    return "[" + ", ".join(quoted(folder / part.file) for part in parts) + "]"


def _reach(cursor: duckdb.DuckDBPyConnection, file: Path) -> tuple[Any, ...]:
    values = (MOMENT, "started_at", "received_at", "coalesce(commit_number, 0)")
    ends = ", ".join(f"{end}({value})" for value in values for end in ("min", "max"))
    query = f"SELECT count(*), {ends} FROM read_parquet({quoted(file)})"  # noqa: S608 - our names
    return cursor.execute(query).fetchall()[0]


def _damaged(file: Path, how: str) -> DamagedResults:
    return DamagedResults(
        f"{file.name} in {file.parent} {how}. It has results of a closed month: put it back from a "
        "backup. Nothing else was touched."
    )
