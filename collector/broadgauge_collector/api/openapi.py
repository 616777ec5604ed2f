"""The OpenAPI document, put together from the routes and the types of their messages."""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from msgspec.json import schema_components
from starlette.requests import Request
from starlette.responses import Response

from broadgauge_wire import Problem

from ..access.middleware import SAFE_METHODS
from ..access.permissions import Permission
from ..errors import (
    Blackout,
    BudgetUsedUp,
    Busy,
    CollectorError,
    Invalid,
    LineBusy,
    NotPermitted,
    StorageFull,
    TooLarge,
    TooManyFailures,
    TooManyTests,
    TooSlow,
    Unauthenticated,
)
from ..version import VERSION
from .routing import Route, answer

TITLE = "broadgauge"
ABOUT = """What schools' networks really deliver, and whether that is enough.

Send `Authorization: Bearer` with an API token (agents: with their key). Every fault is a problem of
RFC 9457. Times are UTC, rates in bit/s, and what is unknown is null."""

Schema = dict[str, Any]

BYTES: Schema = {"type": "string", "format": "binary"}
WITH_RETRY_AFTER = (
    Busy,
    StorageFull,
    TooManyFailures,
    TooManyTests,
    LineBusy,
    Blackout,
    BudgetUsedUp,
)
RETRY_AFTER: Schema = {
    "description": "Seconds until it is worth trying again",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}


async def get_document(request: Request) -> Response:
    """This API, as OpenAPI."""
    return answer(request.app.openapi())


def document(app: FastAPI, routes: dict[str, list[Route]]) -> Schema:
    """The whole document for routes by their full paths; made once, then kept on the app."""
    if app.openapi_schema is None:
        made = get_openapi(title=TITLE, version=VERSION, description=ABOUT, routes=app.routes)
        schemas, components = _schemas(routes)
        security = {"bearer": {"type": "http", "scheme": "bearer"}}
        made["components"] = {"schemas": components, "securitySchemes": security}
        for path, operations in made["paths"].items():
            for route in routes[path]:
                if route.documented:
                    _describe(operations[route.method.lower()], route, schemas)
        app.openapi_schema = made
    return app.openapi_schema


def _schemas(routes: dict[str, list[Route]]) -> tuple[dict[Any, Schema], Schema]:
    """Each message's schema, and what the schemas refer to. All are made at once, because msgspec
    gives longer names to two messages of one name."""
    used = [k for several in routes.values() for r in several for k in (r.body, r.answer)]
    kinds = [Problem, *dict.fromkeys(kind for kind in used if kind is not None)]
    schemas, components = schema_components(kinds, ref_template="#/components/schemas/{name}")
    return dict(zip(kinds, schemas, strict=True)), components


def _describe(operation: Schema, route: Route, schemas: dict[Any, Schema]) -> None:
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(schemas[route.body])}
    refusals = {kind.status: kind for kind in _refusals(operation, route)}
    operation["responses"] = {str(route.status): _success(route, schemas)} | {
        str(status): _refusal(kind, schemas[Problem]) for status, kind in sorted(refusals.items())
    }


def _success(route: Route, schemas: dict[Any, Schema]) -> Schema:
    content = {} if route.answer is None else _json(schemas[route.answer])
    content |= {media_type: {"schema": BYTES} for media_type in route.files}
    return {"description": "Success"} | ({"content": content} if content else {})


def _refusals(operation: Schema, route: Route) -> Iterator[type[CollectorError]]:
    """What a request may meet: at the door, in its body and parameters, and in the route itself."""
    yield Busy
    if route.permission is not Permission.PUBLIC:
        yield from (Unauthenticated, NotPermitted, TooManyFailures)
    if route.method not in SAFE_METHODS:
        yield from (TooSlow, TooLarge, StorageFull)
    if route.body is not None or "parameters" in operation:
        yield Invalid
    yield from route.refusals


def _refusal(kind: type[CollectorError], problem: Schema) -> Schema:
    described: Schema = {
        "description": f"{kind.title}. {cleandoc(kind.__doc__ or '')}",
        "content": {"application/problem+json": {"schema": problem}},
    }
    if kind in WITH_RETRY_AFTER:
        described["headers"] = {"Retry-After": RETRY_AFTER}
    return described


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


ROUTES = (
    Route(
        method="GET",
        path="/openapi.json",
        endpoint=get_document,
        permission=Permission.PUBLIC,
        documented=False,
    ),
)
