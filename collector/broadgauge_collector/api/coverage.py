"""How far lines are from their goal, and the goal."""

from typing import Annotated

from fastapi import Query
from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict, replace
from sqlalchemy import Connection
from starlette.responses import Response

from broadgauge_wire.fields import about

from ..access.permissions import Permission
from ..capacity.targets import DEFAULT_TARGET
from ..config import DEFAULT_DAYS
from ..errors import NotFound
from ..plan.goal import Wanted
from ..plan.goals import Goals, list_goals, set_goal
from ..reports.coverage import CoverageReport, LineGrid, coverage, line_grid
from ..schools.repository import find_link
from .links import LinkInPath
from .routing import Route, TheServices, answer, body_of
from .schools import Name
from .verdicts import Days, TargetKey

LocationAsked = Annotated[str | None, Query(description="Only cells of this location")]


class SetGoal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What lines are to reach. Parts that aren't said stay as they are."""

    closed_tests: Annotated[Wanted | UnsetType, about("Tests in closed hours")] = UNSET
    closed_days: Annotated[Wanted | UnsetType, about("Days with a test in closed hours")] = UNSET
    school_days: Annotated[Wanted | UnsetType, about("School days with a test in school hours")] = (
        UNSET
    )
    hour_bands: Annotated[Wanted | UnsetType, about("Hours of the school day with a test")] = UNSET
    location_tests: Annotated[Wanted | UnsetType, about("Tests in each location")] = UNSET
    line: Annotated[Name | None, about("Only this line, by name or id")] = None
    take_back: Annotated[bool, about("Take back what was set there, instead")] = False


async def get_coverage(
    services: TheServices, target: TargetKey = DEFAULT_TARGET, days: Days = DEFAULT_DAYS
) -> Response:
    """What of its goal each line has, what is missing, and who could fill it."""
    report = await services.report(coverage, target, days)
    return await services.run(answer, report)


async def get_line(
    services: TheServices,
    link: LinkInPath,
    location: LocationAsked = None,
    target: TargetKey = DEFAULT_TARGET,
    days: Days = DEFAULT_DAYS,
) -> Response:
    """One line by local day, hour and location."""
    found = await services.look_up(find_link, link)
    report: LineGrid = await services.report(line_grid, found.id, location, target, days)
    return await services.run(answer, report)


async def get_goals(services: TheServices) -> Response:
    """What lines are to reach."""
    return answer(await services.look_up(list_goals))


async def put_goal(services: TheServices, wish: Annotated[SetGoal, body_of(SetGoal)]) -> Response:
    """Set the goal of every line, or of one; refused where no calendar leaves room for it."""
    return answer(await services.write(_put, wish))


def _put(c: Connection, wish: SetGoal) -> Goals:
    link = find_link(c, wish.line) if wish.line else None
    if wish.take_back:
        return set_goal(c, None, link)
    held = list_goals(c)
    goal = held.of(link.id) if link else held.goal
    parts = {k: v for k, v in asdict(wish).items() if k in goal.__struct_fields__}
    said = {part: number for part, number in parts.items() if number is not UNSET}
    return set_goal(c, replace(goal, **said), link)


ROUTES = (
    Route(
        method="GET",
        path="/coverage",
        endpoint=get_coverage,
        permission=Permission.READ,
        answer=CoverageReport,
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/coverage/lines/{link}",
        endpoint=get_line,
        permission=Permission.READ,
        answer=LineGrid,
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/coverage/goal",
        endpoint=get_goals,
        permission=Permission.READ,
        answer=Goals,
    ),
    Route(
        method="PUT",
        path="/coverage/goal",
        endpoint=put_goal,
        permission=Permission.MANAGE,
        body=SetGoal,
        answer=Goals,
        refusals=(NotFound,),
    ),
)
