"""When whoever is turned away should come back: not all at once, and not later than needed."""

import math
import random
import time
from collections.abc import Callable

FIRST_RATE = 50_000.0
"""Results stored per second, until it is known."""

LONGEST_SECONDS = 120.0
"""Beyond this, a sender would rather be turned away a second time."""

TELLING_RESULTS = 5_000
"""A smaller commit, as there are all day, tells what a commit costs at least, not how fast results
are stored where many wait."""

WEIGHT = 0.2
"""Of the latest commit in the running mean of their rates."""


class Pace:
    """How fast results are stored, and the turns that were given out.

    Each sender who is turned away is told the moment at which what waits, and what was turned away
    before, will have been stored. For one thread, or under a lock.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, chance: random.Random | None = None
    ) -> None:
        self._clock = clock
        self._chance = chance or random.Random()  # noqa: S311
        self._rate = FIRST_RATE
        self._next_turn = 0.0

    def stored(self, results: int, seconds: float) -> None:
        """So many results were stored within a time."""
        if results >= TELLING_RESULTS and seconds > 0:
            self._rate += WEIGHT * (results / seconds - self._rate)

    def turn(self, waiting_results: int, results: int) -> int:
        """Seconds until it is the turn of somebody with so many results, where so many wait."""
        now = self._clock()
        turn = min(max(now + waiting_results / self._rate, self._next_turn), now + LONGEST_SECONDS)
        self._next_turn = turn + results / self._rate
        return max(1, math.ceil((turn - now) * self._chance.uniform(1.0, 1.25)))
