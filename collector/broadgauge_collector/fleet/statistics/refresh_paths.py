"""In which year a device is bought again: chances by year, for each draw of what isn't known.

A place for a device is a renewal process in steps of fiscal years (Cox, Renewal Theory, 1962):
whatever stands there is bought again when it is due or gone, at most once a year; what is bought is
half a year old at that year's end.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .sums import Draws

Ages = NDArray[np.float64]
Places = NDArray[np.int64]


class Life(NamedTuple):
    """How devices go, by draw."""

    losses: Draws
    """A year, of those there."""
    shapes: Draws | None
    """Of the Weibull after which they fail for good; None: they don't."""
    scales: Draws | None
    costly: Draws | None
    """Age from which repairs cost too much; inf: at none."""
    limit: float
    """Age limit of new ones, in years; inf: none."""


class Chances(NamedTuple):
    """Of each cohort, by year and draw; at the end over all years together."""

    mean: Draws
    """Expected purchases a device: (cohort, year, draw)."""
    square: Draws
    """Expected square of the purchases a device over all years: (cohort, draw). In one year there
    is one at most, so that its square is the same."""

    def variance(self) -> Ages:
        """Of the purchases a device, given what isn't known, on average: (cohort, year)."""
        squares = self.mean.copy()
        squares[:, -1] = self.square
        varies: Ages = (squares - self.mean**2).mean(axis=2)
        return varies


def chances(
    ages: Ages, due: Places, exposure: Ages, life: Life, *, lost: bool, again: bool
) -> Chances:
    """Of cohorts so many years old now and due in these years from now, if by nothing else.

    `exposure`: how long each fiscal year still is. `lost`: those gone early are bought again.
    `again`: those bought too.
    """
    edges = ages[:, None] + np.concatenate([[0.0], exposure.cumsum()])
    yearly = _first(edges, due, life, lost=lost)
    years = len(exposure)
    if not again or years == 1:
        return _with_total(yearly, 0.0)
    gaps = _new(years, life, lost=lost)
    _renew(yearly, gaps)
    _renew(gaps[None], gaps.copy())
    return _with_total(yearly, 2 * _pairs(yearly, gaps))


def _with_total(yearly: Draws, pairs: Draws | float) -> Chances:
    total = yearly.sum(axis=1)
    return Chances(np.concatenate([yearly, total[:, None]], axis=1), total + pairs)


def _first(edges: Ages, due: Places, life: Life, *, lost: bool) -> Draws:
    """Chance that each cohort's next purchase is in each year."""
    there = _survival(edges, life)
    years = np.arange(edges.shape[1] - 1)[None, :, None]
    when = due[:, None, None]
    if life.costly is not None:
        when = np.minimum(when, _year_of(edges, life.costly))
    if lost:
        early, at_due = there[:, :-1] - there[:, 1:], there[:, :-1]
    else:
        early, at_due = np.zeros(1), np.sqrt(there[:, :-1] * there[:, 1:])
    firsts: Draws = np.where(years < when, early, np.where(years == when, at_due, 0.0))
    return firsts


def _new(years: int, life: Life, *, lost: bool) -> Draws:
    """Chance that a device bought in the middle of a year is next bought 1, 2, ... years later."""
    edges = np.concatenate([[0.0], 1.5 + np.arange(years - 1)])[None]
    due = _year_of(edges, np.array([life.limit]))[:, 0, 0]
    gaps: Draws = _first(edges, due, life, lost=lost)[0]
    return gaps


def _year_of(edges: Ages, ages: Draws) -> Places:
    """In which year each cohort gets that old: (cohort, 1, draw). As many as there are: in none."""
    years: Places = (edges[:, 1:, None] <= ages).sum(axis=1, keepdims=True)
    return years


def _survival(edges: Ages, life: Life) -> Draws:
    """Share still there at the beginning of each year, and at the end of the last."""
    gone = (edges - edges[:, :1])[:, :, None] * life.losses
    if life.shapes is not None and life.scales is not None:
        hazard = (np.maximum(edges, 0.0)[:, :, None] / life.scales) ** life.shapes
        gone += hazard - hazard[:, :1]
    there: Draws = np.exp(-gone)
    return there


def _renew(yearly: Draws, gaps: Draws) -> None:
    """Add what is bought again after each purchase, in place."""
    for year in range(1, yearly.shape[1]):
        for gap in range(1, year + 1):
            yearly[:, year] += yearly[:, year - gap] * gaps[gap - 1]


def _pairs(yearly: Draws, renewals: Draws) -> Draws:
    """Expected pairs of purchases in two different years: (cohort, draw)."""
    years = yearly.shape[1]
    later = np.concatenate([np.zeros_like(renewals[:1]), renewals.cumsum(axis=0)])
    pairs: Draws = sum(yearly[:, y] * later[years - 1 - y] for y in range(years))
    return pairs
