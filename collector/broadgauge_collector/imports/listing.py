"""Formats as people choose among them, and the columns they said hold what."""

from typing import Annotated

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from broadgauge_wire.fields import about

from ..errors import Invalid, NotFound
from ..store.tables import import_mapping
from .formats import all_formats
from .model import Format
from .reading import mapped


class FormatRow(Struct, frozen=True, kw_only=True):
    """A format that can be imported."""

    key: Annotated[str, about("What it is called in commands and addresses")]
    title: Annotated[str, about("What people call it")]
    source: Annotated[str, about("System whose words these are")]
    example: Annotated[str, about("How to get such a file")]
    complete: Annotated[
        bool,
        about(
            "A file names all there are, of rooms all of each school in it: what isn't has vanished"
        ),
    ]
    headings: Annotated[
        dict[str, tuple[str, ...]], about("By field, the columns' headings that are looked for")
    ]


def listed_formats() -> tuple[FormatRow, ...]:
    """All formats, by their keys."""
    return tuple(
        FormatRow(
            key=each.key,
            title=each.title,
            source=each.source,
            example=each.example,
            complete=each.complete,
            headings={column.field: column.names for column in each.columns},
        )
        for each in all_formats().values()
    )


def find_format(key: str) -> Format:
    """A format by its key. NotFound, with those there are, if there is none."""
    found = all_formats().get(key)
    if found is None:
        known = ", ".join(all_formats())
        raise NotFound(f"There is no format {key!r}. There are: {known}.")
    return found


def format_in_force(c: Connection, key: str) -> Format:
    """A format with the district's own columns."""
    found = find_format(key)
    headings = _headings(c, key)
    return mapped(found, headings) if headings else found


def mappings(c: Connection) -> dict[str, dict[str, str]]:
    """By format, which columns hold which fields, where people said so."""
    table = import_mapping.c
    rows = c.execute(select(table.format, table.headings).order_by(table.format))
    return {key: msgspec.json.decode(headings) for key, headings in rows}


def set_mapping(c: Connection, key: str, headings: dict[str, str]) -> dict[str, str]:
    """Say which columns of a format's files hold which fields; none: as they are usually called.
    NotFound for a format or Invalid for a field that isn't known."""
    fields = [column.field for column in find_format(key).columns]
    for field in headings:
        if field not in fields:
            raise Invalid(f"{key} has no field {field[:40]!r}. It has: {', '.join(fields)}.")
    c.execute(delete(import_mapping).where(import_mapping.c.format == key))
    if headings:
        text = msgspec.json.encode(headings).decode()
        c.execute(insert(import_mapping).values(format=key, headings=text))
    return headings


def _headings(c: Connection, key: str) -> dict[str, str]:
    asked = select(import_mapping.c.headings).where(import_mapping.c.format == key)
    text = c.execute(asked).scalar_one_or_none()
    return msgspec.json.decode(text, type=dict[str, str]) if text else {}
