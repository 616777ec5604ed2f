"""Weibull's law for the age at first repair, by maximum likelihood with late entry.

S(t) = exp(-(t/scale)^shape). A shape above 1 says that the risk rises with age (wear), one below 1
that it falls. Likelihood, profile and information: Meeker and Escobar, Statistical Methods for
Reliability Data (1998), chapters 8 and 11.
"""

from typing import Annotated, NamedTuple

import numpy as np
from msgspec import Struct

from broadgauge_wire.fields import about

from .survival import Z95, Ages, Flags, watched

SHAPES = np.geomspace(0.02, 50, 13)
"""Where the shape is looked for. Nothing that breaks has one outside."""

MAX_LOG_ERROR = 5
"""Standard error of a parameter's logarithm. Beyond, limits lie farther apart than a factor of a
hundred million: devices tell nothing of the parameter."""


class WeibullFit(Struct, frozen=True, kw_only=True):
    """Weibull's law as fitted to first repairs."""

    devices: Annotated[int, about("Devices watched")]
    first_repairs: Annotated[int, about("First repairs among them")]
    shape: Annotated[float, about("Above 1 the risk of a repair rises with age")]
    shape_low: Annotated[float, about("Lower 95% limit of the shape")]
    shape_high: Annotated[float, about("Upper 95% limit of the shape")]
    shape_error: Annotated[float, about("Standard error of the shape")]
    scale: Annotated[float, about("Age by which 63.2% are repaired", "years")]
    scale_low: Annotated[float, about("Lower 95% limit of the scale", "years")]
    scale_high: Annotated[float, about("Upper 95% limit of the scale", "years")]
    scale_error: Annotated[float, about("Standard error of the scale", "years")]
    log_likelihood: Annotated[float, about("Its greatest value; densities are per unit of age")]
    variance_log_scale: Annotated[float, about("Variance of the logarithm of the scale")]
    variance_log_shape: Annotated[float, about("Variance of the logarithm of the shape")]
    covariance: Annotated[float, about("Covariance of the two logarithms")]


class WeibullShare(Struct, frozen=True, kw_only=True):
    """What a fitted law says of one age."""

    age: Annotated[float, about("Age of a device", "years")]
    share: Annotated[float, about("Share not repaired by then", "ratio")]
    low: Annotated[float, about("Lower 95% limit", "ratio")]
    high: Annotated[float, about("Upper 95% limit", "ratio")]


def fit_weibull(entries: Ages, exits: Ages, repaired: Flags) -> WeibullFit | None:
    """Of devices watched from entry to exit (ages in years), `repaired` where that ended it.

    None with repairs at fewer than two ages, and where no shape is the likeliest: with late
    entries alone the likelihood may rise all the way to 0, or hardly change. Limits are normal
    ones of logarithms. A device of age 0 tells nothing of a law that begins there and is passed
    over: days counted whole are best given half a day more.
    """
    entries, exits, repaired = of_some_age(entries, exits, repaired)
    if len(np.unique(exits[repaired])) < 2:
        return None
    unit = float(exits.max())
    sums = Sums.of(entries / unit, exits / unit, repaired)
    shape = sums.likeliest_shape()
    return None if shape is None else _fit(sums, shape, unit, len(exits))


def weibull_share_at(fit: WeibullFit, ages: list[float]) -> list[WeibullShare]:
    """The law at these ages (years, above 0); limits are normal ones of log(-log S)."""
    when = np.log(np.array(ages) / fit.scale)
    variance = fit.shape**2 * (
        fit.variance_log_scale - 2 * fit.covariance * when + fit.variance_log_shape * when**2
    )
    width = Z95 * np.sqrt(np.maximum(variance, 0))
    hazard = fit.shape * when
    shares = [np.exp(-np.exp(one)).tolist() for one in (hazard, hazard + width, hazard - width)]
    return [
        WeibullShare(age=age, share=share, low=low, high=high)
        for age, share, low, high in zip(ages, *shares, strict=True)
    ]


class Sums(NamedTuple):
    """What the likelihood needs of devices; ages are in units of the oldest, so no power of one
    overflows. An entry counts as an exit does, with the opposite sign."""

    ages: Ages
    logs: Ages
    weights: Ages
    repairs: int
    repair_logs: float

    @staticmethod
    def of(entries: Ages, exits: Ages, repaired: Flags) -> "Sums":
        """Of ages in units of the oldest."""
        late = entries[entries > 0]
        ages, rows = np.unique(np.concatenate([exits, late]), return_inverse=True)
        signs = np.repeat([1.0, -1.0], [len(exits), len(late)])
        events = exits[repaired]
        logs, repair_logs = np.log(ages), float(np.log(events).sum())
        weights = np.bincount(rows, signs).astype(np.float64)
        return Sums(ages, logs, weights, len(events), repair_logs)

    def powers(self, shape: float) -> tuple[float, float, float]:
        """Sums of age^shape, and of the same times its logarithm and the square of that."""
        terms = self.weights * np.exp(shape * self.logs)
        first = terms * self.logs
        return float(terms.sum()), float(first.sum()), float(first @ self.logs)

    def slope(self, shape: float) -> float:
        """Of the profile of the log-likelihood (scale at its likeliest) over the shape."""
        total, first, _ = self.powers(shape)
        return self.repairs / shape + self.repair_logs - self.repairs * first / total

    def log_likelihood(self, shape: float) -> float:
        """With the scale at its likeliest."""
        repairs = self.repairs
        per_repair = np.log(shape) + np.log(repairs / self.powers(shape)[0]) - 1
        return float(repairs * per_repair + (shape - 1) * self.repair_logs)

    def likeliest_shape(self) -> float | None:
        """The best of the tops of the profile; with late entries it may have none, or two."""
        from scipy.optimize import brentq  # slow to import, and seldom needed

        slopes = np.array([self.slope(shape) for shape in SHAPES])
        tops = np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0))
        roots = [float(brentq(self.slope, SHAPES[i], SHAPES[i + 1], xtol=1e-13)) for i in tops]
        return max(roots, key=self.log_likelihood, default=None)


def of_some_age(entries: Ages, exits: Ages, repaired: Flags) -> tuple[Ages, Ages, Flags]:
    """Those watched at an age above 0, from 0 on where they were watched from new."""
    entries, exits, repaired = watched(entries, exits, repaired)
    some = exits > 0
    return np.maximum(entries[some], 0), exits[some], repaired[some]


def _fit(sums: Sums, shape: float, unit: float, devices: int) -> WeibullFit | None:
    total = sums.powers(shape)[0]
    scale = unit * (total / sums.repairs) ** (1 / shape)
    information = _information(sums, shape, np.log(scale / unit))
    if np.linalg.det(information) <= 0:
        return None
    variance = np.linalg.inv(information)
    if not (np.diag(variance) < MAX_LOG_ERROR**2).all():
        return None
    scale_error, shape_error = np.sqrt(np.diag(variance)).tolist()
    return WeibullFit(
        devices=devices,
        first_repairs=sums.repairs,
        shape=shape,
        shape_low=float(shape * np.exp(-Z95 * shape_error)),
        shape_high=float(shape * np.exp(Z95 * shape_error)),
        shape_error=shape * shape_error,
        scale=scale,
        scale_low=float(scale * np.exp(-Z95 * scale_error)),
        scale_high=float(scale * np.exp(Z95 * scale_error)),
        scale_error=scale * scale_error,
        log_likelihood=float(sums.log_likelihood(shape) - sums.repairs * np.log(unit)),
        variance_log_scale=scale_error**2,
        variance_log_shape=shape_error**2,
        covariance=float(variance[0, 1]),
    )


def _information(sums: Sums, shape: float, log_scale: float) -> Ages:
    """Of log scale and log shape, as observed where both are at their likeliest."""
    total, first, second = (one * np.exp(-shape * log_scale) for one in sums.powers(shape))
    q1 = first - log_scale * total
    q2 = second - 2 * log_scale * first + log_scale**2 * total
    return np.array(
        [
            [shape**2 * sums.repairs, -(shape**2) * q1],
            [-(shape**2) * q1, sums.repairs + shape**2 * q2],
        ]
    )
