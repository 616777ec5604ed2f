"""Whether the process lives, whether it can answer, and what it counts."""

import asyncio
from typing import Annotated

import structlog
from msgspec import Struct
from sqlalchemy import text
from starlette.responses import Response

from broadgauge_wire.fields import about

from ..access.permissions import Permission
from ..capacity.targets import DEFAULT_TARGET
from ..config import DEFAULT_DAYS
from ..errors import CollectorError
from ..metrics import CONTENT_TYPE, exposition
from ..reports import Overview, overview
from ..services import Services
from ..store import Stores
from .problems import problem
from .routing import Route, TheServices, answer

FIRST_SECONDS = 5.0
"""A scrape waits so long for verdicts: half of the time that Prometheus gives one."""

log = structlog.get_logger()


class Alive(Struct, frozen=True, kw_only=True):
    """The answer of a process that runs."""

    alive: Annotated[bool, about("Always true: the process answers")] = True


class Ready(Struct, frozen=True, kw_only=True):
    """The answer of a server that can be used."""

    ready: Annotated[bool, about("Always true: the server can be used")] = True


async def healthz() -> Response:
    """200 as long as the process answers at all."""
    return answer(Alive())


async def readyz(services: TheServices) -> Response:
    """200 once the stores answer, the dashboard has been rendered and the test server answers."""
    await services.read(_stores_answer)
    waiting = [reason for check in services.ready_checks if (reason := await check()) is not None]
    if waiting:
        return problem(503, "Not ready yet", " ".join(waiting), {"Retry-After": "1"})
    return answer(Ready())


async def metrics(services: TheServices) -> Response:
    """Prometheus exposition. Prometheus sends the bearer token (`authorization` in its config)."""
    judged = await _overview(services)
    body = await services.run(exposition, services, services.now(), judged)
    return Response(body, headers={"Content-Type": CONTENT_TYPE})


async def _overview(services: Services) -> Overview | None:
    """The one that pages show. None if the first takes too long: the next scrape has it."""
    asked = services.report(overview, DEFAULT_TARGET, DEFAULT_DAYS)
    try:
        return await asyncio.wait_for(asked, FIRST_SECONDS)
    except (TimeoutError, CollectorError) as error:
        log.warning("not_judged", why=str(error))
        return None


def _stores_answer(stores: Stores) -> None:
    with stores.control.connect() as connection:
        connection.execute(text("SELECT 1"))
    stores.results.check()


ROUTES = (
    Route(
        method="GET",
        path="/healthz",
        endpoint=healthz,
        permission=Permission.PUBLIC,
        answer=Alive,
    ),
    Route(
        method="GET",
        path="/readyz",
        endpoint=readyz,
        permission=Permission.PUBLIC,
        answer=Ready,
    ),
    Route(
        method="GET",
        path="/metrics",
        endpoint=metrics,
        permission=Permission.READ,
        documented=False,
    ),
)
