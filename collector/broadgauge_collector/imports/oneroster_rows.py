"""Rows of OneRoster's tables, of which only the columns asked for are looked at. What is said of a
row that can't be taken quotes nothing of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, TypeVar

from ..errors import Unreadable
from .cells import said, said_day_first
from .model import Refused, RowRefused
from .sheets import Row, Sheet, open_sheet
from .zips import Archive

Value = TypeVar("Value")

Cells = Mapping[str, str]
"""Of one row, by OneRoster's own names of the columns; what is empty or not there is ""."""


def each_row(
    archive: Archive,
    name: str,
    asked: tuple[str, ...],
    more: tuple[str, ...],
    take: Callable[[int, Cells], None],
) -> Iterator[Refused]:
    """Gives `take` each row's line and cells, and yields those that it refuses, without cells.
    Unreadable if a column isn't there that is `asked` for; `more` may be missing."""
    with archive.open(name) as file:
        sheet = _sheet(name, file)
        found = _columns(name, sheet, asked, more)
        says = said_day_first if sheet.day_first else said
        for row in sheet.rows:
            try:
                _check_shape(row, len(sheet.header))
                if any(cell.strip() for cell in row.cells):
                    take(row.line, _cells(row.cells, found, says))
            except RowRefused as why:
                yield Refused(row.line, f"{name}: {why}")


def has_columns(archive: Archive, name: str, columns: tuple[str, ...]) -> bool:
    """Whether a table has all these columns."""
    with archive.open(name) as file:
        heading = [_plain(each) for each in _sheet(name, file).header]
    return all(_plain(each) in heading for each in columns)


def check_complete(archive: Archive, names: tuple[str, ...]) -> None:
    """Unreadable unless manifest.csv says that these files are bulk: a delta has changes alone, and
    whoever didn't change would be missing from the count."""
    modes: dict[str, str] = {}

    def take(line: int, cells: Cells) -> None:  # noqa: ARG001 - as rows are given
        modes[cells["propertyName"].lower()] = cells["value"].lower()

    for _ in each_row(archive, "manifest.csv", ("propertyName", "value"), (), take):
        raise Unreadable("manifest.csv of this zip is damaged. Export it again.")
    for name in names:
        mode = modes.get(f"file.{name.removesuffix('.csv')}", "")
        if mode != "bulk":
            raise Unreadable(_incomplete(name, mode))


def id_of(cell: str) -> str:
    """A sourcedId. RowRefused if there is none."""
    if not cell:
        raise RowRefused("It has no id (sourcedId). Export it again.")
    return cell


def ids_of(cell: str) -> tuple[str, ...]:
    """Several sourcedIds with commas between them, as 1.1 lists a user's orgs."""
    return tuple(filter(None, (_said(each, "orgSourcedIds", said) for each in cell.split(","))))


def value_of(cells: Cells, column: str, value: Callable[[str], Value]) -> Value | None:
    """What a cell says; None if it is empty. RowRefused if it can't be read."""
    try:
        return value(cells[column]) if cells[column] else None
    except ValueError as why:
        raise RowRefused(f"{column}: {why}.") from why


def is_active(cells: Cells) -> bool:
    """Whether the row's status says so; in bulk files it is empty. (1.0 knew inactive, too.)"""
    status = cells["status"].lower()
    if status not in ("", "active", "inactive", "tobedeleted"):
        raise RowRefused("Its status is none of OneRoster's: leave it empty, or write active.")
    return status in ("", "active")


def _sheet(name: str, file: BinaryIO) -> Sheet:
    try:
        return open_sheet(file)
    except Unreadable as why:
        raise Unreadable(f"{name}: {why}") from why


def _check_shape(row: Row, width: int) -> None:
    if not row.whole:
        raise RowRefused("It has more or fewer cells than the heading. Quote cells with commas.")
    if any(len(each) >= width for each in row.inner):
        raise RowRefused("A quotation mark in it takes in the rows below it. Remove that mark.")


def _columns(
    name: str, sheet: Sheet, asked: tuple[str, ...], more: tuple[str, ...]
) -> dict[str, int | None]:
    heading = [_plain(each) for each in sheet.header]
    for column in (*asked, *more):
        times = heading.count(_plain(column))
        if times > 1:
            raise Unreadable(f"{name} has more than one column {column}. Leave the right one.")
        if not times and column in asked:
            raise Unreadable(f"{name} has no column {column}. Export it as OneRoster 1.1 or 1.2.")
    plain = {column: _plain(column) for column in (*asked, *more)}
    return {c: heading.index(p) if p in heading else None for c, p in plain.items()}


def _cells(
    cells: tuple[str, ...], columns: Mapping[str, int | None], says: Callable[[str], str]
) -> Cells:
    return {c: "" if at is None else _said(cells[at], c, says) for c, at in columns.items()}


def _said(cell: str, column: str, says: Callable[[str], str]) -> str:
    try:
        return says(cell)
    except ValueError as why:
        raise RowRefused(f"{column}: {why}.") from why


def _plain(heading: str) -> str:
    return heading.strip().lower()


def _incomplete(name: str, mode: str) -> str:
    if mode == "delta":
        return (
            f"{name} is a delta by manifest.csv: it has changes alone, and a count needs everybody."
            " Export in bulk."
        )
    return f"manifest.csv doesn't say that {name} is bulk. Export with {name}, in bulk."
