"""What can be done to the control database's file while a server works with it."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from ..errors import Busy

PATIENCE_SECONDS = 30.0
POLL_SECONDS = 0.05


def copy_database(source: Path, target: Path) -> None:
    """A copy of one moment, while others read and write."""
    with closing(_open(source)) as live, closing(_open(target)) as copy:
        live.backup(copy)
        # One file, with nothing beside it: what is next to a copy gets lost.
        copy.execute("PRAGMA journal_mode=DELETE")


def scrub_database(file: Path) -> None:
    """Leave nothing in the file, nor beside it, of what was deleted.

    Deleted rows stay in free pages and in the write-ahead log until these are used again. Busy if
    somebody read for so long that the log could not be emptied.
    """
    with closing(_open(file)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("VACUUM")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while _log_is_in_use(connection):
            if time.monotonic() > deadline:
                raise Busy("The control database is read for very long. It is tried again.")
            time.sleep(POLL_SECONDS)


def _log_is_in_use(connection: sqlite3.Connection) -> bool:
    in_use: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return bool(in_use)


def _open(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=PATIENCE_SECONDS, isolation_level=None)
