"""One DuckDB file: opening it, bringing its tables up to date, and reading it from many threads."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from ..errors import Busy, CollectorError, StorageFull
from .schema import Column

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,  # a question must leave room for ingest and pages
    "memory_limit": "1GiB",  # beyond it, sorts and groups spill to disk
    "fsync_mode": "FULL",  # on macOS, only F_FULLFSYNC reaches the disk
    "enable_external_access": False,  # no statement reads or writes another file, or a network
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

PATIENCE_SECONDS = 3
"""How long readers are waited for, once interrupted, before the file is closed without them."""

PASSING = (duckdb.OperationalError, duckdb.InterruptException, duckdb.FatalException)
"""What may be over the next time a question is asked; other errors are mistakes in the question."""

FULL = ("No space left", "File too large", "quota exceeded", "not enough space")


class DuckDBFile:
    """A database that one thread writes and many read, each reader seeing one moment of it.

    COMMIT returns after the write-ahead log is written and fdatasync has returned (seen with
    strace), so what was committed survives a kill and a power cut. After a failed write the file
    is opened anew: what it then holds is what a restart would find.
    """

    def __init__(self, path: Path, tables: Mapping[str, tuple[Column, ...]]) -> None:
        self._path = path
        self._tables = tables
        # Nothing runs on the root: an engine's connection that is busy can't give out cursors.
        self._root: duckdb.DuckDBPyConnection | None = None
        self._readers: set[duckdb.DuckDBPyConnection] = set()
        self._changed = threading.Condition()
        self._shut = False
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._changed:
            self._open()

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own for reading. Busy or StorageFull if it can't be read now."""
        with self._changed:
            cursor = self._open().cursor()
            self._readers.add(cursor)
        try:
            yield cursor
        except PASSING as error:
            raise Busy("The results store can't answer for the moment. Ask again.") from error
        finally:
            with self._changed:
                self._readers.discard(cursor)
                cursor.close()
                self._changed.notify_all()

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A write transaction, durable at the end; for one thread at a time.

        StorageFull or Busy if it failed: then none of it is kept.
        """
        with self._changed:
            connection = self._open().cursor()
        try:
            connection.begin()
            yield connection
            connection.commit()
        except duckdb.Error as error:
            connection.close()
            self._let_go()
            self._shut = False
            raise _write_failed(error) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Close the file; questions still being asked end with an error."""
        self._let_go()

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._shut:
            raise Busy("The results store is closed for the moment.")
        if self._root is None:
            self._root = _open(self._path, self._tables)
        return self._root

    def _let_go(self) -> None:
        # The file stays open until its last reader is gone, and closing the root under one that
        # is busy is refused: so readers are interrupted, again and again, until none is left.
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self._changed:
            self._shut = True
            while self._readers and time.monotonic() < deadline:
                for reader in self._readers:
                    reader.interrupt()
                self._changed.wait(0.02)
            if self._root is not None and not self._readers:
                self._root.close()
            self._root = None


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    """Insert rows by column name."""
    connection.register("incoming", rows)
    connection.execute(f'INSERT INTO "{table}" BY NAME FROM incoming').fetchall()
    connection.unregister("incoming")


def _write_failed(error: duckdb.Error) -> CollectorError:
    if any(words in str(error) for words in FULL):
        return StorageFull("There is no room for results. Nothing was kept; free some disk space.")
    return Busy("The results store failed for the moment. Nothing was kept; send it again.")


def _not_opened(path: Path, error: duckdb.Error) -> CollectorError:
    if any(words in str(error) for words in FULL):
        return StorageFull(f"{path.name} can't be opened without room: free some disk space.")
    if "set lock" in str(error):
        return Busy(f"{path.name} is open in another process: stop that first.")
    return Busy(
        f"{path.name} can't be opened, being damaged, no DuckDB database or not ours: restore it "
        "from a backup, or move it away to begin without results."
    )


def _open(path: Path, tables: Mapping[str, tuple[Column, ...]]) -> duckdb.DuckDBPyConnection:
    try:
        connection = duckdb.connect(str(path), config=SETTINGS)
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        for table, columns in tables.items():
            _bring_up_to_date(connection, table, columns)
    except duckdb.Error as error:
        raise _not_opened(path, error) from error
    return connection


def _bring_up_to_date(
    connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[Column, ...]
) -> None:
    wanted = ", ".join(f'"{column.name}" {column.sql}' for column in columns)
    connection.execute(f'CREATE TABLE IF NOT EXISTS "{table}" ({wanted})')
    present = {row[0] for row in connection.execute(f'DESCRIBE "{table}"').fetchall()}
    for column in columns:
        if column.name not in present:
            connection.execute(f'ALTER TABLE "{table}" ADD COLUMN "{column.name}" {column.sql}')
