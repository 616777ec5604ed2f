"""What agents say (join, batches, settings, asleep), and what is known of agents."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import Path, Query
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from broadgauge_wire import (
    Asleep,
    Batch,
    BatchAnswer,
    ForkRequest,
    JoinAnswer,
    JoinRequest,
    Lane,
    Settings,
)
from broadgauge_wire.spec import MAX_COMPRESSED_BYTES

from ..access.access_keys import settings_with_tokens
from ..access.agents import list_agents, revoke_agent
from ..access.failures import FailureLimit
from ..access.fork import fork
from ..access.heard import said
from ..access.join import join
from ..access.middleware import address_of, too_many_failures
from ..access.permissions import Permission, Principal
from ..errors import (
    CollectorError,
    Conflict,
    NotFound,
    NotPermitted,
    TooManyCopies,
    TooManyFailures,
    Unauthenticated,
    Unreadable,
    UnsupportedEncoding,
)
from ..schools.model import Agent
from ..services import Services
from .routing import Route, ThePrincipal, TheServices, answer, body_of

JOIN_BODY_BYTES = 8 * 1024
ASLEEP_BODY_BYTES = 256
log = structlog.get_logger()


async def post_join(
    request: Request,
    services: TheServices,
    wish: Annotated[JoinRequest, body_of(JoinRequest)],
) -> Response:
    """Exchange a join token for an agent id and a key. The key is said once."""
    try:
        joined = await services.write(join, wish, services.now())
    except CollectorError as error:
        failures: FailureLimit = request.app.state.join_failures
        is_theirs = error.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if is_theirs and failures.exceeded(address_of(request.scope)):
            return too_many_failures()
        log.warning("join_refused", why=error.detail)
        raise
    log.info("agent_joined", agent_id=str(joined.agent_id), school=joined.school)
    return answer(joined)


async def post_batch(request: Request, services: TheServices, principal: ThePrincipal) -> Response:
    """Keep a batch of results. The answer comes after the commit and names the batch.

    `Date` is the agent's clock, and `Broadgauge-Lane` the batch's lane: where too much waits, the
    batch is refused before its body is read."""
    agent = agent_of(principal)
    headers = request.headers
    body = await request.body()
    taken = await services.ingest.submit(
        agent,
        body,
        headers.get("content-encoding"),
        services.now(),
        date=headers.get("date"),
        lane=_lane(headers),
    )
    if request.app.state.heard.due(agent, "batch"):
        what = said(agent, _user_agent(request), taken)
        await request.app.state.heard.note(services, agent, what)
    return answer(taken.answer)


async def get_settings(
    request: Request, services: TheServices, principal: ThePrincipal
) -> Response:
    """What the agent that asks should know: where it may measure, to which test servers, and how
    often."""
    agent = agent_of(principal)
    if request.app.state.heard.due(agent, "settings"):
        await request.app.state.heard.note(services, agent, said(agent, _user_agent(request)))
    return await _settings(services, agent)


async def post_asleep(
    request: Request,
    services: TheServices,
    principal: ThePrincipal,
    _nothing: Annotated[Asleep, body_of(Asleep)],
) -> Response:
    """Say that this agent is away from school networks. Where it is, is neither said nor kept."""
    agent = agent_of(principal)
    if request.app.state.heard.due(agent, "asleep"):
        what = said(agent, _user_agent(request))
        await request.app.state.heard.note(services, agent, what, asleep=True)
    return await _settings(services, agent)


async def post_fork(
    services: TheServices,
    principal: ThePrincipal,
    wish: Annotated[ForkRequest, body_of(ForkRequest)],
) -> Response:
    """Become an agent of one's own on a machine whose spool is a copy of this agent's. The key is
    said once."""
    forked = await services.write(fork, agent_of(principal), wish, services.now())
    log.info("agent_forked", agent_id=str(forked.agent_id), forked_from=principal.id)
    return answer(forked)


async def get_agents(services: TheServices) -> Response:
    """All agents, revoked ones too."""
    return answer(await services.look_up(list_agents))


async def post_revoke(
    services: TheServices,
    agent_id: Annotated[UUID, Path(description="The agent's id")],
    copies: Annotated[bool, Query(description="Its copies, and theirs, as well")] = False,
) -> Response:
    """Shut an agent out for good. What it measured stays."""
    revoked = await services.write(revoke_agent, agent_id, services.now(), with_copies=copies)
    log.info("agent_revoked", agent_id=str(agent_id), copies=copies)
    return answer(revoked)


async def _settings(services: Services, agent: Agent) -> Response:
    told = await services.look_up(
        settings_with_tokens, school_id=agent.school_id, agent_id=agent.id, now=services.now()
    )
    return answer(told)


def agent_of(principal: Principal) -> Agent:
    if principal.agent is None:
        raise NotPermitted("Only an agent may ask this.")
    return principal.agent


def _has_room(services: Services, headers: Headers) -> None:
    services.ingest.admit(_lane(headers))


def _lane(headers: Headers) -> Lane:
    return "backlog" if headers.get("broadgauge-lane") == "backlog" else "live"


def _user_agent(request: Request) -> str:
    return request.headers.get("user-agent", "")


ROUTES = (
    Route(
        method="POST",
        path="/join",
        endpoint=post_join,
        permission=Permission.PUBLIC,
        body=JoinRequest,
        answer=JoinAnswer,
        max_body_bytes=JOIN_BODY_BYTES,
        refusals=(Unauthenticated, NotPermitted, Conflict, TooManyFailures),
    ),
    Route(
        method="POST",
        path="/batches",
        endpoint=post_batch,
        permission=Permission.AGENT,
        body=Batch,
        answer=BatchAnswer,
        max_body_bytes=MAX_COMPRESSED_BYTES,
        admit=_has_room,
        refusals=(Unreadable, Conflict, UnsupportedEncoding),
    ),
    Route(
        method="POST",
        path="/agents/fork",
        endpoint=post_fork,
        permission=Permission.AGENT,
        body=ForkRequest,
        answer=JoinAnswer,
        max_body_bytes=JOIN_BODY_BYTES,
        refusals=(Conflict, TooManyCopies),
    ),
    Route(
        method="GET",
        path="/settings",
        endpoint=get_settings,
        permission=Permission.AGENT,
        answer=Settings,
    ),
    Route(
        method="POST",
        path="/asleep",
        endpoint=post_asleep,
        permission=Permission.AGENT,
        body=Asleep,
        answer=Settings,
        max_body_bytes=ASLEEP_BODY_BYTES,
    ),
    Route(
        method="GET",
        path="/agents",
        endpoint=get_agents,
        permission=Permission.READ,
        answer=tuple[Agent, ...],
    ),
    Route(
        method="POST",
        path="/agents/{agent_id}/revoke",
        endpoint=post_revoke,
        permission=Permission.MANAGE,
        answer=Agent,
        refusals=(NotFound,),
    ),
)
