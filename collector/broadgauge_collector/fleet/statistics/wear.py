"""From what age a device costs too much: repairs a year at that age, times what one costs.

Repairs by age come from the fleet's own log, as a Weibull hazard h(t) = k/s (t/s)^(k-1) or as rates
of age bands; either is drawn with what isn't known of it.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import numpy as np
from msgspec import Struct

from broadgauge_wire.fields import about

from ...errors import Invalid
from .self_insurance import JEFFREYS
from .sums import Draws, evenly

LATER: Final = 40.0
"""Years beyond which an age means never."""


class Weibull(Struct, frozen=True, kw_only=True):
    """An estimated Weibull, and how well it is known: its logarithms are taken to be normal."""

    shape: Annotated[float, about("Above 1 the hazard grows with age")]
    scale_years: Annotated[float, about("Age that 37% reach", "years")]
    var_log_shape: Annotated[float, about("Variance of the shape's logarithm")] = 0.0
    var_log_scale: Annotated[float, about("Variance of the scale's logarithm")] = 0.0
    covariance: Annotated[float, about("Of the two logarithms")] = 0.0


class AgeBand(Struct, frozen=True, kw_only=True):
    """Repairs seen at some ages."""

    from_years: Annotated[float, about("Youngest", "years")]
    repairs: Annotated[int, about("Repairs")]
    device_years: Annotated[float, about("Years in service at these ages")]


Wear = Weibull | tuple[AgeBand, ...]


def costly_age(wear: Wear, mean_cents: float, price_cents: float, share: float) -> float | None:
    """Age from which a year's repairs cost more than this share of the price. None: at no age."""
    age = float(_ages(wear, _rate(mean_cents, price_cents, share), None)[0])
    return None if np.isinf(age) else age


def costly_ages(
    wear: Wear,
    mean_cents: float,
    price_cents: float,
    share: float,
    rng: np.random.Generator,
    draws: int,
) -> Draws:
    """The same with what isn't known, for each draw; inf: at no age."""
    return _ages(wear, _rate(mean_cents, price_cents, share), rng, draws)


def drawn_weibull(
    fit: Weibull, rng: np.random.Generator | None, draws: int = 1
) -> tuple[Draws, Draws]:
    """Shapes and scales; without a generator, the estimate itself."""
    check_weibull(fit)
    if rng is None:
        return np.full(draws, fit.shape), np.full(draws, fit.scale_years)
    # Half a second of import, and a server must start without it.
    from scipy.special import ndtri

    first, second = ndtri(evenly(rng, draws)), ndtri(evenly(rng, draws))
    on_shape = np.sqrt(fit.var_log_shape)
    on_scale = fit.covariance / on_shape if on_shape else 0.0
    rest = np.sqrt(max(fit.var_log_scale - on_scale**2, 0.0))
    shapes = fit.shape * np.exp(on_shape * first)
    return shapes, fit.scale_years * np.exp(on_scale * first + rest * second)


def check_weibull(fit: Weibull) -> None:
    """Invalid for what no Weibull is."""
    if not (0 < fit.shape < 1000 and 0 < fit.scale_years < 1e6):
        raise Invalid("A Weibull's shape and scale are more than 0.")
    if not (0 <= fit.var_log_shape < 100 and 0 <= fit.var_log_scale < 100):
        raise Invalid("A Weibull's variances are 0 or more.")
    if fit.covariance**2 > fit.var_log_shape * fit.var_log_scale * (1 + 1e-9):
        raise Invalid("A Weibull's covariance is more than its variances allow.")


def _rate(mean_cents: float, price_cents: float, share: float) -> float:
    """Repairs a year that cost as much."""
    if not (mean_cents >= 0 and price_cents >= 0 and share >= 0):
        raise Invalid("What a repair and a device cost, and the share, are 0 or more.")
    return share * price_cents / mean_cents if mean_cents else np.inf


def _ages(wear: Wear, rate: float, rng: np.random.Generator | None, draws: int = 1) -> Draws:
    if isinstance(wear, Weibull):
        return _by_weibull(*drawn_weibull(wear, rng, draws), rate)
    return _by_bands(wear, rate, rng, draws)


def _by_weibull(shapes: Draws, scales: Draws, rate: float) -> Draws:
    if not rate:
        return np.zeros_like(shapes)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        ages = scales * (rate * scales / shapes) ** (1 / (shapes - 1))
    found: Draws = np.where((shapes > 1) & (ages < LATER), ages, np.inf)
    return found


def _by_bands(
    bands: Sequence[AgeBand], rate: float, rng: np.random.Generator | None, draws: int
) -> Draws:
    ages = np.full(draws, np.inf)
    for band in sorted(bands, key=lambda band: -band.from_years):
        if band.device_years <= 0:
            continue
        seen = band.repairs / band.device_years
        shape = band.repairs + JEFFREYS
        rates = np.full(draws, seen) if rng is None else rng.gamma(shape, size=draws)
        over = rates > rate if rng is None else rates / band.device_years > rate
        ages[over] = band.from_years
    return ages
