"""What goes when the spool is as large as it may be, and the account of what went.

First copies of batches that the collector has, and refused results, which it has seen; then the
oldest latency results, of which there are many; then notes of tests that did not run; and only then
what is left, oldest first. A numbered batch stays whole: the collector may have it already.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from broadgauge_wire import RESULT_KINDS, DroppedResults

from .spool_sent import drop_oldest

SLACK_SHARE = 0.05
"""Of the cap that is freed beside what has to go, so that not every result drops another."""

ROWS_AT_ONCE = 500

IN_ORDER = ("kind = 'latency'", "kind = 'skipped'", "true")


_SAID = (
    "CASE WHEN json_valid(CAST(body AS TEXT)) THEN json_extract(CAST(body AS TEXT), '$.kind') END"
)
_KNOWN = ", ".join(f"'{kind}'" for kind in RESULT_KINDS)
KINDS = (
    f"UPDATE results SET kind = iif({_SAID} IN ({_KNOWN}), {_SAID}, 'unreadable') "  # noqa: S608
    "WHERE kind IS NULL AND batch IS NULL"
)
"""Looked up when it matters first."""


class _Row(NamedTuple):
    id: int
    kind: str
    spooled_at: float
    size_bytes: int


def used_bytes(db: sqlite3.Connection) -> int:
    """What the spool's pages hold. Its file may be larger, but not than it ever had to be."""
    (pages,), (free,), (size,) = (
        db.execute(f"PRAGMA {name}").fetchone()
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def make_room(db: sqlite3.Connection, max_bytes: float) -> int:
    """Drop results until the spool is below its cap. How many unsent results went."""
    if used_bytes(db) <= max_bytes:
        return 0
    db.execute(KINDS)
    goal, went = max_bytes * (1 - SLACK_SHARE), 0
    while (excess := used_bytes(db) - goal) > 0:
        if drop_oldest(db, excess) or _drop_refused(db, excess):
            continue
        rows = list(_next_to_go(db, excess))
        if not rows:
            break  # what is left is numbered, and is sent or refused as it is
        _drop(db, rows)
        went += len(rows)
    return went


def dropped_results(db: sqlite3.Connection) -> tuple[DroppedResults, ...]:
    """What this spool ever dropped unsent, by kind. Nothing is known of an earlier agent's spool
    that was not opened yet."""
    if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'dropped'").fetchone():
        return ()
    found = db.execute("SELECT kind, results, oldest_at, newest_at FROM dropped ORDER BY kind")
    return tuple(
        DroppedResults(
            kind=kind, results=results, oldest_at=_instant(oldest), newest_at=_instant(newest)
        )
        for kind, results, oldest, newest in found
    )


def _instant(unix_seconds: float) -> datetime:
    return datetime.fromtimestamp(unix_seconds, UTC)


def _drop_refused(db: sqlite3.Connection, excess: float) -> bool:
    found = db.execute("SELECT id, length(body) FROM refused ORDER BY id LIMIT ?", (ROWS_AT_ONCE,))
    last = None
    for row, size in found.fetchall():
        last, excess = row, excess - size
        if excess <= 0:
            break
    db.execute("DELETE FROM refused WHERE id <= ?", (last,))
    return last is not None


def _next_to_go(db: sqlite3.Connection, excess: float) -> Iterator[_Row]:
    for group in IN_ORDER:
        found = db.execute(
            "SELECT id, kind, spooled_at, length(body) FROM results "  # noqa: S608 - constant
            f"WHERE batch IS NULL AND {group} ORDER BY id LIMIT ?",
            (ROWS_AT_ONCE,),
        ).fetchall()
        for row in map(_Row._make, found):
            if excess <= 0:
                return
            yield row
            excess -= row.size_bytes
        if found:
            return


def _drop(db: sqlite3.Connection, rows: list[_Row]) -> None:
    db.executemany("DELETE FROM results WHERE id = ?", [(row.id,) for row in rows])
    db.executemany(
        "INSERT INTO dropped(kind, results, oldest_at, newest_at) VALUES (?, 1, ?, ?) "
        "ON CONFLICT(kind) DO UPDATE SET results = results + 1, "
        "oldest_at = min(oldest_at, excluded.oldest_at), "
        "newest_at = max(newest_at, excluded.newest_at)",
        [(row.kind, row.spooled_at, row.spooled_at) for row in rows],
    )
