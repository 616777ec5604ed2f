"""The control database: schools, lines, agents and who may do what."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from ..errors import Busy, CannotStart, CollectorError, StorageFull

MIGRATIONS = Path(__file__).parent / "migrations"
WAIT_FOR_LOCK_SECONDS = 30


class ControlStore:
    """SQLite in WAL mode, synchronous=FULL: what a transaction committed survives a power cut."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writing = engine.execution_options(begin_with="BEGIN IMMEDIATE")

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or create the database at `path`, and migrate it to today's tables.

        CannotStart if it can't be: the file is damaged, a newer version's, or not to be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        store = cls(_sqlite_engine(path))
        try:
            with store._writing.begin() as connection:
                migrate(connection)
        except (DBAPIError, CommandError) as error:
            store.close()
            raise _not_opened(path, error) from error
        return store

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction, alone among writers; commits at the end, rolls back on an error.

        StorageFull or Busy if it failed: then none of it is kept.
        """
        try:
            with self._writing.begin() as connection:
                yield connection
        except OperationalError as error:
            raise _write_failed(error) from error

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A read transaction: one consistent moment, whatever is written meanwhile.

        Busy if it failed.
        """
        try:
            with self._engine.connect() as connection:
                yield connection
        except OperationalError as error:
            raise Busy(f"The control database can't be read now ({error.orig}).") from error

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _not_opened(path: Path, error: DBAPIError | CommandError) -> CannotStart:
    if isinstance(error, CommandError):  # it names a migration that isn't here
        return CannotStart(
            f"{path} was written by a newer broadgauge: start that version, or restore a backup."
        )
    return CannotStart(
        f"{path} can't be opened ({error.orig}): restore it from a backup, or see to it that this "
        "user may write it."
    )


def _write_failed(error: OperationalError) -> CollectorError:
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return StorageFull("There is no room to write. Nothing was changed; free some disk space.")
    return Busy(f"The control database can't be written now ({error.orig}). Nothing was changed.")


def migrate(connection: Connection) -> None:
    """Bring the database to the newest migration, inside the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _sqlite_engine(path: Path) -> Engine:
    address = URL.create("sqlite", database=str(path))  # a path may have a '?' in it
    engine = create_engine(address, connect_args={"timeout": WAIT_FOR_LOCK_SECONDS}, pool_size=8)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN comes too late for DDL and reads; _begin says it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin_with", "BEGIN"))
