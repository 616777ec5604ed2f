"""Whether Weibull's law fits: beside Kaplan and Meier's curve, and span of age by span of age."""

from typing import Annotated, Literal, NamedTuple

import numpy as np
from msgspec import Struct

from broadgauge_wire.fields import about

from .survival import MIN_AT_RISK, Ages, Counts, Flags, SurvivalCurve
from .weibull import Sums, WeibullFit, of_some_age

MIN_REPAIRS_TO_CHECK = 30
"""First repairs: with fewer a wrong law is seldom told from a right one."""

REPAIRS_PER_SPAN = 10
MAX_SPANS = 12

DOUBT = 0.05
"""Chance of a worse disagreement, were the law right, below which it is doubted."""

CLOSE = 0.02
"""Shares this near to Kaplan and Meier's serve a budget, however sure it is that they differ."""

Word = Literal["fits", "does not fit", "too few repairs to tell"]


class WeibullCheck(Struct, frozen=True, kw_only=True):
    """A fitted law beside Kaplan and Meier's curve, which assumes no law."""

    word: Annotated[Word, about("Whether the law may be used")]
    greatest_distance: Annotated[
        float | None,
        about(
            "Between the two shares, at ages with devices enough; null with no such age", "ratio"
        ),
    ]
    at_age: Annotated[float | None, about("Where that is", "years")]
    chi_square: Annotated[
        float | None, about("Repairs in spans of age against those that the law expects")
    ]
    degrees_of_freedom: Annotated[int | None, about("Of that chi-square")]
    p_value: Annotated[float | None, about("Chance of a greater one, were the law right", "ratio")]


class _Found(NamedTuple):
    chi_square: float | None = None
    degrees: int | None = None
    p_value: float | None = None


def check_weibull(
    fit: WeibullFit, curve: SurvivalCurve, entries: Ages, exits: Ages, repaired: Flags
) -> WeibullCheck:
    """The fit against the curve of the same devices, and against their repairs.

    The chi-square is Hjort's (Annals of Statistics 18, 1990), over spans of age with about as many
    repairs each: it allows for the law having been fitted to them. A law that lies nowhere farther
    than `CLOSE` from the curve fits, since enough devices show any law to be less than exact.
    """
    distance, age = greatest_distance(fit, curve)
    found = _chi_square(fit, *of_some_age(entries, exits, repaired))
    return WeibullCheck(
        word=_word(found.p_value, distance),
        greatest_distance=distance,
        at_age=age,
        chi_square=found.chi_square,
        degrees_of_freedom=found.degrees,
        p_value=found.p_value,
    )


def greatest_distance(
    fit: WeibullFit, curve: SurvivalCurve
) -> tuple[float, float] | tuple[None, None]:
    """Between the law and the curve, and the age in years where it is.

    Looked for just before and after each step that `MIN_AT_RISK` devices or more were left at. Both
    are of devices unrepaired at the age where the curve begins.
    """
    enough = (curve.at_risk >= MIN_AT_RISK) & (curve.ages > 0)
    if not enough.any():
        return None, None
    law = _shares(fit, curve.ages[enough]) / _shares(fit, np.array([curve.begins_at_age]))
    before = np.concatenate([[1.0], curve.share])[:-1][enough]
    distances = np.maximum(abs(law - before), abs(law - curve.share[enough]))
    greatest = int(np.argmax(distances))
    return float(distances[greatest]), float(curve.ages[enough][greatest])


def _shares(fit: WeibullFit, ages: Ages) -> Ages:
    shares: Ages = np.exp(-((ages / fit.scale) ** fit.shape))
    return shares


def _word(p_value: float | None, distance: float | None) -> Word:
    if p_value is None:
        return "too few repairs to tell"
    close = distance is not None and distance <= CLOSE
    return "fits" if close or p_value >= DOUBT else "does not fit"


def _chi_square(fit: WeibullFit, entries: Ages, exits: Ages, repaired: Flags) -> _Found:
    if fit.first_repairs < MIN_REPAIRS_TO_CHECK:
        return _Found()
    from scipy.special import chdtrc  # slow to import, and seldom needed

    sums = Sums.of(entries, exits, repaired)
    ends = _span_ends(fit, sums)
    if len(ends) < 2:
        return _Found()
    seen = np.diff(np.searchsorted(np.sort(exits[repaired]), ends, "right"), prepend=0)
    total, tilt = _expected_by(fit, sums, ends)
    expected = np.diff(total, prepend=0.0)
    slopes = fit.shape * np.column_stack([-expected, np.diff(tilt, prepend=0.0)])
    surprise = (seen - expected) / np.sqrt(expected)
    scaled = slopes / np.sqrt(expected)[:, None]
    # All repairs are as many as expected, whatever the scale: one direction has no variance.
    spread = np.eye(len(ends)) - scaled @ _variance(fit) @ scaled.T
    chi_square = float(surprise @ np.linalg.pinv(spread, rcond=1e-8, hermitian=True) @ surprise)
    degrees = len(ends) - 1
    return _Found(chi_square, degrees, float(chdtrc(degrees, chi_square)))


def _span_ends(fit: WeibullFit, sums: Sums) -> Ages:
    """Ages that part a life into spans in which the law expects about as many repairs each."""
    spans = int(min(sums.repairs // REPAIRS_PER_SPAN, MAX_SPANS))
    total, _ = _expected_by(fit, sums, sums.ages)
    inner = np.searchsorted(total, total[-1] * np.arange(1, spans) / spans)
    ends: Ages = sums.ages[np.unique(np.append(inner, len(total) - 1))]
    return ends


def _expected_by(fit: WeibullFit, sums: Sums, ages: Ages) -> tuple[Ages, Ages]:
    """Repairs expected by each age, and how they change with the logarithm of the shape, by it.

    A device adds its cumulative hazard up to the age, or to its exit if that is sooner, less the
    same of its entry.
    """
    when = sums.logs - np.log(fit.scale)
    hazard = np.exp(fit.shape * when)
    upto = np.searchsorted(sums.ages, ages, "right")
    beyond = sums.weights.sum() - _before(sums.weights, upto)
    at_ages = np.log(ages / fit.scale)
    at_hazard = beyond * np.exp(fit.shape * at_ages)
    total = _before(sums.weights * hazard, upto) + at_hazard
    tilt = _before(sums.weights * hazard * when, upto) + at_hazard * at_ages
    return total, tilt


def _before(terms: Ages, upto: Counts) -> Ages:
    """Sums of the first so many."""
    found: Ages = np.concatenate([[0.0], np.cumsum(terms)])[upto]
    return found


def _variance(fit: WeibullFit) -> Ages:
    return np.array(
        [[fit.variance_log_scale, fit.covariance], [fit.covariance, fit.variance_log_shape]]
    )
