"""On whose clock, and whether students were on the link."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ..schools.model import School, SchoolHours
from .model import Daypart

START = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH = START.toordinal()
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1) // MICROSECOND
QUARTER = DAY // 96


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
    days, closed = placed(np.array([(instant - START) // MICROSECOND], np.int64), clocks)
    return date.fromordinal(int(days[0])), "closed" if closed[0] else "school"


def placed(
    moments: NDArray[np.int64], clocks: tuple[Clock, ...]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The same for many instants, in microseconds since 1970 UTC: days' ordinals, and whether each
    is in closed hours."""
    closed = np.ones(len(moments), np.bool_)
    for clock in clocks:
        closed &= ~_in_hours(_local(moments, clock.timezone), clock.hours)
    return _local(moments, clocks[0].timezone) // DAY + EPOCH, closed


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


def _local(moments: NDArray[np.int64], timezone: str) -> NDArray[np.int64]:
    """Local clock readings as microseconds since 1970; a zone changes its clocks at a quarter."""
    zone = ZoneInfo(timezone)
    quarters, places = np.unique(moments // QUARTER, return_inverse=True)
    beginnings = (datetime.fromtimestamp(quarter * 900, zone) for quarter in quarters.tolist())
    offsets = [(at.utcoffset() or timedelta()) // MICROSECOND for at in beginnings]
    local: NDArray[np.int64] = moments + np.array(offsets, np.int64)[places]
    return local


def _in_hours(local: NDArray[np.int64], hours: SchoolHours) -> NDArray[np.bool_]:
    weekdays = (local // DAY + EPOCH - 1) % 7
    times = local % DAY
    opens, closes = (_since_midnight(at) for at in (hours.opens, hours.closes))
    return np.isin(weekdays, list(hours.weekdays)) & (opens <= times) & (times < closes)


def _since_midnight(at: time) -> int:
    return timedelta(0, at.second, at.microsecond, 0, at.minute, at.hour) // MICROSECOND
