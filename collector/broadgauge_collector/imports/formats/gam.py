"""ChromeOS devices as GAM prints them: the same devices as in the Admin console, with their disks
and hours."""

from collections.abc import Iterable
from datetime import date
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from ..model import Column, DeviceRecord, Format, RowRefused, Values
from ..record_parts import processor, size
from ..sheets import open_sheet
from ..values import day, whole
from .google_admin import ABOUT_THE_DEVICE, chromebook

RANGES = 31
"""So many days of use are read of one device; Google keeps fewer."""

MS_PER_HOUR = 3_600_000
MINUTES_PER_HOUR = 60
FEWEST_DAYS = 7
"""From the first day of use to the last: over less, weekends make a week's hours a guess."""

NOT_OF_GAM = {"provisionStatus", "operatingSystem", "deviceName"}
"""Which the Admin console and Intune have."""


class Range(Struct, frozen=True):
    """A day of use, and for how long."""

    day: date
    hours: float


class _Said(Struct, frozen=True, rename="camel"):
    date: str
    active_time: int | str


def looks_like(file: BinaryIO) -> bool:
    """By Google's own spelling of the names: few of so many columns may be there, so that their
    share says little."""
    header = {heading.strip() for heading in open_sheet(file).header}
    return {"deviceId"} < header and not header & NOT_OF_GAM


def ranges(cell: str) -> tuple[Range, ...] | None:
    """Days of use from JSON, as Google's API has them; None for how many there are, which GAM's
    `onerow` writes here and each of them in columns of its own."""
    if cell.isdecimal():
        return None
    try:
        said = msgspec.json.decode(cell, type=list[_Said])
        return tuple(Range(day(r.date), int(r.active_time) / MS_PER_HOUR) for r in said)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ValueError("it should be a JSON list of dates with activeTime") from None


def hours_a_week(used: Iterable[Range]) -> float | None:
    """Hours of use in a week, if the days known span a week at least."""
    by_day: dict[date, float] = {}
    for each in used:
        by_day[each.day] = by_day.get(each.day, 0) + each.hours
    if any(not 0 <= hours <= 24 for hours in by_day.values()):
        raise RowRefused("it says that it was in use for more than 24 hours of a day")
    if not by_day or (span := (max(by_day) - min(by_day)).days + 1) < FEWEST_DAYS:
        return None
    return round(sum(by_day.values()) / span * 7, 2)


def _used(values: Values) -> tuple[Range, ...] | None:
    """The days of use of a row; None if only a part of what is said of one of them is there, or one
    between others isn't."""
    used, has_ended = [*values.get("ranges", ())], False
    for n in range(RANGES):
        on, hours = values.get(f"used_{n}_on"), _hours(values, n)
        if (on is None) != (hours is None) or (has_ended and on is not None):
            return None
        has_ended = on is None
        if on is not None and hours is not None:
            used.append(Range(on, hours))
    return tuple(used)


def _hours(values: Values, n: int) -> float | None:
    ms, minutes = values.get(f"used_{n}_ms"), values.get(f"used_{n}_minutes")
    if ms is not None:
        return float(ms) / MS_PER_HOUR
    return None if minutes is None else float(minutes) / MINUTES_PER_HOUR


def _columns_of_range(n: int) -> tuple[Column, ...]:
    name = f"activeTimeRanges.{n}"
    return (
        Column(field=f"used_{n}_on", names=(f"{name}.date",), value=day),
        Column(field=f"used_{n}_ms", names=(f"{name}.activeTime",), value=whole),
        Column(field=f"used_{n}_minutes", names=(f"{name}.minutes",), value=whole),
    )


def _volume(what: str) -> tuple[str, ...]:
    return (
        f"diskVolumeReports.volumeInfo.0.{what}",
        f"diskVolumeReports.0.volumeInfo.0.{what}",
        f"diskVolumeReports.volumeInfo.{what}",
    )


def _record(values: Values) -> DeviceRecord:
    used = _used(values)
    return chromebook(
        values, hours_a_week=None if used is None else hours_a_week(used), **_disk(values)
    )


def _disk(values: Values) -> dict[str, Any]:
    """The whole disk where that is said, else its first volume."""
    whole_disk, taken = values.get("disk_whole"), values.get("disk_taken")
    if whole_disk is None or taken is None:
        return {}
    if taken > whole_disk:
        raise RowRefused("more is used of its disk than the disk holds: correct one of the two")
    return {"disk_bytes": whole_disk, "disk_free_bytes": whole_disk - taken}


FORMATS = (
    Format(
        key="gam",
        title="GAM, ChromeOS devices",
        source="google",
        record=DeviceRecord,
        columns=(
            *ABOUT_THE_DEVICE,
            Column(field="status", names=("status", "provisionStatus"), value=str.upper),
            Column(field="cpu_model", names=("cpuInfo.0.model",), value=processor),
            Column(field="memory_bytes", names=("systemRamTotal",), value=size),
            Column(field="disk_bytes", names=_volume("storageTotal"), value=size),
            Column(field="disk_free_bytes", names=_volume("storageFree"), value=whole),
            Column(field="disk_whole", names=("diskSpaceUsage.capacityBytes",), value=size),
            Column(field="disk_taken", names=("diskSpaceUsage.usedBytes",), value=whole),
            Column(field="ranges", names=("activeTimeRanges",), value=ranges),
            *(column for n in range(RANGES) for column in _columns_of_range(n)),
        ),
        record_of=_record,
        looks_like=looks_like,
        example=(
            "Run: gam redirect csv ./devices.csv print cros fields deviceid,serialnumber,"
            "annotatedassetid,status,model,ou,osversion,macaddress,lastsync,autoupdatethrough,"
            "diskvolumereports,activetimeranges onerow"
        ),
    ),
)
