"""This machine's wall clock, which may be wrong and may be set, against one that only goes on."""

import sys
import time
from collections.abc import Callable

JUMP_SECONDS = 1.0
"""A wall clock that parts from the steady one by more was set."""

MAX_OFFSET_SECONDS = 1e10
"""Three hundred years: more than any clock is off, and small enough to be said in a result."""

Seconds = Callable[[], float]


def steady_seconds() -> float:
    """Seconds since some moment, by a clock that nobody sets and that goes on in a suspend."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    elif sys.platform == "darwin":  # where time.monotonic() stands still in a sleep  # noqa: RET505
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    else:
        return time.monotonic()


class Clock:
    """Unix seconds as this machine has them, and how far they are from the collector's."""

    def __init__(self, wall: Seconds = time.time, steady: Seconds = steady_seconds) -> None:
        self.wall = wall
        self.steady = steady
        self._collectors_lead: float | None = None
        self._is_exact = False

    def lead(self) -> float:
        """The wall clock's over the steady one, in seconds. It changes when the clock is set."""
        return self.wall() - self.steady()

    def compare(self, collectors: float, wall: float, *, exact: bool = True) -> None:
        """The collector's clock showed `collectors` when this one showed `wall`, lately. What is
        less exact than what is known leaves it."""
        if (exact or not self._is_exact) and abs(collectors - wall) <= MAX_OFFSET_SECONDS:
            self._collectors_lead = self.lead() + collectors - wall
            self._is_exact = exact

    def offset_seconds(self) -> float | None:
        """Collector's clock minus this one, as it is set now; None if they were never compared."""
        return self.offset_at(self.lead())

    def offset_at(self, lead: float) -> float | None:
        """The same for a moment at which the wall clock had that lead."""
        if self._collectors_lead is None:
            return None
        offset = self._collectors_lead - lead
        return offset if abs(offset) <= MAX_OFFSET_SECONDS else None


class Leads:
    """How the wall clock was set when each row of a spool was added by this process."""

    def __init__(self) -> None:
        self._since: list[tuple[int, float]] = []

    def added(self, first_row: int, lead: float) -> None:
        """Rows from this one on were added under that lead."""
        if not self._since or abs(self._since[-1][1] - lead) > JUMP_SECONDS:
            self._since.append((first_row, lead))

    def of(self, row: int) -> float | None:
        """The row's; None if an earlier process added it."""
        return next((lead for first, lead in reversed(self._since) if first <= row), None)
