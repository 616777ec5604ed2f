"""Who is connected, and whether one more may be. Every connection's thread asks."""

import threading
import time
from collections.abc import Iterable
from http import HTTPStatus

from .access import Access
from .answers_to_tests import Grant, Occupied, Refusal
from .connection import Connection
from .limits import Limits
from .slot_book import SlotGrant

HANDOVER_SECONDS = 3.0
"""How long a test waits for the one before it to close. It was told to, and had its time."""

WAITING_PER_PLACE = 1
"""Connections above a limit wait for a polite 503, this many for each one within it."""

STILL_CLOSING = Refusal(
    status=HTTPStatus.TOO_MANY_REQUESTS,
    words="The test before this one is still closing its connections. Try again in a second.",
    retry_after_seconds=1,
)


class Admission:
    """Counts connections from the moment TCP accepts them, so silent ones count too.

    Where `keeps_places`, half of the places are kept for those who show a token. Who will is not
    known before a request was read: until then everybody has one of the other half, or waits.
    """

    def __init__(self, limits: Limits, *, keeps_places: bool) -> None:
        self.limits = limits
        self._open_places = limits.connections // (2 if keeps_places else 1)
        self._lock = threading.Lock()
        self._strangers: set[Connection] = set()
        self._known: set[Connection] = set()
        self._waiting: dict[Connection, None] = {}
        """Those without a place, the first to come first."""

    def enter(self, connection: Connection) -> None:
        """Count the connection, and give it a place or let it wait for its refusal.

        Of too many that wait the longest is cut off: whoever has a token soon shows it.
        """
        with self._lock:
            if self._has_open_place(connection.sender):
                self._strangers.add(connection)
            else:
                self._waiting[connection] = None
            excess = self._excess(connection.sender)
            if excess:
                self._forget(excess)
        if excess:
            excess.cut_off()

    def vouch(self, connection: Connection) -> None:
        """The connection has shown a good token: give it a place of those kept for such."""
        with self._lock:
            if self._has_kept_place(connection):
                self._forget(connection)
                self._known.add(connection)

    def has_place(self, connection: Connection) -> bool:
        """Whether the connection may ask for anything."""
        with self._lock:
            return connection in self._strangers or connection in self._known

    def leave(self, connection: Connection) -> None:
        """The connection is gone."""
        with self._lock:
            self._forget(connection)

    def cut_off(self) -> None:
        """End every connection now."""
        with self._lock:
            connections = (*self._strangers, *self._known, *self._waiting)
        for connection in connections:
            connection.cut_off()

    def _has_open_place(self, sender: str) -> bool:
        placed = self._strangers | self._known
        return (
            len(self._strangers) < self._open_places
            and len(placed) < self.limits.connections
            and len(_of(sender, placed)) < self.limits.connections_per_address
        )

    def _has_kept_place(self, connection: Connection) -> bool:
        known = self._known - {connection}
        placed = known | self._strangers - {connection}
        return (
            len(placed) < self.limits.connections
            and len(_of(connection.sender, known)) < self.limits.connections_per_address
        )

    def _excess(self, sender: str) -> Connection | None:
        alike = _of(sender, self._waiting)
        if len(alike) > WAITING_PER_PLACE * self.limits.connections_per_address:
            return alike[0]
        if len(self._waiting) > WAITING_PER_PLACE * self.limits.connections:
            return next(iter(self._waiting))
        return None

    def _forget(self, connection: Connection) -> None:
        self._strangers.discard(connection)
        self._known.discard(connection)
        self._waiting.pop(connection, None)


class Door:
    """Lets tests in, one thread at a time: those who keep the accounts know of no threads."""

    def __init__(self, access: Access, limits: Limits) -> None:
        self._access = access
        self._limits = limits
        self._changed = threading.Condition()
        """Notified when a test has ended."""

    @property
    def has_key(self) -> bool:
        """Whether tokens count for anything here."""
        return self._access.has_key

    def knows(self, target: str) -> bool:
        """Whether a good token is shown; `target` is the request's path with query."""
        return self._access.knows(target)

    def admit(self, target: str, connection: Connection) -> "Meter | Refusal":
        """Whether whoever is connected may test; `target` is the request's path with query."""
        ends_at = time.monotonic() + HANDOVER_SECONDS
        with self._changed:
            verdict = self._access.admit(target, connection.sender)
            while isinstance(verdict, Occupied):
                if not self._changed.wait(ends_at - time.monotonic()):
                    return STILL_CLOSING
                verdict = self._access.admit(target, connection.sender)
            if isinstance(verdict, SlotGrant):
                verdict.cut = connection.cut_off
                connection.hurry(verdict.seconds_left)
        if isinstance(verdict, Refusal):
            return verdict
        return Meter(verdict, self._changed, connection, self._limits.bytes_per_connection)


class Meter:
    """Counts what one admitted test moves. Leave it (`with`) when the transfer has ended; what
    comes late is still counted."""

    def __init__(
        self, grant: Grant, changed: threading.Condition, connection: Connection, max_bytes: int
    ) -> None:
        self._grant = grant
        self._changed = changed
        self._connection = connection
        self._max_bytes = max_bytes
        self._has_none_left = False

    @property
    def is_used_up(self) -> bool:
        """The test has to end: its connection's limit, or what is left for tests like it, is
        reached, or its slot is over."""
        return self._has_none_left or self._grant.is_over

    def __enter__(self) -> "Meter":
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._grant.end()
            self._changed.notify_all()

    def take(self, num_bytes: int) -> None:
        """Count bytes that were moved."""
        self._connection.moved_bytes += num_bytes
        with self._changed:
            has_left = self._grant.take(num_bytes)
        self._has_none_left = not has_left or self._connection.moved_bytes >= self._max_bytes


def _of(sender: str, connections: Iterable[Connection]) -> list[Connection]:
    return [connection for connection in connections if connection.sender == sender]
