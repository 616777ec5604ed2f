"""Rows of one source, by the key that each has there: what they say, and taking them away."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import Struct
from sqlalchemy import Connection, Table, delete, select

from .matching import in_parts

Record = TypeVar("Record")


class Before(Struct, frozen=True, omit_defaults=True):
    """What a source said under a key before an import; `facts` None: nothing."""

    key: str
    facts: str | None = None
    said_at: datetime | None = None
    vanished_at: datetime | None = None


def said_before(c: Connection, table: Table, source: str, keys: Sequence[str]) -> list[Before]:
    """What a table has of these, one for each key."""
    columns = [table.c[name] for name in Before.__struct_fields__ if name in table.c]
    found: dict[str, Before] = {}
    for some in in_parts(keys):
        of_source = (table.c.source == source) & table.c.key.in_(some)
        found |= {row.key: Before(*row) for row in c.execute(select(*columns).where(of_source))}
    return [found.get(key, Before(key)) for key in keys]


def remove_rows(c: Connection, table: Table, source: str, keys: Sequence[str]) -> None:
    """Take these away."""
    for some in in_parts(keys):
        c.execute(delete(table).where(table.c.source == source, table.c.key.in_(some)))


def by_time_said(
    before: Sequence[Before], decoded: Callable[[str], Record]
) -> dict[datetime, list[Record]]:
    """The records that were there, those that came together together."""
    found = defaultdict[datetime, list[Record]](list)
    for each in before:
        if each.facts is not None and each.said_at is not None:
            found[each.said_at].append(decoded(each.facts))
    return found
