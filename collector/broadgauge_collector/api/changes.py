"""Changes of lines and schools that people mark, and what they did."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.responses import Response

from broadgauge_wire import Direction
from broadgauge_wire.fields import about
from broadgauge_wire.spec import MAX_TEXT

from ..access.permissions import Permission
from ..capacity.change import DEFAULT_DAYS, LEAST_DAYS
from ..errors import Conflict, NotFound
from ..reports.changes import ChangeEffect, effect
from ..schools import changes, repository
from ..schools.changes import Change, ChangeKind
from .routing import Route, TheServices, answer, body_of
from .schools import Name

MAX_DAYS = 183
"""On each side: a line half a year ago is another story."""

ChangeInPath = Annotated[UUID, Path(description="The change's id")]
SchoolAsked = Annotated[
    str | None, Query(description="Only those of this school and its lines, by name or id")
]
DirectionAsked = Annotated[Direction, Query(description="Direction of the tests")]
DaysAsked = Annotated[
    int, Query(ge=LEAST_DAYS, le=MAX_DAYS, description="Days to compare on each side")
]


class NewChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that was changed, at a line or at a school."""

    day: Annotated[date, about("Local day on which it was changed")]
    kind: Annotated[ChangeKind, about("What was changed")]
    text: Annotated[
        Annotated[str, Meta(max_length=MAX_TEXT)], about("What to say of it; empty: its kind")
    ] = ""
    line: Annotated[Name | None, about("The line, by name or id; null: it is a school's")] = None
    school: Annotated[Name | None, about("The school, by name or id; null: it is a line's")] = None


async def list_changes(services: TheServices, school: SchoolAsked = None) -> Response:
    """All changes that were marked, by day."""
    return answer(await services.look_up(_list, school))


async def add_change(
    services: TheServices, new: Annotated[NewChange, body_of(NewChange)]
) -> Response:
    """Mark a change. After a new line or a new rate, only later tests count for the line's
    verdict."""
    return answer(await services.write(_add, new, services.now()), 201)


async def remove_change(services: TheServices, change: ChangeInPath) -> Response:
    """Take a mark away."""
    await services.write(changes.remove_change, change)
    return Response(status_code=204)


async def get_effect(
    services: TheServices,
    change: ChangeInPath,
    direction: DirectionAsked = "download",
    days: DaysAsked = DEFAULT_DAYS,
) -> Response:
    """The line before and after a change, with intervals, and lines of untouched schools beside
    it."""
    return answer(await services.report(effect, change, direction, days))


def _list(c: Connection, school: str | None) -> tuple[Change, ...]:
    return changes.list_changes(c, repository.find_school(c, school).id if school else None)


def _add(c: Connection, new: NewChange, now: datetime) -> Change:
    return changes.add_change(
        c,
        day=new.day,
        kind=new.kind,
        text=new.text,
        link_id=repository.find_link(c, new.line).id if new.line else None,
        school_id=repository.find_school(c, new.school).id if new.school else None,
        now=now,
    )


ROUTES = (
    Route(
        method="GET",
        path="/changes",
        endpoint=list_changes,
        permission=Permission.READ,
        answer=tuple[Change, ...],
        refusals=(NotFound,),
    ),
    Route(
        method="POST",
        path="/changes",
        endpoint=add_change,
        permission=Permission.MANAGE,
        body=NewChange,
        answer=Change,
        status=201,
        refusals=(NotFound, Conflict),
    ),
    Route(
        method="DELETE",
        path="/changes/{change}",
        endpoint=remove_change,
        permission=Permission.MANAGE,
        status=204,
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/changes/{change}/effect",
        endpoint=get_effect,
        permission=Permission.READ,
        answer=ChangeEffect,
        refusals=(NotFound,),
    ),
)
