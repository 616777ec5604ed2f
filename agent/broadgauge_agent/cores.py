"""How busy this machine's processor cores are: one that is full sets a test's rate by itself."""

from collections.abc import Sequence

import psutil

BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
"""Those a system tells of. Linux counts guests in `user`, Windows interrupts in `system` already;
time that a hypervisor kept (`steal`) was not to be had by a test either."""

IDLE = ("idle", "iowait")

MIN_SECONDS = 0.1
"""Linux tells times in steps of 10 ms and Windows of 15.6: in less, a share would be a guess."""


class CoreWatch:
    """Looks at the cores from when it is made. What runs on them is not looked at."""

    def __init__(self) -> None:
        self._began = _busy_and_all()

    def busiest_ratio(self) -> float | None:
        """Share of the time since then, 0 to 1, that the busiest core was busy; None if too little
        time has passed, or cores came and went."""
        return max(self.ratios(), default=None)

    def ratios(self) -> tuple[float, ...]:
        """The same of each core; empty where that isn't known."""
        now = _busy_and_all()
        if len(now) != len(self._began):
            return ()
        passed = [(b - b0, a - a0) for (b, a), (b0, a0) in zip(now, self._began, strict=True)]
        if any(seconds < MIN_SECONDS for _, seconds in passed):
            return ()
        return tuple(min(1.0, max(0.0, busy / seconds)) for busy, seconds in passed)


def _busy_and_all() -> list[tuple[float, float]]:
    """Seconds each core was busy, and seconds in all."""
    times: Sequence[object] = psutil.cpu_times(percpu=True)
    return [(busy := _sum(core, BUSY), busy + _sum(core, IDLE)) for core in times]


def _sum(core: object, names: Sequence[str]) -> float:
    return float(sum(getattr(core, name, 0.0) for name in names))
