"""Tables of text: CSV as RFC 4180 has it, with the separators and line ends that exist."""

import csv
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from ..errors import Unreadable
from .encodings import characters, text_of
from .sheet_model import HEADING_ROWS, IsHeading, Row, Sheet, any_heading

SEPARATORS = ",;\t|"
MAX_LINE = 1 << 20
"""Characters of one line. A flattened export has thousands of columns in a line."""

MAX_RECORD_LINES = 100
MAX_RECORD = 64 * 1024
"""Characters of a row of several lines. A longer one begins with a quote that is never closed."""

MAX_BROKEN = 10_000
"""Rows with quotes that can't be followed: each costs reading up to MAX_RECORD once more."""

csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE))


class _Broken(Exception):  # noqa: N818 - one row's
    """Quotes that can't be followed."""


class _Lines:
    """A text's lines, which can be given back, and the number of the next."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        text = characters(file, encoding)
        self._rest = iter(partial(text.readline, MAX_LINE + 1), "")
        self._given_back: deque[str] = deque()
        self.next_number = 1

    def take(self) -> str | None:
        line = self._given_back.popleft() if self._given_back else self._read()
        self.next_number += line is not None
        return line

    def _read(self) -> str | None:
        """The next line, or the beginning of one that is too long, without a byte order mark: where
        files were joined, one stands in the middle."""
        line = piece = next(self._rest, None)
        while piece is not None and len(piece) > MAX_LINE and not piece.endswith(("\r", "\n")):
            piece = next(self._rest, None)
        return None if line is None else line.removeprefix("\ufeff")

    def give_back(self, lines: list[str]) -> None:
        self._given_back.extendleft(reversed(lines))
        self.next_number -= len(lines)


def open_text(file: BinaryIO, is_heading: IsHeading) -> Sheet:
    """A text's table."""
    text = text_of(file)
    lines = _Lines(file, text.encoding)
    separator, header = _heading(lines, is_heading)
    return Sheet(header, _rows(lines, separator, len(header)), text.day_first)


def _heading(lines: _Lines, is_heading: IsHeading) -> tuple[str, tuple[str, ...]]:
    """The heading and what separates its cells; `lines` go on below it."""
    said, above = "", list[str]()
    for _ in range(HEADING_ROWS):
        line = lines.take()
        if line is None:
            break
        if _is_sep(line):
            said = line[4]
        elif found := _as_heading(line, lines, said, is_heading):
            return found
        above.append(line)
    lines.give_back(above)
    while (line := lines.take()) is not None:
        if not _is_sep(line) and (found := _as_heading(line, lines, said, any_heading)):
            return found
    raise Unreadable("This file has no heading with the columns' names. Export it again with it.")


def _is_sep(line: str) -> bool:
    """Excel's way to say what separates cells."""
    return line.lower().startswith("sep=") and len(line.rstrip("\r\n")) == 5


def _as_heading(
    line: str, lines: _Lines, said: str, is_heading: IsHeading
) -> tuple[str, tuple[str, ...]] | None:
    for separator in said or _separators(line):
        try:
            cells, more = _record(line, lines, separator)
        except _Broken:
            continue
        if is_heading(cells):
            return separator, cells
        lines.give_back(more)
    return None


def _separators(line: str) -> list[str]:
    """The likeliest first: what stands most often outside quotes."""
    outside = "".join(line.split('"')[::2])
    return sorted(SEPARATORS, key=lambda each: -outside.count(each))


def _rows(lines: _Lines, separator: str, width: int) -> Iterator[Row]:
    broken = 0
    while True:
        number = lines.next_number
        line = lines.take()
        if line is None:
            return
        if '"' not in line and len(line) <= MAX_LINE:
            bare = line.rstrip("\r\n")
            cells = tuple(bare.split(separator))
            if bare and not (len(cells) < width and bare.isspace()):
                yield Row(number, cells, len(cells) == width)
            continue
        try:
            yield _quoted(number, line, lines, separator, width)
        except _Broken:
            broken += 1
            if broken > MAX_BROKEN:
                raise Unreadable(_TOO_BROKEN) from None
            yield Row(number, (), False)


_TOO_BROKEN = (
    f"More than {MAX_BROKEN:,} rows of this file have quotation marks that can't be followed. "
    "Export it again as CSV UTF-8 or XLSX."
)


def _quoted(number: int, line: str, lines: _Lines, separator: str, width: int) -> Row:
    """A row with quotes. One of several lines that isn't whole is its first line alone: the others
    may be rows that a stray quote took in."""
    cells, more = _record(line, lines, separator)
    if len(cells) == width:
        inner = tuple(_by_itself(each, separator) for each in more)
        return Row(number, cells, True, inner)
    lines.give_back(more)
    return Row(number, cells, False)


def _record(line: str, lines: _Lines, separator: str) -> tuple[tuple[str, ...], list[str]]:
    """The cells of the row that begins with `line`, and its further lines. _Broken, and those
    lines are given back, if its quotes can't be followed."""
    if len(line) > MAX_LINE:
        raise _Broken
    try:
        return tuple(next(csv.reader((line,), delimiter=separator, strict=True))), []
    except csv.Error:
        return _of_several_lines(line, lines, separator)


def _of_several_lines(
    line: str, lines: _Lines, separator: str
) -> tuple[tuple[str, ...], list[str]]:
    more: list[str] = []

    def these() -> Iterator[str]:
        yield line
        length = 0
        while len(more) < MAX_RECORD_LINES - 1 and (following := lines.take()) is not None:
            more.append(following)
            length += len(following)
            if length > MAX_RECORD:
                return
            yield following

    try:
        cells = next(csv.reader(these(), delimiter=separator, strict=True))
    except (csv.Error, StopIteration):
        lines.give_back(more)
        raise _Broken from None
    return tuple(cells), more


def _by_itself(line: str, separator: str) -> tuple[str, ...]:
    cells = next(csv.reader([line], delimiter=separator), [])
    return tuple(cell.strip().strip('"') for cell in cells)
