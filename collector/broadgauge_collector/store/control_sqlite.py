"""Control data in an SQLite file: one collector's, beside its results."""

import sqlite3
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from .control_database import Database

WAIT_FOR_LOCK_SECONDS = 30


def sqlite_database(path: Path) -> Database:
    """A file in WAL mode, synchronous=FULL: what a transaction committed survives a power cut."""
    engine = _engine(path)
    return Database(
        name=str(path),
        reading=engine,
        writing=engine.execution_options(begin_with="BEGIN IMMEDIATE"),
        check=_holds_everything,
        opening_advice="restore it from a backup, or see to it that this user may write it.",
        is_full=_is_full,
        words=lambda error: str(error.orig),
    )


def _engine(path: Path) -> Engine:
    address = URL.create("sqlite", database=str(path))  # a path may have a '?' in it
    engine = create_engine(
        address,
        connect_args={"timeout": WAIT_FOR_LOCK_SECONDS},
        pool_size=8,
        hide_parameters=True,  # or an error would carry what was to be kept into the log
    )
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


def _holds_everything(_connection: Connection) -> None:
    """Whatever is written to it."""


def _is_full(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
