"""How a route is registered: with its permission, its body's type and its answer's, all at once.

Bodies and answers are msgspec Structs, decoded strictly and described in OpenAPI from their types.
"""

from collections.abc import Callable, Coroutine
from functools import cache, partial
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import Depends, FastAPI, Request
from fastapi.params import Depends as DependsParameter
from fastapi.routing import APIRoute
from msgspec import Struct
from starlette.datastructures import Headers
from starlette.responses import Response

from broadgauge_wire import WireError, encode
from broadgauge_wire.spec import API_PREFIX

from ..access.permissions import Permission, Principal, current_principal
from ..access.rules import DEFAULT_BODY_BYTES
from ..errors import CollectorError
from ..services import Services

Body = TypeVar("Body", bound=Struct)
Endpoint = Callable[..., Coroutine[Any, Any, Response]]


class Route(Struct, frozen=True, kw_only=True):
    """One method on one path. `answer` is the type of a JSON answer, None where there is none.

    `files` are the media types it also answers with, `refusals` what it raises beside what every
    route of its kind may meet. `admit` raises where a request shall not be taken now: it is asked
    before anything is made of the request, so that to turn thousands away takes little time.
    """

    method: str
    path: str
    endpoint: Endpoint
    permission: Permission
    body: Any = None
    answer: Any = None
    files: tuple[str, ...] = ()
    status: int = 200
    refusals: tuple[type[CollectorError], ...] = ()
    max_body_bytes: int = DEFAULT_BODY_BYTES
    body_to_disk: bool = False
    admit: Callable[[Services, Headers], None] | None = None
    documented: bool = True


def register(app: FastAPI, route: Route, prefix: str = API_PREFIX) -> None:
    """Put a route on the app and its permission into the access rules."""
    path = prefix + route.path
    app.state.access_rules.declare(
        path,
        [route.method],
        route.permission,
        max_body_bytes=route.max_body_bytes,
        body_to_disk=route.body_to_disk,
        admit=partial(route.admit, app.state.services) if route.admit else None,
    )
    app.router.routes.append(_served(path, route))


@cache
def _served(path: str, route: Route) -> APIRoute:
    """FastAPI's own, the same in every application of a process: to look at all parameters of all
    routes takes it most of the time in which an application is made."""
    return APIRoute(
        path,
        route.endpoint,
        methods=[route.method],
        response_model=None,
        status_code=route.status,
        include_in_schema=route.documented,
        openapi_extra=_operation(route),
    )


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A value as JSON."""
    return Response(encode(value), status, headers=headers, media_type="application/json")


def body_of(kind: type[Body]) -> DependsParameter:
    """A dependency that reads the request body as one message. WireError if it is none."""

    async def read(request: Request) -> Body:
        try:
            return msgspec.json.decode(await request.body(), type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise WireError(str(error)) from error

    parameter = Depends(read)
    assert isinstance(parameter, DependsParameter)  # noqa: S101 - FastAPI types it as Any
    return parameter


# Not that they wait for anything: what isn't async is run in a thread, twice for every batch.
async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def _principal() -> Principal:
    return current_principal.get()


TheServices = Annotated[Services, Depends(_services)]
ThePrincipal = Annotated[Principal, Depends(_principal)]


def _operation(route: Route) -> dict[str, Any]:
    """What OpenAPI should know beside the messages, which api/openapi.py adds for all routes."""
    operation: dict[str, Any] = {"x-permission": route.permission.value}
    if route.permission is not Permission.PUBLIC:
        operation["security"] = [{"bearer": []}]
    return operation
