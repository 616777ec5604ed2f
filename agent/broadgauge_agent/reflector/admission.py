"""Who is connected, and whether one more may be."""

import asyncio
from collections import Counter
from typing import Any

from websockets.asyncio.server import ServerConnection

from .limits import Limits

REFUSALS_PER_CONNECTION = 2
"""Connections above the limit get a polite 503, until there are this many times the limit."""


class Admission:
    """Counts connections from the moment TCP accepts them, so silent ones count too."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._addresses: Counter[str] = Counter()
        self._connections: set[ServerConnection] = set()

    def enter(self, connection: ServerConnection, address: str) -> bool:
        """Count the connection; False if it is one too many."""
        self._connections.add(connection)
        self._addresses[address] += 1
        return (
            len(self._connections) <= self.limits.connections
            and self._addresses[address] <= self.limits.connections_per_address
        )

    def leave(self, connection: ServerConnection, address: str) -> None:
        """The connection is gone."""
        self._connections.discard(connection)
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    def is_flooded(self) -> bool:
        """Whether there are so many that even refusing politely costs too much."""
        return len(self._connections) > REFUSALS_PER_CONNECTION * self.limits.connections

    def cut_off(self) -> None:
        """End every connection now."""
        for connection in tuple(self._connections):
            connection.transport.abort()


class CountedConnection(ServerConnection):
    """A WebSocket connection that is counted for as long as its TCP connection lives."""

    def __init__(self, *args: Any, admission: Admission, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.admission = admission
        self.is_admitted = False
        self.address = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it, before anything was read."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        self.is_admitted = self.admission.enter(self, self.address)
        if self.admission.is_flooded():
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no more."""
        self.admission.leave(self, self.address)
        super().connection_lost(exc)
