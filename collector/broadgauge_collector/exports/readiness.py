"""Readiness as a table: a row for each school and what its devices are held against."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ..fleet.readiness.model import Readiness, SchoolReadiness, Seats

RATIO, ASSESSMENT = "Blended model", "Online assessment"

SCHEMA = pa.schema(
    [
        ("school", pa.string()),
        ("students", pa.int64()),
        ("devices", pa.int64()),
        ("devices_per_student", pa.float64()),
        ("idle_devices", pa.int64()),
        ("held_against", pa.string()),
        ("students_of_it", pa.int64()),
        ("devices_needed", pa.int64()),
        ("devices_needed_low", pa.int64()),
        ("devices_needed_high", pa.int64()),
        ("devices_ready", pa.int64()),
        ("devices_unknown", pa.int64()),
        ("devices_missing", pa.int64()),
        ("enough", pa.string()),
    ]
)


def table(report: Readiness) -> pa.Table:
    """By school, then the model, the assessment and each output."""
    return pa.Table.from_pylist(
        [row for school in report.schools for row in _rows(school)], schema=SCHEMA
    )


def _rows(school: SchoolReadiness) -> Iterator[dict[str, Any]]:
    if school.ratio is not None:
        yield _row(school, RATIO, school.students, school.ratio)
    yield _row(school, ASSESSMENT, school.students, school.assessment)
    for output in school.outputs:
        yield _row(school, output.title, output.students, output.seats)


def _row(
    school: SchoolReadiness, against: str, students: int | None, seats: Seats
) -> dict[str, Any]:
    return {
        "school": school.school,
        "students": school.students,
        "devices": school.devices,
        "devices_per_student": school.devices_per_student,
        "idle_devices": school.idle,
        "held_against": against,
        "students_of_it": students,
        "devices_needed": seats.needed,
        "devices_needed_low": seats.needed_low,
        "devices_needed_high": seats.needed_high,
        "devices_ready": seats.ready,
        "devices_unknown": seats.unknown,
        "devices_missing": seats.missing,
        "enough": seats.enough,
    }
