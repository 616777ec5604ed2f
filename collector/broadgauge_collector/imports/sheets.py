"""A file with a table to its heading and rows: CSV in any of its dialects, or XLSX."""

from collections.abc import Iterator
from typing import BinaryIO

from ..errors import TooLarge, Unreadable
from .sheet_model import HEADING_ROWS, IsHeading, Row, Sheet, any_heading
from .text_sheets import open_text
from .workbooks import open_workbook

__all__ = ("HEADING_ROWS", "MAX_FILE_BYTES", "MAX_ROWS", "Row", "Sheet", "open_sheet")

MIB = 1024 * 1024
MAX_FILE_BYTES = 512 * MIB
MAX_ROWS = 2_000_000

OTHER_KINDS = {
    b"\xd0\xcf\x11\xe0": "an Excel file of the old kind, or one with a password. Save it as .xlsx "
    "without a password, or as CSV.",
    b"\x1f\x8b": "compressed. Unpack it, and take the file that is in it.",
    b"%PDF": "a PDF. Export the table as CSV or XLSX.",
}


def open_sheet(file: BinaryIO, is_heading: IsHeading | None = None) -> Sheet:
    """The table of a seekable file, which must stay open while its rows are read.

    With `is_heading`, the heading is the first of the first ten rows that it is true of; without,
    and where it is true of none, the first row that isn't empty. Unreadable or TooLarge; rows may
    raise them too.
    """
    _check_size(file)
    begins = _first_bytes(file)
    for kind, why in OTHER_KINDS.items():
        if begins.startswith(kind):
            raise Unreadable(f"This file is {why}")
    opened = open_workbook if begins == b"PK\x03\x04" else open_text
    sheet = opened(file, is_heading or any_heading)
    return Sheet(sheet.header, _not_too_many(sheet.rows), sheet.day_first)


def _check_size(file: BinaryIO) -> None:
    file.seek(0, 2)
    size = file.tell()
    if size > MAX_FILE_BYTES:
        raise TooLarge(
            f"This file has {size // MIB} MiB, and {MAX_FILE_BYTES // MIB} MiB at most are read. "
            "Export it in parts."
        )


def _first_bytes(file: BinaryIO) -> bytes:
    file.seek(0)
    begins = file.read(4)
    file.seek(0)
    if not begins:
        raise Unreadable("This file is empty. Export it again.")
    return begins


def _not_too_many(rows: Iterator[Row]) -> Iterator[Row]:
    for count, row in enumerate(rows):
        if count == MAX_ROWS:
            raise TooLarge(
                f"This file has more than {MAX_ROWS:,} rows, which is as many as are read. Export "
                "it in parts."
            )
        yield row
