"""Adding results to a spool that a running agent may have open: it numbers and sends them.

Adding a row is all that a second process may do. Numbering, opening anew and setting aside are for
the one process that holds the lock.
"""

import contextlib
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from uuid import UUID

import msgspec

from broadgauge_wire import Result, encode

from .errors import SpoolError, SpoolInUseError, StateError
from .identity import load_identity
from .machine import settle_copy
from .spool import Spool
from .spool_checks import row_checksum
from .spool_file import spool_errors
from .spool_tables import INSERT, VERSION
from .state import SPOOL

ATTEMPTS = 10
PAUSE_SECONDS = 0.5
"""An agent that starts makes its spool, or sets a damaged one aside, within a moment."""


class _NotYetError(Exception):
    """The spool isn't there to be added to at this moment."""


def put_beside(directory: Path, agent_id: UUID, results: Iterable[Result]) -> None:
    """Keep results, whether or not an agent runs on the spool. When this returns they are on the
    disk. SpoolError if they can't be kept."""
    kept = tuple(results)
    for _ in range(ATTEMPTS):
        try:
            with closing(Spool(directory, agent_id)) as spool:
                _settle_copy(spool, agent_id)
                spool.put(kept)
                return
        except SpoolInUseError:
            with contextlib.suppress(_NotYetError):
                _add(directory / SPOOL, agent_id, kept)
                return
        time.sleep(PAUSE_SECONDS)
    raise SpoolError(f"Nothing can be added to the spool in {directory}. Restart the agent first.")


def _settle_copy(spool: Spool, agent_id: UUID) -> None:
    """What is added here on a copy's machine is the copy's own."""
    try:
        identity = load_identity(spool.directory)
    except StateError:
        return
    if identity.agent_id == agent_id:
        settle_copy(spool, identity)


def _add(file: Path, agent_id: UUID, results: Sequence[Result]) -> None:
    """_NotYetError if the spool is just being made, or was set aside meanwhile."""
    before = _identity(file)
    with spool_errors(), closing(_opened(file)) as db:
        db.execute("PRAGMA synchronous=FULL")
        db.execute("BEGIN IMMEDIATE")
        _check(db, agent_id)
        _insert(db, [encode(result) for result in results], time.time())
        db.execute("COMMIT")
    if _identity(file) != before:  # the rows are with the damaged ones, which nobody sends
        raise _NotYetError


def _insert(db: sqlite3.Connection, bodies: Sequence[bytes], now: float) -> None:
    columns = {row[1] for row in db.execute("PRAGMA table_info(results)")}
    if "checksum" in columns:
        db.executemany(INSERT, [(body, now, row_checksum(body, now)) for body in bodies])
    else:  # the agent that runs is an earlier one
        insert = "INSERT INTO results(body, spooled_at) VALUES (?, ?)"
        db.executemany(insert, [(body, now) for body in bodies])


def _opened(file: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(
            f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=10, isolation_level=None
        )
    except sqlite3.OperationalError:
        raise _NotYetError from None


def _check(db: sqlite3.Connection, agent_id: UUID) -> None:
    if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        raise _NotYetError
    owner = db.execute("SELECT value FROM facts WHERE key = 'agent_id'").fetchone()
    if owner is None or msgspec.json.decode(owner[0]) != str(agent_id):
        raise _NotYetError


def _identity(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        raise _NotYetError from None
    return found.st_dev, found.st_ino
