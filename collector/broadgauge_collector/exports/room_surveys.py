"""What rooms have as a table, and the sheet to walk through a school with."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Literal

import pyarrow as pa
import xlsxwriter
from xlsxwriter.workbook import Format, Workbook
from xlsxwriter.worksheet import Worksheet

from ..fleet.room_surveys.model import SurveyedRoom
from ..imports.formats.rooms import ROOMS
from ..imports.room_records import COUNTED, MOST
from . import formats

TEXT, WHOLE, NUMBER = pa.string(), pa.int64(), pa.float64()
FIGURES = {name: NUMBER if name == "circuit_amperes" else WHOLE for name in COUNTED}
JUDGED = {
    "charge_low": WHOLE,
    "charge_high": WHOLE,
    "power": TEXT,
    "missing_places": WHOLE,
    "missing_circuits": WHOLE,
    "online_low": WHOLE,
    "online_high": WHOLE,
    "network": TEXT,
    "seats_without_drop": WHOLE,
    "missing_online": WHOLE,
}
SCHEMA = pa.schema(
    [
        ("school", TEXT),
        ("room", TEXT),
        ("surveyed_on", TEXT),
        *FIGURES.items(),
        *JUDGED.items(),
        ("unknown", TEXT),
        ("said_by_hand", TEXT),
    ]
)

HEADINGS = {column.field: column.names[0] for column in ROOMS.columns}
WIDE = {"school": 28, "room": 20}
NOTES = {
    "surveyed_on": "The day on which you looked, such as 2026-10-05.",
    "seats": "Seats of students.",
    "outlets": "Sockets that a charger fits into: a duplex outlet has two.",
    "circuits": "Circuits that feed these sockets: ask who has the breaker panel's plan.",
    "circuit_amperes": "What the breaker of each is rated for; the least, if they differ.",
    "carts": "Charging carts that stand in the room.",
    "cart_slots": "Slots of all these carts together.",
    "network_drops": "Network sockets, those of access points among them.",
    "access_points": "Wi-Fi access points in the room.",
}
EMPTY_LINES = 60
"""Under the known rooms, for those that nobody knew of."""


def table(rooms: Sequence[SurveyedRoom]) -> pa.Table:
    """A row a room."""
    return pa.Table.from_pylist([_row(room) for room in rooms], schema=SCHEMA)


def _row(room: SurveyedRoom) -> dict[str, Any]:
    return {
        "school": room.school,
        "room": room.room,
        "surveyed_on": str(room.surveyed_on) if room.surveyed_on else None,
        **{name: getattr(room.has, name) for name in FIGURES},
        **{name: getattr(room.judgement, name) for name in JUDGED},
        "unknown": ", ".join(room.judgement.unknown),
        "said_by_hand": ", ".join(room.by_hand),
    }


def sheet(rooms: Sequence[SurveyedRoom], format_: Literal["csv", "xlsx"], *, filled: bool) -> bytes:
    """A sheet with a line for each known room, as the import format `rooms` takes it: empty, or
    `filled` with what is known."""
    lines = [_line(room, filled) for room in rooms]
    if format_ == "xlsx":
        return _as_xlsx(lines)
    columns = {heading: [line[field] for line in lines] for field, heading in HEADINGS.items()}
    return formats.write(pa.table({h: pa.array(c, TEXT) for h, c in columns.items()}), "csv")


def _line(room: SurveyedRoom, filled: bool) -> dict[str, str | None]:
    known = {"surveyed_on": room.surveyed_on} | {n: getattr(room.has, n) for n in COUNTED}
    said = {field: _cell(value) if filled else None for field, value in known.items()}
    return {"school": room.school, "room": room.room, **said}


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    return f"{value:g}" if isinstance(value, float) else str(value)


def _as_xlsx(lines: Sequence[dict[str, str | None]]) -> bytes:
    target = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        page = book.add_worksheet("Rooms")
        last = len(lines) + EMPTY_LINES
        _layout(page, last)
        _heading(page, book.add_format({"bold": True, "text_wrap": True, "bottom": 1}), last)
        _cells(book, page, lines)
    return target.getvalue()


def _layout(page: Worksheet, last: int) -> None:
    page.freeze_panes(1, 2)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.hide_gridlines(0)
    page.print_area(0, 0, last, len(HEADINGS) - 1)


def _heading(page: Worksheet, bold: Format, last: int) -> None:
    for place, (field, heading) in enumerate(HEADINGS.items()):
        page.set_column(place, place, WIDE.get(field, 12))
        page.write_string(0, place, heading, bold)
        if field in NOTES:
            page.write_comment(0, place, NOTES[field])
        if field in COUNTED:
            page.data_validation(1, place, last, place, _rule(field))


def _rule(field: str) -> dict[str, Any]:
    return {
        "validate": "decimal" if field == "circuit_amperes" else "integer",
        "criteria": "between",
        "minimum": 0,
        "maximum": MOST,
        "error_title": "A number, please",
        "error_message": "Write how many there are: 0 for none, nothing if nobody looked.",
    }


def _cells(book: Workbook, page: Worksheet, lines: Sequence[dict[str, str | None]]) -> None:
    as_text = book.add_format({"num_format": "@"})  # or 2-4 becomes a day
    page.set_column(1, 1, WIDE["room"], as_text)
    for number, line in enumerate(lines, 1):
        for place, field in enumerate(HEADINGS):
            value = line[field]
            if value is not None and field in COUNTED:
                page.write_number(number, place, float(value))
            elif value is not None:
                page.write_string(number, place, value)
