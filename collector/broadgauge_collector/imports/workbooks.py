"""Tables in XLSX workbooks. What is in the archive is counted before it is opened."""

import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import chain, islice, repeat
from lzma import LZMAError
from typing import Any, BinaryIO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from ..errors import TooLarge, Unreadable
from .sheet_model import HEADING_ROWS, IsHeading, Row, Sheet

MIB = 1024 * 1024
MAX_UNCOMPRESSED_BYTES = 512 * MIB
MAX_RATIO = 200
"""Uncompressed to compressed. Sheets of the same rows again and again come to about 50."""

RATIO_COUNTS_FROM_BYTES = 16 * MIB
MAX_CELLS = 20_000_000
"""From a sheet's first row and column to its last ones: each takes memory, though it be empty."""

PIECE_BYTES = 1 << 20
EXACT_BELOW = 1e15
"""A spreadsheet keeps 15 digits of a number; of a longer one it made the others 0."""

MIN_HEADING_CELLS = 2

MAX_FAILED = 200_000
NOT_AVAILABLE = "#N/A"
"""What a look-up shows that found nothing: an empty cell says it as well."""

Failed = dict[int, dict[int, str]]
"""By row and column, the error that stands there: calamine leaves such cells empty, and an empty
cell takes back what a source said."""

DAMAGED = (
    BadZipFile, zlib.error, LZMAError, EOFError, OSError, NotImplementedError, RuntimeError,
    ValueError, LookupError,
)  # fmt: skip
"""What `zipfile` and expat raise for archives that aren't as they should be."""

UNREADABLE = "This XLSX file is damaged. Open it in a spreadsheet, and save it again."


def open_workbook(file: BinaryIO, is_heading: IsHeading) -> Sheet:
    """The first sheet that has a heading; if none has the one looked for, the first one with some
    heading of two cells or more."""
    failed = _failed_cells(file)
    file.seek(0)
    try:
        book = CalamineWorkbook.from_filelike(file)
        sheets = [book.get_sheet_by_index(n) for n in range(len(book.sheet_names))]
    except PasswordError:
        raise Unreadable("This workbook has a password. Save it without one.") from None
    except CalamineError:
        raise Unreadable(UNREADABLE) from None
    for accepted in (is_heading, _some_heading):
        for sheet, cells in zip(sheets, failed, strict=False):
            if found := _opened(sheet, accepted, cells):
                return found
    raise Unreadable("No sheet of this workbook has a heading with the columns' names.")


def _some_heading(cells: Sequence[str]) -> bool:
    return len(cells) >= MIN_HEADING_CELLS


def _opened(sheet: CalamineSheet, accepted: IsHeading, failed: Failed) -> Sheet | None:
    """The sheet below its heading, if it has one that is accepted."""
    rows = ((n, _texts(row)) for n, row in enumerate(sheet.iter_rows(), 1) if _is_any(row))
    for number, cells in islice(rows, HEADING_ROWS):
        header = _trimmed(cells)
        if sum(map(bool, header)) >= MIN_HEADING_CELLS and accepted(header):
            return Sheet(header, _rows(sheet, number, len(header), failed))
    return None


def _rows(sheet: CalamineSheet, heading: int, width: int, failed: Failed) -> Iterator[Row]:
    for number, row in enumerate(sheet.iter_rows(), 1):
        if number > heading and _is_any(row):
            cells = _texts(row)
            if number in failed:
                cells = tuple(failed[number].get(n, cell) for n, cell in enumerate(cells, 1))
            yield Row(number, cells[:width], not any(cells[width:]))


def _is_any(row: Sequence[Any]) -> bool:
    return any(cell != "" for cell in row)


def _trimmed(cells: tuple[str, ...]) -> tuple[str, ...]:
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return cells[:width]


def _texts(row: Sequence[Any]) -> tuple[str, ...]:
    return tuple([cell if type(cell) is str else _text(cell) for cell in row])


def _text(cell: Any) -> str:
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() | int():
            return _number(cell)
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return _number(cell.total_seconds())
        case _:
            return str(cell)


def _number(value: float) -> str:
    """As a spreadsheet shows it, without the noise of its last bits. A number that lost digits
    shows that it did."""
    if abs(value) >= EXACT_BELOW:
        return f"{value:.14E}"
    return str(int(value)) if value == int(value) else f"{value:.15g}"


def _failed_cells(file: BinaryIO) -> Iterator[Failed]:
    """Of each sheet. Unreadable or TooLarge unless it is a workbook that can be opened in the
    memory there is."""
    file.seek(0)
    try:
        with ZipFile(file) as archive:
            parts = archive.infolist()
            _check_kind({part.filename.lower() for part in parts})
            _check_sizes(parts)
            failed = {part.filename: _check_part(archive, part) for part in parts}
            order = _sheet_parts(archive)
    except DAMAGED:
        raise Unreadable(UNREADABLE) from None
    return chain((failed.get(name) or {} for name in order), repeat({}))


def _sheet_parts(archive: ZipFile) -> list[str]:
    """The parts of a workbook's sheets in their order (ECMA-376, part 1, 12.3.24); none where it
    has none of the usual names."""
    try:
        sheets = _attributes(archive.read("xl/workbook.xml"), "sheet")
        links = _attributes(archive.read("xl/_rels/workbook.xml.rels"), "Relationship")
    except (KeyError, expat.ExpatError):
        return []
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    named = (targets.get(_relation(sheet), "") for sheet in sheets)
    return [name[1:] if name.startswith("/") else f"xl/{name}" for name in named]


def _relation(sheet: dict[str, str]) -> str | None:
    """The id of the relation to its part, whatever the prefix of that attribute's namespace."""
    return next((value for name, value in sheet.items() if name.endswith(":id")), None)


def _attributes(xml: bytes, element: str) -> list[dict[str, str]]:
    """Those of each element of a name."""
    found: list[dict[str, str]] = []

    def begins(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == element:
            found.append(attributes)

    parser = expat.ParserCreate()
    parser.StartElementHandler = begins
    parser.Parse(xml, True)
    return found


def _check_kind(names: set[str]) -> None:
    if "xl/workbook.xml" in names:
        return
    if "xl/workbook.bin" in names or "content.xml" in names:
        raise Unreadable("This workbook is of another kind. Save it as .xlsx or as CSV.")
    raise Unreadable(
        "This is a zip file and no workbook. Unpack it, and take the table that is in it."
    )


def _check_sizes(parts: list[ZipInfo]) -> None:
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNCOMPRESSED_BYTES:
        raise TooLarge(
            f"This workbook has {unpacked // MIB} MiB when it is unpacked, and "
            f"{MAX_UNCOMPRESSED_BYTES // MIB} MiB at most are read. Save it as CSV."
        )
    packed = sum(part.compress_size for part in parts)
    if unpacked > max(RATIO_COUNTS_FROM_BYTES, packed * MAX_RATIO):
        raise Unreadable(
            f"This workbook unpacks to more than {MAX_RATIO} times its size, as no table does. "
            "Save it as CSV."
        )


def _check_part(archive: ZipFile, part: ZipInfo) -> Failed:
    """Its failed cells, if it is a sheet. TooLarge if that is over too many cells. `ZipFile` ends a
    part at the size it says."""
    extent = _Extent()
    with archive.open(part) as content:
        try:
            while piece := content.read(PIECE_BYTES):
                extent.feed(piece)
                if extent.is_no_sheet:
                    break
        except expat.ExpatError:
            if extent.is_sheet:
                raise Unreadable(UNREADABLE) from None
    return extent.failed


class _Extent:
    """Follows a sheet's XML, counts how far its cells go, and notes those that hold an error."""

    def __init__(self) -> None:
        self.failed: Failed = {}
        self._has_failed = False
        self._count = 0
        self.is_sheet = self.is_no_sheet = False
        self._row = self._column = 0
        self._last_row = self._last_column = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._begins
        self._parser.buffer_text = True

    def feed(self, piece: bytes) -> None:
        self._parser.Parse(piece)

    def _begins(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if not self.is_sheet:
            self.is_sheet = name == "worksheet"
            self.is_no_sheet = not self.is_sheet
        elif name == "c":
            self._cell(attributes.get("r", ""))
            if self._has_failed:
                self._parser.CharacterDataHandler = None
            self._has_failed = attributes.get("t") == "e"
        elif name == "v" and self._has_failed:
            self._parser.CharacterDataHandler = self._error
        elif name == "row":
            self._row = int(attributes.get("r", self._row + 1))
            self._column = 0

    def _error(self, said: str) -> None:
        if said == NOT_AVAILABLE:
            return
        self._count += 1
        if self._count > MAX_FAILED:
            raise TooLarge(
                f"More than {MAX_FAILED:,} cells of this workbook hold errors. Mend its formulas."
            )
        self.failed.setdefault(self._row, {}).setdefault(self._column, said)

    def _cell(self, reference: str) -> None:
        letters = reference.rstrip("0123456789")
        self._row = row = int(reference[len(letters) :] or self._row)
        self._column = _column(letters) if letters else self._column + 1
        if row > self._last_row or self._column > self._last_column:
            self._last_row = max(self._last_row, row)
            self._last_column = max(self._last_column, self._column)
            if self._last_row * self._last_column > MAX_CELLS:
                raise TooLarge(
                    f"A sheet of this workbook reaches over more than {MAX_CELLS:,} cells. Remove "
                    "what is far from the table, or save it as CSV."
                )


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
