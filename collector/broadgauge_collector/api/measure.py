"""`/measure`: what anybody may open, without a login or a cookie, to test a room."""

from contextlib import nullcontext
from http import HTTPStatus
from importlib.resources import files

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ..access.failures import FailureLimit
from ..access.middleware import address_of
from ..access.permissions import Permission
from ..errors import NotFound, TooManyFailures
from ..rooms import page
from ..rooms.model import Room
from ..rooms.repository import find_by_code
from ..rooms.servers import Missing, PageServer, server_for_page
from .routing import Endpoint, Route, TheServices

STATIC = files("broadgauge_collector.rooms") / "static"
POLICY = "Content-Security-Policy"


async def get_page(request: Request, services: TheServices, room: str = "") -> Response:
    """The page for a room's code, or without one for a test that nobody keeps."""
    try:
        found, server = await _find(request, services, room)
    except TooManyFailures:
        return _html(page.message(page.TOO_MANY_CODES), HTTPStatus.TOO_MANY_REQUESTS)
    except NotFound:
        return _html(page.message(page.UNKNOWN_CODE), HTTPStatus.NOT_FOUND)
    return _html(page.test_page(found, server), HTTPStatus.OK)


async def get_worker(request: Request, services: TheServices, room: str = "") -> Response:
    """The script that tests. A worker goes by its own content policy, so it needs the page's."""
    _, server = await _find(request, services, room)
    sources = server.policy_sources if isinstance(server, PageServer) else ""
    headers = {POLICY: page.page_policy(sources)}
    return static_file("worker.js", "text/javascript", headers)


async def get_script() -> Response:
    """What the page does around the test."""
    return static_file("measure.js", "text/javascript")


async def get_style() -> Response:
    """How the page looks."""
    return static_file("measure.css", "text/css")


async def _find(
    request: Request, services: TheServices, typed: str
) -> tuple[Room | None, PageServer | Missing]:
    failures: FailureLimit = request.app.state.code_failures
    guess = failures.attempt(address_of(request.scope)) if typed else nullcontext()
    with guess:
        return await services.look_up(_place, typed, services.config.secure)


def _place(c: Connection, typed: str, secure: bool) -> tuple[Room | None, PageServer | Missing]:
    room = find_by_code(c, typed) if typed else None
    return room, server_for_page(c, room.school_id if room else None, secure=secure)


def _html(shown: page.Shown, status: HTTPStatus) -> Response:
    headers = {POLICY: page.page_policy(shown.sources), "Cache-Control": "no-store"}
    return HTMLResponse(shown.html, status, headers)


def static_file(name: str, media_type: str, headers: dict[str, str] | None = None) -> Response:
    """A file that pages for everybody are made of. Always asked for again: an update shows."""
    text = (STATIC / name).read_text(encoding="utf-8")
    always = {"Cache-Control": "no-cache"}
    return Response(text, headers=always | (headers or {}), media_type=media_type)


def _route(path: str, endpoint: Endpoint) -> Route:
    return Route(
        method="GET",
        path=path,
        endpoint=endpoint,
        permission=Permission.PUBLIC,
        documented=False,
    )


ROUTES = (
    _route("/measure", get_page),
    _route("/measure/worker.js", get_worker),
    _route("/measure/measure.js", get_script),
    _route("/measure/measure.css", get_style),
)
