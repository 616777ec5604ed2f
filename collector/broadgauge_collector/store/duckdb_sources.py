"""Where rows are read from: the hot database, and those parts that can have what is asked for."""

from collections.abc import Callable
from pathlib import Path

import duckdb

from . import schema
from .duckdb_parts import Part, check_whole, read_parts, rows_of

Wanted = Callable[[Part], bool]


def every(_part: Part) -> bool:
    """No part can be left out."""
    return True


class Sources:
    """What there is to read at one moment. The cursor has to be in a transaction, so that rows that
    are being sealed are seen once: either hot, or in their part."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.cursor = cursor
        self.parts = read_parts(cursor)
        self._folder = folder
        self._read: dict[str, Part] = {}

    def of(self, kind: str, wanted: Wanted = every, *, hot: bool = True) -> str:
        """SQL of the rows of one kind, to stand after FROM, by the name of the kind: all hot ones
        (or none), and those of the parts that are wanted."""
        columns = schema.stored_columns_of(kind)
        names = ", ".join(f'"{column.name}"' for column in columns)
        rows = f'SELECT {names} FROM main."{kind}" WHERE {hot}'  # noqa: S608 - names of our own
        parts = [part for part in self.parts if part.kind == kind and wanted(part)]
        if parts:
            self._read |= {part.file: part for part in parts}
            rows = f"{rows} UNION ALL {rows_of(self._folder, parts, columns)}"
        return f'({rows}) AS "{kind}"'

    def count(self, kind: str) -> int:
        """How many rows of one kind there are."""
        query = f'SELECT count(*) FROM main."{kind}"'  # noqa: S608 - names of our own
        hot: int = self.cursor.execute(query).fetchall()[0][0]
        return hot + sum(part.rows for part in self.parts if part.kind == kind)

    def check_read(self) -> None:
        """DamagedResults, naming the file, if one that was read isn't what was written."""
        check_whole(self._folder, list(self._read.values()))
