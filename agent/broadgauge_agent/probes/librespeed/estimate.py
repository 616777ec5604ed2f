"""From what connections moved to a rate. Pure."""

from collections.abc import Sequence

from broadgauge_agent.probes.floor import RATE_SECONDS
from broadgauge_wire import Direction

from .load import Moved

GRACE_SECONDS: dict[Direction, float] = {"download": 1.5, "upload": 3.0}
"""LibreSpeed's own: what comes before isn't part of the rate."""

GRACE_SHARE = 0.3
"""Of a test that is too short for that."""


def grace_seconds(direction: Direction, seconds: float) -> float:
    """Begin of the part that the rate rests on."""
    return min(GRACE_SECONDS[direction], GRACE_SHARE * seconds)


def window_of(
    direction: Direction, moved: Sequence[Moved], grace: float, seconds: float
) -> tuple[float, float]:
    """The part of a test that its rate rests on, in s.

    Of an upload it ends when the first connection had its last confirmation: what was under way
    after that isn't known. On a line so slow that this is within the grace, it is all until then.
    """
    if direction == "download":
        return grace, seconds
    ends: dict[int, float] = {}
    for one in moved:
        ends[one.stream] = max(one.end, ends.get(one.stream, 0.0))
    end = min(ends.values())
    return (grace, end) if grace < end else (0.0, end)


def rate_in(moved: Sequence[Moved], begin: float, end: float) -> float:
    """Bits per second of payload that reached the far end in a window."""
    return 8 * sum(one.count * _share_in(one, begin, end) for one in moved) / (end - begin)


def rates_over_time(moved: Sequence[Moved], seconds: float) -> list[float]:
    """Bits per second, one value a RATE_SECONDS; each count spread evenly over its span."""
    steps = [0.0] * int(seconds / RATE_SECONDS)
    for one in moved:
        first, last = int(one.begin / RATE_SECONDS), int(one.end / RATE_SECONDS)
        for step in range(first, min(last + 1, len(steps))):
            begin, end = step * RATE_SECONDS, (step + 1) * RATE_SECONDS
            steps[step] += 8 * one.count * _share_in(one, begin, end) / RATE_SECONDS
    return steps


def _share_in(moved: Moved, begin: float, end: float) -> float:
    """The share of a count that falls into a window."""
    span = moved.end - moved.begin
    if span <= 0:
        return float(begin <= moved.end < end)
    return max(0.0, min(end, moved.end) - max(begin, moved.begin)) / span
