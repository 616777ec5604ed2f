"""On whose clock, and whether students were on the link."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from ..schools.model import School, SchoolHours
from .model import Daypart


class Clock(Struct, frozen=True):
    """Where a school's day and its hours are: an IANA time zone name and local hours."""

    timezone: str
    hours: SchoolHours


def clocks_of(schools: Iterable[School]) -> tuple[Clock, ...]:
    """The different clocks of schools behind a link, that of the first school first."""
    return tuple(dict.fromkeys(Clock(school.timezone, school.hours) for school in schools))


def place(instant: datetime, clocks: tuple[Clock, ...]) -> tuple[date, Daypart]:
    """The first clock's day, and `closed` only if it is closed hours on every clock.

    The instant needs a time zone of its own.
    """
    here = instant.astimezone(ZoneInfo(clocks[0].timezone))
    if _in_hours(here, clocks[0].hours):
        return here.date(), "school"
    for clock in clocks[1:]:
        if _in_hours(instant.astimezone(ZoneInfo(clock.timezone)), clock.hours):
            return here.date(), "school"
    return here.date(), "closed"


def local_day(instant: datetime, timezone: str) -> date:
    """A time zone's calendar day at an instant."""
    return instant.astimezone(ZoneInfo(timezone)).date()


def day_begins(day: date, timezone: str) -> datetime:
    """The instant at which a school's day begins, also on days when the clocks change."""
    return datetime.combine(day, time.min, ZoneInfo(timezone))


def window_of(now: datetime, days: int, timezone: str) -> tuple[date, date]:
    """First and last day of the window of whole local days that ends today."""
    last = local_day(now, timezone)
    return last - timedelta(days=days - 1), last


def _in_hours(local: datetime, hours: SchoolHours) -> bool:
    return local.weekday() in hours.weekdays and hours.opens <= local.time() < hours.closes
