"""Ranges of sums: everything is drawn together, added up draw by draw, and only then a range taken.

So the range of a district is narrower than the sum of its schools' ranges wherever they vary by
themselves, and isn't where they share an unknown.
"""

from hashlib import blake2b
from typing import Annotated, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

Draws = NDArray[np.float64]

SEED: Final = 20260302
DRAWS: Final = 500
RANGE: Final = (0.1, 0.9)
"""Quantiles that a range goes from and to: eight in ten lie within."""

LARGEST: Final = 10**12
"""Trials beyond which a binomial count can't be told from a Poisson one."""

NORMAL_FROM: Final = 15.0
"""Variance from which a count's 10% and 90% quantiles differ from normal ones by a tenth."""

DAYS_A_YEAR: Final = 365.25


class Money(Struct, frozen=True, kw_only=True):
    """An amount with its range."""

    low_cents: Annotated[int, about("Low end of the range", "hundredths")]
    expected_cents: Annotated[int, about("What is expected", "hundredths")]
    high_cents: Annotated[int, about("High end of the range", "hundredths")]


def generator(what: str, seed: int = SEED) -> np.random.Generator:
    """Draws of one unknown: the same whenever and with whatever else it is asked."""
    digest = blake2b(f"{seed}/{what}".encode(), digest_size=8).digest()
    return np.random.default_rng(int.from_bytes(digest))


def evenly(rng: np.random.Generator, draws: int) -> Draws:
    """Draws between 0 and 1, one in each of as many equal parts, in disorder: quantiles of few such
    draws are as good as of many free ones."""
    return (rng.permutation(draws) + rng.random(draws)) / draws


def triangle(value: float, low: float, high: float, uniform: Draws) -> Draws:
    """Draws between low and high with the peak at the value, from draws between 0 and 1."""
    if high <= low:
        return np.full_like(uniform, value)
    left = (value - low) / (high - low)
    rising = low + np.sqrt(uniform * (high - low) * (value - low))
    falling = high - np.sqrt((1 - uniform) * (high - low) * (high - value))
    return np.where(uniform < left, rising, falling)


def counts(mean: Draws, variance: Draws, rng: np.random.Generator) -> Draws:
    """Whole numbers with this mean and, as nearly as a binomial can, this variance.

    A sum of independent yes-or-no events with unequal chances varies less than a Poisson count of
    the same mean; a binomial with the first two moments stands in for it, and where that is wide a
    rounded normal. It never goes below 0 or, where all is sure, beside the mean.
    """
    variance = np.maximum(variance, 0.0)
    found = np.round(mean + np.sqrt(variance) * rng.standard_normal(mean.shape))
    few = variance < NORMAL_FROM
    found[few] = _binomial(mean[few], variance[few], rng)
    drawn: Draws = np.maximum(found, 0.0)
    return drawn


def _binomial(mean: Draws, variance: Draws, rng: np.random.Generator) -> Draws:
    spare = np.maximum(mean - variance, mean**2 / LARGEST)
    with np.errstate(invalid="ignore", divide="ignore"):
        wanted = np.where(mean > 0, mean**2 / spare, 0.0)
    # A mean such as 2.9999999 is 3 that is sure.
    trials = np.maximum(np.round(wanted), np.ceil(mean - 1e-6)).clip(0, LARGEST)
    chance = np.divide(mean, trials, out=np.zeros_like(mean), where=trials > 0).clip(0, 1)
    return rng.binomial(trials.astype(np.int64), chance).astype(np.float64)


def ranges(draws: Draws, shares: tuple[float, float] = RANGE) -> Draws:
    """Low and high of the last axis, at the front. Values of whole numbers stay whole."""
    at = np.round(np.array(shares) * (draws.shape[-1] - 1)).astype(int)
    ordered = np.partition(draws, at, axis=-1)
    ends: Draws = np.moveaxis(ordered[..., at], -1, 0)
    return ends


def money(draws: Draws, shares: tuple[float, float] = RANGE) -> Money:
    """Of draws in hundredths."""
    return priced(float(draws.mean()), *ranges(draws, shares).tolist())


def priced(expected: float, low: float, high: float) -> Money:
    """In whole hundredths."""
    return Money(low_cents=round(low), expected_cents=round(expected), high_cents=round(high))
