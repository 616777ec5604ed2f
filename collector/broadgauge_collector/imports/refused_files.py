"""Refused rows as a file, which can be mended and imported again."""

import csv
import io
import re
from collections.abc import Iterable

from ..exports.formats import FORMULA_START
from .headings import ALSO
from .model import Format, Refused

CHANGED_BY_SPREADSHEETS = re.compile(
    rf"{FORMULA_START}|0\d+$|\d{{12,}}$|\d+E\d+$|\d{{1,4}}[-/]\d{{1,4}}$", re.IGNORECASE
)
"""What a spreadsheet would compute (as in exports), or take for another number or a date."""


def refused_csv(format_: Format, refused: Iterable[Refused]) -> bytes:
    """CSV of `line`, `reason` and the rows' cells; reading it again leaves out the first two.

    With a byte order mark, so that spreadsheets know the encoding. A cell that they would change
    gets an apostrophe first, which reading undoes.
    """
    rows = list(refused)
    headings = list(dict.fromkeys(heading for row in rows for heading in row.cells))
    headings = headings or [column.names[0] for column in format_.columns]
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow([*ALSO, *map(_harmless, headings)])
    for row in rows:
        cells = (_harmless(row.cells.get(heading, "")) for heading in headings)
        writer.writerow([row.line, row.reason, *cells])
    return target.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if CHANGED_BY_SPREADSHEETS.match(cell) else cell
