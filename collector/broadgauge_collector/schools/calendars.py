"""Calendars of schools in the control database: holidays, half days, blackouts.

Functions take a connection inside a transaction; those that add, set or remove need a write one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from msgspec.structs import asdict, replace
from sqlalchemy import Connection, delete, func, insert, or_, select, update

from broadgauge_wire import new_id

from ..errors import Conflict, Invalid, NotFound
from ..store.tables import calendar_day
from ..store.tables import school as school_table
from .calendar import HOURS, NIGHT, SchoolCalendar
from .checks import check_day
from .model import CalendarDay, School
from .repository import get_school, list_schools

MAX_ENTRIES = 5000
"""Of all schools: each is looked at whenever lines are judged."""

KINDS = {"holiday": "holiday", "half_day": "half day", "blackout": "blackout"}


def calendar_of(c: Connection, school: School) -> SchoolCalendar:
    """One school's calendar: its own days and those of every school."""
    return _calendar(school, list_days(c, school.id))


def calendars(c: Connection, schools: Iterable[School]) -> dict[UUID, SchoolCalendar]:
    """The calendars of several schools, by their ids."""
    of_school = defaultdict[UUID | None, list[CalendarDay]](list)
    for day in list_days(c):
        of_school[day.school_id].append(day)
    common = of_school[None]
    return {s.id: _calendar(s, (*common, *of_school.get(s.id, ()))) for s in schools}


def list_days(
    c: Connection,
    school_id: UUID | None = None,
    first: date | None = None,
    last: date | None = None,
) -> tuple[CalendarDay, ...]:
    """Days that differ, in order; of one school, with those of every school, or of all. With
    bounds, those that reach into them."""
    table = calendar_day.c
    query = select(calendar_day).order_by(table.first, table.last, table.name, table.id)
    if school_id is not None:
        query = query.where(or_(table.school_id.is_(None), table.school_id == school_id))
    if first is not None:
        query = query.where(table.last >= first)
    if last is not None:
        query = query.where(table.first <= last)
    return tuple(_day(row) for row in c.execute(query))


def add_day(c: Connection, day: CalendarDay) -> CalendarDay:
    """Add one entry. Conflict if the same is there, Invalid if it can't be, NotFound for a school
    that isn't."""
    added, _ = add_days(c, [day])
    if not added:
        raise Conflict(
            f"{day.name.strip()!r} on {day.first} is in the calendar already. See: "
            "broadgauge calendar"
        )
    return added[0]


def add_days(
    c: Connection, days: Iterable[CalendarDay]
) -> tuple[tuple[CalendarDay, ...], tuple[CalendarDay, ...]]:
    """Add those that aren't there yet; what was added, and what was there, in their order."""
    new, there = sort_days(c, days)
    added = tuple(replace(day, id=new_id()) for day in new)
    if added:
        c.execute(insert(calendar_day), [asdict(day) for day in added])
    return added, there


def sort_days(
    c: Connection, days: Iterable[CalendarDay]
) -> tuple[tuple[CalendarDay, ...], tuple[CalendarDay, ...]]:
    """Days that could be added, and those that are there already."""
    checked = [_checked(c, day) for day in days]
    known = {replace(day, id=None) for day in list_days(c)}
    new, there = list[CalendarDay](), list[CalendarDay]()
    for day in checked:
        (there if day in known else new).append(day)
        known.add(day)
    _check_room(c, len(new))
    return tuple(new), tuple(there)


def remove_day(c: Connection, day_id: UUID) -> None:
    """Take one entry out. NotFound if it isn't there."""
    gone = c.execute(delete(calendar_day).where(calendar_day.c.id == day_id))
    if not gone.rowcount:
        raise NotFound(
            f"There is no calendar entry with the id {day_id}. They are listed by: "
            "broadgauge calendar"
        )


def set_least_used_hours(c: Connection, school_id: UUID, hours: Iterable[int] | None) -> School:
    """Which hours of the day count as closed if closed hours hardly exist; None: at night."""
    get_school(c, school_id)
    chosen = None if hours is None else sorted(set(hours))
    if chosen is not None and not (chosen and set(chosen) < set(range(HOURS))):
        raise Invalid("Least used hours are one or more of 0 to 23, and not all of them.")
    text = None if chosen is None else ",".join(map(str, chosen))
    matches = school_table.c.id == school_id
    c.execute(update(school_table).where(matches).values(least_used_hours=text))
    return get_school(c, school_id)


def common_timezone(c: Connection) -> str:
    """The time zone of most schools, which dates what a file says for every school."""
    zones = Counter(school.timezone for school in list_schools(c))
    return zones.most_common(1)[0][0] if zones else "UTC"


def _calendar(school: School, days: Iterable[CalendarDay]) -> SchoolCalendar:
    hours = school.least_used_hours or NIGHT
    return SchoolCalendar(school.timezone, school.hours, tuple(days), hours)


def _checked(c: Connection, day: CalendarDay) -> CalendarDay:
    checked = replace(check_day(day), id=None)
    if checked.school_id is None:
        return checked
    school = get_school(c, checked.school_id)
    if checked.kind == "half_day":
        _check_half_day(school, checked)
    return checked


def _check_half_day(school: School, day: CalendarDay) -> None:
    opens = [at for weekday in range(7) for at, _ in school.hours.on(weekday)]
    if day.closes is not None and opens and day.closes <= min(opens):
        raise Invalid(
            f"{school.name} opens at {min(opens):%H:%M} at the earliest: a half day that closes at "
            f"{day.closes:%H:%M} has no school hours. Make {day.name!r} a holiday, or close later."
        )


def _check_room(c: Connection, more: int) -> None:
    there = c.execute(select(func.count()).select_from(calendar_day)).scalar_one()
    if there + more > MAX_ENTRIES:
        raise Invalid(
            f"The calendar would have {there + more} entries, and {MAX_ENTRIES} at most. Add what "
            "holds for every school once, without a school, and remove past years."
        )


def _day(row: Any) -> CalendarDay:
    found: Mapping[str, Any] = row._mapping  # noqa: SLF001 - how SQLAlchemy names it
    return CalendarDay(**found)
