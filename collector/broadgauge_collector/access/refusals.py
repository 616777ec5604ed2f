"""Says in the log which agents are refused: seldom, because an agent goes on asking."""

import time
from collections.abc import Callable
from uuid import UUID

import structlog

from ..errors import AgentRefused

EVERY_SECONDS = 3600.0

log = structlog.get_logger()


class Refusals:
    """When each agent was last said to be refused. All keys that aren't known count as one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[UUID | None, float] = {}

    def note(self, error: AgentRefused) -> None:
        """Log it, unless it was logged within the hour."""
        now, agent_id = self._clock(), error.agent_id
        said = self._said.get(agent_id)
        if said is not None and now - said < EVERY_SECONDS:
            return
        self._said[agent_id] = now
        log.warning("agent_refused", agent_id=str(agent_id or "unknown"), why=error.detail)
