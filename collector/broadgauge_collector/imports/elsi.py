"""Tables of NCES's ELSI generator: some lines about the table come before its heading, notes after
it, and headings end with the kind of school and the year."""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import BinaryIO

from ..errors import Unreadable
from .headings import plain
from .model import Column, Format, Refused, SchoolRecord, Taken
from .nces import count, full_time_equivalent, latitude, level, longitude, nces_id, school, words
from .sheets import Row, Sheet, open_sheet
from .tables import Table

NOTES = ("data source", "† indicates", "\u2013 indicates", "‡ indicates")
YEAR = re.compile(r"(\d{4})-\d{2}\s*$", re.ASCII)
LATEST = "latest available year"
AFTER_ALL_YEARS = 9999

TABLE = Format(
    key="nces-elsi",
    title="NCES public schools (ELSI table)",
    source="nces",
    record=SchoolRecord,
    columns=(
        Column(
            field="nces_id",
            names=("School ID (12-digit) - NCES Assigned", "School ID - NCES Assigned"),
            value=nces_id,
            required=True,
        ),
        Column(field="name", names=("School Name",), value=words, required=True),
        Column(
            field="level", names=("School Level (SY 2017-18 onward)", "School Level"), value=level
        ),
        Column(field="city", names=("Location City",), value=words),
        Column(field="state", names=("Location State Abbr",), value=words),
        Column(field="reporting_state", names=("State Abbr",), value=words),
        Column(field="students", names=("Total Students All Grades (Excludes AE)",), value=count),
        Column(
            field="staff",
            names=("Full-Time Equivalent (FTE) Teachers",),
            value=full_time_equivalent,
        ),
        Column(field="latitude", names=("Latitude",), value=latitude),
        Column(field="longitude", names=("Longitude",), value=longitude),
    ),
    record_of=school,
)
"""The table once its headings are without what stands after their names."""


def looks_like(file: BinaryIO) -> bool:
    """Whether one of its first rows is ELSI's heading. Unreadable if it is no table at all."""
    return _is_heading(open_sheet(file, _is_heading).header)


def read(file: BinaryIO) -> Iterator[Taken | Refused]:
    """Each school of the table; of several years, the latest."""
    sheet = open_sheet(file, _is_heading)
    if not _is_heading(sheet.header):
        raise Unreadable(
            "This is no table of ELSI: none of its first rows has School Name and School ID "
            "(12-digit) - NCES Assigned. Add both to the table, and export it again."
        )
    rows = takewhile(_is_of_table, sheet.rows)
    yield from Table(TABLE, Sheet(_latest_of(sheet.header), rows)).rows()


def _is_of_table(row: Row) -> bool:
    return not (row.cells and row.cells[0].strip().lower().startswith(NOTES))


def _is_heading(cells: Sequence[str]) -> bool:
    begins = {plain(_name(cell)) for cell in cells}
    required = (column for column in TABLE.columns if column.required)
    return all(begins.intersection(map(plain, column.names)) for column in required)


def _latest_of(heading: Sequence[str]) -> tuple[str, ...]:
    """The headings' names, empty for those of earlier years."""
    latest: dict[str, int] = {}
    for each in heading:
        name = plain(_name(each))
        latest[name] = max(_year(each), latest.get(name, 0))
    return tuple(
        _name(each) if _year(each) == latest[plain(_name(each))] else "" for each in heading
    )


def _name(heading: str) -> str:
    return heading.split("[", 1)[0].strip()


def _year(heading: str) -> int:
    if heading.strip().lower().endswith(LATEST):
        return AFTER_ALL_YEARS
    found = YEAR.search(heading.partition("[")[2])
    return int(found[1]) if found else 0
