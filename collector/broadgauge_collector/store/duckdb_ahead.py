"""Results of sealed months laid out by commit, for followers that have much to catch up with.

A part has its rows by school. To pick a page of commits out of it, all of it is read: so a long
stretch of commits is picked out at once, into files of its own, and pages are read from those.
They are nothing but copies: forgotten when anything may go, and removed at the next opening.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb

from broadgauge_wire import RESULT_KINDS, new_id

from . import schema
from .duckdb_file import DuckDBFile, remove
from .duckdb_parts import quoted

SUFFIX = ".ahead"

ROWS_IN_GROUP = 10_240
"""Rows that are read together: a page or two."""

MOST = 2
"""Stretches that are kept: for as many followers at different places."""

Rows = Callable[[str, int, int | None], str]
"""SQL of a kind's rows that has, among others, those of the commits after one up to another."""


class Ahead(NamedTuple):
    """All results of the commits after one, up to another: a file for each kind that has some."""

    after: int
    upto: int
    files: Mapping[str, Path]

    def rows_of(self, kind: str, _after: int, _upto: int | None) -> str:
        """SQL of all its rows of one kind: which of them are read, the engine knows by itself."""
        if kind not in self.files:
            return f'(SELECT * FROM main."{kind}" LIMIT 0)'  # noqa: S608 - names of our own
        return f"read_parquet({quoted(self.files[kind])})"


class LaidOut:
    """What is laid out at present. Whoever asks has to be a reader of the file meanwhile."""

    def __init__(self, file: DuckDBFile, folder: Path) -> None:
        self._file = file
        self._folder = folder
        self._kept: list[Ahead] = []
        self._changing = threading.Lock()
        remove(*folder.glob(f"*{SUFFIX}"))

    def covering(self, after: int) -> Ahead | None:
        """The stretch that has the commit after this one."""
        with self._changing:
            return next((each for each in self._kept if each.after <= after < each.upto), None)

    def lay_out(
        self, cursor: duckdb.DuckDBPyConnection, after: int, upto: int, rows: Rows
    ) -> Ahead:
        """Copy a stretch of commits. What is forgotten meanwhile is so before or after."""
        name = new_id().hex
        files = {kind: self._folder / f"{kind}-{name}{SUFFIX}" for kind in RESULT_KINDS}
        with self._changing:
            try:
                for kind, file in files.items():
                    found = f"{rows(kind, after, upto)} WHERE {within(after, upto)}"
                    if not _copy(cursor, kind, file, found):
                        remove(file)
            except BaseException:
                remove(*files.values())
                raise
            written = {kind: file for kind, file in files.items() if file.exists()}
            self._kept, old = [*self._kept, Ahead(after, upto, written)][-MOST:], self._kept
            self._drop(each for each in old if each not in self._kept)
            return self._kept[-1]

    def forget(self) -> None:
        """Remove all, once those who read now are done."""
        with self._changing:
            self._kept, old = [], self._kept
            self._drop(old)

    def _drop(self, stretches: Iterable[Ahead]) -> None:
        files = [file for each in stretches for file in each.files.values()]
        if files:
            self._file.after_readers(lambda: remove(*files))


def within(after: int, upto: int | None) -> str:
    """The condition that a row is of these commits."""
    return f"commit_number > {after}" + ("" if upto is None else f" AND commit_number <= {upto}")


def _copy(cursor: duckdb.DuckDBPyConnection, kind: str, file: Path, rows: str) -> int:
    columns = ", ".join(f'"{column.name}"' for column in schema.stored_columns_of(kind))
    copied = cursor.execute(
        f"COPY (SELECT {columns} FROM {rows} ORDER BY commit_number) TO {quoted(file)} "  # noqa: S608
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROWS_IN_GROUP})"
    ).fetchall()
    return int(copied[0][0])
