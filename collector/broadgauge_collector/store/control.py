"""The control database: schools, lines, agents and who may do what."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, InternalError, OperationalError

from ..errors import Busy, CannotStart, CollectorError, Invalid, StorageFull
from .control_database import Database
from .control_postgresql import postgresql_database
from .control_sqlite import sqlite_database

MIGRATIONS = Path(__file__).parent / "migrations"

NOT_NOW = (OperationalError, InternalError)
"""The database is away, full, locked or, for the moment, a copy that takes no changes."""


class ControlStore:
    """Control data in SQLite or in PostgreSQL, durable once a transaction has ended."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.writes = 0
        """Write transactions of this process, failed ones too: while there is no other, and nobody
        else writes, what was read is still so."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or create an SQLite file at `path`, and migrate it to today's tables.

        CannotStart if it can't be: the file is damaged, a newer version's, or not to be written.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls._migrated(sqlite_database(path))

    @classmethod
    def connect_to(cls, url: str) -> Self:
        """Open a PostgreSQL database that is there, and migrate it to today's tables.

        CannotStart if it can't be: the server is away or doesn't let us in, or the database is a
        newer version's or can't hold every character.
        """
        return cls._migrated(postgresql_database(url))

    @classmethod
    def _migrated(cls, database: Database) -> Self:
        store = cls(database)
        try:
            with database.writing.begin() as connection:
                database.check(connection)
                migrate(connection)
        except CannotStart:
            store.close()
            raise
        except (DBAPIError, CommandError) as error:
            store.close()
            raise _not_opened(database, error) from error
        return store

    @contextmanager
    def begin(self, *, changes_access: bool = True) -> Iterator[Connection]:
        """A write transaction, alone among writers; commits at the end, rolls back on an error.
        One that surely leaves who may do what as it was doesn't count among `writes`.

        StorageFull or Busy if it failed: then none of it is kept, unless the error says otherwise.
        Invalid for a value that the database can't hold.
        """
        is_done = False
        try:
            with self._database.writing.begin() as connection:
                yield connection
                is_done = True
        except DataError as error:
            raise self._invalid(error) from error
        except NOT_NOW as error:
            raise self._write_failed(error, is_done) from error
        finally:
            self.writes += changes_access

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A read transaction: one consistent moment, whatever is written meanwhile.

        Busy if it failed. Invalid for a value that the database can't hold.
        """
        try:
            with self._database.reading.connect() as connection:
                yield connection
        except DataError as error:
            raise self._invalid(error) from error
        except NOT_NOW as error:
            words = self._database.words(error)
            raise Busy(f"The control database can't be read now ({words}).") from error

    def close(self) -> None:
        """Close every connection."""
        self._database.reading.dispose()

    def _write_failed(self, error: DBAPIError, is_done: bool) -> CollectorError:
        if self._database.is_full(error):
            return StorageFull(
                "There is no room to write. Nothing was changed; free some disk space."
            )
        words = f"The control database can't be written now ({self._database.words(error)})."
        if is_done and error.connection_invalidated:
            return Busy(f"{words} Look whether the change was made before you repeat it.")
        return Busy(f"{words} Nothing was changed.")

    def _invalid(self, error: DBAPIError) -> Invalid:
        return Invalid(f"The control database can't hold this ({self._database.words(error)}).")


def _not_opened(database: Database, error: DBAPIError | CommandError) -> CannotStart:
    if isinstance(error, CommandError):  # it names a migration that isn't here
        return CannotStart(
            f"{database.name} was written by a newer broadgauge: start that version, or restore a "
            "backup."
        )
    words = database.words(error)
    return CannotStart(f"{database.name} can't be opened ({words}): {database.opening_advice}")


def migrate(connection: Connection) -> None:
    """Bring the database to the newest migration, inside the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
