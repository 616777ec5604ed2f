"""The composition root: what is wired to what stands here alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from .access.failures import FailureLimit
from .access.heard import Heard
from .access.middleware import AccessMiddleware
from .access.rules import AccessRules
from .api import problems, routes
from .api.boundary import Boundary
from .config import ServerConfig
from .errors import CannotStart
from .ingest import Ingest
from .rooms.keeping import room_tests
from .services import Services
from .store import ControlStore, DuckDBResults, Stores
from .warm import warm

__all__ = ["Services", "create_app", "open_services"]

DASHBOARD = "broadgauge.dashboard"
QUIET: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def open_services(config: ServerConfig) -> Services:
    """Open the stores in the data directory, migrated to today's tables.

    CannotStart if one of their files can't be opened.
    """
    control = ControlStore.open(config.data / "control.sqlite")
    try:
        results = DuckDBResults.open(config.data / "results" / "hot.duckdb")
    except CannotStart:
        control.close()
        raise
    stores = Stores(control, results)
    return Services(stores, Ingest(results), config)


def create_app(services: Services, *, dashboard: bool = True) -> FastAPI:
    """The application: API, pages and dashboard on one origin, behind one door.

    A dashboard is found by its entry point; its `mount(app, services)` names the permission of each
    route it adds through `app.state.access_rules`. What it leaves out is denied.
    """
    app = FastAPI(lifespan=_lifespan, openapi_url=None, telemetry=QUIET)
    app.state.services = services
    app.state.access_rules = AccessRules()
    app.state.script_hashes = ()
    app.state.heard = Heard()
    app.state.join_failures = FailureLimit()
    app.state.login_failures = FailureLimit()
    app.state.code_failures = FailureLimit()
    app.state.room_tests = room_tests(services)
    problems.install(app)
    routes.install(app)
    if dashboard:
        _mount_dashboards(app, services)
    # The last one added is the outermost: the dashboard's own middleware stays behind the door.
    app.add_middleware(
        AccessMiddleware, router=app.router, rules=app.state.access_rules, services=services
    )
    app.add_middleware(
        Boundary, metrics=services.metrics, script_hashes=lambda: app.state.script_hashes
    )
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.script_hashes = await warm(app)
    yield
    app.state.room_tests.forget()


def _mount_dashboards(app: FastAPI, services: Services) -> None:
    for entry in entry_points(group=DASHBOARD):
        mount: Any = entry.load()
        mount(app, services)
