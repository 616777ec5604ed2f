"""Slots: agents ask before they load a line, and say when they are done."""

from typing import Annotated
from uuid import UUID

from fastapi import Path
from starlette.responses import Response

from broadgauge_wire import SlotAnswer, SlotEnd, SlotRequest

from ..access.permissions import Permission
from ..errors import Blackout, BudgetUsedUp, CollectorError, Invalid, LineBusy, NotFound
from ..plan.slots import end_slot, give_slot
from .agents import agent_of
from .routing import Route, ThePrincipal, TheServices, answer, body_of

BODY_BYTES = 4 * 1024
ANSWERS: dict[type[CollectorError], str] = {
    LineBusy: "line_busy",
    Blackout: "blackout",
    BudgetUsedUp: "budget_used_up",
}


async def post_slot(
    services: TheServices,
    principal: ThePrincipal,
    wish: Annotated[SlotRequest, body_of(SlotRequest)],
) -> Response:
    """Ask for a slot: permission for one test to load its line. It is kept before the answer goes
    out, with the bytes that the test may cost. `Retry-After` says when it is worth asking again."""
    agent = agent_of(principal)
    try:
        given = await services.write_notes(give_slot, agent, wish, services.now())
    except CollectorError as error:
        services.metrics.slot(ANSWERS.get(type(error), "failed"))
        raise
    services.metrics.slot("given")
    return answer(given)


async def post_slot_end(
    services: TheServices,
    principal: ThePrincipal,
    slot_id: Annotated[UUID, Path(description="The slot's id")],
    said: Annotated[SlotEnd, body_of(SlotEnd)],
) -> Response:
    """Say that the test of a slot is over and what it cost. Until then, it counts as having cost
    all that was set aside for it."""
    await services.write_notes(end_slot, agent_of(principal), slot_id, said, services.now())
    return Response(status_code=204)


ROUTES = (
    Route(
        method="POST",
        path="/slots",
        endpoint=post_slot,
        permission=Permission.AGENT,
        body=SlotRequest,
        answer=SlotAnswer,
        max_body_bytes=BODY_BYTES,
        refusals=(LineBusy, Invalid, Blackout),
    ),
    Route(
        method="POST",
        path="/slots/{slot_id}/end",
        endpoint=post_slot_end,
        permission=Permission.AGENT,
        body=SlotEnd,
        status=204,
        max_body_bytes=BODY_BYTES,
        refusals=(NotFound,),
    ),
)
