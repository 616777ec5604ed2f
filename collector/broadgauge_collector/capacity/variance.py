"""How much of the variation of rates lies between schools, rooms, days and hours.

Henderson's first method (Biometrics 9, 1953) for crossed and nested factors with any numbers of
tests: the uncorrected sum of squares of each factor is set equal to what it is expected to be.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.int64]
"""Of one factor: which of its levels each value belongs to."""


def components(values: NDArray[np.float64], factors: Mapping[str, Levels]) -> dict[str, float]:
    """The variance that each factor adds, and under `rest` that of values which agree in all.

    An estimate below zero, which chance can bring, is zero. A nested factor's levels have to be
    numbered across those of the factor it is in. A factor that can't be told from an earlier one,
    such as rooms where each school has one, or that has a single level, is left out.
    """
    centered = values - values.mean()
    told = _told_apart(factors)
    levels = list(told.values())
    of_all = np.zeros(len(values), np.int64)
    each = np.arange(len(values))
    rows = [_equation(one, levels, len(values)) for one in (of_all, *levels, each)]
    sums = [_sum_of_squares(centered, one) for one in (of_all, *levels, each)]
    found, *_ = np.linalg.lstsq(np.array(rows), np.array(sums), rcond=None)
    estimates = np.clip(found[1:], 0, None).tolist()
    return dict(zip((*told, "rest"), estimates, strict=True))


def _told_apart(factors: Mapping[str, Levels]) -> dict[str, Levels]:
    found: dict[str, Levels] = {}
    for name, codes in factors.items():
        rows = np.unique(codes, return_inverse=True)[1]
        if rows.max() > 0 and not any(_same(rows, other) for other in found.values()):
            found[name] = rows
    return found


def _same(rows: Levels, other: Levels) -> bool:
    """Whether two factors divide the values up alike."""
    pairs = len(np.unique(rows * (other.max() + 1) + other))
    return pairs == int(rows.max()) + 1 == int(other.max()) + 1


def _equation(rows: Levels, factors: list[Levels], size: int) -> list[float]:
    """What the squared mean, each factor and the rest add to a factor's sum of squares."""
    return [float(size), *(_shared(rows, one) for one in factors), float(rows.max() + 1)]


def _shared(rows: Levels, other: Levels) -> float:
    """Sum over levels of the squared sizes of its parts by another factor, by its own size."""
    _, parts, counts = np.unique(
        rows * (other.max() + 1) + other, return_index=True, return_counts=True
    )
    sizes = np.bincount(rows)
    return float((counts**2 / sizes[rows[parts]]).sum())


def _sum_of_squares(values: NDArray[np.float64], rows: Levels) -> float:
    sizes = np.bincount(rows)
    return float((np.bincount(rows, values) ** 2 / sizes).sum())
