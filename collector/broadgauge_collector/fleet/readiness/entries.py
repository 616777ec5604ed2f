"""What only the district can say of its readiness: its technicians, and what students produce."""

from typing import Final

import msgspec
from sqlalchemy import Connection, delete, insert, select

from ...capacity.models import GUIDE
from ...errors import Invalid
from ...imports.oneroster_count import GRADES
from ...store.tables import fleet_setting
from .model import Output, ReadinessEntries, Specification

KEY: Final = "readiness"
GIB: Final = 2**30
ALL_GRADES: Final = ("PK", "TK", "KG", *(f"{n:02}" for n in range(1, 13)))
RANGE: Final = (
    f"assumption, edit it; {GUIDE}: outputs by grade, then what a device must have for it"
)

DEFAULT: Final = ReadinessEntries(
    outputs=(
        Output(
            title="Reading and practice",
            grades=ALL_GRADES[:5],
            devices_per_student=0.33,
            least=Specification(inches=9.5, supported=True),
            source=RANGE,
        ),
        Output(
            title="Writing and research",
            grades=ALL_GRADES[5:],
            devices_per_student=1.0,
            least=Specification(inches=9.5, keyboard=True, supported=True, memory_bytes=4 * GIB),
            source=RANGE,
        ),
        Output(
            title="Video, images and programming",
            grades=ALL_GRADES[9:],
            devices_per_student=0.1,
            least=Specification(inches=11.0, keyboard=True, supported=True, memory_bytes=8 * GIB),
            source=RANGE,
        ),
    )
)
"""A beginning: no source gives figures."""

MOST_OUTPUTS, MOST_TITLE = 50, 100


def entries(c: Connection) -> ReadinessEntries:
    """What was said, or the beginning."""
    asked = select(fleet_setting.c.value).where(fleet_setting.c.key == KEY)
    found = c.execute(asked).scalar_one_or_none()
    return msgspec.json.decode(found, type=ReadinessEntries) if found else DEFAULT


def set_entries(c: Connection, given: ReadinessEntries) -> ReadinessEntries:
    """Say it. Invalid for what can't be."""
    _check(given)
    c.execute(delete(fleet_setting).where(fleet_setting.c.key == KEY))
    value = msgspec.json.encode(given).decode()
    c.execute(insert(fleet_setting).values(key=KEY, value=value))
    return given


def _check(given: ReadinessEntries) -> None:
    if given.technicians is not None and not 0 <= given.technicians <= 100_000:
        raise Invalid("Technicians are a number from 0 to 100,000, or null if it isn't known.")
    if len(given.outputs) > MOST_OUTPUTS:
        raise Invalid(f"There can be {MOST_OUTPUTS} outputs at most.")
    if len({output.title for output in given.outputs}) < len(given.outputs):
        raise Invalid("Two outputs have the same title: give each its own.")
    for output in given.outputs:
        _check_output(output)


def _check_output(output: Output) -> None:
    if not 0 < len(output.title.strip()) <= MOST_TITLE:
        raise Invalid(f"An output's title has 1 to {MOST_TITLE} characters.")
    if not 0 <= output.devices_per_student <= 10:
        raise Invalid(f"{output.title}: devices for each student are a number from 0 to 10.")
    unknown = [grade for grade in output.grades if grade not in GRADES]
    if unknown:
        raise Invalid(
            f"{output.title}: {unknown[0][:20]!r} is no grade; write {', '.join(GRADES)}."
        )
    least = output.least
    for value, most in (
        (least.inches, 100),
        (least.memory_bytes, 2**50),
        (least.disk_bytes, 2**50),
    ):
        if value is not None and not 0 <= value <= most:
            raise Invalid(f"{output.title}: what a device must have is from 0 to {most:,}.")
