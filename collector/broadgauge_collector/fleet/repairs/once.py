"""Tickets that tell of the same repair."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .model import Codes, Days

UNKNOWN = -1


class _Begun(NamedTuple):
    """A repair that later tickets may tell of, too."""

    first: int
    day: int
    category: int


def told_first(device: Codes, day: Days, category: Codes, within_days: int) -> NDArray[np.int64]:
    """By ticket, the first one that tells of its repair; its own place if it is that itself.

    Of the same repair are tickets of one device, opened at most so many days after the first of
    them, whose categories are the same or not known. Tickets without a device stand alone.
    """
    first = np.arange(len(device))
    number = day.astype("datetime64[D]").astype(np.int64)
    order = np.lexsort((first, number, device))
    same_device = (device[order][1:] == device[order][:-1]) & (device[order][1:] >= 0)
    close = same_device & (np.diff(number[order]) <= within_days)
    for begin, end in _runs(close):
        _tell(first, order[begin:end], number, category, within_days)
    return first


def _runs(close: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Begin and end of what is close to its neighbour, without gaps."""
    edges = np.diff(np.concatenate(([False], close, [False])).astype(np.int8))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(int(b), int(e) + 1) for b, e in zip(begins, ends, strict=True)]


def _tell(
    first: NDArray[np.int64], tickets: NDArray[np.int64], day: NDArray[np.int64], category: Codes,
    within_days: int,
) -> None:  # fmt: skip
    begun: list[_Begun] = []
    for ticket in map(int, tickets):
        own = _Begun(ticket, int(day[ticket]), int(category[ticket]))
        for place, other in enumerate(begun):
            if own.day - other.day <= within_days and _may_be_same(own, other):
                first[ticket] = other.first
                begun[place] = other._replace(category=max(own.category, other.category))
                break
        else:
            begun.append(own)


def _may_be_same(one: _Begun, other: _Begun) -> bool:
    return one.category == other.category or UNKNOWN in (one.category, other.category)
