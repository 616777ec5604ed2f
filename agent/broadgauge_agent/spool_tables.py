"""The spool's tables, what a spool says of itself, and the columns that earlier agents lacked."""

import contextlib
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

from broadgauge_wire import Lane, encode

from .spool_checks import values_checksum

VERSION = 1

TABLES = """
CREATE TABLE IF NOT EXISTS facts(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch TEXT NOT NULL, lane TEXT NOT NULL, sequence INTEGER NOT NULL,
    numbered_at REAL NOT NULL, waiting INTEGER NOT NULL, dropped TEXT NOT NULL DEFAULT '[]',
    damaged INTEGER, inherited INTEGER, checksum INTEGER, mended INTEGER,
    UNIQUE(epoch, lane, sequence)
);
CREATE TABLE IF NOT EXISTS sequences(
    epoch TEXT NOT NULL, lane TEXT NOT NULL, last INTEGER NOT NULL, checksum INTEGER,
    PRIMARY KEY(epoch, lane)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    body BLOB NOT NULL, spooled_at REAL NOT NULL,
    batch INTEGER REFERENCES batches(id), kind TEXT, checksum INTEGER, inherited INTEGER
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
CREATE TABLE IF NOT EXISTS sent(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch TEXT NOT NULL, lane TEXT NOT NULL, sequence INTEGER NOT NULL,
    committed_at REAL NOT NULL, body BLOB NOT NULL, checksum INTEGER NOT NULL, again INTEGER
);
"""

ADDED: Mapping[tuple[str, str], str] = {
    ("batches", "dropped"): "TEXT NOT NULL DEFAULT '[]'",
    ("batches", "damaged"): "INTEGER",
    ("batches", "inherited"): "INTEGER",
    ("batches", "checksum"): "INTEGER",
    ("batches", "mended"): "INTEGER",
    ("sequences", "checksum"): "INTEGER",
    ("results", "kind"): "TEXT",
    ("results", "checksum"): "INTEGER",
    ("results", "inherited"): "INTEGER",
}
"""Columns that spools of earlier agents lack. What is added leaves an earlier agent able to work on
the spool, so that going back to it strands nothing; what doesn't needs a higher VERSION."""

INSERT = "INSERT INTO results(body, spooled_at, checksum) VALUES (?, ?, ?)"
DAMAGED_RESULTS = "damaged_results"
"""The fact that counts them."""


SETTLED = "settled:"
"""With a lane, the fact that says which of its batches was done with last."""


class NumberedRow(Struct, frozen=True):
    """What a batch was numbered with, as its row has it. `checksum` is None from an earlier
    agent."""

    id: int
    epoch: str
    lane: Lane
    sequence: int
    numbered_at: float = 0.0
    waiting: int = 0
    dropped: str = "[]"
    damaged: int | None = None
    inherited: int | None = None
    checksum: int | None = None
    mended: int | None = None

    def own_checksum(self) -> int:
        """Of what is said to the collector."""
        return values_checksum(
            (
                *(self.epoch, self.lane, self.sequence, float(self.numbered_at), self.waiting),
                *(self.dropped, self.damaged, self.inherited),
            )
        )

    def is_whole(self) -> bool:
        """Whether it is as it was written."""
        return self.checksum is None or self.checksum == self.own_checksum()


NUMBERED_COLUMNS = ", ".join(NumberedRow.__struct_fields__)


def facts_of(rows: Iterable[tuple[str, bytes]]) -> dict[str, object]:
    """Facts by key. One that can't be read is none."""
    facts: dict[str, object] = {}
    for key, value in rows:
        with contextlib.suppress(ValueError):  # msgspec's DecodeError is one
            facts[key] = msgspec.json.decode(value)
    return facts


def fact_of(db: sqlite3.Connection, key: str) -> object:
    """A fact, or None."""
    query = "SELECT key, CAST(value AS BLOB) FROM facts WHERE key = ?"
    return facts_of(db.execute(query, (key,))).get(key)


def own_mark(agent_id: UUID) -> int:
    """A second sign of whose a spool is, beside the fact: SQLite's application_id."""
    return zlib.crc32(agent_id.bytes) >> 1 or 1


def make_tables(db: sqlite3.Connection) -> None:
    """All of them in a new spool, and what is missing in an earlier agent's. In a transaction."""
    for (table, column), kind in ADDED.items():
        columns = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        if columns and column not in columns:
            db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    for statement in TABLES.split(";"):
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")


def sign(db: sqlite3.Connection, owner: UUID) -> None:
    """Say whose spool it is, and of which version. In a transaction."""
    note(db, "agent_id", str(owner))
    note(db, "version", VERSION)
    db.execute(f"PRAGMA application_id = {own_mark(owner)}")


def note(db: sqlite3.Connection, key: str, value: object) -> None:
    """Keep a fact (JSON-able). In a transaction."""
    db.execute(
        "INSERT INTO facts(key, value) VALUES (?, ?) "
        "ON CONFLICT(key) DO UPDATE SET value = excluded.value",
        (key, encode(value).decode()),
    )
