"""The spool's file: its tables, how it opens, and what is done with a file that cannot be used."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec import Struct

from broadgauge_wire import DroppedResults, new_id

from .errors import SpoolError, SpoolFullError
from .spool_room import dropped_results
from .state import SPOOL

VERSION = 1

TABLES = """
CREATE TABLE IF NOT EXISTS facts(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch TEXT NOT NULL, lane TEXT NOT NULL, sequence INTEGER NOT NULL,
    numbered_at REAL NOT NULL, waiting INTEGER NOT NULL, dropped TEXT NOT NULL DEFAULT '[]',
    UNIQUE(epoch, lane, sequence)
);
CREATE TABLE IF NOT EXISTS sequences(
    epoch TEXT NOT NULL, lane TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(epoch, lane)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    body BLOB NOT NULL, spooled_at REAL NOT NULL,
    batch INTEGER REFERENCES batches(id), kind TEXT
);
CREATE INDEX IF NOT EXISTS results_by_batch ON results(batch, spooled_at);
CREATE INDEX IF NOT EXISTS results_by_kind ON results(kind, id) WHERE batch IS NULL;
CREATE TABLE IF NOT EXISTS refused(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    body BLOB NOT NULL, reason TEXT NOT NULL, refused_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS dropped(
    kind TEXT PRIMARY KEY, results INTEGER NOT NULL,
    oldest_at REAL NOT NULL, newest_at REAL NOT NULL
) WITHOUT ROWID;
"""

ADDED: Mapping[tuple[str, str], str] = {
    ("batches", "dropped"): "ALTER TABLE batches ADD COLUMN dropped TEXT NOT NULL DEFAULT '[]'",
    ("results", "kind"): "ALTER TABLE results ADD COLUMN kind TEXT",
}
"""Columns that spools of earlier agents lack. What is added leaves an earlier agent able to work on
the spool, so that going back to it strands nothing; what doesn't needs a higher VERSION."""

INSERT = "INSERT INTO results(body, spooled_at) VALUES (?, ?)"
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class SpoolView(Struct, frozen=True, kw_only=True):
    """What a spool holds, read beside the agent that runs on it."""

    waiting: int
    refused: int
    refused_ever: int
    facts: dict[str, object]
    dropped: tuple[DroppedResults, ...] = ()
    oldest_spooled_at: float | None = None
    """Unix seconds: since when the oldest result waits."""


@contextmanager
def spool_errors() -> Iterator[None]:
    """Turn SQLite's errors into sentences that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_FULL:
            raise SpoolFullError(
                "The disk is full: no result can be kept. Free some room on it."
            ) from error
        if code in DAMAGED:
            raise SpoolError(
                f"The spool is damaged ({error}). Start the agent again: "
                "it keeps the damaged file and begins a new one."
            ) from error
        raise SpoolError(f"The spool cannot be used: {error}. Check its disk.") from error


def open_spool_file(
    directory: Path, agent_id: UUID, now: float
) -> tuple[sqlite3.Connection, Path | None]:
    """The open spool, and where an unusable one was put aside, if there was one."""
    file = directory / SPOOL
    with spool_errors():
        try:
            return _open(file, agent_id), None
        except _UnusableError as unusable:
            aside = _put_aside(file, str(unusable), now)
            return _open(file, agent_id), aside


def view_spool(directory: Path) -> SpoolView | None:
    """What the spool holds; None if there is none. SpoolError if it cannot be read."""
    file = directory / SPOOL
    if not file.exists():
        return None
    with spool_errors():
        db = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
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


class _UnusableError(Exception):
    """Why a spool file has to be put aside, in a word for its new name."""


def _open(file: Path, agent_id: UUID) -> sqlite3.Connection:
    db = sqlite3.connect(file, timeout=10, isolation_level=None, check_same_thread=False)
    try:
        _prepare(db, agent_id)
    except BaseException as error:
        db.close()
        if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) in DAMAGED:
            raise _UnusableError("damaged") from error
        raise
    return db


def _prepare(db: sqlite3.Connection, agent_id: UUID) -> None:
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise SpoolError(
            "The spool was made by a newer agent. Install that version again, or newer."
        )
    if version:
        _check(db, agent_id)
    _make_tables(db, None if version else agent_id)


def _check(db: sqlite3.Connection, agent_id: UUID) -> None:
    if _damage(db):
        raise _UnusableError("damaged")
    owner = db.execute("SELECT value FROM facts WHERE key = 'agent_id'").fetchone()
    if owner is None or msgspec.json.decode(owner[0]) != str(agent_id):
        raise _UnusableError("other-agent")


def _make_tables(db: sqlite3.Connection, new_owner: UUID | None) -> None:
    """All of them in a new spool, and what is missing in an earlier agent's."""
    db.execute("BEGIN IMMEDIATE")
    for (table, column), statement in ADDED.items():
        columns = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        if columns and column not in columns:
            db.execute(statement)
    for statement in TABLES.split(";"):
        db.execute(statement)
    if new_owner:
        facts = {"agent_id": str(new_owner), "epoch": str(new_id())}
        rows = [(key, msgspec.json.encode(value).decode()) for key, value in facts.items()]
        db.executemany("INSERT INTO facts(key, value) VALUES (?, ?)", rows)
        db.execute(f"PRAGMA user_version = {VERSION}")
    db.execute("COMMIT")


def _damage(db: sqlite3.Connection) -> str | None:
    found = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
    return None if found == "ok" else found


def _put_aside(file: Path, why: str, now: float) -> Path:
    """Rename the spool and its companions. Nothing in it is deleted."""
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S")
    aside = file.with_name(f"spool-{stamp}-{why}.sqlite")
    count = 1
    while aside.exists():
        count += 1
        aside = file.with_name(f"spool-{stamp}-{why}-{count}.sqlite")
    for suffix in ("-wal", "-shm", ""):
        companion = file.with_name(file.name + suffix)
        if companion.exists():
            companion.replace(aside.with_name(aside.name + suffix))
    return aside


def _view(db: sqlite3.Connection) -> SpoolView:
    one = "SELECT (SELECT count(*) FROM results), (SELECT count(*) FROM refused), "
    oldest = "(SELECT min(spooled_at) FROM results), "
    ever = "(SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'refused')"
    waiting, refused, oldest_at, refused_ever = db.execute(one + oldest + ever).fetchone()
    facts = {key: msgspec.json.decode(value) for key, value in db.execute("SELECT * FROM facts")}
    return SpoolView(
        waiting=waiting,
        refused=refused,
        refused_ever=refused_ever,
        facts=facts,
        dropped=dropped_results(db),
        oldest_spooled_at=oldest_at,
    )
