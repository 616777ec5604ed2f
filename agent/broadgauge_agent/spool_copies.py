"""What is whose in a spool that was copied to another machine: the original's, and the copy's own.

Rows are told apart by their numbers, which never change and are never used again. What is noted
goes by the machine it was noted on, for a copy can be copied, too, and a disk can come home.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from uuid import UUID

from broadgauge_wire import new_id

from .spool_tables import DAMAGED_RESULTS, fact_of, note

MACHINES_FACTS = ("calibration", "hours_on", DAMAGED_RESULTS)
LINES_FACTS = "line:*"
"""Facts that hold on one machine, and in one place."""

COPIED = "copied"
"""Up to which row the spool is the original's, and the machine (hashed) on which that holds."""

FORK = "fork"
"""The name under which a copy asks to be an agent of its own, and the machine that made it."""


def note_copied(db: sqlite3.Connection, machine: str, up_to_row: int) -> None:
    """Keep that what is here now is the original's, unless this machine has found that already."""
    if _noted(db, COPIED, machine) is None:
        note(db, COPIED, {"machine": machine, "value": up_to_row})
        forget_the_originals(db)


def copied_up_to_row(facts: Mapping[str, object]) -> int | None:
    """The last row that is the original's, if that was noted."""
    copied = facts.get(COPIED)
    up_to = copied.get("value") if isinstance(copied, dict) else None
    return up_to if isinstance(up_to, int) else None


def forget_copying(db: sqlite3.Connection) -> None:
    """This spool is no copy, or no longer."""
    db.execute("DELETE FROM facts WHERE key IN (?, ?)", (COPIED, FORK))


def forget_the_originals(db: sqlite3.Connection) -> None:
    """What an agent knows of its machine, of its place and of its own losses isn't a copy's."""
    facts = "DELETE FROM facts WHERE key IN (?, ?, ?) OR key GLOB ?"
    db.execute(facts, (*MACHINES_FACTS, LINES_FACTS))
    db.execute("DELETE FROM dropped")


def fork_id(db: sqlite3.Connection, machine: str | None) -> UUID:
    """The same each time on one machine, since the answer may get lost; another one elsewhere."""
    known = _noted(db, FORK, machine)
    if isinstance(known, str):
        return UUID(known)
    name = new_id()
    note(db, FORK, {"machine": machine, "value": str(name)})
    return name


def take_over(db: sqlite3.Connection, opened_row: int, refused: Iterable[int]) -> None:
    """Mark what is the original's, too, as inherited, and number nothing of it any more.

    What this machine added is its own, unless it is in a batch that the collector may have taken:
    in one whose rows aren't among the `refused`. Where it wasn't noted what was copied, that is
    what was there when the spool was opened.
    """
    up_to = copied_up_to_row({COPIED: fact_of(db, COPIED)})
    if up_to is None:
        up_to = opened_row
        forget_the_originals(db)
    inherit = "UPDATE results SET inherited = 1, batch = NULL WHERE"
    db.execute(f"{inherit} id <= ?", (up_to,))
    free = "UPDATE results SET batch = NULL WHERE id = ?"
    db.executemany(free, [(row,) for row in refused])
    db.execute(f"{inherit} batch IS NOT NULL")
    db.execute("DELETE FROM batches")
    db.execute("DELETE FROM sent")
    forget_copying(db)


def _noted(db: sqlite3.Connection, key: str, machine: str | None) -> object:
    """What was noted on this machine."""
    known = fact_of(db, key)
    is_ours = isinstance(known, dict) and known.get("machine") == machine
    return known.get("value") if is_ours and isinstance(known, dict) else None
