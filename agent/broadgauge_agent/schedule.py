"""When each probe is due: memoryless gaps on the monotonic clock, soon after a first start."""

import random
import time
from collections.abc import Callable, Collection, Mapping

from msgspec import Struct

from .hours import ANY, is_within, moved_into
from .intensity import Intensity

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


class Rhythm(Struct, frozen=True):
    """How often a probe runs, and in which hours of the local clock; by the hour, where that is
    planned."""

    mean_seconds: float
    hours: str = ANY
    planned: Intensity | None = None

    @property
    def intensity(self) -> Intensity:
        """How often it is due at each moment."""
        return self.planned or Intensity((), (), 1 / self.mean_seconds)


def gap_runs(chance: random.Random) -> float:
    """A random gap, measured by how many runs would be due in it on average."""
    return min(max(chance.expovariate(1), SHORTEST_GAP), LONGEST_GAP)


def gap_seconds(mean_seconds: float, chance: random.Random) -> float:
    """A random time until the next run, in seconds."""
    return mean_seconds * gap_runs(chance)


class Schedule:
    """What is due when, by a monotonic clock in seconds. It never catches up on missed runs.

    Methods take `now` by that clock; `unix_now` says what the local clock shows meanwhile.
    """

    def __init__(self, chance: random.Random, unix_now: Callable[[], float] = time.time) -> None:
        self._chance = chance
        self._unix_now = unix_now
        self._rhythms: dict[str, Rhythm] = {}
        self._due: dict[str, float] = {}

    def follow(
        self, rhythms: Mapping[str, Rhythm], now: float, *, wait_first: Collection[str] = ()
    ) -> None:
        """Take these probes from now on. One that is new is due soon; one whose rhythm changed
        begins a new gap, which forgets nothing because gaps have no memory. One whose plan changed
        keeps what is left of its gap: plans come by the hour, and clamped gaps that began anew with
        each would hardly ever end.

        New ones in `wait_first` begin with a full gap: those that load the line and have run on
        this machine before, so that a school switched on at eight does not test at eight.
        """
        former, self._rhythms = self._rhythms, dict(rhythms)
        self._due = {name: at for name, at in self._due.items() if name in rhythms}
        began = now + self._chance.uniform(0, JITTER_SECONDS)
        for name in rhythms.keys() - former.keys():
            soon = began + FIRST_RUN_SECONDS.get(name, OTHER_FIRST_RUN_SECONDS)
            self._plan(name, self._gap_from(name, now) if name in wait_first else soon, now)
        for name in rhythms.keys() & former.keys():
            if rhythms[name] != former[name]:
                self._change(name, former[name], now)

    def next(self) -> tuple[str, float] | None:
        """The probe that is due first, and when; None if there is no probe."""
        return min(self._due.items(), key=lambda item: item[1], default=None)

    def ran(self, name: str, now: float) -> None:
        """Plan the next run, counted from now: after a sleep there is one run, not a burst."""
        self._plan(name, self._gap_from(name, now), now)

    def woke(self, now: float, *, wait_first: Collection[str] = ()) -> None:
        """What fell due in a sleep begins as after a start: soon, or with a gap."""
        overdue = [name for name, at in self._due.items() if at <= now]
        for name in overdue:
            if name in wait_first:
                self.ran(name, now)
            else:
                self._plan(name, now + self._chance.uniform(0, JITTER_SECONDS), now)

    def is_open(self, name: str) -> bool:
        """Whether these are hours of the probe. A machine's suspend can make a run late."""
        unix_now, rhythm = self._unix_now(), self._rhythms[name]
        return is_within(rhythm.hours, unix_now) and rhythm.intensity.at(unix_now) > 0

    def _gap_from(self, name: str, now: float) -> float:
        return self._later(self._rhythms[name], now, gap_runs(self._chance))

    def _later(self, rhythm: Rhythm, now: float, runs: float) -> float:
        """When so many runs will have been due since now."""
        if rhythm.planned is None:
            return now + runs * rhythm.mean_seconds
        ahead = self._unix_now() - now
        return rhythm.planned.reached(now + ahead, runs) - ahead

    def _change(self, name: str, former: Rhythm, now: float) -> None:
        rhythm = self._rhythms[name]
        if rhythm.planned is None or former.hours != rhythm.hours:
            self.ran(name, now)
            return
        ahead = self._unix_now() - now
        left = former.intensity.expected(now + ahead, max(now, self._due[name]) + ahead)
        self._plan(name, self._later(rhythm, now, left), now)

    def _plan(self, name: str, at: float, now: float) -> None:
        """Due then, or at a random moment of the probe's next hours."""
        ahead = self._unix_now() - now
        self._due[name] = moved_into(self._rhythms[name].hours, at + ahead, self._chance) - ahead
