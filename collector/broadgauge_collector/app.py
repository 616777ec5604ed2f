"""The composition root: what is wired to what stands here alone."""

import asyncio
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
from .config import CONTROL_FILE, ServerConfig
from .errors import CannotStart
from .group_tests import GroupTests
from .imports.worker import Imports
from .ingest import Ingest
from .rooms.keeping import room_tests
from .services import Services
from .store import ClickHouseResults, ControlStore, DuckDBResults, ResultStore, Stores
from .upkeep.worker import Upkeep
from .warm import keep_overview, warm

__all__ = ["Services", "create_app", "open_services"]

DASHBOARD = "broadgauge.dashboard"
QUIET: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def open_services(config: ServerConfig) -> Services:
    """Open the stores, migrated to today's tables.

    CannotStart if one of them can't be opened.
    """
    control = open_control(config)
    try:
        results = open_results(config, control)
    except CannotStart:
        control.close()
        raise
    stores = Stores(control, results)
    return Services(stores, Ingest(results), config)


def open_control(config: ServerConfig) -> ControlStore:
    """Control data where the configuration says it is."""
    if config.control_url is not None:
        return ControlStore.connect_to(config.control_url)
    return ControlStore.open(config.data / CONTROL_FILE)


def open_results(config: ServerConfig, control: ControlStore) -> ResultStore:
    """Results where the configuration says they are."""
    if config.results_url is not None:
        return ClickHouseResults.open(config.results_url, control)
    return DuckDBResults.open(config.data / "results" / "hot.duckdb")


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
    app.state.upkeep = Upkeep(services)
    app.state.imports = Imports(services)
    app.state.group_tests = GroupTests(services)
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
    keeping = asyncio.create_task(keep_overview(app.state.services))
    grouping = asyncio.create_task(app.state.group_tests.live())
    yield
    grouping.cancel()
    keeping.cancel()
    app.state.room_tests.forget()
    await app.state.imports.stop()
    await app.state.upkeep.stop()


def _mount_dashboards(app: FastAPI, services: Services) -> None:
    for entry in entry_points(group=DASHBOARD):
        mount: Any = entry.load()
        mount(app, services)
