"""A window of round trips, and its summary. Pure."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from msgspec import Struct


class Window(Struct, frozen=True):
    """Round-trip times of the answered probes in the order they were sent, and how many were."""

    sent: int
    rtts_seconds: tuple[float, ...]


def summary(window: Window) -> dict[str, Any]:
    """The fields of a latency result. Times are None where nothing was answered."""
    rtts = sorted(window.rtts_seconds)
    return {
        "sent": window.sent,
        "lost": window.sent - len(rtts),
        "rtt_min_seconds": quantile(rtts, 0.0),
        "rtt_p50_seconds": quantile(rtts, 0.5),
        "rtt_p90_seconds": quantile(rtts, 0.9),
        "rtt_p99_seconds": quantile(rtts, 0.99),
        "rtt_max_seconds": quantile(rtts, 1.0),
        "jitter_seconds": jitter(window.rtts_seconds),
    }


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value at `share` of the sorted values, by linear interpolation; None if there are none.

    Hyndman and Fan's type 7, the default of R and numpy.
    """
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def jitter(rtts_seconds: Sequence[float]) -> float | None:
    """Mean absolute difference of consecutive round trips; None for fewer than two."""
    differences = [abs(later - earlier) for earlier, later in pairwise(rtts_seconds)]
    return sum(differences) / len(differences) if differences else None
