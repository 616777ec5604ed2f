"""An import put in force, or taken back, a chunk at a time: whatever breaks it off, it goes on
where it was."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import Connection, func, select, update

from ..errors import Conflict
from ..fleet.device_rows import Devices
from ..fleet.other_rows import KEPT, OtherRows, attach_tickets
from ..fleet.precedence import precedence
from ..fleet.source_rows import Before
from ..store import ControlStore
from ..store.tables import import_chunk, import_run
from . import runs
from .chunks import Chunk, packed, unpacked
from .formats import all_formats
from .model import DeviceRecord, Format
from .runs import Import

Step = Callable[[Connection, Import, Format, int], None]


class Rows(Protocol):
    """Puts what one source says in force."""

    def put(self, records: Any, now: datetime, /) -> list[Before]: ...
    def vanish(self, keys: Any, now: datetime, /) -> list[Before]: ...
    def restore(self, before: Any, /) -> None: ...


def check_applicable(c: Connection, id_: UUID, now: datetime, *, confirm: bool) -> Import:
    """The import, if it may be applied now. Conflict, with why, if not."""
    found = runs.get(c, id_)
    if found.state != "ready":
        raise Conflict(f"This import is {found.state}: only one that is ready can be applied.")
    if runs.newer(c, found):
        raise Conflict("Something newer of this source was applied since: bring the file again.")
    if found.trouble and not confirm:
        raise Conflict(found.trouble)
    _check_chunks(c, found)
    runs.overtake(c, found, now)
    runs.note(c, id_, state="applying", trouble=None, ended_at=None, chunks_done=0)
    return runs.get(c, id_)


def check_undoable(c: Connection, id_: UUID, now: datetime) -> Import:
    """The import, if it may be undone now. Conflict, with why, if not."""
    found = runs.get(c, id_)
    if found.state != "applied":
        raise Conflict(f"This import is {found.state}: only one that is applied can be undone.")
    if runs.newer(c, found):
        raise Conflict("Something newer of this source was applied since: undo that first.")
    _check_chunks(c, found)
    runs.overtake(c, found, now)
    runs.note(c, id_, state="undoing", ended_at=None)
    return runs.get(c, id_)


def apply(control: ControlStore, id_: UUID, now: datetime) -> None:
    """Put in force what isn't yet."""
    _go(control, id_, now, _apply, 1, "applied")


def undo(control: ControlStore, id_: UUID, now: datetime) -> None:
    """Take back what was put in force."""
    _go(control, id_, now, _undo, -1, "undone")


def rows_of(c: Connection, format_: Format) -> Rows:
    """Who keeps the records of a format."""
    if format_.record is DeviceRecord:
        return Devices(c, format_.source, precedence(c))
    return OtherRows(c, format_.source, KEPT[format_.record])


def _check_chunks(c: Connection, found: Import) -> None:
    here = select(func.count()).where(import_chunk.c.import_id == found.id)
    there = select(import_run.c.chunks).where(import_run.c.id == found.id)
    if c.execute(here).scalar_one() != c.execute(there).scalar_one():
        raise Conflict("What this import holds went with an erasure. Bring the file again.")


def _go(
    control: ControlStore, id_: UUID, now: datetime, step: Step, ahead: int, state: str
) -> None:
    while (number := _next_chunk(control, id_, ahead)) is not None:
        with control.begin(changes_access=False) as c:
            found = runs.get(c, id_)
            runs.overtake(c, found, now)
            step(c, found, all_formats()[found.format], number)
            runs.note(c, id_, chunks_done=number + max(ahead, 0))
    with control.begin() as c:  # an edit: reports from before it don't hold any more
        attach_tickets(c)
        runs.note(c, id_, state=state, ended_at=now)


def _next_chunk(control: ControlStore, id_: UUID, ahead: int) -> int | None:
    run = import_run.c
    with control.connect() as c:
        done, chunks = c.execute(select(run.chunks_done, run.chunks).where(run.id == id_)).one()
    number: int = done if ahead > 0 else done - 1
    return number if 0 <= number < chunks else None


def _apply(c: Connection, found: Import, format_: Format, number: int) -> None:
    table = import_chunk
    this = (table.c.import_id == found.id) & (table.c.number == number)
    chunk: Chunk = unpacked(c.execute(select(table.c.entries).where(this)).scalar_one(), Chunk)
    rows = rows_of(c, format_)
    records = [msgspec.json.decode(record, type=format_.record) for record in chunk.records]
    before = rows.put(records, found.asked_at) if records else []
    if chunk.vanished:
        before += rows.vanish(chunk.vanished, found.asked_at)
    c.execute(update(table).where(this).values(before=packed(before)))


def _undo(c: Connection, found: Import, format_: Format, number: int) -> None:
    table = import_chunk.c
    this = (table.import_id == found.id) & (table.number == number)
    before = unpacked(c.execute(select(table.before).where(this)).scalar_one(), list[Before])
    rows_of(c, format_).restore(before)
