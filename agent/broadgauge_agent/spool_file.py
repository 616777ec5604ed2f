"""The spool's file: how it opens, and what is done with a file that cannot be used."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import DroppedResults, new_id

from .errors import SpoolDamagedError, SpoolError, SpoolFullError, StateError
from .identity import load_identity
from .spool_mending import finish_mending, put_aside
from .spool_room import dropped_results
from .spool_tables import (
    ADDED,
    NUMBERED_COLUMNS,
    VERSION,
    NumberedRow,
    fact_of,
    facts_of,
    make_tables,
    note,
    own_mark,
    sign,
)
from .sqlite_pages import header_is_sound, log_is_sound
from .state import NO_ROOM, SPOOL, is_full

WRITING_SECONDS = 0.1
"""A survey that adds to the spool just now has written what it adds within this time."""

LOG_PAGES = 256
"""Of the write-ahead log, before its content goes into the file: a megabyte beside the spool."""

FULL = "The disk is full: no result can be kept. Free some room on it."

DAMAGED_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class SpoolView(Struct, frozen=True, kw_only=True):
    """What a spool holds, read beside the agent that runs on it."""

    waiting: int
    refused: int
    refused_ever: int
    facts: dict[str, object]
    dropped: tuple[DroppedResults, ...] = ()
    oldest_spooled_at: float | None = None
    """Unix seconds: since when the oldest result waits."""


class Opened(Struct, frozen=True):
    """A spool's database, and what had to be done before it could be used."""

    db: sqlite3.Connection
    put_aside: Path | None = None
    """Where a file is kept that was not usable."""


@contextmanager
def spool_errors() -> Iterator[None]:
    """Turn SQLite's errors into sentences that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_FULL:
            raise SpoolFullError(FULL) from error
        if code is None or code & 0xFF in DAMAGED_CODES or code & 0xFF == sqlite3.SQLITE_CONSTRAINT:
            raise SpoolDamagedError(
                f"The spool is damaged ({error}). Start the agent again: "
                "it keeps the damaged file and sends what can be read of it."
            ) from error
        raise SpoolError(f"The spool cannot be used: {error}. Check its disk.") from error


def open_spool_file(directory: Path, agent_id: UUID, now: float) -> Opened:
    """The open spool. One that is damaged is mended by what can be read of it, and one of another
    agent begun anew; the file as it was is kept. SpoolFullError if there is no room to open it."""
    file = directory / SPOOL
    try:
        with _full_disk_named(directory), spool_errors():
            finish_mending(file)
            try:
                return Opened(_open(file, agent_id))
            except _DamagedError:
                aside = _mended(file, agent_id, now)
            except _OtherAgentError:
                aside = put_aside(file, "other-agent", now)
            return Opened(_open(file, agent_id), aside)
    except OSError as error:
        raise SpoolError(f"{file} cannot be used: {error.strerror}. Check its disk.") from error


@contextmanager
def _full_disk_named(directory: Path) -> Iterator[None]:
    """SQLite often says of a full disk only that it couldn't write, or open a file."""
    try:
        yield
    except SpoolError as error:
        if type(error) is SpoolError and is_full(directory):
            raise SpoolFullError(FULL) from error
        raise
    except OSError as error:
        if error.errno in NO_ROOM:
            raise SpoolFullError(FULL) from error
        raise


def view_spool(directory: Path) -> SpoolView | None:
    """What the spool holds; None if there is none. SpoolError if it cannot be read."""
    file = directory / SPOOL
    if not file.exists():
        return None
    with _full_disk_named(directory), spool_errors():
        db = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
        db.text_factory = _readable
        try:
            in_the_making = db.execute("PRAGMA user_version").fetchone() == (0,)
            return None if in_the_making else _view(db)
        finally:
            db.close()


def spool_facts(directory: Path) -> Mapping[str, object]:
    """What the agent noted of earlier tests; nothing if its spool can't be read."""
    try:
        view = view_spool(directory)
    except SpoolError:
        return {}
    return view.facts if view else {}


def check_spool(directory: Path) -> str | None:
    """What SQLite finds wrong with the spool file, or None."""
    with spool_errors():
        db = sqlite3.connect(f"{(directory / SPOOL).absolute().as_uri()}?mode=ro", uri=True)
        try:
            return _damage(db)
        finally:
            db.close()


def owners(directory: Path, agent_id: UUID) -> tuple[UUID, ...]:
    """Whose spool may be here: the agent's, and that of the agent it is a copy of, which it has
    yet to take over."""
    try:
        identity = load_identity(directory)
    except StateError:
        return (agent_id,)
    former = identity.forked_from if identity.agent_id == agent_id else None
    return (agent_id, former) if former else (agent_id,)


class _DamagedError(Exception):
    """A spool file has to be mended."""


class _OtherAgentError(Exception):
    """A spool file is another agent's."""


def _open(file: Path, agent_id: UUID) -> sqlite3.Connection:
    _look_at(file)
    db = sqlite3.connect(file, timeout=10, isolation_level=None, check_same_thread=False)
    db.text_factory = _readable
    try:
        _prepare(db, agent_id)
    except BaseException as error:
        db.close()
        if isinstance(error, sqlite3.Error) and _says_damaged(error):
            raise _DamagedError from error
        raise
    return db


def _mended(file: Path, agent_id: UUID, now: float) -> Path:
    from .spool_salvage import salvage  # seldom needed

    return salvage(file, owners(file.parent, agent_id), now)


def _readable(text: bytes) -> str:
    """Text that the disk damaged is text all the same: what it is worth, checksums tell."""
    return text.decode(errors="replace")


def _look_at(file: Path) -> None:
    """What SQLite doesn't say: of a damaged log it takes what comes before, without a word."""
    if not file.exists() or _is_sound(file):
        return
    time.sleep(WRITING_SECONDS)
    if not _is_sound(file):
        raise _DamagedError


def _is_sound(file: Path) -> bool:
    return header_is_sound(file) and log_is_sound(file)


def _says_damaged(error: sqlite3.Error) -> bool:
    try:
        with spool_errors():
            raise error
    except SpoolDamagedError:
        return True
    except SpoolError:
        # Tables that aren't there, and the like: nothing that a sound spool is in want of.
        return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR


def _prepare(db: sqlite3.Connection, agent_id: UUID) -> None:
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
    db.execute("PRAGMA secure_delete=ON")  # so that nothing deleted is salvaged
    version = db.execute("PRAGMA user_version").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if version == 0 and tables:
        raise _DamagedError  # a spool gets its tables and its version at once
    if version:
        _check(db, agent_id, version)
    if version == 0 or _lacks_something(db):
        db.execute("BEGIN IMMEDIATE")
        make_tables(db)
        if not version:
            note(db, "epoch", str(new_id()))
        if not version or fact_of(db, "agent_id") == str(agent_id):
            sign(db, agent_id)
        db.execute("COMMIT")


def _lacks_something(db: sqlite3.Connection) -> bool:
    """So that a spool that lacks nothing opens on a full disk."""
    if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sent'").fetchone():
        return True
    return any(
        column not in {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        for table, column in ADDED
    )


def _check(db: sqlite3.Connection, agent_id: UUID, version: int) -> None:
    facts = facts_of(db.execute("SELECT key, CAST(value AS BLOB) FROM facts"))
    if version > VERSION:
        if facts.get("version", version) != VERSION:
            raise SpoolError(
                "The spool was made by a newer agent. Install that version again, or newer."
            )
        raise _DamagedError  # the number alone is a newer one
    if _damage(db):
        raise _DamagedError
    _check_owner(db, facts, agent_id)


def _check_owner(db: sqlite3.Connection, facts: Mapping[str, object], agent_id: UUID) -> None:
    mark = db.execute("PRAGMA application_id").fetchone()[0]
    file = Path(db.execute("PRAGMA database_list").fetchone()[2])
    known = owners(file.parent, agent_id)
    if facts.get("agent_id") not in [str(agent) for agent in known]:
        raise _DamagedError if mark in map(own_mark, known) else _OtherAgentError


def _damage(db: sqlite3.Connection) -> str | None:
    found = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
    if found != "ok":
        return found
    columns = {row[1] for row in db.execute("PRAGMA table_info(batches)")}
    if "checksum" not in columns:
        return None
    numbered = db.execute(f"SELECT {NUMBERED_COLUMNS} FROM batches")  # noqa: S608 - constant
    whole = all(NumberedRow(*row).is_whole() for row in numbered)
    return None if whole else "a batch's number isn't as it was written"


def _view(db: sqlite3.Connection) -> SpoolView:
    one = "SELECT (SELECT count(*) FROM results), (SELECT count(*) FROM refused), "
    oldest = "(SELECT min(spooled_at) FROM results), "
    ever = "(SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'refused')"
    waiting, refused, oldest_at, refused_ever = db.execute(one + oldest + ever).fetchone()
    return SpoolView(
        waiting=waiting,
        refused=refused,
        refused_ever=refused_ever,
        facts=facts_of(db.execute("SELECT key, CAST(value AS BLOB) FROM facts")),
        dropped=dropped_results(db),
        oldest_spooled_at=oldest_at,
    )
