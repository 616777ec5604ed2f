"""What upkeep notes in the control database: its runs, and where backups are.

Functions take a connection inside a transaction; those that note need a write transaction.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, delete, insert, select, update

from broadgauge_wire import new_id

from ..errors import NotFound
from ..store.tables import backup, upkeep_run
from .model import Backup, Run, State, Task
from .settings import in_force
from .when import next_due

KEPT = timedelta(days=400)
LONGEST_NIGHT = timedelta(hours=12)
"""What has not ended then was broken off, with its collector."""

SHOWN = 30
BROKEN_OFF = "The server ended while this ran. What is missing is done the next time."


def begin_run(c: Connection, task: Task, now: datetime) -> UUID:
    """Note that something begins, and forget what was long ago."""
    run_id = new_id()
    c.execute(delete(upkeep_run).where(upkeep_run.c.began_at < now - KEPT))
    c.execute(insert(upkeep_run).values(id=run_id, task=task, began_at=now, done=""))
    return run_id


def begin_night_if_due(c: Connection, now: datetime) -> UUID | None:
    """Note that the night's work begins, if it is due and no other collector is at it."""
    at_it = select(upkeep_run.c.id).where(
        upkeep_run.c.task == "nightly",
        upkeep_run.c.ended_at.is_(None),
        upkeep_run.c.began_at > now - LONGEST_NIGHT,
    )
    if due_at(c, now) > now or c.execute(at_it).first() is not None:
        return None
    return begin_run(c, "nightly", now)


def end_run(c: Connection, run_id: UUID, now: datetime, done: str, error: str | None) -> None:
    """Note how it ended."""
    ended = {"ended_at": now, "done": done, "error": error}
    c.execute(update(upkeep_run).where(upkeep_run.c.id == run_id).values(ended))


def end_broken_runs(c: Connection, now: datetime) -> None:
    """Whatever seems to run when a server starts was broken off."""
    unended = upkeep_run.c.ended_at.is_(None)
    c.execute(update(upkeep_run).where(unended).values(ended_at=now, error=BROKEN_OFF))


def list_runs(c: Connection, limit: int = SHOWN) -> tuple[Run, ...]:
    """The latest runs, newest first."""
    newest = select(upkeep_run).order_by(upkeep_run.c.began_at.desc(), upkeep_run.c.id.desc())
    return tuple(_run(row) for row in c.execute(newest.limit(limit)))


def get_run(c: Connection, run_id: UUID) -> Run:
    """One run. NotFound if there is none, or it was long ago."""
    row = c.execute(select(upkeep_run).where(upkeep_run.c.id == run_id)).one_or_none()
    if row is None:
        raise NotFound(f"There is no run of upkeep with the id {run_id}.")
    return _run(row)


def last_run(c: Connection, task: Task, *, good: bool) -> Run | None:
    """The last run of a kind that has ended; on demand the last good one."""
    ended = (upkeep_run.c.task == task) & upkeep_run.c.ended_at.is_not(None)
    found = select(upkeep_run).where(ended).order_by(upkeep_run.c.began_at.desc()).limit(1)
    row = c.execute(found.where(upkeep_run.c.error.is_(None)) if good else found).one_or_none()
    return None if row is None else _run(row)


def due_at(c: Connection, now: datetime) -> datetime:
    """When the next night's work begins, by the server's local clock."""
    good, last = last_run(c, "nightly", good=True), last_run(c, "nightly", good=False)
    due = next_due(
        time.fromisoformat(in_force(c).maintenance.at),
        good.began_at if good else None,
        last.began_at if last and last.error else None,
        now.astimezone(),
    )
    return due.astimezone(UTC)


def note_backup(c: Connection, directory: Path, made_at: datetime, size_bytes: int) -> None:
    """Remember where a backup is."""
    forget_backups(c, (directory,))
    row = {"directory": str(directory), "made_at": made_at, "size_bytes": size_bytes}
    c.execute(insert(backup).values(row))


def forget_backups(c: Connection, directories: Iterable[Path]) -> None:
    """They are gone."""
    names = [str(directory) for directory in directories]
    c.execute(delete(backup).where(backup.c.directory.in_(names)))


def list_backups(c: Connection) -> tuple[Backup, ...]:
    """Every backup that was made and not deleted by upkeep, newest first."""
    rows = c.execute(select(backup).order_by(backup.c.made_at.desc()))
    return tuple(
        Backup(directory=row.directory, made_at=row.made_at, size_bytes=row.size_bytes)
        for row in rows
    )


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        task=row.task,
        state=_state(row),
        began_at=row.began_at,
        ended_at=row.ended_at,
        done=row.done,
        error=row.error,
    )


def _state(row: Row[Any]) -> State:
    if row.ended_at is None:
        return "running"
    return "done" if row.error is None else "failed"
