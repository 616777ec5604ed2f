"""One DuckDB database: opening it, bringing its tables up to date, reading it from threads, and
moving to another file while it is read."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pyarrow as pa

from ..errors import Busy, CollectorError, StorageFull
from .duckdb_generations import files_of, leftovers, newest, next_after, spilled
from .schema import Column

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,  # a question must leave room for ingest and pages
    "memory_limit": "1GiB",  # beyond it, sorts and groups spill to disk
    "checkpoint_threshold": "64MiB",  # each rewrites what of a table isn't a full row group yet
    "fsync_mode": "FULL",  # on macOS, only F_FULLFSYNC reaches the disk
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

PATIENCE_SECONDS = 3
"""How long readers are waited for, once interrupted, before the file is closed without them."""

PASSING = (duckdb.OperationalError, duckdb.InterruptException, duckdb.FatalException)
"""What may be over the next time a question is asked; other errors are mistakes in the question."""

FULL = ("No space left", "File too large", "quota exceeded", "not enough space")

Tables = Mapping[str, tuple[Column, ...]]


class DuckDBFile:
    """A database that one thread writes and many read, each reader seeing one moment of it.

    COMMIT returns after the write-ahead log is written and fdatasync has returned (seen with
    strace), so what was committed survives a kill and a power cut. After a failed write the file
    is opened anew: what it then holds is what a restart would find. Beside it, files in `folder`
    alone can be read and written.
    """

    def __init__(self, path: Path, tables: Tables, folder: Path) -> None:
        self._name = path
        self._tables = tables
        self._folder = folder
        # Nothing runs on the root: an engine's connection that is busy can't give out cursors.
        self._root: duckdb.DuckDBPyConnection | None = None
        self._readers: set[duckdb.DuckDBPyConnection] = set()
        self._after: list[tuple[set[duckdb.DuckDBPyConnection], Callable[[], None]]] = []
        self._changed = threading.Condition()
        self._shut = False
        self._is_doubtful = False
        folder.mkdir(parents=True, exist_ok=True)
        self._path = newest(path)
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
            raise read_failed(error) from error
        finally:
            with self._changed:
                self._readers.discard(cursor)
                cursor.close()
                self._do_what_waits()
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
            failed = write_failed(error)
            self._is_doubtful = not isinstance(failed, StorageFull)
            self._shut = False
            raise failed from error
        finally:
            connection.close()

    def after_readers(self, act: Callable[[], None]) -> None:
        """Do this once those who read now are done: they may need what it takes away."""
        with self._changed:
            self._after.append((set(self._readers), act))
            self._do_what_waits()

    def wait_for_readers(self, seconds: float) -> bool:
        """Whether all that had to wait for readers is done, at the latest after some time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._after, seconds)

    def next_generation(self) -> Path:
        """The file that this database would move to."""
        return next_after(self._name, self._path)

    def move_to(self, path: Path) -> None:
        """Go on with another whole file; what reads the old one goes on with that to its end."""
        root, old = self._root, self._path

        def leave() -> None:
            if root is not None:
                root.close()
            remove(*files_of(old))

        with self._changed:
            self._root, self._path = None, path
            self.after_readers(leave)  # whether or not the other opens at once: it is the newest
            self._open()

    def remove_leftovers(self) -> None:
        """Remove what a kill left of rewritings and of big questions; before anything is asked."""
        remove(*leftovers(self._name, self._path))
        for folder in spilled(self._name):
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Close the file; questions still being asked end with an error."""
        self._let_go()

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._shut:
            raise Busy("The results store is closed for the moment.")
        if self._root is None:
            root = connect(self._path, self._tables, self._folder)
            if self._is_doubtful:
                _write_again(root)
                self._is_doubtful = False
            self._root = root
        return self._root

    def _do_what_waits(self) -> None:
        waiting = [(readers & self._readers, act) for readers, act in self._after]
        self._after = [(readers, act) for readers, act in waiting if readers]
        for readers, act in waiting:
            if not readers:
                act()

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


def connect(path: Path, tables: Tables, folder: Path) -> duckdb.DuckDBPyConnection:
    """Open or create a database, with these tables and their columns; files in the folder can be
    read and written. Busy or StorageFull if it can't be opened."""
    try:
        connection = duckdb.connect(str(path), config=SETTINGS)
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        allowed = str(folder.absolute()).replace("'", "''")
        connection.execute(f"SET GLOBAL allowed_directories = ['{allowed}']")
        # From here on no statement reads or writes any other file, or a network.
        connection.execute("SET GLOBAL enable_external_access = false")
        for table, columns in tables.items():
            _bring_up_to_date(connection, table, columns)
    except duckdb.Error as error:
        raise _not_opened(path, error) from error
    return connection


def _write_again(root: duckdb.DuckDBPyConnection) -> None:
    """After a failed fsync the kernel may take for written what is on no disk, and the next fsync
    succeed without it. What the log holds is written into the database anew before any of it is
    acknowledged: https://wiki.postgresql.org/wiki/Fsync_Errors."""
    try:
        root.execute("CHECKPOINT")
    except duckdb.Error as error:
        root.close()
        raise write_failed(error) from error


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    """Insert rows by column name."""
    connection.register("incoming", rows)
    connection.execute(f'INSERT INTO "{table}" BY NAME FROM incoming').fetchall()
    connection.unregister("incoming")


def remove(*files: Path) -> None:
    """Delete files; what can't be deleted yet is deleted when the store is opened the next time."""
    for file in files:
        with suppress(OSError):
            file.unlink(missing_ok=True)


def read_failed(error: BaseException) -> CollectorError:
    """What to tell of an error in reading."""
    if any(words in str(error) for words in FULL):
        return StorageFull("There is no room for what the question needs. Free some disk space.")
    return Busy("The results store can't answer for the moment. Ask again.")


def write_failed(error: BaseException) -> CollectorError:
    """What to tell of an error in writing."""
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


def _bring_up_to_date(
    connection: duckdb.DuckDBPyConnection, table: str, columns: tuple[Column, ...]
) -> None:
    wanted = ", ".join(f'"{column.name}" {column.sql}' for column in columns)
    connection.execute(f'CREATE TABLE IF NOT EXISTS "{table}" ({wanted})')
    present = {row[0] for row in connection.execute(f'DESCRIBE "{table}"').fetchall()}
    for column in columns:
        if column.name not in present:
            connection.execute(f'ALTER TABLE "{table}" ADD COLUMN "{column.name}" {column.sql}')
