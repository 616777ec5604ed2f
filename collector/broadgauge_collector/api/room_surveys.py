"""What rooms have: listed, said by hand, and the sheet to walk through a school with."""

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from ..access.permissions import Permission
from ..errors import Invalid, NotFound
from ..exports.devices import MEDIA_TYPES as FILE_TYPES
from ..exports.room_surveys import sheet, table
from ..fleet.readiness.model import Enough
from ..fleet.room_surveys.listing import RoomSurveys, room_surveys, survey_by_hand
from ..fleet.room_surveys.model import HandSurvey, SurveyedRoom
from ..fleet.room_surveys.rules import RoomRules, room_rules, set_room_rules
from .routing import Route, TheServices, answer, body_of
from .table_files import MEDIA_TYPES, TableFormat, download, table_file

School = Annotated[str | None, Query(description="Only this school, by name or id")]


async def get_surveys(
    services: TheServices,
    school: School = None,
    power: Annotated[
        Enough | None, Query(description="Only rooms whose power is so for a full class")
    ] = None,
    format: Annotated[  # noqa: A002 - the parameter's public name
        TableFormat, Query(description="JSON, or a file with a row for each room")
    ] = "json",
) -> Response:
    """What rooms have, and which of them can't power or connect a full class."""
    found = await services.look_up(room_surveys, school, power)
    if format == "json":
        return await services.run(answer, found)
    return await table_file(services, table(found.rooms), "rooms", format)


async def put_survey(
    services: TheServices, said: Annotated[HandSurvey, body_of(HandSurvey)]
) -> Response:
    """Say yourself what a room has. It wins over sheets, figure by figure, until you take it back
    by saying nothing."""
    return answer(await services.write(survey_by_hand, said, services.now()))


async def get_survey_sheet(
    services: TheServices,
    school: School = None,
    filled: Annotated[
        bool, Query(description="With what is known already, to be corrected; otherwise empty")
    ] = False,
    format: Annotated[  # noqa: A002 - the parameter's public name
        Literal["csv", "xlsx"], Query(description="File format")
    ] = "xlsx",
) -> Response:
    """A sheet to walk through a school with: a line for each known room, to be filled in and
    imported as `rooms`."""
    found = await services.look_up(room_surveys, school)
    body = await services.run(sheet, found.rooms, format, filled=filled)
    return download(body, "survey-sheet", format)


async def get_rules(services: TheServices) -> Response:
    """By which figures rooms are judged, each with its reason."""
    return answer(await services.look_up(room_rules))


async def put_rules(
    services: TheServices, given: Annotated[RoomRules, body_of(RoomRules)]
) -> Response:
    """Change the figures, all at once."""
    return answer(await services.write(set_room_rules, given))


ROUTES = (
    Route(
        method="GET",
        path="/room-surveys",
        endpoint=get_surveys,
        permission=Permission.READ,
        answer=RoomSurveys,
        files=MEDIA_TYPES,
        refusals=(NotFound,),
    ),
    Route(
        method="PUT",
        path="/room-surveys",
        endpoint=put_survey,
        permission=Permission.MANAGE,
        body=HandSurvey,
        answer=SurveyedRoom,
        refusals=(NotFound, Invalid),
    ),
    Route(
        method="GET",
        path="/room-survey-sheet",
        endpoint=get_survey_sheet,
        permission=Permission.READ,
        files=(FILE_TYPES["csv"], FILE_TYPES["xlsx"]),
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/room-rules",
        endpoint=get_rules,
        permission=Permission.READ,
        answer=RoomRules,
    ),
    Route(
        method="PUT",
        path="/room-rules",
        endpoint=put_rules,
        permission=Permission.MANAGE,
        body=RoomRules,
        answer=RoomRules,
        refusals=(Invalid,),
    ),
)
