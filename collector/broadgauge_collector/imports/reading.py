"""A file of some format to records: what can be taken, and what can't, with why."""

from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from msgspec.structs import replace

from ..errors import Invalid, TooLarge, Unreadable
from .headings import ALSO, heading_of, missing, places, plain, share
from .model import Column, Format, Refused, Taken
from .recognizing import recognized
from .refused_files import refused_csv
from .repeats import without_repeats
from .sheets import Sheet, open_sheet
from .tables import Table

__all__ = (
    "is_mended",
    "mapped",
    "read",
    "recognized",
    "refused_csv",
    "unused_headings",
    "without_repeats",
)


SOME_COLUMNS = 3


def read(
    format_: Format, file: BinaryIO, formats: Iterable[Format] = ()
) -> Iterator[Taken | Refused]:
    """Each row of a file, which must stay open meanwhile. Of several rows with one key, the first
    is taken.

    Unreadable or TooLarge if it isn't of this format, with which of `formats` it looks like. Going
    on may raise them too: then nothing of the file should be kept.
    """
    file.seek(0)
    formats = tuple(formats)
    if format_.read is not None:
        return without_repeats(_read_whole(format_, file, formats))
    sheet = _opened(format_, file, formats)
    if not share(format_, sheet.header):
        raise Unreadable(_is_another(format_, sheet, recognized(file, formats)))
    table = Table(format_, sheet)
    return without_repeats(table.rows(), table.cells)


def _read_whole(
    format_: Format, file: BinaryIO, formats: tuple[Format, ...]
) -> Iterator[Taken | Refused]:
    assert format_.read is not None  # noqa: S101 - its caller looked
    try:
        yield from format_.read(file)
    except Unreadable as why:
        raise Unreadable(_with_likeness(why.detail, format_, recognized(file, formats))) from None


def _opened(format_: Format, file: BinaryIO, formats: tuple[Format, ...]) -> Sheet:
    try:
        return open_sheet(file, heading_of((format_,)))
    except Unreadable as why:
        raise Unreadable(_with_likeness(why.detail, format_, recognized(file, formats))) from None


def is_mended(file: BinaryIO) -> bool:
    """Whether a table is of rows that were refused before, and so never all there are."""
    file.seek(0)
    try:
        header = open_sheet(file).header
    except (Unreadable, TooLarge):
        return False
    finally:
        file.seek(0)
    return tuple(map(plain, header[: len(ALSO)])) == tuple(map(plain, ALSO))


def mapped(format_: Format, headings: Mapping[str, str]) -> Format:
    """The format with the headings that people chose for some of its fields. A heading that was
    chosen for one field is no other's. Invalid if that leaves none for a required one."""
    unknown = headings.keys() - {column.field for column in format_.columns}
    if unknown:
        raise Invalid(f"{format_.title} has no such column: {', '.join(sorted(unknown))}.")
    if not all(map(plain, headings.values())):
        raise Invalid("A heading needs a letter or a digit. Choose one of the file's headings.")
    chosen = set(map(plain, headings.values()))
    columns = (_mapped(column, headings, chosen) for column in format_.columns)
    return replace(format_, columns=tuple(column for column in columns if column is not None))


def _mapped(column: Column, headings: Mapping[str, str], chosen: set[str]) -> Column | None:
    if column.field in headings:
        return replace(column, names=(headings[column.field],))
    left = tuple(name for name in column.names if plain(name) not in chosen)
    if column.required and not left:
        raise Invalid(f"{column.names[0]} is needed too. Choose a heading for it.")
    return replace(column, names=left) if left else None


def unused_headings(format_: Format, file: BinaryIO) -> int:
    """How many columns of a file are not asked for. A count: where a file has no heading, what
    stands there may be anything."""
    header = open_sheet(file, heading_of((format_,))).header
    used = {index for indexes in places(format_, header).values() for index in indexes}
    return sum(bool(name.strip()) for name in header) - len(used)


def _is_another(format_: Format, sheet: Sheet, like: tuple[Format, ...]) -> str:
    lacks = missing(format_, places(format_, sheet.header))
    few = ", ".join(column.names[0] for column in format_.columns[:SOME_COLUMNS])
    what = f"lacks {', '.join(lacks)}" if lacks else f"has hardly any of its columns, such as {few}"
    text = f"This file is not of the format {format_.title}: its heading {what}."
    said = _with_likeness(text, format_, like)
    if said != text:
        return said
    return f"{text} {format_.example or 'Export it again, or say which column is which.'}"


def _with_likeness(text: str, format_: Format, like: tuple[Format, ...]) -> str:
    """What is wrong, and of which other format the file seems to be, if it isn't of this one."""
    if not like or format_.key in {each.key for each in like}:
        return text
    return f"{text} It looks like {like[0].title}; take it as that."
