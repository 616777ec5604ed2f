"""How a thread that hangs is told from one that rests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Work:
    """What one thread does, for another to look at."""

    def __init__(self, limit_seconds: float) -> None:
        """Anything that takes longer than the limit hangs."""
        self._limit_seconds = limit_seconds
        self._since: float | None = None

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """The thread is at work for as long as the block runs."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._since = None

    def goes_on(self) -> None:
        """One piece of the work is done, the next begins."""
        if self._since is not None:
            self._since = time.monotonic()

    def hangs(self) -> bool:
        """Whether one piece has taken longer than it can."""
        since = self._since
        return since is not None and time.monotonic() - since > self._limit_seconds
