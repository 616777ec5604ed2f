"""A sheet's rows to records of a format."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct

from . import values
from .cells import may_be_shown, said, said_day_first
from .headings import places
from .model import Column, Format, Record, Refused, RowRefused, Taken, Values
from .sheet_model import Row, Sheet
from .values import LIKE_A_MAC

CACHED = 4096
"""Cells of a column whose values are remembered: most columns say the same again and again."""

CANNOT = (ValueError, LookupError, ArithmeticError, TypeError)
"""What a column's value may raise."""

KINDS: tuple[Callable[[str], Any], ...] = (values.day, values.macs, values.yes)
"""What is none other's: a date where an amount should be stands in another column's place."""

DATES = (values.day, values.month_end, values.moment)
MANY_PARTS = re.compile(r"\d+(?:\.\d+){3,}")
"""A version or a network address."""

SHORT = 4
REASONS = 3

NOT_WHOLE = (
    "It has more or fewer cells than the heading. Put cells that have a separator or a line break "
    "in them into quotation marks."
)
BROKEN = (
    "Its quotation marks can't be followed. Close the one that is open, or double those inside."
)
UNREADABLE_CELL = "it can't be read"


class _Asked(Struct, frozen=True):
    """A column that is asked for and there."""

    column: Column
    indexes: tuple[int, ...]
    convert: Callable[[str], Any]


class Table:
    """Reads a sheet's rows, one after the other."""

    def __init__(self, format_: Format, sheet: Sheet) -> None:
        there = places(format_, sheet.header)
        said_of = said_day_first if sheet.day_first else said
        self._asked = tuple(
            _Asked(column, there[column.field], _converter(column.value, said_of))
            for column in format_.columns
            if column.field in there
        )
        self._once = [
            (each.column.field, each.indexes[0], each.convert)
            for each in self._asked
            if len(each.indexes) == 1
        ]
        self._often = [each for each in self._asked if len(each.indexes) > 1]
        self._record_of = format_.record_of or _as_it_is(format_)
        self._sheet = sheet
        self._row = Row(0, (), False)

    def rows(self) -> Iterator[Taken | Refused]:
        """What becomes of each row. Rows without a word in them are none."""
        for row in self._sheet.rows:
            self._row = row
            if not row.whole:
                yield Refused(row.line, NOT_WHOLE if row.cells else BROKEN)
            elif row.inner and (taken_in := self._taken_in(row)):
                yield from _open_quote(row.line, taken_in)
            elif (outcome := self._outcome(row)) is not None:
                yield outcome

    def cells(self) -> dict[str, str]:
        """The current row's cells that are asked for, without those of which nothing is kept."""
        return self._cells()

    def _outcome(self, row: Row) -> Taken | Refused | None:
        try:
            values = self._values(row.cells)
        except CANNOT:
            return self._cannot(row)
        if not values and not any(cell.strip() for cell in row.cells):
            return None
        try:
            return Taken(row.line, self._record_of(values))
        except RowRefused as why:
            return Refused(row.line, str(why), self.cells())

    def _values(self, cells: tuple[str, ...]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for field, index, convert in self._once:
            if (cell := cells[index]) and (value := convert(cell)) is not None:
                values[field] = value
        for each in self._often:
            if (value := _agreed(each, cells)) is not None:
                values[each.column.field] = value
        return values

    def _cannot(self, row: Row) -> Refused:
        reasons, is_shifted = list[str](), False
        for each in self._asked:
            if reason := _why_not(each, row.cells):
                reasons.append(f"{each.column.names[0]}: {reason}.")
                is_shifted = is_shifted or _is_of_another(each, row.cells)
        cells = {} if is_shifted else self._cells()
        return Refused(row.line, " ".join(reasons[:REASONS]), cells)

    def _cells(self) -> dict[str, str]:
        kept: dict[str, str] = {}
        at = ((index, each) for each in self._asked for index in each.indexes)
        for index, each in sorted(at, key=lambda found: found[0]):
            heading, cell = self._sheet.header[index].strip(), self._row.cells[index].strip()
            kept[heading] = kept.get(heading) or _shown(each, cell)
        return kept

    def _taken_in(self, row: Row) -> list[int]:
        """Lines of the row that would be rows by themselves: an open quote took them in."""
        return [
            line
            for line, cells in enumerate(row.inner, row.line + 1)
            if len(cells) == len(self._sheet.header) and self._is_row(cells)
        ]

    def _is_row(self, cells: tuple[str, ...]) -> bool:
        try:
            self._record_of(self._values(cells))
        except (RowRefused, *CANNOT):
            return False
        return True


def _converter(value: Callable[[str], Any], said_of: Callable[[str], str]) -> Callable[[str], Any]:
    @lru_cache(CACHED)
    def convert(cell: str) -> Any:
        text = said_of(cell)
        return value(text) if text else None

    return convert


def _agreed(asked: _Asked, cells: tuple[str, ...]) -> Any:
    """What all the columns of a field say that say something."""
    values = [asked.convert(cells[index]) for index in asked.indexes]
    values = [value for value in values if value is not None]
    if any(value != values[0] for value in values):
        raise ValueError("more than one column says it, and they differ; leave one of them")
    return values[0] if values else None


def _shown(asked: _Asked, cell: str) -> str:
    """A cell as it stands, if it would be kept so, or can hold no name. Of hardware addresses
    hashes are kept."""
    if asked.column.value is values.macs or LIKE_A_MAC.search(cell):
        return ""
    try:
        is_kept = asked.convert(cell) is not None
    except CANNOT:
        is_kept = False
    return cell if (is_kept and "@" not in cell) or may_be_shown(cell) else ""


def _is_of_another(asked: _Asked, cells: tuple[str, ...]) -> bool:
    """Whether one that can't be read seems to be another column's: then the row is likely shifted,
    and what its other cells hold is anybody's guess."""
    held = [cells[index].strip() for index in asked.indexes]
    return any(cell and (not may_be_shown(cell) or _is_of_kind(asked, cell)) for cell in held)


def _is_of_kind(asked: _Asked, cell: str) -> bool:
    """Whether it is of a kind that the column isn't."""
    own = asked.column.value
    if MANY_PARTS.fullmatch(cell):
        return True
    return any(
        own is not kind and not (own in DATES and kind in DATES) and _reads(kind, cell)
        for kind in KINDS
    )


def _reads(kind: Callable[[str], Any], cell: str) -> bool:
    try:
        kind(cell)
    except ValueError:
        return False
    return True


def _why_not(asked: _Asked, cells: tuple[str, ...]) -> str | None:
    try:
        _agreed(asked, cells)
    except ValueError as error:
        reason = str(error).rstrip(".")
        return UNREADABLE_CELL if _quotes(reason, asked, cells) else reason
    except CANNOT:
        return UNREADABLE_CELL
    return None


def _quotes(reason: str, asked: _Asked, cells: tuple[str, ...]) -> bool:
    """Whether a sentence quotes a cell, as those of Python's own functions do."""
    held = [cells[index].strip() for index in asked.indexes]
    return any(repr(c) in reason or (len(c) >= SHORT and c in reason) for c in held if c)


def _open_quote(line: int, taken_in: list[int]) -> Iterator[Refused]:
    yield Refused(
        line,
        f"A quotation mark that it opens takes in line {taken_in[0]}. Close it, or double it "
        "where it belongs to the text.",
    )
    for each in taken_in:
        yield Refused(each, f"A quotation mark that line {line} opens takes it in. Close it there.")


def _as_it_is(format_: Format) -> Callable[[Values], Record]:
    """For formats whose fields are a record's, without more to it."""
    key = next((c.names[0] for c in format_.columns if c.field == "key"), "key")

    def record_of(values: Values) -> Record:
        if values.get("key") is None:
            raise RowRefused(f"{key} is empty. Fill it in.")
        return format_.record(**values)

    return record_of
