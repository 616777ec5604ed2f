"""How a thread that hangs is told from one that rests."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LONGEST_LOOK_SECONDS = 10.0
"""Of the time between two looks, no more counts. Windows' clock goes on while a machine sleeps, and
nothing that slept with it hangs."""


class Work:
    """What one thread does, for another to look at, again and again."""

    def __init__(
        self, limit_seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Anything that takes longer than the limit hangs."""
        self._limit_seconds = limit_seconds
        self._monotonic = monotonic
        self._piece: object | None = None
        self._seen: object | None = None
        self._seen_for_seconds = 0.0
        self._looked_at = monotonic()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """The thread is at work for as long as the block runs."""
        self._piece = object()
        try:
            yield
        finally:
            self._piece = None

    def goes_on(self) -> None:
        """One piece of the work is done, the next begins."""
        self._piece = object()

    def hangs(self) -> bool:
        """Whether one piece has taken longer than it can. For the one thread that looks."""
        now, piece = self._monotonic(), self._piece
        passed = min(now - self._looked_at, LONGEST_LOOK_SECONDS)
        self._looked_at = now
        if piece is None or piece is not self._seen:
            self._seen, self._seen_for_seconds = piece, 0.0
        else:
            self._seen_for_seconds += passed
        return self._seen_for_seconds > self._limit_seconds
