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

All repairs of one day may have one cause, such as a flood, whatever the schools say. So where days
are known the same test is made between days on which anything broke, around 0, and the less sure of
the two is taken: its chance, and the wider limit on each side.

Where one kind had no repair at all, that the other had all of them has a probability of its own:
given the strata in which devices were repaired, the product of the other's parts of their
device-years, doubled for two sides. Each repaired device counts once, even if it broke 200 times,
and each day; and none tells more than `LEAST_PART` allows.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal, NamedTuple

import numpy as np
from msgspec import Struct

from broadgauge_wire.fields import about

from .comparison_words import sentence_of
from .exposure import Codes, piece_of, split_by_age
from .poisson import CONFIDENCE, Counts, Numbers
from .strata import Dated, Pair, Scores, day_scores, device_scores, pair_of, school_scores
from .survival import Z95

MIN_SCHOOLS: Final = 8
"""Common schools from which on they are the clusters."""

LEAST_PART: Final = 0.3
"""No repair tells more than one of a kind that has so much of the time: so fewer than 4 repaired
devices never tell two kinds apart, however little one of them was watched. An assumption."""

WIDEST: Final = 1e6
"""A limit beyond this ratio is none."""

Verdict = Literal["first_more", "second_more", "same", "unknown"]
Method = Literal["schools", "devices", "days", "exact"]
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
        about("What counts as by itself: schools, devices, days, or devices in an exact test"),
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
    days: Codes | None = None,
) -> Comparison:
    """Of devices: side 0 is the first kind, 1 the second; others are passed over.

    `side`, `school`, `entries` and `exits` (ages in years) have one entry a device; repair i befell
    `device[i]` (a row) at `ages[i]`, on `days[i]` if that is known (any count of days).
    """
    pieces = split_by_age(entries, exits)
    piece = piece_of(pieces, entries, exits, device, ages)
    repairs = np.bincount(piece, minlength=len(pieces.age) + 1)[:-1]
    dated = None if days is None else Dated(piece, days)
    rows = pieces.device
    return compare_pieces(
        side[rows], rows, school[rows], pieces.age, pieces.years, repairs, names, dated
    )


def compare_pieces(
    side: Codes,
    device: Codes,
    school: Codes,
    age: Codes,
    device_years: Numbers,
    repairs: Counts,
    names: tuple[str, str] = ("the first", "the second"),
    dated: Dated | None = None,
) -> Comparison:
    """The same of devices' time cut at whole years of age: one entry a device and age."""
    pair = pair_of(side, device, school, age, device_years, repairs, dated)
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
    tests = [_Test(over, under, *clusters) for clusters in _clusters(pair)]
    surest = max(tests, key=lambda test: test.p_value())
    ratio, low, high = over / under, 1 / WIDEST, WIDEST
    return _Found(
        ratio,
        _furthest(tests, ratio, low) or 0.0,
        _furthest(tests, ratio, high),
        surest.p_value(),
        surest.method,
        surest.clusters,
    )


def _clusters(pair: Pair) -> Iterator[tuple[Method, int, int, Scores]]:
    """Whatever may break together: how many, degrees of freedom, and their scores."""
    schools, devices = pair.count(pair.school), pair.count(pair.device)
    if schools >= MIN_SCHOOLS:
        yield "schools", schools, schools - 1, school_scores(pair)
    else:
        yield "devices", devices, devices - 1, device_scores(pair)
    if pair.dated is not None:
        days = len(np.unique(pair.dated.day))
        yield "days", days, max(days - 1, 1), day_scores(pair, pair.dated)


class _Test(NamedTuple):
    """Student's, of what some clusters say of a ratio."""

    over: float
    under: float
    method: Method
    clusters: int
    freedom: int
    scores: Scores

    def statistic(self, at: float) -> float:
        total = self.over - at * self.under
        if abs(total) <= 1e-9 * self.over:
            return 0.0
        return total / _error(self.scores(at), centred=self.method != "days")

    def p_value(self) -> float:
        from scipy.special import stdtr  # slow to import

        return float(2 * stdtr(self.freedom, -abs(self.statistic(1.0))))

    def beyond(self, at: float) -> float:
        """Above 0: the ratio is rejected."""
        from scipy.special import stdtrit  # slow to import

        edge = float(stdtrit(self.freedom, (1 + CONFIDENCE) / 2))
        return abs(self.statistic(at)) - edge


def _error(scores: Numbers, *, centred: bool) -> float:
    """Standard error of the sum of scores."""
    many = len(scores)
    if not centred or many < 2:
        # On days without a repair the score is 0, so the mean of all is next to nothing.
        return float(np.sqrt((scores**2).sum()))
    mean = scores.mean()
    left = scores - mean
    # Clusters that are all alike tell nothing of how much others may differ.
    left = scores if np.abs(left).max() < 1e-9 * abs(mean) else left
    return float(np.sqrt((left**2).sum() * many / (many - 1)))


def _furthest(tests: Sequence[_Test], ratio: float, furthest: float) -> float | None:
    """The ratio up to which any of the tests doesn't reject; None: there is no end."""
    reached: float | None = ratio
    for test in tests:
        if reached is not None and test.beyond(reached) < 0:
            reached = _limit(test, reached, furthest)
    return reached


def _limit(test: _Test, near: float, furthest: float) -> float | None:
    """The ratio between the two at which the test begins to reject."""
    from scipy.optimize import brentq  # slow to import

    def beyond(log: float) -> float:
        return test.beyond(float(np.exp(log)))

    start, far = float(np.log(near)), float(np.log(furthest))
    if abs(start) >= abs(far) or beyond(far) <= 0:
        return None
    return float(np.exp(brentq(beyond, start, far, xtol=1e-6)))


def _one_sided(pair: Pair, first_none: bool) -> _Found:
    """One kind wasn't repaired at all: the exact test of so many repaired devices."""
    part = np.maximum(_parts(pair), LEAST_PART)
    p_value = min(1.0, 2 * float(np.exp(np.log(part).sum())))
    limit = _exact_limit(part)
    low, high = (0.0, 1 / limit) if first_none else (limit, None)
    return _Found(0.0 if first_none else None, low, high, p_value, "exact", len(part))


def _parts(pair: Pair) -> Numbers:
    """Of each repaired device and day, what part of the time is its kind's: each counts once."""
    if pair.dated is None:
        piece: Codes = np.flatnonzero(pair.repairs > 0)
        day: Codes = np.arange(len(piece))
    else:
        piece, day = pair.dated
    # Of a device's or day's repairs, that counts which tells the least.
    order = np.argsort(pair.weight[piece], kind="stable")
    piece, day = piece[order], day[order]
    once = np.sort(np.unique(pair.device[piece], return_index=True)[1])
    piece, day = piece[once], day[once]
    each = piece[np.unique(day, return_index=True)[1]]
    return np.asarray(1 - pair.weight[each], np.float64)


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
