"""Noting when agents were last heard, now and then: a control write for every batch would make
ingest wait for a second disk."""

import time
from collections.abc import Callable
from typing import Literal
from uuid import UUID

import structlog
from msgspec import Struct

from ..errors import CollectorError
from ..ingest.decode import decode_batch, decode_body
from ..schools.model import Agent
from ..services import Services
from .agents import note_heard

EVERY_SECONDS = 30.0
PRODUCT = "broadgauge-agent/"
MAX_VERSION = 50

log = structlog.get_logger()

Occasion = Literal["batch", "settings"]


class Heard:
    """When each agent was last noted, in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._noted: dict[tuple[UUID, Occasion], float] = {}

    def due(self, agent_id: UUID, occasion: Occasion) -> bool:
        """Whether to note this agent now; if so, not again for a while."""
        now = self._clock()
        noted = self._noted.get((agent_id, occasion))
        if noted is not None and now - noted < EVERY_SECONDS:
            return False
        self._noted[agent_id, occasion] = now
        return True


class Said(Struct, frozen=True):
    """What an agent says of itself beside results."""

    version: str
    spooled_results: int | None


def said(agent: Agent, user_agent: str, spooled_results: int | None) -> Said:
    """The version from the User-Agent; what is known already where it says none."""
    version = user_agent.removeprefix(PRODUCT)[:MAX_VERSION]
    tells = user_agent.startswith(PRODUCT) and version and version.isprintable()
    return Said(version if tells else agent.version, spooled_results)


def spooled_results(body: bytes, encoding: str | None) -> int | None:
    """What a batch that was taken in says of its agent's spool."""
    return decode_batch(decode_body(body, encoding)).spooled_results


async def note(services: Services, agent: Agent, what: Said) -> None:
    """Keep it, with the moment. What the agent is answered doesn't hang on it."""
    try:
        await services.write(
            note_heard, agent.id, services.now(), what.version, what.spooled_results
        )
    except CollectorError as error:
        log.warning("agent_not_noted", agent_id=str(agent.id), why=error.detail)
