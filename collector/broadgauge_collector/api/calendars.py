"""School calendars: holidays, half days, blackouts, and what a school's hours leave closed."""

from datetime import date, time
from typing import Annotated
from uuid import UUID

from fastapi import Path as PathParameter
from fastapi import Query
from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.responses import Response

from broadgauge_wire.fields import about

from ..access.permissions import Permission
from ..errors import Conflict, NotFound
from ..reports.least_used import use_by_hour
from ..schools import calendars, repository
from ..schools.calendar import hardly_closes, least_used_hours
from ..schools.calendar_import import CalendarFile, CalendarImport, import_days
from ..schools.model import CalendarDay, CalendarKind, School
from .routing import Route, TheServices, answer, body_of
from .schools import Name, SchoolInPath
from .when import Day

MAX_FILE_BYTES = 2 * 1024 * 1024
KIND = "What is different on it: holiday, half_day or blackout"
SchoolAsked = Annotated[
    str | None, Query(description="Only what holds for this school, by name or id")
]
FirstAsked = Annotated[Day | None, Query(description="Only what ends on this day or later")]
LastAsked = Annotated[Day | None, Query(description="Only what begins on this day or earlier")]
DayInPath = Annotated[UUID, PathParameter(description="The entry's id")]


class NewCalendarDay(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day, or several on end, that is not like the others of its weekday."""

    first: Annotated[date, about("First day")]
    last: Annotated[date | None, about("Last day; null: the first is the only one")] = None
    kind: Annotated[CalendarKind, about(KIND)] = "holiday"
    name: Annotated[Name, about("What to call it")]
    begins: Annotated[time | None, about("When a blackout begins on each day, local time")] = None
    closes: Annotated[
        time | None, about("When a half day closes, or a blackout ends, local time")
    ] = None
    school: Annotated[Name | None, about("The school, by name or id; null: every school")] = None


class SchoolTime(Struct, frozen=True, kw_only=True):
    """How much of a year a school's line is closed, and what that means for judging it."""

    school_id: Annotated[UUID, about("The school")]
    closed_share: Annotated[float, about("Share of a year's hours outside school hours")]
    hardly_closed: Annotated[bool, about("Closed hours hardly exist")]
    least_used_hours: Annotated[
        tuple[int, ...], about("Hours of the day that count as closed if closed hours hardly exist")
    ]
    measured: Annotated[bool, about("Those hours were chosen; false: they are the night's")]
    note: Annotated[str | None, about("A sentence on it; null where closed hours do exist")]


class LeastUsedHours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours of the day, 0 to 23, when a school's line is used least."""

    hours: Annotated[
        tuple[Annotated[int, Meta(ge=0, le=23)], ...] | None,
        about("The hours; null: the four on end when tests of the last 28 days read most"),
    ] = None


async def list_days(
    services: TheServices,
    school: SchoolAsked = None,
    first: FirstAsked = None,
    last: LastAsked = None,
) -> Response:
    """All entries of the calendar, in order of their days."""
    return answer(await services.look_up(_list, school, first, last))


async def add_day(
    services: TheServices, new: Annotated[NewCalendarDay, body_of(NewCalendarDay)]
) -> Response:
    """Add a holiday, a half day or a blackout."""
    return answer(await services.write(_add, new), 201)


async def remove_day(services: TheServices, day: DayInPath) -> Response:
    """Take an entry out of the calendar."""
    await services.write(calendars.remove_day, day)
    return Response(status_code=204)


async def import_file(
    services: TheServices, given: Annotated[CalendarFile, body_of(CalendarFile)]
) -> Response:
    """Add the days of an iCalendar file. Those that are there stay as they are."""
    act = services.look_up if given.dry_run else services.write
    return answer(await act(import_days, given, services.now()))


async def school_time(services: TheServices, school: SchoolInPath) -> Response:
    """How much of a year a school's line is closed."""
    return answer(await services.look_up(_school_time, school))


async def set_least_used(
    services: TheServices,
    school: SchoolInPath,
    given: Annotated[LeastUsedHours, body_of(LeastUsedHours)],
) -> Response:
    """Say, or work out from tests, when a line is used least whose school is hardly ever closed."""
    hours = given.hours
    if hours is None:
        known = await services.look_up(repository.find_school, school)
        hours = least_used_hours(await services.read(use_by_hour, known, services.now()))
    return answer(await services.write(_set_least_used, school, hours))


def _list(
    c: Connection, school: str | None, first: date | None, last: date | None
) -> tuple[CalendarDay, ...]:
    school_id = repository.find_school(c, school).id if school else None
    return calendars.list_days(c, school_id, first, last)


def _add(c: Connection, new: NewCalendarDay) -> CalendarDay:
    day = CalendarDay(
        first=new.first,
        last=new.last or new.first,
        kind=new.kind,
        name=new.name,
        begins=new.begins,
        closes=new.closes,
        school_id=repository.find_school(c, new.school).id if new.school else None,
    )
    return calendars.add_day(c, day)


def _school_time(c: Connection, name: str) -> SchoolTime:
    return _time_of(c, repository.find_school(c, name))


def _set_least_used(c: Connection, name: str, hours: tuple[int, ...]) -> SchoolTime:
    school = repository.find_school(c, name)
    return _time_of(c, calendars.set_least_used_hours(c, school.id, hours))


def _time_of(c: Connection, school: School) -> SchoolTime:
    calendar = calendars.calendar_of(c, school)
    return SchoolTime(
        school_id=school.id,
        closed_share=round(calendar.closed_share(), 4),
        hardly_closed=hardly_closes(calendar),
        least_used_hours=calendar.least_used,
        measured=school.least_used_hours is not None,
        note=calendar.note(),
    )


ROUTES = (
    Route(
        method="GET",
        path="/calendar",
        endpoint=list_days,
        permission=Permission.READ,
        answer=tuple[CalendarDay, ...],
        refusals=(NotFound,),
    ),
    Route(
        method="POST",
        path="/calendar",
        endpoint=add_day,
        permission=Permission.MANAGE,
        body=NewCalendarDay,
        answer=CalendarDay,
        status=201,
        refusals=(NotFound, Conflict),
    ),
    Route(
        method="DELETE",
        path="/calendar/{day}",
        endpoint=remove_day,
        permission=Permission.MANAGE,
        status=204,
        refusals=(NotFound,),
    ),
    Route(
        method="POST",
        path="/calendar-imports",
        endpoint=import_file,
        permission=Permission.MANAGE,
        body=CalendarFile,
        answer=CalendarImport,
        refusals=(NotFound,),
        max_body_bytes=MAX_FILE_BYTES,
    ),
    Route(
        method="GET",
        path="/schools/{school}/hours",
        endpoint=school_time,
        permission=Permission.READ,
        answer=SchoolTime,
        refusals=(NotFound,),
    ),
    Route(
        method="PUT",
        path="/schools/{school}/least-used-hours",
        endpoint=set_least_used,
        permission=Permission.MANAGE,
        body=LeastUsedHours,
        answer=SchoolTime,
        refusals=(NotFound,),
    ),
)
