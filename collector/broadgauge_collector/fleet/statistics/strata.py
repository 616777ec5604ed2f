"""Two kinds of devices side by side: within the same school and whole year of age.

A stratum is common where devices of both kinds were watched in it; no other tells them apart. Per
stratum, with a and b the repairs of the first and second kind in times T1 and T2, Mantel and
Haenszel's score at a ratio q of their rates is (a T2 - q b T1) / (T1 + T2); it is 0 on the whole at
their estimate (Rothman and Boice 1979; variance: Greenland and Robins, Biometrics 41, 1985).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .exposure import Codes
from .poisson import Counts, Numbers

Flags = NDArray[np.bool_]
Scores = Callable[[float], Numbers]


class Dated(NamedTuple):
    """Repairs one by one, so that many on one day count for what they are."""

    piece: Codes
    """Which of the pieces each befell."""
    day: Codes
    """Any count of days."""


class Pair(NamedTuple):
    """Pieces of devices' time in common strata: one entry a device and age."""

    first: Flags
    """Whether it is of the first kind, else of the second."""
    device: Codes
    school: Codes
    stratum: Codes
    """These three from 0 on, without gaps."""
    years: Numbers
    repairs: Counts
    weight: Numbers
    """T2 / (T1 + T2) in pieces of the first kind, T1 / (T1 + T2) in those of the second."""
    dated: Dated | None = None
    """Each of their repairs, if days are known."""

    @staticmethod
    def count(codes: Codes) -> int:
        """Devices, schools or strata."""
        return int(codes.max(initial=-1)) + 1

    def of(self, first: bool) -> tuple[int, float]:
        """Repairs and device-years of a kind."""
        mine = self.first == first
        return int(self.repairs[mine].sum()), float(self.years[mine].sum())

    def log_variance(self) -> float:
        """Of the ratio, were each repair by itself (Greenland and Robins); not with 0 repairs of a
        kind."""
        both = _sums(self.stratum, self.repairs)[self.stratum]
        # Of a piece, its part in T1 T2 / (T1 + T2) of its stratum, for one side alone.
        shared = np.where(self.first, self.years * self.weight, 0.0)
        total = _sums(self.stratum, self.years)[self.stratum]
        over, under = self.weighed(True), self.weighed(False)
        return float((both * shared / total).sum() / (over * under))

    def weighed(self, first: bool) -> float:
        """Mantel and Haenszel's sum: its quotient of the two kinds is their ratio."""
        return float((self.weight * self.repairs)[self.first == first].sum())


def pair_of(
    side: Codes, device: Codes, school: Codes, age: Codes, years: Numbers, repairs: Counts,
    dated: Dated | None = None,
) -> Pair:  # fmt: skip
    """Of pieces, `side` being 0 for the first kind, 1 for the second, else neither.

    Pieces without a school (below 0) or time are left out, as are those without their like.
    """
    used = np.flatnonzero(((side == 0) | (side == 1)) & (school >= 0) & (age >= 0) & (years > 0))
    first, school, years = side[used] == 0, school[used], years[used]
    key = school.astype(np.int64) * (int(age[used].max(initial=0)) + 1) + age[used]
    stratum = _dense(key)
    mine, other = _times(stratum, first, years)
    common = other > 0
    return Pair(
        first[common],
        _dense(device[used][common]),
        _dense(school[common]),
        _dense(stratum[common]),
        years[common],
        repairs[used][common],
        (other / (mine + other))[common],
        dated and _of_kept(dated, used[common], len(side)),
    )


def _of_kept(dated: Dated, kept: Codes, pieces: int) -> Dated:
    """Repairs in the pieces that are kept, by their new places."""
    place = np.full(pieces + 1, -1)
    place[kept] = np.arange(len(kept))
    inside = place[dated.piece] >= 0
    return Dated(place[dated.piece[inside]], dated.day[inside])


def day_scores(pair: Pair, dated: Dated) -> Scores:
    """Score of each day on which anything broke, by the ratio of rates."""
    day, first = _dense(dated.day), pair.first[dated.piece]
    weight = pair.weight[dated.piece]
    over = _sums(day, np.where(first, weight, 0.0))
    under = _sums(day, np.where(first, 0.0, weight))
    return lambda ratio: over - ratio * under


def school_scores(pair: Pair) -> Scores:
    """Score of each common school, by the ratio of rates."""
    terms = pair.weight * pair.repairs
    schools = pair.count(pair.school)
    over = _sums(pair.school, np.where(pair.first, terms, 0), schools)
    under = _sums(pair.school, np.where(pair.first, 0, terms), schools)
    return lambda ratio: over - ratio * under


def device_scores(pair: Pair) -> Scores:
    """Score of each device by the ratio of rates, made as wide as it is around what isn't known.

    From its repairs those that its stratum's rate would bring are taken off. That rate follows a
    device that has much of the stratum's time, so what is left is divided by the root of 1 - h, h
    being its part (MacKinnon and White, Journal of Econometrics 29, 1985).
    """
    repairs = _sums(pair.stratum, pair.repairs)[pair.stratum]

    def scores(ratio: float) -> Numbers:
        weighed = np.where(pair.first, ratio, 1.0) * pair.years
        part = weighed / _sums(pair.stratum, weighed)[pair.stratum]
        left = (pair.repairs - part * repairs) / np.sqrt(1 - part)
        return _sums(pair.device, np.where(pair.first, 1.0, -ratio) * pair.weight * left)

    return scores


def _dense(codes: Codes) -> Codes:
    return np.unique(codes, return_inverse=True)[1]


def _times(stratum: Codes, first: Flags, years: Numbers) -> tuple[Numbers, Numbers]:
    """Of each piece, its stratum's device-years of the same kind and of the other."""
    cell = _sums(2 * stratum + first, years, 2 * (int(stratum.max(initial=-1)) + 1))
    return cell[2 * stratum + first], cell[2 * stratum + ~first]


def _sums(codes: Codes, terms: Numbers | Counts, size: int = 0) -> Numbers:
    return np.asarray(np.bincount(codes, terms, size), np.float64)
