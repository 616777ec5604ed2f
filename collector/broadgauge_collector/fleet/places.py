"""Which school other systems mean, by the words they have for it."""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from broadgauge_wire.fields import Text, about

from ..schools.checks import name_key
from ..schools.repository import find_school
from ..store import tables


class SchoolAlias(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What another system calls a school."""

    name: Annotated[Text, about("The other system's words, such as an organisational unit")]
    school: Annotated[Text, about("The school, by name or id")]


class Places:
    """Finds a school by a place's whole name, or by the last part of a path that is one."""

    def __init__(self, by_name: dict[str, UUID]) -> None:
        self._by_name = by_name
        self._found: dict[str, UUID | None] = {}

    def school(self, place: str | None) -> UUID | None:
        """The school; None if there is none by this name."""
        if place is None:
            return None
        if place not in self._found:
            names = (place, *reversed(place.split("/")))
            keys = (name_key(" ".join(name.split())) for name in names if name.strip())
            self._found[place] = next((self._by_name[k] for k in keys if k in self._by_name), None)
        return self._found[place]


def read_places(c: Connection) -> Places:
    """Schools by their names, and by what people said that others call them."""
    schools, alias = tables.school.c, tables.school_alias.c
    named = dict(map(tuple, c.execute(select(schools.name_key, schools.id))))
    also = dict(map(tuple, c.execute(select(alias.name_key, alias.school_id))))
    return Places(named | also)


def list_aliases(c: Connection) -> tuple[SchoolAlias, ...]:
    """All of them, by name."""
    alias, school = tables.school_alias, tables.school
    rows = c.execute(
        select(alias.c.name, school.c.name).join_from(alias, school).order_by(alias.c.name_key)
    )
    return tuple(SchoolAlias(name=name, school=of) for name, of in rows)


def set_alias(c: Connection, given: SchoolAlias) -> SchoolAlias:
    """Say what another system calls a school. NotFound if there is no such school."""
    school = find_school(c, given.school)
    name = " ".join(given.name.split())
    remove_alias(c, name)
    row = {"name_key": name_key(name), "name": name, "school_id": school.id}
    c.execute(insert(tables.school_alias).values(row))
    return SchoolAlias(name=name, school=school.name)


def remove_alias(c: Connection, name: str) -> None:
    """Forget what another system calls a school."""
    table = tables.school_alias
    c.execute(delete(table).where(table.c.name_key == name_key(name)))


def schools_of(places: Places, names: Iterable[str | None]) -> dict[str, str]:
    """By place, the id of its school, of those that have one."""
    found = {name: places.school(name) for name in names if name is not None}
    return {name: str(id_) for name, id_ in found.items() if id_ is not None}
