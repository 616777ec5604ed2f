"""Tests on one machine take turns: the running agent's, a survey's and those a person asks for.

Two at once would measure each other. Each process holds the turn while it tests; it is let go when
the process ends, however. SQLite's own file locking does it, because it works the same everywhere.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from .measuring import CancelledError
from .state import make_private

FILE = "turn"
LOOK_SECONDS = 0.2

WAITING = "Waiting until another test on this machine has ended ..."

LONGEST_SECONDS = 300.0
"""No test takes longer: whoever holds the turn for this long hangs, and is not waited for."""


@contextmanager
def turn(
    directory: Path, cancelled: Callable[[], bool], waits: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Wait for the turn and hold it for as long as the block runs. CancelledError if `cancelled`
    says so meanwhile; `waits` is called once if there is something to wait for.

    Without a state directory of this user's, nobody else's tests are known of.
    """
    file = directory / FILE
    try:
        make_private(file)
    except OSError:
        yield
        return
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as db:
        _wait(db, cancelled, waits)
        yield


def _wait(db: sqlite3.Connection, cancelled: Callable[[], bool], waits: Callable[[], None]) -> None:
    end, said = time.monotonic() + LONGEST_SECONDS, False
    while not _takes(db) and time.monotonic() < end:
        if cancelled():
            raise CancelledError
        if not said:
            waits()
            said = True
        time.sleep(LOOK_SECONDS)


def _takes(db: sqlite3.Connection) -> bool:
    try:
        db.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        # A disk that can't lock is no reason not to measure.
        return error.sqlite_errorcode != sqlite3.SQLITE_BUSY
    return True
