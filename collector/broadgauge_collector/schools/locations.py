"""The rooms of a school that are known: where agents stand, and those that have a code."""

import re
from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Connection, select, union

from ..store import tables
from .checks import name_key

MAX_LOCATIONS = 1000
"""More than the largest school has, and a fraction of what an agent takes in one answer."""


def locations_of(c: Connection, school_id: UUID) -> tuple[str, ...]:
    """Each once, however it is written; Room 9 before Room 10."""
    agents = select(tables.agent.c.location).where(
        tables.agent.c.school_id == school_id,
        tables.agent.c.location.is_not(None),
        tables.agent.c.revoked_at.is_(None),
    )
    rooms = select(tables.room.c.name).where(tables.room.c.school_id == school_id)
    return _distinct(name for (name,) in c.execute(union(agents, rooms)))


def all_locations(c: Connection) -> dict[UUID, tuple[str, ...]]:
    """The same of every school that has any."""
    agents = select(tables.agent.c.school_id, tables.agent.c.location).where(
        tables.agent.c.location.is_not(None), tables.agent.c.revoked_at.is_(None)
    )
    rooms = select(tables.room.c.school_id, tables.room.c.name)
    names = defaultdict[UUID, list[str]](list)
    for school_id, name in c.execute(union(agents, rooms)):
        names[school_id].append(name)
    return {school_id: _distinct(found) for school_id, found in names.items()}


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    by_key = {name_key(name): name for name in sorted(names) if name}
    return tuple(by_key[key] for key in sorted(by_key, key=_order))[:MAX_LOCATIONS]


def _order(key: str) -> list[tuple[int, str]]:
    """Digits by their number. Very long ones are no room's number."""
    parts = re.split(r"(\d{1,9})", key)
    return [(int(part) if part.isdecimal() else -1, part) for part in parts]
