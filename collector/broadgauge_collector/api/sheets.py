"""`/schools/{school}/rooms`: the sheet to print."""

from sqlalchemy import Connection
from starlette.responses import HTMLResponse, Response

from ..access.permissions import Permission
from ..errors import NotFound
from ..rooms.model import Room
from ..rooms.page import page_policy
from ..rooms.repository import list_rooms
from ..rooms.sheet import sheet
from ..schools.model import School
from ..schools.repository import find_school
from .measure import POLICY, static_file
from .routing import Route, TheServices
from .schools import SchoolInPath


async def get_sheet(services: TheServices, school: SchoolInPath) -> Response:
    """A card for each room of a school, with its QR code."""
    found, rooms = await services.look_up(_rooms_of, school)
    page = await services.run(sheet, found, rooms, services.config.public_url)
    return HTMLResponse(page, headers={POLICY: page_policy(""), "Cache-Control": "no-store"})


async def get_style() -> Response:
    """How it looks, on screen and on paper."""
    return static_file("sheet.css", "text/css")


def _rooms_of(c: Connection, name_or_id: str) -> tuple[School, tuple[Room, ...]]:
    school = find_school(c, name_or_id)
    return school, list_rooms(c, school.id)


ROUTES = (
    Route(
        method="GET",
        path="/schools/{school}/rooms",
        endpoint=get_sheet,
        permission=Permission.READ,
        documented=False,
        refusals=(NotFound,),
    ),
    Route(
        method="GET",
        path="/measure/sheet.css",
        endpoint=get_style,
        permission=Permission.PUBLIC,
        documented=False,
    ),
)
