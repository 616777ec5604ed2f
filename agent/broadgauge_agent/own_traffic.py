"""What this process says to its collector, so that it isn't taken for somebody else's traffic."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct


class Said(Struct, frozen=True, kw_only=True):
    """Bytes of all bodies whose sending began, and of those whose sending is over."""

    begun_bytes: int
    over_bytes: int

    def at_most_since(self, former: "Said") -> int:
        """The most that can have been sent between the two. Answers are small, and not counted."""
        return self.begun_bytes - former.over_bytes


class OwnTraffic:
    """A count that any thread may add to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = self._over = 0

    def said(self) -> Said:
        """The count as of now."""
        with self._lock:
            return Said(begun_bytes=self._begun, over_bytes=self._over)

    @contextmanager
    def sending(self, num_bytes: int) -> Iterator[None]:
        """A body is sent while the block runs."""
        with self._lock:
            self._begun += num_bytes
        try:
            yield
        finally:
            with self._lock:
                self._over += num_bytes


TRAFFIC = OwnTraffic()
