"""Every route of the API, and the 404 that stands before the dashboard's catch-all."""

from collections import defaultdict

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from broadgauge_wire.spec import API_PREFIX

from ..access.permissions import Permission
from . import (
    agent_settings,
    agents,
    applications,
    audit,
    calendars,
    changes,
    coverage,
    demand,
    device_signals,
    devices,
    groups,
    health,
    imports,
    links,
    measure,
    networks,
    openapi,
    percentiles,
    plan,
    readers,
    readiness,
    reflectors,
    refresh,
    refused,
    repair_statistics,
    repairs,
    results,
    room_surveys,
    rooms,
    schools,
    seats,
    session,
    sheets,
    sinks,
    slots,
    tokens,
    upkeep,
    verdicts,
    week,
)
from .routing import Route, register

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

API_ROUTES = (
    *agents.ROUTES,
    *schools.ROUTES,
    *calendars.ROUTES,
    *links.ROUTES,
    *reflectors.ROUTES,
    *networks.ROUTES,
    *agent_settings.ROUTES,
    *results.ROUTES,
    *percentiles.ROUTES,
    *refused.ROUTES,
    *verdicts.ROUTES,
    *audit.ROUTES,
    *changes.ROUTES,
    *week.ROUTES,
    *seats.ROUTES,
    *demand.ROUTES,
    *coverage.ROUTES,
    *plan.ROUTES,
    *tokens.ROUTES,
    *readers.ROUTES,
    *rooms.ROUTES,
    *room_surveys.ROUTES,
    *upkeep.ROUTES,
    *sinks.ROUTES,
    *slots.ROUTES,
    *groups.ROUTES,
    *devices.ROUTES,
    *device_signals.ROUTES,
    *applications.ROUTES,
    *repairs.ROUTES,
    *repair_statistics.ROUTES,
    *imports.ROUTES,
    *readiness.ROUTES,
    *refresh.ROUTES,
    *openapi.ROUTES,
)
OTHER_ROUTES = (*health.ROUTES, *session.ROUTES, *measure.ROUTES, *sheets.ROUTES)


def install(app: FastAPI) -> None:
    """Put every route on the app. The dashboard comes after."""
    by_path: dict[str, list[Route]] = defaultdict(list)
    for prefix, routes in ((API_PREFIX, API_ROUTES), ("", OTHER_ROUTES)):
        for route in routes:
            register(app, route, prefix)
            by_path[prefix + route.path].append(route)
    for method in METHODS:
        register(app, _nothing_here(method), prefix="")
    app.openapi = lambda: openapi.document(app, by_path)  # type: ignore[method-assign]


async def nothing_here(request: Request) -> Response:
    """404 under /api, or 405 where another method would do: never the dashboard's page."""
    allowed: set[str] = set()
    for route in request.app.routes:
        if route.path.startswith("/api/v") and route.matches(request.scope)[0] is Match.PARTIAL:
            allowed |= route.methods
    if allowed:
        raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
    raise HTTPException(404, "There is nothing at this address. See /api/v1/openapi.json")


def _nothing_here(method: str) -> Route:
    return Route(
        method=method,
        path="/api/{rest:path}",
        endpoint=nothing_here,
        permission=Permission.PUBLIC,
        documented=False,
    )
