"""Agents whose keys were looked up a moment ago: one that sends batch after batch is known.

What was found holds while nothing is written to the control database here, so an agent that is
shut out is out at once; and for a moment only, since other collectors may write to it as well.
"""

import time
from collections.abc import Callable
from uuid import UUID

from msgspec import Struct

from ..schools.model import Agent
from .secrets import hash_of

SECONDS = 2.0
MOST = 10_000
"""Of agents known at one time; beyond it all are looked up again."""


class _Known(Struct, frozen=True):
    agent: Agent
    writes: int
    until: float


class KnownAgents:
    """By the hashes of their keys; `writes` counts what was written to the control database."""

    def __init__(
        self, writes: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.writes = writes
        self._clock = clock
        self._known: dict[bytes, _Known] = {}
        self._hashes: dict[UUID, bytes] = {}

    def find(self, key: str) -> Agent | None:
        """The agent with this key; None if it has to be looked up."""
        known = self._known.get(hash_of(key))
        if known is None or known.writes != self.writes() or known.until < self._clock():
            return None
        return known.agent

    def note(self, key: str, agent: Agent, writes: int) -> None:
        """Keep what was found where `writes` had been counted before it was looked up."""
        if len(self._known) >= MOST:
            self._known.clear()
            self._hashes.clear()
        hashed = self._hashes[agent.id] = hash_of(key)
        self._known[hashed] = _Known(agent, writes, self._clock() + SECONDS)

    def forget(self, agent_id: UUID) -> None:
        """What is known of it has changed."""
        hashed = self._hashes.pop(agent_id, None)
        if hashed is not None:
            self._known.pop(hashed, None)
