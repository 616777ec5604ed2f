"""Many connections' cumulative counts to one rate over time. Pure."""

from collections.abc import Sequence
from itertools import pairwise

from .observation import Sample

INTERVAL_SECONDS = 0.1
"""Short enough to end a test soon, long enough for some forty packets at 5 Mbit/s."""

BYTE_BITS = 8


def rates_over_time(
    curves: Sequence[Sequence[Sample]], interval_seconds: float = INTERVAL_SECONDS
) -> tuple[float, ...]:
    """Bits per second of all curves together, one value an interval from time zero on, as far as
    every curve tells. A curve begins with its own zero; what tells nothing yet is left out."""
    telling = [curve for curve in curves if len(curve) > 1]
    if not telling:
        return ()
    count = int(min(curve[-1].seconds for curve in telling) / interval_seconds + 1e-9)
    totals = [0.0] * (count + 1)
    for curve in telling:
        for step, arrived in enumerate(_at_each(curve, interval_seconds, count)):
            totals[step] += arrived
    return tuple(
        BYTE_BITS * (after - before) / interval_seconds for before, after in pairwise(totals)
    )


def rate_between(curve: Sequence[Sample], from_seconds: float, to_seconds: float) -> float:
    """Bits per second of one curve between two moments."""
    steps = max(1, round((to_seconds - from_seconds) / INTERVAL_SECONDS))
    rates = rates_over_time([curve])
    first = round(from_seconds / INTERVAL_SECONDS)
    return sum(rates[first : first + steps]) / steps


def _at_each(curve: Sequence[Sample], interval_seconds: float, count: int) -> list[float]:
    values, place = [], 1
    for step in range(count + 1):
        seconds = step * interval_seconds
        while place < len(curve) - 1 and curve[place].seconds < seconds:
            place += 1
        values.append(_between(curve[place - 1], curve[place], seconds))
    return values


def _between(before: Sample, after: Sample, seconds: float) -> float:
    if seconds <= before.seconds:
        return before.arrived_bytes
    share = min(1.0, (seconds - before.seconds) / (after.seconds - before.seconds))
    return before.arrived_bytes + share * (after.arrived_bytes - before.arrived_bytes)
