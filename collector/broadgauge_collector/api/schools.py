"""Schools, their people and their hours."""

from datetime import date
from typing import Annotated, Any

from fastapi import Path as PathParameter
from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.responses import Response

from broadgauge_wire.fields import Count, Text, about

from ..access.permissions import Permission
from ..errors import Conflict, NotFound
from ..fleet.unplaced import school_was_added
from ..schools import repository
from ..schools.model import People, School, SchoolHours
from .routing import Route, TheServices, answer, body_of

Name = Annotated[Text, Meta(min_length=1)]
SchoolInPath = Annotated[str, PathParameter(description="The school's name or id")]


class NewSchool(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A school to add. Counts hold from `since` on (for all results if not said); never names."""

    name: Annotated[Name, about("What to call it")]
    timezone: Annotated[Name, about("IANA time zone, such as America/Chicago")]
    hours: Annotated[SchoolHours, about("When students are on the line")] = SchoolHours()
    students: Annotated[Count | None, about("Number of students")] = None
    staff: Annotated[Count, about("Number of staff")] = 0
    concurrent_users: Annotated[Count | None, about("Most people online at once, if known")] = None
    since: Annotated[date | None, about("First day of the counts; null: for all results")] = None
    simulated: Annotated[bool, about("Made up for a demonstration, with all that is in it")] = False


class NewPeople(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Counts from a date on (today if not said)."""

    students: Annotated[Count, about("Number of students")]
    staff: Annotated[Count, about("Number of staff")] = 0
    concurrent_users: Annotated[Count | None, about("Most people online at once, if known")] = None
    since: Annotated[date | None, about("First day of the counts; null: today")] = None


async def list_schools(services: TheServices) -> Response:
    """All schools, with their people and hours."""
    return answer(await services.look_up(repository.list_schools))


async def get_school(services: TheServices, school: SchoolInPath) -> Response:
    """One school, by name or id."""
    return answer(await services.look_up(repository.find_school, school))


async def add_school(
    services: TheServices, new: Annotated[NewSchool, body_of(NewSchool)]
) -> Response:
    """Add a school."""
    added = await services.write(
        _add_school,
        name=new.name,
        timezone=new.timezone,
        hours=new.hours,
        students=new.students,
        staff=new.staff,
        concurrent_users=new.concurrent_users,
        since=new.since or repository.EVER,
        simulated=new.simulated,
    )
    return answer(added, 201)


async def set_people(
    services: TheServices, school: SchoolInPath, new: Annotated[NewPeople, body_of(NewPeople)]
) -> Response:
    """Say how many people are at the school from a date on."""
    people = People(
        since=new.since or services.now().date(),
        students=new.students,
        staff=new.staff,
        concurrent_users=new.concurrent_users,
    )
    return answer(await services.write(_set_people, school, people))


async def set_hours(
    services: TheServices, school: SchoolInPath, hours: Annotated[SchoolHours, body_of(SchoolHours)]
) -> Response:
    """Say when students are on the line."""
    return answer(await services.write(_set_hours, school, hours))


def _add_school(c: Connection, /, **given: Any) -> School:
    added = repository.add_school(c, **given)
    school_was_added(c)
    return added


def _set_people(c: Connection, school: str, people: People) -> School:
    return repository.set_people(c, repository.find_school(c, school).id, people)


def _set_hours(c: Connection, school: str, hours: SchoolHours) -> School:
    return repository.set_hours(c, repository.find_school(c, school).id, hours)


ROUTES = (
    Route(
        method="GET",
        path="/schools",
        endpoint=list_schools,
        permission=Permission.READ,
        answer=tuple[School, ...],
    ),
    Route(
        method="GET",
        path="/schools/{school}",
        endpoint=get_school,
        permission=Permission.READ,
        answer=School,
        refusals=(NotFound,),
    ),
    Route(
        method="POST",
        path="/schools",
        endpoint=add_school,
        permission=Permission.MANAGE,
        body=NewSchool,
        answer=School,
        status=201,
        refusals=(Conflict,),
    ),
    Route(
        method="POST",
        path="/schools/{school}/people",
        endpoint=set_people,
        permission=Permission.MANAGE,
        body=NewPeople,
        answer=School,
        refusals=(NotFound,),
    ),
    Route(
        method="PUT",
        path="/schools/{school}/hours",
        endpoint=set_hours,
        permission=Permission.MANAGE,
        body=SchoolHours,
        answer=School,
        refusals=(NotFound,),
    ),
)
