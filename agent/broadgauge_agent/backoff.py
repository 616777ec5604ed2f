"""How long to wait after a failure: full-jitter exponential backoff, and what the server asked for.

https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ shows why the jitter is
full: agents that lost their collector together must not come back together.
"""

import random

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0

LONGEST_ASKED_SECONDS = 3600.0
"""A `Retry-After` beyond this is taken for a mistake: nobody waits a day for a typing error."""


class Backoff:
    """Grows with every failure until `reset`."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._failures = 0

    def next_seconds(self, asked_seconds: float | None = None) -> float:
        """Seconds to wait after one more failure; never less than the server asked for."""
        ceiling = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(self._failures, 30))
        self._failures += 1
        jitter = self._chance.uniform(0, ceiling)
        if asked_seconds is None:
            return jitter
        return min(asked_seconds, LONGEST_ASKED_SECONDS) + jitter

    def reset(self) -> None:
        """It went well."""
        self._failures = 0
