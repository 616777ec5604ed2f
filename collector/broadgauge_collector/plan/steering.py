"""How many heavy tests an hour, in each hour of the coming days, so that a line reaches its goal.

Every hour outside blackouts gets some, or what is measured would not stand for the whole day.
Hours that lack tests get more; how much each stands for is how long it is.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ..capacity.daypart import START, Clock, day_begins, local_hours, placed
from ..schools.calendar import SchoolCalendar
from .coverage import Covered
from .goal import Goal

DAYS = 7
"""That a plan covers: longer than a weekend with a broken collector, shorter than what changes in
a calendar."""

CLOSED_A_DAY, SCHOOL_A_DAY = 1.5, 2.0
"""Tests of a line on a day when its goal is reached: enough that it stays so."""

CATCH_UP_A_DAY = 3.0
"""In each daypart, while the goal lacks something there. A gap is no longer than three of the mean,
so that each day has a test on which somebody is there to make it."""

BAND_WEIGHT = 2.0
"""Of an hour of the school day without a test, against one that has some."""

ONLINE_SHARE = 0.7
"""Of agents, at any time: the others are switched off, asleep or carried about."""

ROOM_DAYS = 5.0
"""In which a location gets the tests that it lacks."""

LEAST_YIELD = 0.25
"""Where most tests don't count (a machine in use, a server that is away, a machine too slow),
up to four times as many are made, and no more: it may be hopeless."""

MOST_AN_HOUR = 1.0
"""Of one line. Short half days would else be tested through."""

CHECK_DAYS = (1, 3, 5)
"""Tuesdays, Thursdays and Saturdays: with the goal for closed hours reached, tests then only ask
whether the line carries what is needed. The other four days stay the majority, so that the median
of days stays a full reading."""

SECOND = np.int64(1_000_000)


class Timetable(NamedTuple):
    """Coming pieces of time of a line, each within one local hour and of one kind.

    `edges` are microseconds since 1970 UTC, one more than there are pieces. `day` is a date's
    ordinal.
    """

    edges: NDArray[np.int64]
    day: NDArray[np.int64]
    hour: NDArray[np.int64]
    closed: NDArray[np.bool_]
    blackout: NDArray[np.bool_]

    @property
    def hours(self) -> NDArray[np.float64]:
        """How long each piece is, in h."""
        lengths: NDArray[np.float64] = np.diff(self.edges) / (3600 * SECOND)
        return lengths


class Rates(NamedTuple):
    """Tests per hour in each piece of time; whether they are light ones, and routine checks."""

    edges: NDArray[np.int64]
    per_hour: NDArray[np.float64]
    light: NDArray[np.bool_]
    routine: NDArray[np.bool_]
    blackout: NDArray[np.bool_]


Blackout = tuple[datetime, datetime]


def blackouts(calendar: SchoolCalendar, first: date, last: date) -> tuple[Blackout, ...]:
    """When one school is in a blackout, as instants in UTC."""
    zone = ZoneInfo(calendar.timezone)
    found = list[Blackout]()
    for entry in calendar.days:
        if entry.kind != "blackout":
            continue
        day = max(entry.first, first)
        while day <= min(entry.last, last):
            begins = datetime.combine(day, entry.begins or time.min, zone)
            whole = entry.closes is None
            ends = (
                day_begins(day + timedelta(days=1), calendar.timezone)
                if whole
                else (datetime.combine(day, entry.closes or time.min, zone))
            )
            found.append((begins.astimezone(UTC), ends.astimezone(UTC)))
            day += timedelta(days=1)
    return tuple(sorted(found))


@lru_cache(maxsize=1024)
def timetable(
    clocks: tuple[Clock, ...], blacked_out: tuple[Blackout, ...], first: date, days: int = DAYS
) -> Timetable:
    """Whole local days of a line, cut at each hour, school bell and blackout."""
    zone = clocks[0].timezone
    last = first + timedelta(days=days)
    begins, ends = (_micros(day_begins(day, zone)) for day in (first, last))
    hours = np.arange(begins, ends, 3600 * SECOND)
    day = timedelta(days=1)
    bells = [at for clock in clocks for span in clock.spans(first - day, last) for at in span]
    marks = [_micros(at) for at in (*bells, *(at for span in blacked_out for at in span))]
    cuts = np.array([at for at in marks if begins < at < ends], np.int64)
    edges = np.unique(np.concatenate([hours, cuts, [ends]]))
    middles = edges[:-1] + np.diff(edges) // 2
    days_at, closed = placed(middles, clocks)
    black = np.zeros(len(middles), np.bool_)
    for since, until in blacked_out:
        black |= (middles >= _micros(since)) & (middles < _micros(until))
    return Timetable(edges, days_at, local_hours(middles, zone), closed, black)


def line_rates(table: Timetable, covered: Covered, goal: Goal, today: date) -> Rates:
    """Tests per hour of a whole line, by all of its agents together."""
    lacks_closed = bool(covered.lacks("closed_tests", goal) or covered.lacks("closed_days", goal))
    lacks_bands = bool(covered.lacks("hour_bands", goal))
    lacks_school = lacks_bands or bool(covered.lacks("school_days", goal))
    only_days = not covered.lacks("closed_tests", goal)
    closed = _a_day(CLOSED_A_DAY, lacks_closed, done_today=covered.closed_today and only_days)
    school = _a_day(SCHOOL_A_DAY, lacks_school, done_today=covered.school_today and not lacks_bands)
    weight = np.where(table.blackout, 0.0, 1.0)
    if lacks_bands:
        uncovered = ~np.isin(table.hour, list(covered.bands))
        weight[uncovered & ~table.closed] *= BAND_WEIGHT
    is_today = table.day == today.toordinal()
    wanted = np.where(
        table.closed,
        np.where(is_today, closed[0], closed[1]),
        np.where(is_today, school[0], school[1]),
    )
    per_hour = np.minimum(wanted * weight / _whole(table, weight), MOST_AN_HOUR)
    weekday = (table.day - 1) % 7  # ordinal 1 was a Monday
    routine = np.isin(weekday, CHECK_DAYS) & table.closed & (not lacks_closed)
    return Rates(table.edges, per_hour, ~table.closed, routine, table.blackout)


def agent_factor(
    covered: Covered, goal: Goal, *, heard: int, place: int | None, heard_there: int
) -> float:
    """What part of its line's tests one agent makes, so that those who are there make all of them.

    `heard` and `heard_there` count the agents that were heard lately on the line and at the agent's
    own place, itself among them.
    """
    factor = 1 / (ONLINE_SHARE * max(1, heard))
    lacks = 0 if place is None else covered.lacking_at(place, goal)
    if lacks:
        a_day = lacks / (ONLINE_SHARE * max(1, heard_there) * ROOM_DAYS)
        factor = max(factor, a_day / (CLOSED_A_DAY + SCHOOL_A_DAY))
    return factor / _yield(covered)


def together(lines: list[tuple[Rates, float]]) -> Rates:
    """One agent's rates: a run tests all of its lines, so the one that wants most sets them."""
    edges = np.unique(np.concatenate([rates.edges for rates, _ in lines]))
    begins = max(rates.edges[0] for rates, _ in lines)
    ends = min(rates.edges[-1] for rates, _ in lines)
    edges = edges[(edges >= begins) & (edges <= ends)]
    at = [np.searchsorted(rates.edges, edges[:-1], "right") - 1 for rates, _ in lines]
    pairs = list(zip(lines, at, strict=True))
    black = np.any([rates.blackout[rows] for (rates, _), rows in pairs], axis=0)
    per_hour = np.max([rates.per_hour[rows] * factor for (rates, factor), rows in pairs], axis=0)
    return Rates(
        edges,
        np.where(black, 0.0, np.minimum(per_hour, MOST_AN_HOUR)),
        np.any([rates.light[rows] for (rates, _), rows in pairs], axis=0),
        np.all([rates.routine[rows] for (rates, _), rows in pairs], axis=0),
        black,
    )


def _a_day(steady: float, lacks: bool, *, done_today: bool) -> tuple[float, float]:
    """Tests today, and on the days after."""
    after = CATCH_UP_A_DAY if lacks else steady
    return steady if done_today else after, after


def _whole(table: Timetable, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each piece, the weighted hours of its day and daypart: what its share is a share of."""
    parts = (table.day - table.day[0]) * 2 + table.closed
    sums = np.bincount(parts, weights=weight * table.hours)
    whole: NDArray[np.float64] = np.maximum(sums[parts], 1e-9)
    return whole


def _yield(covered: Covered) -> float:
    return max(LEAST_YIELD, (covered.counted + 1) / (covered.made + 1))


def _micros(at: datetime) -> int:
    return (at - START) // timedelta(microseconds=1)
