"""Imports as they are kept: what came when, from whom, what became of its rows."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from broadgauge_wire import new_id
from broadgauge_wire.fields import about

from ..errors import Conflict, NotFound
from ..store.tables import import_chunk, import_refused, import_run
from .formats import all_formats
from .model import Format, Refused

State = Literal["reading", "ready", "applying", "applied", "undoing", "undone", "failed"]

LARGE_DROP = 0.2
"""Of what a source had, so much may vanish at once before somebody has to confirm it."""

FEW = 5
"""So few may vanish whatever share they are."""

OVERTAKEN = (
    "Another import of this source was applied or taken back since this one was read. Bring the "
    "file again."
)


class Import(Struct, frozen=True, kw_only=True):
    """A file that was brought in. Rows read are rows accepted and rows refused; of those accepted,
    so many are new, changed, or as they were."""

    id: Annotated[UUID, about("What the collector calls it")]
    format: Annotated[str, about("Format, as in `GET /api/v1/import-formats`")]
    source: Annotated[str, about("System whose words these are")]
    state: Annotated[
        State,
        about(
            "`reading`; `ready`: read, and waiting to be applied; `applying`, `applied`, "
            "`undoing`, `undone`; `failed`: nothing was taken"
        ),
    ]
    asked_by: Annotated[str, about("Who brought it")]
    asked_at: Annotated[datetime, about("When it came")]
    ended_at: Annotated[datetime | None, about("When it was applied, undone, or failed")]
    trouble: Annotated[str | None, about("Why it failed, or why it waits")]
    rows: Annotated[int, about("Rows read")]
    accepted: Annotated[int, about("Rows accepted")]
    refused: Annotated[int, about("Rows refused, each with its line and a reason")]
    added: Annotated[int, about("Rows that the source didn't have before")]
    changed: Annotated[int, about("Rows that say something else than before")]
    unchanged: Annotated[int, about("Rows that say what was said before")]
    vanished: Annotated[int, about("What the source had before, and this file doesn't have")]
    progress: Annotated[float, about("How much of what is being done is done, 0 to 1")]


def begin(c: Connection, format_: Format, asked_by: str, now: datetime) -> Import:
    """Note that a file has come."""
    counts = dict.fromkeys(
        ("rows_read", "accepted", "refused", "added", "changed", "unchanged", "vanished",
         "chunks", "chunks_done"), 0,
    )  # fmt: skip
    id_ = new_id()
    row = {"format": format_.key, "source": format_.source, "state": "reading", **counts}
    c.execute(insert(import_run).values(id=id_, asked_by=asked_by, asked_at=now, **row))
    return get(c, id_)


def get(c: Connection, id_: UUID) -> Import:
    """One import. NotFound if there is none of this id."""
    row = c.execute(select(import_run).where(import_run.c.id == id_)).one_or_none()
    if row is None:
        raise NotFound(f"There is no import with the id {id_}.")
    return _import(row)


def listed(c: Connection, limit: int = 200) -> tuple[Import, ...]:
    """Newest first."""
    rows = c.execute(select(import_run).order_by(import_run.c.asked_at.desc()).limit(limit))
    return tuple(map(_import, rows))


def refused_rows(c: Connection, id_: UUID, limit: int) -> list[Refused]:
    """Rows of an import that were refused, in their order."""
    table = import_refused.c
    rows = c.execute(
        select(table.line, table.reason, table.cells)
        .where(table.import_id == id_)
        .order_by(table.number)
        .limit(limit)
    )
    return [Refused(line, reason, msgspec.json.decode(cells)) for line, reason, cells in rows]


def note(c: Connection, id_: UUID, **values: Any) -> None:
    """Change what is noted of an import."""
    c.execute(update(import_run).where(import_run.c.id == id_).values(**values))


def discard(c: Connection, id_: UUID) -> None:
    """Forget an import that waits. Conflict if it doesn't."""
    found = get(c, id_)
    if found.state not in {"ready", "failed"}:
        raise Conflict(f"This import is {found.state}: only one that waits can be discarded.")
    for table in (import_chunk, import_refused):
        c.execute(delete(table).where(table.c.import_id == id_))
    c.execute(delete(import_run).where(import_run.c.id == id_))


def drop_words(found: Import, before: int) -> str | None:
    """Why an import waits for somebody to confirm it, if too much vanishes in it."""
    if found.vanished <= max(FEW, LARGE_DROP * before):
        return None
    return (
        f"{found.vanished:,} of {before:,} are not in this file any more. If the file is whole, "
        "apply it with 'confirm'; if not, discard it and export again."
    )


def newer(c: Connection, found: Import) -> bool:
    """Whether something of the same kind from this source was applied since, and changed it: the
    same file again takes nothing away from what it can be undone to."""
    table = import_run.c
    later = select(table.id).where(
        _is_of_same_kind(found),
        table.state.in_(("applying", "applied")),
        table.asked_at > found.asked_at,
        table.chunks > 0,
    )
    return c.execute(later.limit(1)).first() is not None


def overtake(c: Connection, found: Import, now: datetime) -> None:
    """Give up what waits of the same kind from this source: it was compared with rows that this one
    changes, and what it found unchanged is perhaps so no more."""
    table = import_run.c
    waiting = update(import_run).where(
        _is_of_same_kind(found), table.state == "ready", table.id != found.id
    )
    c.execute(waiting.values(state="failed", trouble=OVERTAKEN, ended_at=now))


def _is_of_same_kind(found: Import) -> ColumnElement[bool]:
    record = all_formats()[found.format].record
    like = (f.key for f in all_formats().values() if (f.source, f.record) == (found.source, record))
    return import_run.c.format.in_(list(like))


def _import(row: Row[Any]) -> Import:
    done = row.chunks_done / row.chunks if row.chunks else 0.0
    return Import(
        id=row.id,
        format=row.format,
        source=row.source,
        state=row.state,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        ended_at=row.ended_at,
        trouble=row.trouble,
        rows=row.rows_read,
        accepted=row.accepted,
        refused=row.refused,
        added=row.added,
        changed=row.changed,
        unchanged=row.unchanged,
        vanished=row.vanished,
        progress=1.0 if row.state in {"applied", "ready", "undone"} else done,
    )
