"""When each probe is due: memoryless gaps on the monotonic clock, soon after a first start."""

import random
from collections.abc import Iterable, Mapping

SHORTEST_GAP = 0.1
LONGEST_GAP = 3.0
"""Of the mean. Exponential gaps see a line as it is on average (a fixed rhythm falls in step with
bells and cron jobs). Unclamped, one gap in ten would start a test almost on the heels of the last,
and one in twenty would leave most of a school day unmeasured. The clamped mean is 0.955."""

FIRST_RUN_SECONDS = {"inventory": 0.2, "latency": 0.4, "throughput": 2.0}
"""After the start; light probes first, so that a heavy one does not disturb them."""

JITTER_SECONDS = 2.0
"""Spreads the machines of a school that are switched on together, yet shows a result at once."""

OTHER_FIRST_RUN_SECONDS = 5.0


def gap_seconds(mean_seconds: float, chance: random.Random) -> float:
    """A random time until the next run, in seconds."""
    gap = chance.expovariate(1 / mean_seconds)
    return min(max(gap, SHORTEST_GAP * mean_seconds), LONGEST_GAP * mean_seconds)


class Schedule:
    """What is due when, by a monotonic clock in seconds. It never catches up on missed runs."""

    def __init__(
        self,
        mean_seconds: Mapping[str, float],
        now: float,
        chance: random.Random,
        *,
        wait_first: Iterable[str] = (),
    ) -> None:
        """Probes in `wait_first` begin with a full gap: those that load the line and have run on
        this machine before, so that a school switched on at eight does not test at eight."""
        self._mean_seconds = mean_seconds
        self._chance = chance
        began = now + chance.uniform(0, JITTER_SECONDS)
        self._due = {
            name: began + FIRST_RUN_SECONDS.get(name, OTHER_FIRST_RUN_SECONDS)
            for name in mean_seconds
        }
        for name in set(wait_first) & set(mean_seconds):
            self.ran(name, now)

    def next(self) -> tuple[str, float] | None:
        """The probe that is due first, and when; None if there is no probe."""
        return min(self._due.items(), key=lambda item: item[1], default=None)

    def ran(self, name: str, now: float) -> None:
        """Plan the next run, counted from now: after a sleep there is one run, not a burst."""
        self._due[name] = now + gap_seconds(self._mean_seconds[name], self._chance)
