"""On whose clock, and whether students were on the link."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ..schools.calendar import SchoolCalendar
from .model import Daypart

START = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH = START.toordinal()
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1) // MICROSECOND
QUARTER = DAY // 96


Clock = SchoolCalendar
"""Where a school's day and its hours are."""


def clocks_of(calendars: Iterable[SchoolCalendar]) -> tuple[Clock, ...]:
    """The different clocks of schools behind a link, that of the first school first."""
    return tuple(dict.fromkeys(calendar.placing() for calendar in calendars))


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
    if len(moments):
        # A local day may begin up to 14 h before its day of UTC, or end 12 h after.
        first, last = (int(at // DAY) + EPOCH for at in (moments.min(), moments.max()))
        for clock in clocks:
            closed &= ~_within(moments, *_edges(clock, _month(first - 1), _month(last + 1)))
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


def local_hours(moments: NDArray[np.int64], timezone: str) -> NDArray[np.int64]:
    """The hour of the local day, 0 to 23, of instants in microseconds since 1970 UTC."""
    hours: NDArray[np.int64] = _local(moments, timezone) // (DAY // 24) % 24
    return hours


def _within(
    moments: NDArray[np.int64], begins: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which moments are in one of the spans, which are in order."""
    if not len(begins):
        return np.zeros(len(moments), np.bool_)
    span = np.searchsorted(begins, moments, side="right") - 1
    inside: NDArray[np.bool_] = (span >= 0) & (moments < ends[span])
    return inside


Month = tuple[int, int]


def _month(ordinal: int) -> Month:
    day = date.fromordinal(ordinal)
    return day.year, day.month


@lru_cache(maxsize=2048)
def _edges(clock: Clock, first: Month, last: Month) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """When school hours begin and end, in whole months so that many windows share them."""
    after = last[0] + last[1] // 12, last[1] % 12 + 1
    spans = clock.spans(date(*first, 1), date(*after, 1) - timedelta(days=1))
    edges = [[(at - START) // MICROSECOND for at in span] for span in spans]
    table = np.array(edges, np.int64).reshape(-1, 2)
    return np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1])
