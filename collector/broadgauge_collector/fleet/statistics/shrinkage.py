"""Rates of small groups, drawn towards their mean as far as their numbers are small.

A list of models by rate has those with few devices at both ends, by luck alone. Empirical Bayes:
rates of groups are taken as gamma with shape a and rate b, so that a group with k repairs in T
device-years has the rate (a + k) / (b + T). a and b are those under which the counts of all groups,
negative binomial then, are likeliest (Clayton and Kaldor, Biometrics 43, 1987). Where the counts
vary no more than Poisson ones, or with fewer than 3 groups, each group gets the mean of all.

The limits of a group weigh every spread of rates that the counts allow, not the likeliest alone:
that is too sure of itself with few groups, most of all where it is none. They also allow for the
mean's being an estimate. With fewer than 3 groups they take in the group's own exact ones.
"""

from typing import Annotated, Final, NamedTuple

import numpy as np
from msgspec import Struct

from broadgauge_wire.fields import about

from .poisson import CONFIDENCE, PER, Counts, Numbers, garwood

MIN_GROUPS: Final = 3
"""Groups that a spread between groups can be found of."""

SPREADS: Final = np.linspace(0.025, 2.5, 100)
"""Relative spreads of rates that limits weigh, each as likely as the next beforehand."""


class ShrunkRate(Struct, frozen=True, kw_only=True):
    """Rate of a group as far as it can be told from those of others."""

    per_100: Annotated[
        float | None, about("Repairs per 100 device-years; null if no device was watched")
    ]
    low: Annotated[float | None, about("Lower 95% limit of it")]
    high: Annotated[float | None, about("Upper 95% limit of it")]
    own: Annotated[
        float | None,
        about("How much of it comes from the group itself, the rest from all", "ratio"),
    ]


class ShrunkRates(Struct, frozen=True, kw_only=True):
    """Rates of groups, each drawn towards the mean of all."""

    rates: Annotated[tuple[ShrunkRate, ...], about("Of each group")]
    mean_per_100: Annotated[
        float | None, about("Mean they are drawn to: repairs per 100 device-years")
    ]
    spread: Annotated[
        float | None,
        about("Standard deviation of rates over their mean; null if none is found", "ratio"),
    ]


class _Fit(NamedTuple):
    mean: float
    squared_spread: float
    """0 where the counts vary no more than by chance."""


def shrink(repairs: Counts, device_years: Numbers) -> ShrunkRates:
    """Of groups: counts and device-years beside each other. Without device-years: no rate."""
    used = device_years > 0
    counts, years = repairs[used], device_years[used]
    if not len(counts):
        return ShrunkRates(rates=(_NONE,) * len(repairs), mean_per_100=None, spread=None)
    fit = _fit(counts, years)
    found = iter(_rates(counts, years, fit))
    return ShrunkRates(
        rates=tuple(next(found) if one else _NONE for one in used.tolist()),
        mean_per_100=PER * fit.mean,
        spread=float(np.sqrt(fit.squared_spread)) or None,
    )


_NONE: Final = ShrunkRate(per_100=None, low=None, high=None, own=None)


def _fit(counts: Counts, years: Numbers) -> _Fit:
    from scipy.optimize import minimize  # slow to import

    mean = float(counts.sum() / years.sum())
    # By this the likelihood begins to rise with a spread, or doesn't.
    excess = float(((counts - mean * years) ** 2 - counts).sum())
    if len(counts) < MIN_GROUPS or excess <= 0:
        return _Fit(mean, 0.0)
    begin = np.log([mean, excess / float(((mean * years) ** 2).sum())])
    found = minimize(
        lambda logs: -_likelihood(counts, years, *np.exp(logs)),
        begin,
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 2000},
    )
    return _Fit(*np.exp(found.x).tolist())


def _likelihood(counts: Counts, years: Numbers, mean: float, squared_spread: float) -> float:
    """Logarithm of that of negative binomial counts, less what doesn't change."""
    from scipy.special import gammaln  # slow to import

    shape = 1 / squared_spread
    share = shape / (shape + mean * years)
    terms = gammaln(shape + counts) - gammaln(shape) + shape * np.log(share)
    return float((terms + counts * np.log(mean * (1 - share) / (mean * years))).sum())


def _rates(counts: Counts, years: Numbers, fit: _Fit) -> list[ShrunkRate]:
    prior = 1 / (fit.squared_spread * fit.mean) if fit.squared_spread > 0 else np.inf
    own = years / (prior + years)
    rates = fit.mean + own * (counts / years - fit.mean)
    few = len(counts) < MIN_GROUPS or not counts.any()
    low, high = _of_few(counts, years) if few else _limits(counts, years, fit.mean)
    return _listed(rates, np.minimum(low, rates), np.maximum(high, rates), own)


def _of_few(counts: Counts, years: Numbers) -> tuple[Numbers, Numbers]:
    together = [end / years.sum() for end in garwood(counts.sum())]
    apart = [end / years for end in garwood(counts)] if counts.any() else together
    ones = np.ones(len(counts))
    return np.minimum(together[0] * ones, apart[0]), np.maximum(together[1] * ones, apart[1])


def _limits(counts: Counts, years: Numbers, mean: float) -> tuple[Numbers, Numbers]:
    """Quantiles of the gamma distribution with the moments of the mixture over all spreads."""
    from scipy.special import gammaincinv  # slow to import

    logs = np.array([_likelihood(counts, years, mean, spread**2) for spread in SPREADS])
    weight = np.exp(logs - logs.max()) / np.exp(logs - logs.max()).sum()
    prior = (1 / (SPREADS**2 * mean))[:, None]
    each = (prior * mean + counts) / (prior + years)
    middle = weight @ each
    variance = weight @ (
        each / (prior + years)
        + (each - middle) ** 2
        + (prior / (prior + years)) ** 2 * _variance_of_mean(years, mean, prior)
    )
    tail = (1 - CONFIDENCE) / 2
    shape, scale = middle**2 / variance, variance / middle
    low, high = (gammaincinv(shape, share) * scale for share in (tail, 1 - tail))
    return np.asarray(low, np.float64), np.asarray(high, np.float64)


def _variance_of_mean(years: Numbers, mean: float, prior: Numbers) -> Numbers:
    """By each spread, from the information that negative binomial counts give of their mean."""
    information = (years * prior / (prior + years)).sum(axis=1, keepdims=True)
    return np.asarray(mean / information, np.float64)


def _listed(rates: Numbers, low: Numbers, high: Numbers, own: Numbers) -> list[ShrunkRate]:
    rows = zip(*((PER * a).tolist() for a in (rates, low, high)), own.tolist(), strict=True)
    return [ShrunkRate(per_100=r, low=lo, high=hi, own=part) for r, lo, hi, part in rows]
