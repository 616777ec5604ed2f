"""Whether the machine is quiet enough: what others take of it would be read as a slower line."""

import time
from typing import Any

import psutil

from .recording import revision

QUIET_CORES = 0.2
"""Others may take so much of one core."""

LOOK_SECONDS = 0.3
PATIENCE_SECONDS = 60.0
FAST_BITS_PER_SECOND = 500e6
"""From here on, readings on a busy machine are the machine's."""


class BusyError(Exception):
    """Others use the machine."""


def others_cores(seconds: float = LOOK_SECONDS) -> float:
    """Processor time that is taken now, in cores, while the lab does nothing."""
    before, began = _busy_seconds(), time.perf_counter()
    time.sleep(seconds)
    return (_busy_seconds() - before) / (time.perf_counter() - began)


def surroundings(taken_cores: float) -> dict[str, Any]:
    """What is kept with each run."""
    return {
        "revision": revision(),
        "load_average": psutil.getloadavg()[0],
        "others_cores": round(taken_cores, 3),
    }


def await_quiet(rate_bits_per_second: float, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a line this fast can be emulated and filled. BusyError if that does not come."""
    if rate_bits_per_second < FAST_BITS_PER_SECOND:
        return
    end = time.monotonic() + patience_seconds
    while (taken := others_cores(1.0)) > QUIET_CORES:
        if time.monotonic() > end:
            raise BusyError(f"other programs take {taken:.2f} cores: readings would be theirs")


def _busy_seconds() -> float:
    """Since the system's start, over all cores, with what a hypervisor took away."""
    times = psutil.cpu_times()
    return float(times.user + times.system + times.irq + times.softirq + times.steal + times.nice)
