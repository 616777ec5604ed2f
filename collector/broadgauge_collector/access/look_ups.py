"""Agents' keys, looked up together: after an outage thousands come back at once, and a look-up for
each took most of the time in which one is turned away."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from ..schools.model import Agent

MOST = 500
"""Keys in one question: databases take some thousand."""

Ask = Callable[[frozenset[str]], Awaitable[Mapping[str, Agent]]]


class LookUps:
    """Asks one question at a time; whoever comes meanwhile shares the next."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._asking = asyncio.Lock()
        self._next: tuple[set[str], asyncio.Task[Mapping[str, Agent]]] | None = None

    async def find(self, key: str) -> Agent | None:
        """The agent with this key, as the database has it after this is called."""
        if self._next is None or len(self._next[0]) >= MOST:
            keys = set[str]()
            self._next = keys, asyncio.create_task(self._find(keys))
        keys, found = self._next
        keys.add(key)
        # Whoever gives up waiting does so alone.
        return (await asyncio.shield(found)).get(key)

    async def _find(self, keys: set[str]) -> Mapping[str, Agent]:
        async with self._asking:
            if self._next is not None and self._next[0] is keys:
                self._next = None
            return await self._ask(frozenset(keys))
