"""What an agent is to do."""

from starlette.responses import Response

from broadgauge_wire import Plan

from ..access.permissions import Permission
from ..reports.plans import plan_for, planned
from .agents import agent_of
from .routing import Route, ThePrincipal, TheServices, answer


async def get_plan(services: TheServices, principal: ThePrincipal) -> Response:
    """When the agent that asks makes heavy tests in the coming days."""
    agent = agent_of(principal)
    found = await services.report(planned)
    return answer(await services.run(plan_for, found, agent, services.now()))


ROUTES = (
    Route(method="GET", path="/plan", endpoint=get_plan, permission=Permission.AGENT, answer=Plan),
)
