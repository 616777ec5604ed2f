"""The OpenAPI document, put together from the routes and the types of their messages."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from msgspec.json import schema_components
from starlette.requests import Request
from starlette.responses import Response

from broadgauge_wire import Problem

from ..access.permissions import Permission
from ..version import VERSION
from .routing import Route, answer

TITLE = "broadgauge"
ABOUT = """What schools' networks really deliver, and whether that is enough.

Send `Authorization: Bearer` with an API token (agents: with their key). Every fault is a problem of
RFC 9457. Times are UTC, rates in bit/s, and what is unknown is null."""

Schema = dict[str, Any]


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
    problem = {"application/problem+json": {"schema": schemas[Problem]}}
    success: Schema = {"description": "Success"}
    if route.answer is not None:
        success["content"] = _json(schemas[route.answer])
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(schemas[route.body])}
    operation["responses"] = {
        str(route.status): success,
        "default": {"description": "What is wrong", "content": problem},
    }


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
