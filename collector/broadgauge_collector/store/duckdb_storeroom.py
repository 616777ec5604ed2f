"""The hot database and the parts beside it: read as one, and changed one transaction at a time."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from ..errors import DamagedResults
from . import schema
from .duckdb_ahead import LaidOut
from .duckdb_file import DuckDBFile, remove, write_failed
from .duckdb_parts import (
    FOLDER,
    Part,
    check_present,
    new_name,
    read_parts,
    replace_parts,
    strangers,
    write_part,
)
from .duckdb_sources import Sources
from .durable import sync_folder
from .ledger import Ledger

HOT = "hot"
"""Noted as unfinished while deleted rows may still be found in the hot database's free room."""


class Storeroom:
    """What commits, questions and upkeep work with. Whoever writes holds `writing` meanwhile."""

    def __init__(self, path: Path) -> None:
        self.folder = path.absolute().parent / FOLDER
        self.file = DuckDBFile(path.absolute(), schema.tables(), self.folder)
        self.ahead = LaidOut(self.file, self.folder)
        self.ledger: Ledger | None = None
        self._writing = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Sources]:
        """One moment of everything, for one thread. Busy or StorageFull if it can't be read now,
        DamagedResults if a part can't be."""
        with self.file.cursor() as cursor:
            cursor.begin()
            sources = Sources(cursor, self.folder)
            try:
                yield sources
            except duckdb.InterruptException:
                raise
            except duckdb.Error:
                sources.check_read()
                raise

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A write transaction, while nobody else writes."""
        with self._writing, self.file.transaction() as connection:
            yield connection

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Nobody writes meanwhile."""
        with self._writing:
            yield

    def write_part(
        self, sources: Sources, kind: str, month: str, rows: str, values: dict[str, Any]
    ) -> Part | None:
        """The rows of a query as a part that doesn't count yet; None where there are none."""
        name = new_name(kind, month)
        with self.writing() as connection:
            connection.execute("INSERT INTO unfinished VALUES (?)", [name])
        try:
            return write_part(sources.cursor, self.folder / name, kind, month, rows, values)
        except (duckdb.Error, OSError) as error:
            remove(self.folder / name)
            raise write_failed(error) from error

    def drop(self, parts: Iterable[Part]) -> None:
        """Delete files that don't count any more, once those who read now are done."""
        files = [self.folder / part.file for part in parts]
        if files:
            self.file.after_readers(lambda: remove(*files))

    def check(self) -> None:
        """DamagedResults, naming a file, if a part is missing, or is one of another store."""
        with self.file.cursor() as cursor:
            parts = read_parts(cursor)
            unfinished = _unfinished(cursor)
        check_present(self.folder, parts)
        unknown = [f.name for f in strangers(self.folder, parts) if f.name not in unfinished]
        if unknown:
            raise DamagedResults(
                f"{self.folder} has {unknown[0]}, which the database beside it doesn't know: they "
                "are not of one moment. Restore both from one backup, or move the folder away."
            )

    def tidy(self) -> bool:
        """Remove what upkeep left that was broken off. Whether the hot database has still to be
        rewritten."""
        with self.file.cursor() as cursor:
            unfinished = _unfinished(cursor)
        self.file.remove_leftovers()
        if not unfinished:
            return False
        files = unfinished - {HOT}
        remove(*(self.folder / name for name in files))
        sync_folder(self.folder)
        gone = [name for name in files if not (self.folder / name).exists()]
        with self.writing() as connection:
            connection.execute("DELETE FROM unfinished WHERE list_contains(?, what)", [gone])
        return HOT in unfinished


def exchange(
    connection: duckdb.DuckDBPyConnection, old: Iterable[Part], new: Iterable[Part | None]
) -> None:
    """In a transaction: the new parts count from its end on, and the old ones no longer."""
    gone, come = list(old), [part for part in new if part is not None]
    replace_parts(connection, gone, come)
    for part in come:
        connection.execute("DELETE FROM unfinished WHERE what = ?", [part.file])
    for part in gone:
        connection.execute("INSERT INTO unfinished VALUES (?)", [part.file])


def _unfinished(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    return {row[0] for row in cursor.execute("SELECT what FROM unfinished").fetchall()}
