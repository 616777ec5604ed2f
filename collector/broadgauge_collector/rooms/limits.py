"""How often strangers may begin a test."""

import time
from collections import OrderedDict
from collections.abc import Callable

MAX_KEYS = 10_000


class Allowance:
    """A token bucket for each key, such as an address, for as many keys as were seen last."""

    def __init__(
        self, *, burst: float, every_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._every_seconds = every_seconds
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def seconds_to_wait(self, key: str) -> float:
        """Until this key may take once more; 0 if it may now."""
        return max(0.0, (1 - self._left(key)) * self._every_seconds)

    def take(self, key: str) -> None:
        """Count one."""
        left = self._left(key)
        self._buckets.pop(key, None)
        self._buckets[key] = (left - 1, self._clock())
        if len(self._buckets) > MAX_KEYS:
            self._buckets.popitem(last=False)

    def _left(self, key: str) -> float:
        now = self._clock()
        tokens, then = self._buckets.get(key, (self._burst, now))
        return min(self._burst, tokens + (now - then) / self._every_seconds)
