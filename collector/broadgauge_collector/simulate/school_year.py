"""When there are students: a school year as most US districts keep it, and a day's crowd."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np

from ..schools.model import SchoolHours

SECONDS_A_DAY = 86400
FIRST_DAY = (8, 17)
LAST_DAY = (6, 5)
WINTER_BREAK = ((12, 21), (1, 3))
MONDAY, THURSDAY = 0, 3

EMPTY = 0.02
"""What machines alone do at night, as a share of the busiest hour."""

DAY_OFF = 0.05


@lru_cache(maxsize=4096)
def is_school_day(day: date) -> bool:
    """Whether there are students on a day."""
    if day.weekday() > 4 or _is_summer(day) or _in_winter_break(day):
        return False
    return day not in _holidays(day.year)


def school_year_of(day: date) -> int:
    """The year a day's school year began in."""
    return day.year if (day.month, day.day) >= FIRST_DAY else day.year - 1


def first_day(year: int) -> date:
    """First day of the school year that begins in a year."""
    return date(year, *FIRST_DAY)


def crowd(hours: SchoolHours, day: date, seconds: Any) -> Any:
    """How much is going on at these seconds of a local day, from 0 to 1: an array as long."""
    opens = hours.opens.hour * 3600 + hours.opens.minute * 60
    closes = hours.closes.hour * 3600 + hours.closes.minute * 60
    if not is_school_day(day) or day.weekday() not in hours.weekdays:
        return np.interp(seconds, (0, 9 * 3600, 14 * 3600, 86400), (EMPTY, DAY_OFF, DAY_OFF, EMPTY))
    lunch = (opens + closes) / 2
    morning, afternoon = opens + 4500, lunch + 4500
    points = (0, opens - 3600, opens, morning, lunch, afternoon, closes, closes + 7200, 86400)
    return np.interp(seconds, points, (EMPTY, 0.06, 0.55, 1.0, 0.72, 0.94, 0.5, 0.1, EMPTY))


def _is_summer(day: date) -> bool:
    return LAST_DAY < (day.month, day.day) < FIRST_DAY


def _in_winter_break(day: date) -> bool:
    began, ends = WINTER_BREAK
    return (day.month, day.day) >= began or (day.month, day.day) < ends


@lru_cache
def _holidays(year: int) -> frozenset[date]:
    thanksgiving = _nth(year, 11, THURSDAY, 4)
    spring = _nth(year, 3, MONDAY, 3)
    return frozenset(
        {
            _nth(year, 1, MONDAY, 3),
            _nth(year, 2, MONDAY, 3),
            *(spring + timedelta(days=n) for n in range(5)),
            _nth(year, 6, MONDAY, 1) - timedelta(days=7),
            _nth(year, 9, MONDAY, 1),
            _nth(year, 10, MONDAY, 2),
            *(thanksgiving + timedelta(days=n) for n in (-1, 0, 1)),
        }
    )


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
