"""A token bucket per address for attempts that failed. Attempts that succeed cost nothing.

A district's agents share one public address, so valid credentials are never held up here.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

BURST = 60.0
REFILL_PER_SECOND = 1.0
MAX_ADDRESSES = 10_000


class FailureLimit:
    """Counts failures by address, for as many addresses as were seen last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def exceeded(self, address: str) -> bool:
        """Note one failure; True if this address had too many lately."""
        now = self._clock()
        tokens, then = self._buckets.pop(address, (BURST, now))
        tokens = min(BURST, tokens + (now - then) * REFILL_PER_SECOND)
        self._buckets[address] = (max(0.0, tokens - 1), now)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
        return tokens < 1
