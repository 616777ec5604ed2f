"""Who is connected, and whether one more may be. Every connection's thread asks."""

import threading
from collections import Counter

from .access import Access, Grant, Refusal
from .connection import Connection
from .limits import Limits

REFUSALS_PER_CONNECTION = 2
"""Connections above a limit get a polite 503, until there are this many times the limit."""


class Admission:
    """Counts connections from the moment TCP accepts them, so silent ones count too."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._addresses: Counter[str] = Counter()
        self._admitted: set[Connection] = set()
        self._connections: set[Connection] = set()

    def enter(self, connection: Connection, address: str) -> bool:
        """Count the connection; False if it is one too many. Those refused take nobody's place."""
        with self._lock:
            self._connections.add(connection)
            self._addresses[address] += 1
            is_admitted = (
                len(self._admitted) < self.limits.connections
                and self._addresses[address] <= self.limits.connections_per_address
            )
            if is_admitted:
                self._admitted.add(connection)
            return is_admitted

    def leave(self, connection: Connection, address: str) -> None:
        """The connection is gone."""
        with self._lock:
            self._connections.discard(connection)
            self._admitted.discard(connection)
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def is_flooded(self, address: str) -> bool:
        """Whether there are so many that even refusing politely costs too much."""
        with self._lock:
            refused = len(self._connections) - len(self._admitted)
            return (
                refused > (REFUSALS_PER_CONNECTION - 1) * self.limits.connections
                or self._addresses[address]
                > REFUSALS_PER_CONNECTION * self.limits.connections_per_address
            )

    def cut_off(self) -> None:
        """End every connection now."""
        with self._lock:
            connections = tuple(self._connections)
        for connection in connections:
            connection.cut_off()


class Door:
    """Lets tests in, one thread at a time: those who keep the accounts know of no threads."""

    def __init__(self, access: Access, limits: Limits) -> None:
        self._access = access
        self._limits = limits
        self._lock = threading.Lock()

    def admit(self, target: str, address: str) -> "Meter | Refusal":
        """Whether whoever is at `address` may test; `target` is the request's path with query."""
        with self._lock:
            verdict = self._access.admit(target, address)
        if isinstance(verdict, Refusal):
            return verdict
        return Meter(verdict, self._lock, self._limits.bytes_per_connection)


class Meter:
    """Counts what one admitted test moves. Leave it (`with`) when the transfer has ended."""

    def __init__(self, grant: Grant, lock: threading.Lock, max_bytes: int) -> None:
        self._grant = grant
        self._lock = lock
        self._max_bytes = max_bytes
        self._num_bytes = 0
        self.is_used_up = False
        """The test has to end: its own limit, or what is left for tests like it, is reached."""

    def __enter__(self) -> "Meter":
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._grant.end()

    def take(self, num_bytes: int) -> None:
        """Count bytes that were moved."""
        self._num_bytes += num_bytes
        with self._lock:
            has_left = self._grant.take(num_bytes)
        self.is_used_up = not has_left or self._num_bytes >= self._max_bytes
