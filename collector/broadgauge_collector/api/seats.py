"""What people get in school hours."""

from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from ..access.permissions import Permission
from ..capacity.models import USE_TITLES, UseKey
from ..capacity.seats import DEFAULT_USE, SeatUse, use_of
from ..config import DEFAULT_DAYS, MAX_DAYS
from ..demand_reports import demand_report
from ..errors import NotFound
from ..reports.seats import SchoolSeats, seats
from ..schools.assumptions import assumed_by_school
from ..schools.repository import find_school
from .routing import Route, TheServices, answer


async def get_uses(services: TheServices) -> Response:
    """What a seat can be held against, as the district has it, with the sources."""
    common, _ = await services.look_up(assumed_by_school)
    return answer(tuple(use_of(key, common.assumed) for key in USE_TITLES))


async def get_seats(
    services: TheServices,
    school: Annotated[str, Path(description="The school, by name or id")],
    use: Annotated[UseKey, Query(description="Key from `GET /api/v1/uses`")] = DEFAULT_USE,
    days: Annotated[int, Query(ge=1, le=MAX_DAYS, description="Days to look at")] = DEFAULT_DAYS,
) -> Response:
    """In how much of its school time a seat gets what a use needs, by tests in school hours."""
    found = await services.look_up(find_school, school)
    return answer(await demand_report(services, seats, found.id, use, days))


ROUTES = (
    Route(
        method="GET",
        path="/uses",
        endpoint=get_uses,
        permission=Permission.READ,
        answer=tuple[SeatUse, ...],
    ),
    Route(
        method="GET",
        path="/schools/{school}/seats",
        endpoint=get_seats,
        permission=Permission.READ,
        answer=SchoolSeats,
        refusals=(NotFound,),
    ),
)
