"""What routes and pages work with: the stores behind a bounded thread pool, and the clock.

A store call on the event loop would hold up ingest for everybody, so none is made there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from .access.agents import find_agents
from .access.known_agents import KnownAgents
from .access.look_ups import LookUps
from .config import ServerConfig
from .ingest import Ingest
from .metrics import Metrics
from .recent import Recent
from .store import Stores

P = ParamSpec("P")
T = TypeVar("T")
ReadyCheck = Callable[[], Awaitable[str | None]]

CONTROL_THREADS = 4
"""Look-ups by an index and short transactions: more would only queue inside SQLite."""


class Services:
    """Everything the application needs, opened by `open_services` and closed by `close`."""

    def __init__(self, stores: Stores, ingest: Ingest, config: ServerConfig) -> None:
        self.stores = stores
        self.ingest = ingest
        self.config = config
        self.metrics = Metrics()
        self.known_agents = KnownAgents(lambda: stores.control.writes)
        self.look_ups = LookUps(lambda keys: self.look_up(find_agents, keys))
        self.ready_checks: list[ReadyCheck] = []
        self._recent = Recent()
        self._pool = ThreadPoolExecutor(config.store_threads, thread_name_prefix="store")
        # Apart from the slow questions, or whoever sends results would wait for them at the door.
        self._control_pool = ThreadPoolExecutor(CONTROL_THREADS, thread_name_prefix="control")

    async def read(
        self, function: Callable[Concatenate[Stores, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`function(stores, ...)` in the pool: reports and results."""
        return await _run(self._pool, partial(function, self.stores, *args, **kwargs))

    async def report(self, function: Callable[..., T], *args: Hashable) -> T:
        """`function(stores, *args, now)` in the pool. What takes long may be a recent answer: it
        says itself as of when, and is never from before an edit that was made here."""

        async def work_out() -> T:
            return await self.read(function, *args, self.now())

        found: T = await self._recent.get((self.stores.control.writes, function, args), work_out)
        return found

    async def look_up(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`function(connection, ...)` in the control pool, on a connection that only reads."""

        def run() -> T:
            with self.stores.control.connect() as connection:
                return function(connection, *args, **kwargs)

        return await _run(self._control_pool, run)

    async def write(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`function(connection, ...)` in the control pool, in one transaction."""

        def run() -> T:
            with self.stores.control.begin() as connection:
                return function(connection, *args, **kwargs)

        return await _run(self._control_pool, run)

    async def write_notes(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `write`, for what changes nobody's access: agents that are known stay so."""

        def run() -> T:
            with self.stores.control.begin(changes_access=False) as connection:
                return function(connection, *args, **kwargs)

        return await _run(self._control_pool, run)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Any other slow function, such as writing an export, in the pool."""
        return await _run(self._pool, partial(function, *args, **kwargs))

    def now(self) -> datetime:
        """The collector's clock, UTC."""
        return datetime.now(UTC)

    def close(self) -> None:
        """Commit what waits, give up questions that nobody waits for, and close the stores."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._control_pool.shutdown()
        self.ingest.close()
        self.stores.results.close()  # which interrupts the questions still being asked
        self._pool.shutdown()
        self.stores.control.close()


async def _run(pool: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, _in_this_context(call))


def _in_this_context(call: Callable[[], T]) -> Callable[[], T]:
    context: Any = copy_context()
    return lambda: context.run(call)
