"""Who is connected, and whether one more may be."""

import asyncio
from collections import Counter
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.frames import CloseCode

from .limits import Limits
from .payload import PayloadCounter

REFUSALS_PER_CONNECTION = 2
"""Connections above a limit get a polite 503, until there are this many times the limit."""


class Admission:
    """Counts connections from the moment TCP accepts them, so silent ones count too."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._addresses: Counter[str] = Counter()
        self._admitted: set[ServerConnection] = set()
        self._connections: set[ServerConnection] = set()

    def enter(self, connection: ServerConnection, address: str) -> bool:
        """Count the connection; False if it is one too many. Those refused take nobody's place."""
        self._connections.add(connection)
        self._addresses[address] += 1
        is_admitted = (
            len(self._admitted) < self.limits.connections
            and self._addresses[address] <= self.limits.connections_per_address
        )
        if is_admitted:
            self._admitted.add(connection)
        return is_admitted

    def leave(self, connection: ServerConnection, address: str) -> None:
        """The connection is gone."""
        self._connections.discard(connection)
        self._admitted.discard(connection)
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    def is_flooded(self, address: str) -> bool:
        """Whether there are so many that even refusing politely costs too much."""
        refused = len(self._connections) - len(self._admitted)
        return (
            refused > (REFUSALS_PER_CONNECTION - 1) * self.limits.connections
            or self._addresses[address]
            > REFUSALS_PER_CONNECTION * self.limits.connections_per_address
        )

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
        self.upload: PayloadCounter | None = None
        """Set before an upload begins: from then on it takes the binary messages."""
        self._closing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it, before anything was read."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""
        self.is_admitted = self.admission.enter(self, self.address)
        if not self.is_admitted and self.admission.is_flooded(self.address):
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Count an upload's messages; everything else is for the protocol."""
        if self.upload is not None:
            data = self.upload.take(data)
            self._close_at_limit(self.upload.num_bytes)
        if data:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no more."""
        self.admission.leave(self, self.address)
        super().connection_lost(exc)

    def _close_at_limit(self, num_bytes: int) -> None:
        if self._closing is None and num_bytes > self.admission.limits.bytes_per_connection:
            words = "byte limit of this server"
            self._closing = self.loop.create_task(self.close(CloseCode.POLICY_VIOLATION, words))
