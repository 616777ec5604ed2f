"""Chance that is the same every time: each thing draws from a generator of its own, by its place.

So a day of an agent is the same whatever was made before it, and can be made again by itself.
"""

from enum import IntEnum
from uuid import UUID

import numpy as np

Random = np.random.Generator


class What(IntEnum):
    """What is drawn: first part of a generator's place."""

    SIZES = 0
    DISTRICT = 1
    LINE_DAY = 2
    AGENT = 3
    DAY = 4
    EPOCH = 5
    PEOPLE = 6
    FLEET = 7
    REPAIRS = 8
    HOURS = 9
    ROSTER = 10


def chance(seed: int, what: What, *place: int) -> Random:
    """The generator of one thing."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, what, *place))))


def ids(made_at: list[float], random: Random) -> list[UUID]:
    """UUIDv7s (RFC 9562) of moments in Unix seconds, as an agent would have made them then."""
    drawn = random.integers(0, 2**62, size=(len(made_at), 2)).tolist()
    return [
        _uuid7(int(at * 1000), high, low) for at, (high, low) in zip(made_at, drawn, strict=True)
    ]


def _uuid7(milliseconds: int, high: int, low: int) -> UUID:
    return UUID(int=milliseconds << 80 | 0x7 << 76 | (high & 0xFFF) << 64 | 0x2 << 62 | low)
