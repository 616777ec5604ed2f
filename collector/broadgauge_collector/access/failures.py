"""A token bucket per address for attempts that failed. Attempts that succeed cost nothing.

A district's agents share one public address, so valid credentials are never held up here. What is
short enough to be guessed is held up (`attempt`): whoever learns which guess was right has won.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import NotFound, TooManyFailures

BURST = 60.0
REFILL_PER_SECOND = 1.0
MAX_ADDRESSES = 10_000
TOO_MANY = "Too many attempts with unknown codes from this network. Wait a minute."


class FailureLimit:
    """Counts failures by address, for as many addresses as were seen last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def exceeded(self, address: str) -> bool:
        """Note one failure; True if this address had too many lately."""
        tokens = self._tokens(address)
        self._leave(address, max(0.0, tokens - 1))
        return tokens < 1

    @contextmanager
    def attempt(self, address: str) -> Iterator[None]:
        """Around a look-up of a code that could be guessed.

        TooManyFailures before it, right or wrong, if this address had too many failures lately.
        NotFound is a failure, and nothing else is.
        """
        tokens = self._tokens(address)
        if tokens < 1:
            raise TooManyFailures(TOO_MANY)
        # Counted before it is known to fail, or many at once would all be looked up.
        self._leave(address, tokens - 1)
        failed = False
        try:
            yield
        except NotFound:
            failed = True
            raise
        finally:
            if not failed:
                self._leave(address, min(BURST, self._tokens(address) + 1))

    def _tokens(self, address: str) -> float:
        now = self._clock()
        tokens, then = self._buckets.get(address, (BURST, now))
        return min(BURST, tokens + (now - then) * REFILL_PER_SECOND)

    def _leave(self, address: str, tokens: float) -> None:
        self._buckets[address] = (tokens, self._clock())
        self._buckets.move_to_end(address)
        if len(self._buckets) > MAX_ADDRESSES:
            self._buckets.popitem(last=False)
