"""Noting when agents were last heard, now and then: a control write for every batch would make
ingest wait for a second disk. Falling asleep and waking are noted at once."""

import time
from collections.abc import Callable
from typing import Literal
from uuid import UUID

import structlog
from msgspec import Struct

from broadgauge_wire import DroppedResults

from ..errors import CollectorError
from ..ingest.ingest import Taken
from ..schools.model import Agent
from ..services import Services
from .agents import note_asleep, note_heard

EVERY_SECONDS = 30.0
PRODUCT = "broadgauge-agent/"
MAX_VERSION = 50

log = structlog.get_logger()

Occasion = Literal["batch", "settings", "asleep"]


class Heard:
    """When each agent was last noted, in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._noted: dict[tuple[UUID, Occasion], float] = {}

    def due(self, agent: Agent, occasion: Occasion) -> bool:
        """Whether to note this agent now; if so, not again for a while."""
        now = self._clock()
        noted = self._noted.get((agent.id, occasion))
        turned = (occasion == "asleep") != (agent.asleep_since is not None)
        if noted is not None and now - noted < EVERY_SECONDS and not turned:
            return False
        self._noted[agent.id, occasion] = now
        return True


class Said(Struct, frozen=True):
    """What an agent says of itself beside results."""

    version: str
    spooled_results: int | None
    dropped_results: tuple[DroppedResults, ...]
    clock_offset_seconds: float | None


def said(agent: Agent, user_agent: str, taken: Taken | None = None) -> Said:
    """The version from the User-Agent, and a batch's word of the spool and of the clock; what is
    known already where it says none."""
    version = user_agent.removeprefix(PRODUCT)[:MAX_VERSION]
    tells = user_agent.startswith(PRODUCT) and version and version.isprintable()
    spool = taken or agent
    return Said(
        version=version if tells else agent.version,
        spooled_results=spool.spooled_results,
        dropped_results=spool.dropped_results,
        clock_offset_seconds=spool.clock_offset_seconds,
    )


async def note(services: Services, agent: Agent, what: Said, *, asleep: bool = False) -> None:
    """Keep it, with the moment. What the agent is answered doesn't hang on it."""
    now = services.now()
    try:
        if asleep:
            await services.write(note_asleep, agent.id, now, what.version)
        else:
            await services.write(
                note_heard,
                agent.id,
                now,
                what.version,
                what.spooled_results,
                what.dropped_results,
                what.clock_offset_seconds,
            )
    except CollectorError as error:
        log.warning("agent_not_noted", agent_id=str(agent.id), why=error.detail)
