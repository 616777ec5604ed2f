"""Time in which devices were watched, cut at whole years of age.

Devices are watched from their entry up to before their exit, in years of age.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .poisson import Counts, Numbers

Codes = NDArray[np.integer]


class Pieces(NamedTuple):
    """Time in which devices were watched, cut at their birthdays: one entry a device and age."""

    device: Codes
    age: Codes
    years: Numbers


def split_by_age(entries: Numbers, exits: Numbers) -> Pieces:
    """Cuts each device's time at whole years of age. One that was never watched has no piece."""
    begin = np.maximum(entries, 0.0)
    rows = np.flatnonzero(np.isfinite(begin) & np.isfinite(exits) & (exits > begin))
    first = np.floor(begin[rows]).astype(np.int64)
    many = np.ceil(exits[rows]).astype(np.int64) - first
    device = np.repeat(rows, many)
    ages = np.arange(len(device)) - np.repeat(np.cumsum(many) - many - first, many)
    years = np.minimum(exits[device], ages + 1) - np.maximum(begin[device], ages)
    return Pieces(device, ages, years)


def repairs_of(
    pieces: Pieces, entries: Numbers, exits: Numbers, device: Codes, ages: Numbers
) -> Counts:
    """Repairs in each piece."""
    return np.bincount(
        piece_of(pieces, entries, exits, device, ages), minlength=len(pieces.age) + 1
    )[:-1]


def piece_of(
    pieces: Pieces, entries: Numbers, exits: Numbers, device: Codes, ages: Numbers
) -> Codes:
    """Of each repair, its piece; one past the last where its device wasn't watched at that age."""
    inside = (ages >= np.maximum(entries[device], 0)) & (ages < exits[device])
    starts = np.flatnonzero(np.diff(pieces.device, prepend=-1))
    first = np.full(len(entries), len(pieces.age))
    first[pieces.device[starts]] = starts
    place = np.full(len(ages), len(pieces.age))
    mine = device[inside]
    place[inside] = first[mine] + np.floor(ages[inside]).astype(np.int64) - pieces.age[first[mine]]
    return place
