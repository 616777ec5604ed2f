"""Changes that people mark, such as a new line, in the control database.

Functions take a connection inside a transaction; those that add or remove need a write one.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, or_, select

from broadgauge_wire import new_id
from broadgauge_wire.fields import about

from ..errors import Conflict, Invalid, NotFound
from ..store.tables import change_mark, link, link_school, school
from .checks import EARLIEST, LATEST, clean_name
from .model import Link

ChangeKind = Literal["new_line", "new_rate", "new_wifi", "other"]
KINDS: dict[ChangeKind, str] = {
    "new_line": "new line",
    "new_rate": "new rate",
    "new_wifi": "new Wi-Fi",
    "other": "other change",
}
ANOTHER_LINE: tuple[ChangeKind, ...] = ("new_line", "new_rate")
"""After these, earlier tests say nothing about what the line carries now."""

MAX_CHANGES = 5000
"""Of all lines and schools: each is looked at whenever lines are judged."""


class Change(Struct, frozen=True, kw_only=True):
    """Something that was changed on a day, at a line or at a school."""

    id: Annotated[UUID, about("What the collector calls it")]
    day: Annotated[date, about("Local day on which it was changed")]
    kind: Annotated[ChangeKind, about("What was changed")]
    text: Annotated[str, about("What people say of it")]
    link_id: Annotated[UUID | None, about("The line; null: it is about a school")] = None
    school_id: Annotated[UUID | None, about("The school; null: it is about a line")] = None
    place: Annotated[str, about("Name of the line or the school")]
    made_at: Annotated[datetime, about("When it was marked, UTC")]

    def is_of(self, link: Link) -> bool:
        """Whether it is one of a line: marked at it, or at the one school behind it."""
        return self.link_id == link.id or (self.school_id,) == link.school_ids


def list_changes(c: Connection, school_id: UUID | None = None) -> tuple[Change, ...]:
    """Changes by day; of one school, those of its lines too."""
    mark = change_mark.c
    place = func.coalesce(link.c.name, school.c.name).label("place")
    query = (
        select(change_mark, place)
        .outerjoin(link, link.c.id == mark.link_id)
        .outerjoin(school, school.c.id == mark.school_id)
        .order_by(mark.day, mark.made_at, mark.id)
    )
    if school_id is not None:
        its = select(link_school.c.link_id).where(link_school.c.school_id == school_id)
        query = query.where(or_(mark.school_id == school_id, mark.link_id.in_(its)))
    return tuple(_change(row) for row in c.execute(query))


def find_change(c: Connection, change_id: UUID) -> Change:
    """One change. NotFound if it isn't there."""
    return pick(list_changes(c), change_id)


def pick(changes: Iterable[Change], change_id: UUID) -> Change:
    """One of these. NotFound if it isn't among them."""
    for change in changes:
        if change.id == change_id:
            return change
    raise NotFound(f"There is no change with the id {change_id}. See: broadgauge changes")


def add_change(
    c: Connection,
    *,
    day: date,
    kind: ChangeKind,
    text: str,
    link_id: UUID | None = None,
    school_id: UUID | None = None,
    now: datetime,
) -> Change:
    """Mark a change of a line or of a school, which is there. Conflict if the same is marked,
    Invalid if it can't be."""
    _check(day, kind, link_id, school_id, now)
    marked = list_changes(c)
    if len(marked) >= MAX_CHANGES:
        raise Invalid(f"{MAX_CHANGES} changes are marked, the most there may be. Remove old ones.")
    for other in marked:
        same = (other.day, other.kind, other.link_id, other.school_id)
        if same == (day, kind, link_id, school_id):
            raise Conflict(f"A {KINDS[kind]} is marked there on {day} already. Remove it first.")
    words = clean_name(text, "What was changed") if text.strip() else _capital(KINDS[kind])
    row: dict[str, Any] = {"id": new_id(), "day": day, "kind": kind, "text": words}
    row |= {"link_id": link_id, "school_id": school_id, "made_at": now}
    c.execute(insert(change_mark).values(row))
    return find_change(c, row["id"])


def remove_change(c: Connection, change_id: UUID) -> None:
    """Take a mark away. NotFound if it isn't there."""
    if not c.execute(delete(change_mark).where(change_mark.c.id == change_id)).rowcount:
        pick((), change_id)


def changed_on(changes: Iterable[Change], link: Link, today: date) -> date | None:
    """The day on which a line last became another one, up to today; None if never."""
    days = (
        change.day
        for change in changes
        if change.link_id == link.id and change.kind in ANOTHER_LINE and change.day <= today
    )
    return max(days, default=None)


def _check(
    day: date, kind: ChangeKind, link_id: UUID | None, school_id: UUID | None, now: datetime
) -> None:
    if (link_id is None) == (school_id is None):
        raise Invalid("A change is of a line or of a school: name one of both.")
    if kind in ANOTHER_LINE and link_id is None:
        raise Invalid(f"A {KINDS[kind]} is a line's: name the line rather than the school.")
    if not EARLIEST <= day <= LATEST or (day - now.date()).days > 1:
        raise Invalid(f"{day}: mark a change once it was made, with its day, like 2026-03-03.")


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _change(row: Any) -> Change:
    return Change(**{name: getattr(row, name) for name in Change.__struct_fields__})
