"""A spool's results row by row: whole ones, and those that are kept aside."""

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from broadgauge_wire.spec import MAX_BATCH_RESULTS, MAX_COMPRESSED_BYTES

from .spool_checks import is_whole
from .spool_tables import DAMAGED_RESULTS, fact_of, note

log = logging.getLogger(__name__)

MAX_BODY_BYTES = MAX_COMPRESSED_BYTES * 9 // 10
"""Of a batch's results before compression: below the limit for compressed bodies, however badly
they compress, and far below the one for plain bodies."""

MAX_REFUSED = 10_000
"""Refused results kept for a person to look at; beyond it the oldest go, and are counted."""

DAMAGED = "damaged on this machine's disk before it was sent"


class Row(NamedTuple):
    """One result in its place. `checksum` is None from an earlier agent."""

    id: int
    body: bytes
    spooled_at: float
    checksum: int | None


class Which(NamedTuple):
    """Some of the unnumbered results: an SQL condition and its values."""

    where: str
    values: tuple[float, ...] = ()


_LATELY = "id >= ? OR (spooled_at > ? AND spooled_at <= ?)"
INHERITED = Which("batch IS NULL AND inherited = 1")


def fresh(first_row: int, since: float, until: float) -> Which:
    """Those from a row on, and those spooled between two instants. As two questions, each with its
    index: a long backlog is not looked through for what is new."""
    return Which(
        "+batch IS NULL AND inherited IS NULL AND id IN ("
        "SELECT id FROM results WHERE +batch IS NULL AND id >= ? UNION ALL "
        "SELECT id FROM results WHERE batch IS NULL AND spooled_at > ? AND spooled_at <= ?)",
        (first_row, since, until),
    )


def stale(first_row: int, since: float, until: float) -> Which:
    """The others."""
    where = f"batch IS NULL AND inherited IS NULL AND NOT ({_LATELY})"
    return Which(where, (first_row, since, until))


def oldest_unnumbered(db: sqlite3.Connection, which: Which, now: float) -> list[Row]:
    """The oldest of them, as many as one batch holds."""
    query = (
        "SELECT id, body, spooled_at, checksum FROM results "  # noqa: S608 - constant
        f"WHERE {which.where} ORDER BY spooled_at, id LIMIT ?"
    )
    while found := db.execute(query, (*which.values, MAX_BATCH_RESULTS)).fetchall():
        if rows := whole_rows(db, map(Row._make, found), now):
            return _within_a_body(rows)
    return []


def whole_rows(db: sqlite3.Connection, rows: Iterable[Row], now: float) -> list[Row]:
    """The rows that are as they were written; the others are kept aside, and counted."""
    whole, spoiled = list[Row](), list[Row]()
    for row in rows:
        (whole if is_whole(row.body, row.spooled_at, row.checksum) else spoiled).append(row)
    for row in spoiled:
        refuse(db, row.id, DAMAGED, now)
    if spoiled:
        log.error("damaged on the disk: results=%d", len(spoiled))
        note(db, DAMAGED_RESULTS, damaged_results(db) + len(spoiled))
    return whole


def damaged_results(db: sqlite3.Connection) -> int:
    """How many the disk ever damaged."""
    known = fact_of(db, DAMAGED_RESULTS)
    return known if isinstance(known, int) else 0


def refuse(db: sqlite3.Connection, row: int, reason: str, now: float) -> None:
    """Keep a result aside."""
    db.execute(
        "INSERT INTO refused(body, reason, refused_at) SELECT body, ?, ? FROM results WHERE id = ?",
        (reason, now, row),
    )
    # At once: a collector that names a record twice must not make two of it.
    db.execute("DELETE FROM results WHERE id = ?", (row,))
    beyond = "DELETE FROM refused WHERE id <= (SELECT max(id) FROM refused) - ?"
    db.execute(beyond, (MAX_REFUSED,))


def _within_a_body(rows: Sequence[Row]) -> list[Row]:
    """As many of them as one body holds; one at least."""
    room, fitting = MAX_BODY_BYTES, list[Row]()
    for row in rows:
        room -= len(row.body) + 1
        if fitting and room < 0:
            break
        fitting.append(row)
    return fitting
