"""Which of a format's columns a heading has. Compared without case, spaces and punctuation."""

from collections.abc import Callable, Iterable, Sequence

from .model import Column, Format

ALSO = ("line", "reason")
"""Columns that files of refused rows begin with; they are no format's."""

ENOUGH_COLUMNS = 2

Places = dict[str, tuple[int, ...]]
"""Where a heading has each field's column: several times, if several of its names are there."""


def plain(heading: str) -> str:
    """A heading's letters and digits."""
    return "".join(c for c in heading.casefold() if c.isalnum())


def places(format_: Format, header: Sequence[str]) -> Places:
    """Where the heading has the columns that are asked for."""
    found: dict[str, list[int]] = {}
    for index, name in enumerate(map(plain, header)):
        if name:
            found.setdefault(name, []).append(index)
    if tuple(map(plain, header[:2])) == ALSO:
        for index, name in enumerate(ALSO):
            found[name].remove(index)
    asked = {column.field: _of_names(column, found) for column in format_.columns}
    return {field: indexes for field, indexes in asked.items() if indexes}


def _of_names(column: Column, found: dict[str, list[int]]) -> tuple[int, ...]:
    names = dict.fromkeys(map(plain, column.names))
    return tuple(index for name in names for index in found.get(name, ()))


def missing(format_: Format, there: Places) -> list[str]:
    """The names of required columns that aren't there."""
    return [c.names[0] for c in format_.columns if c.required and c.field not in there]


def share(format_: Format, header: Sequence[str]) -> float:
    """How much of a format's columns a heading has, 0 if it can't be of the format."""
    there = places(format_, header)
    enough = min(ENOUGH_COLUMNS, len(format_.columns))
    if not there or len(there) < enough or missing(format_, there):
        return 0.0
    return len(there) / len(format_.columns)


def heading_of(formats: Iterable[Format]) -> Callable[[Sequence[str]], bool]:
    """Whether a row can be the heading of one of them."""
    tables = [format_ for format_ in formats if format_.columns]
    return lambda cells: any(share(format_, cells) for format_ in tables)
