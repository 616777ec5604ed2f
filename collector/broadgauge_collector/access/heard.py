"""Noting when agents were last heard, now and then: a control write for every batch would make
ingest wait for a second disk. Falling asleep and waking are noted at once."""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy import Connection

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


class Said(Struct, frozen=True):
    """What an agent says of itself beside results."""

    version: str
    spooled_results: int | None
    dropped_results: tuple[DroppedResults, ...]
    damaged_results: int
    clock_offset_seconds: float | None


class Note(Struct, frozen=True):
    """What an agent said, to be kept."""

    agent_id: UUID
    at: datetime
    what: Said
    asleep: bool


class Heard:
    """When each agent was last noted, in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._noted: dict[tuple[UUID, Occasion], float] = {}
        self._waiting: list[Note] = []
        self._writing = asyncio.Lock()

    def due(self, agent: Agent, occasion: Occasion) -> bool:
        """Whether to note this agent now; if so, not again for a while."""
        now = self._clock()
        noted = self._noted.get((agent.id, occasion))
        turned = (occasion == "asleep") != (agent.asleep_since is not None)
        if noted is not None and now - noted < EVERY_SECONDS and not turned:
            return False
        self._noted[agent.id, occasion] = now
        return True

    async def note(
        self, services: Services, agent: Agent, what: Said, *, asleep: bool = False
    ) -> None:
        """Keep it, with the moment. What the agent is answered doesn't hang on it. What comes while
        others' is written is written together: after an outage thousands come back at once."""
        self._waiting.append(Note(agent.id, services.now(), what, asleep))
        async with self._writing:
            notes, self._waiting = self._waiting, []
            if not notes:
                return
            try:
                await services.write_notes(lambda c: _written(c, notes))
            except CollectorError as error:
                log.warning("agents_not_noted", agents=len(notes), why=error.detail)
            for each in notes:
                services.known_agents.forget(each.agent_id)


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
        damaged_results=spool.damaged_results,
        clock_offset_seconds=spool.clock_offset_seconds,
    )


def _written(c: Connection, notes: Iterable[Note]) -> None:
    for note in notes:
        what = note.what
        if note.asleep:
            note_asleep(c, note.agent_id, note.at, what.version)
        else:
            note_heard(
                c,
                note.agent_id,
                note.at,
                what.version,
                what.spooled_results,
                what.dropped_results,
                what.damaged_results,
                what.clock_offset_seconds,
            )
