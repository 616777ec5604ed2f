"""When the next measurement message is due."""

import random

from .spec import MAX_SAMPLING_SECONDS, MEAN_SAMPLING_SECONDS, MIN_SAMPLING_SECONDS

_random = random.SystemRandom()


def sampling_gap_seconds() -> float:
    """An exponential gap, clamped as the reference implementation does."""
    gap = _random.expovariate(1 / MEAN_SAMPLING_SECONDS)
    return min(MAX_SAMPLING_SECONDS, max(MIN_SAMPLING_SECONDS, gap))
