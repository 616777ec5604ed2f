"""Whether one kind of device is repaired more often than another of the same age and school.

Older devices and rougher schools break more of any kind: rates of two models that differ in age or
schools can't be set beside each other, and even the order of theirs may turn (Simpson's paradox).
So Mantel and Haenszel's ratio of rates is taken within whole years of age and schools: see
`strata`. Two rates that each have limits aren't compared by whether these overlap; the ratio is
tested, and where it can't be told from 1 that is what is said.

Clusters are schools if at least 8 are common, since a school may treat one model worse, and its
devices break together; else devices, of which some break again and again. The test is Student's of
the clusters' scores at a ratio, with one degree of freedom less than clusters: it holds, or is
cautious, with clusters of unequal size (Ibragimov and Mueller, Journal of Business and Economic
Statistics 28, 2010). The limits are the ratios which that test doesn't reject, sought on the
logarithm.

Where one kind had no repair at all, that the other had all of them has a probability of its own:
given the strata in which devices were repaired, the product of the other's parts of their
device-years, doubled for two sides. Each repaired device counts once, even if it broke 200 times.
"""

from collections.abc import Callable
from typing import Annotated, Final, Literal

import numpy as np
from msgspec import Struct

from broadgauge_wire.fields import about

from .comparison_words import sentence_of
from .exposure import Codes, repairs_of, split_by_age
from .poisson import CONFIDENCE, Counts, Numbers
from .strata import Pair, device_scores, pair_of, school_scores
from .survival import Z95

MIN_SCHOOLS: Final = 8
"""Common schools from which on they are the clusters."""

WIDEST: Final = 1e6
"""A limit beyond this ratio is none."""

Verdict = Literal["first_more", "second_more", "same", "unknown"]
Method = Literal["schools", "devices", "exact"]
Limits = tuple[float | None, float | None]


class Comparison(Struct, frozen=True, kw_only=True):
    """How often two kinds of devices are repaired, at the same age and school."""

    verdict: Annotated[
        Verdict,
        about("Which is surely repaired more; same: can't be told apart; unknown: no ground"),
    ]
    sentence: Annotated[str, about("The same in a sentence")]
    ratio: Annotated[
        float | None,
        about("Rate of the first over that of the second; null if unknown or without end", "ratio"),
    ]
    low: Annotated[float | None, about("Lower 95% limit of it", "ratio")]
    high: Annotated[float | None, about("Upper 95% limit of it; null if it has none", "ratio")]
    poisson_low: Annotated[
        float | None,
        about("Lower 95% limit were each repair by itself; null without repairs of both", "ratio"),
    ]
    poisson_high: Annotated[
        float | None,
        about("Upper 95% limit were each repair by itself; null without repairs of both", "ratio"),
    ]
    p_value: Annotated[
        float | None, about("Chance of such a difference or a greater one if there is none")
    ]
    method: Annotated[
        Method | None,
        about("What counts as by itself: schools, devices, or devices in an exact test"),
    ]
    clusters: Annotated[int, about("How many of these there are")]
    schools: Annotated[int, about("Schools that have both kinds at the same age")]
    strata: Annotated[int, about("Schools and whole years of age that have both kinds")]
    first_repairs: Annotated[int, about("Repairs of the first kind there")]
    first_device_years: Annotated[float, about("Time the first kind was watched there", "years")]
    second_repairs: Annotated[int, about("Repairs of the second kind there")]
    second_device_years: Annotated[float, about("Time the second kind was watched there", "years")]


class _Found(Struct, frozen=True):
    ratio: float | None
    low: float | None
    high: float | None
    p_value: float | None
    method: Method | None
    clusters: int


def compare(
    side: Codes,
    school: Codes,
    entries: Numbers,
    exits: Numbers,
    device: Codes,
    ages: Numbers,
    names: tuple[str, str] = ("the first", "the second"),
) -> Comparison:
    """Of devices: side 0 is the first kind, 1 the second; others are passed over.

    `side`, `school`, `entries` and `exits` (ages in years) have one entry a device; repair i befell
    `device[i]` (a row) at `ages[i]`.
    """
    pieces = split_by_age(entries, exits)
    repairs = repairs_of(pieces, entries, exits, device, ages)
    rows = pieces.device
    return compare_pieces(side[rows], rows, school[rows], pieces.age, pieces.years, repairs, names)


def compare_pieces(
    side: Codes,
    device: Codes,
    school: Codes,
    age: Codes,
    device_years: Numbers,
    repairs: Counts,
    names: tuple[str, str] = ("the first", "the second"),
) -> Comparison:
    """The same of devices' time cut at whole years of age: one entry a device and age."""
    pair = pair_of(side, device, school, age, device_years, repairs)
    found = _found(pair)
    verdict = _verdict(found)
    first, second = pair.of(True), pair.of(False)
    poisson_low, poisson_high = _by_themselves(pair, found.ratio)
    return Comparison(
        verdict=verdict,
        sentence=sentence_of(verdict, found.ratio, found.low, found.high, len(pair.years), names),
        ratio=found.ratio,
        low=found.low,
        high=found.high,
        poisson_low=poisson_low,
        poisson_high=poisson_high,
        p_value=found.p_value,
        method=found.method,
        clusters=found.clusters,
        schools=pair.count(pair.school),
        strata=pair.count(pair.stratum),
        first_repairs=first[0],
        first_device_years=first[1],
        second_repairs=second[0],
        second_device_years=second[1],
    )


def _by_themselves(pair: Pair, ratio: float | None) -> Limits:
    """Greenland and Robins' limits, as textbooks print them."""
    if not ratio:
        return None, None
    width = float(np.exp(Z95 * np.sqrt(pair.log_variance())))
    return ratio / width, ratio * width


def _found(pair: Pair) -> _Found:
    over, under = pair.weighed(True), pair.weighed(False)
    if over == under == 0:
        return _Found(None, None, None, None, None, 0)
    if over == 0 or under == 0:
        return _one_sided(pair, over == 0)
    schools = pair.count(pair.school) >= MIN_SCHOOLS
    return _tested(pair, over / under, schools)


def _tested(pair: Pair, ratio: float, schools: bool) -> _Found:
    from scipy.special import stdtr, stdtrit  # slow to import

    over, under = pair.weighed(True), pair.weighed(False)
    scores = school_scores(pair) if schools else device_scores(pair)
    clusters = pair.count(pair.school if schools else pair.device)

    def statistic(at: float) -> float:
        total = over - at * under
        return _student(total, scores(at)) if abs(total) > 1e-9 * over else 0.0

    edge = float(stdtrit(clusters - 1, (1 + CONFIDENCE) / 2))
    low = _limit(statistic, ratio, edge, 1 / WIDEST)
    high = _limit(statistic, ratio, edge, WIDEST)
    p_value = float(2 * stdtr(clusters - 1, -abs(statistic(1.0))))
    method: Method = "schools" if schools else "devices"
    return _Found(ratio, low or 0.0, high, p_value, method, clusters)


def _student(total: float, scores: Numbers) -> float:
    """Student's statistic of a sum of scores."""
    many, mean = len(scores), scores.mean()
    left = scores - mean
    # Clusters that are all alike tell nothing of how much others may differ.
    left = scores if np.abs(left).max() < 1e-9 * abs(mean) else left
    return total / float(np.sqrt((left**2).sum() * many / (many - 1)))


def _limit(
    statistic: Callable[[float], float], ratio: float, edge: float, furthest: float
) -> float | None:
    """The ratio between the estimate and the furthest at which the test begins to reject."""
    from scipy.optimize import brentq  # slow to import

    def beyond(log: float) -> float:
        return abs(statistic(float(np.exp(log)))) - edge

    near, far = float(np.log(ratio)), float(np.log(furthest))
    if abs(near) >= abs(far) or beyond(far) <= 0:
        return None
    return float(np.exp(brentq(beyond, near, far, xtol=1e-6)))


def _one_sided(pair: Pair, first_none: bool) -> _Found:
    """One kind wasn't repaired at all: the exact test of so many repaired devices."""
    hit = np.flatnonzero(pair.repairs > 0)
    _, once = np.unique(pair.device[hit], return_index=True)
    part = 1 - pair.weight[hit[once]]
    p_value = min(1.0, 2 * float(np.exp(np.log(part).sum())))
    limit = _exact_limit(part)
    low, high = (0.0, 1 / limit) if first_none else (limit, None)
    return _Found(0.0 if first_none else None, low, high, p_value, "exact", len(part))


def _exact_limit(part: Numbers) -> float:
    """Least ratio at which all so repaired devices would be of one kind in 2.5% of cases."""
    from scipy.optimize import brentq  # slow to import

    odds = (1 - part) / part

    def beyond(log: float) -> float:
        return float(np.log1p(odds * np.exp(-log)).sum() + np.log((1 - CONFIDENCE) / 2))

    return float(np.exp(brentq(beyond, -60.0, 60.0, xtol=1e-9)))


def _verdict(found: _Found) -> Verdict:
    if found.p_value is None:
        return "unknown"
    if found.p_value >= 1 - CONFIDENCE:
        return "same"
    return "first_more" if found.ratio is None or found.ratio > 1 else "second_more"
