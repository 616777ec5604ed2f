"""What a line carries on a day, and what its users leave over at each moment of it."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import numpy as np
from msgspec import Struct

from broadgauge_wire import Segment

from ..capacity.daypart import day_begins
from ..schools.model import SchoolHours
from .chance import What, chance
from .school_year import SECONDS_A_DAY, crowd
from .world import MEGABIT, Line

DEMAND_BITS_PER_SECOND = 0.5e6
"""Of each student in the busiest hour."""

MOST_USED = 0.985
LEAST_LEFT = 0.1
"""Share of a full line that a test of several connections gets beside its users."""

FAULTY = 0.2
OUTAGE_CHANCE = {False: 0.002, True: 0.05}
IDLE_RTT_SECONDS: dict[Segment, tuple[float, float]] = {
    "lan": (0.0004, 0.0012),
    "wan": (0.0015, 0.006),
    "internet": (0.006, 0.018),
}
"""What each stretch adds, least and most."""

CABLE_UPLOAD = 0.08


class LineDay(Struct, frozen=True):
    """A line on one local day. Rates in bit/s, times in s of the day; `outage` from and until."""

    down: float
    up: float
    idle_rtt: float
    queue_seconds: float
    loss: float
    outage: tuple[float, float] | None
    faulty: bool

    def is_down(self, seconds: Any) -> Any:
        """Whether nothing goes over it, at each of these moments."""
        if self.outage is None:
            return np.zeros(len(seconds), bool)
        return (seconds >= self.outage[0]) & (seconds < self.outage[1])


@lru_cache(maxsize=16384)
def line_day(seed: int, line: Line, day: date) -> LineDay:
    """What a line is like on a day."""
    always = chance(seed, What.LINE_DAY, line.key).random(3).tolist()
    today = chance(seed, What.LINE_DAY, line.key, day.toordinal())
    faulty = line.fault is not None and line.fault[0] <= day < line.fault[1]
    rate = (
        _bought(line, day)
        * (0.978 + 0.014 * always[0])
        * (1 + 0.002 * float(today.standard_normal()))
    )
    rate *= FAULTY if faulty else 1.0
    least, most = IDLE_RTT_SECONDS[line.segment]
    slow_queue = line.cable or _bought(line, day) < line.students * MEGABIT
    return LineDay(
        down=rate,
        up=rate * (CABLE_UPLOAD if line.cable else 0.995),
        idle_rtt=least + (most - least) * always[1],
        queue_seconds=(0.12 + 0.25 * always[2]) if slow_queue else 0.004 + 0.02 * always[2],
        loss=0.02 if faulty else 0.0002,
        outage=_outage(today, OUTAGE_CHANCE[line.shaky]),
        faulty=faulty,
    )


def used(line: Line, today: LineDay, hours: SchoolHours, day: date, seconds: Any) -> Any:
    """Share of the line that people use at each moment."""
    asked = line.students * DEMAND_BITS_PER_SECOND * crowd(hours, day, seconds)
    return np.minimum(asked / today.down, MOST_USED)


def left(rate: float, share_used: Any) -> Any:
    """What a test gets beside them."""
    return rate * np.maximum(1 - share_used, LEAST_LEFT)


@lru_cache(maxsize=4096)
def begins(day: date, timezone: str) -> datetime:
    """The instant a local day begins, UTC."""
    return day_begins(day, timezone).astimezone(UTC)


def _bought(line: Line, day: date) -> float:
    if line.before_bits_per_second and line.upgraded_on and day < line.upgraded_on:
        return line.before_bits_per_second
    return line.bits_per_second


def _outage(random: np.random.Generator, likely: float) -> tuple[float, float] | None:
    if random.random() >= likely:
        return None
    start = float(random.uniform(0, SECONDS_A_DAY))
    return start, start + float(random.lognormal(8.0, 0.9))
