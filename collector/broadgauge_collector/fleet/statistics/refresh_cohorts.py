"""Devices as cohorts: those that go alike, are as old, and are due as soon, by school."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .fiscal_years import fiscal_year, fiscal_years, middles
from .replace_by import AgingDevices, Codes, age_limits, fixed_ends
from .replace_rules import ReplaceRules
from .sums import DAYS_A_YEAR, Draws

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
Mask = NDArray[np.bool_]

BASE: Final = 1000
"""More than the years from one end of a fleet's to the other."""

KNOWN_WEIGHT: Final = 5.0
"""As how many purchases, at most, the known ages of a model count for those that aren't known."""


class Sort(NamedTuple):
    """Devices of one model and kind. Code -1: not known."""

    model: int
    kind: int


class Unsure(NamedTuple):
    """Devices that were bought in one of several years."""

    sort: int
    """Place of theirs in `Cohorts.sorts`."""
    first_year: int
    cohorts: Places
    """Those of that and the following years."""
    weights: Numbers
    """Parameters of the Dirichlet that the years' shares are drawn from."""
    by_school: Numbers


class Cohorts(NamedTuple):
    """Of sorts that go alike. The last school is that of devices without one."""

    sorts: Places
    """Their places among all."""
    ages: Numbers
    """In years, now."""
    due: Places
    """In how many fiscal years; `BASE` - 1: not within the horizon."""
    devices: Numbers
    """Of known age: (sort, school, cohort)."""
    unsure: tuple[Unsure, ...]


class Counted(NamedTuple):
    """Devices there now, by school."""

    devices: Places
    age_unknown: Places
    without_day: Places


def sorts_of(model: Codes, kind: Codes) -> tuple[tuple[Sort, ...], Places]:
    """The sorts there are, and the place of each device's."""
    found, place = np.unique(model.astype(np.int64) * BASE + kind + 1, return_inverse=True)
    return tuple(Sort(key // BASE, key % BASE - 1) for key in found.tolist()), place


class Aging:
    """The devices that are there, and what sorts of them."""

    def __init__(
        self, devices: AgingDevices, rules: ReplaceRules, today: date, horizon: int
    ) -> None:
        self._horizon = horizon
        self._month = rules.fiscal_year_begins_in
        self._now = np.datetime64(today, "D")
        self._year = fiscal_year(today, self._month)
        self._there = np.flatnonzero(~devices.gone)
        self.schools = len(devices.schools) + 1
        self._school = devices.school[self._there] % self.schools
        self.limits = age_limits(devices, rules)
        self.sorts, self._sort = sorts_of(devices.model[self._there], devices.kind[self._there])
        self._date(devices, rules, today)

    def _date(self, devices: AgingDevices, rules: ReplaceRules, today: date) -> None:
        """When they were bought, and are due."""
        born, there = devices.born_earliest[self._there], self._there
        fixed = fixed_ends(devices, rules, today)[there]
        aged = born.astype("datetime64[D]").astype(np.float64)
        aged += self.limits[devices.kind[there]] * DAYS_A_YEAR
        self._unsure = born != devices.born_latest[there]
        self._first = fiscal_years(born, self._month)
        self._last = fiscal_years(devices.born_latest[there], self._month)
        self._ends = self._ahead(fixed)
        self._without_day = np.isinf(fixed) & np.isinf(aged)
        self._due = np.where(self._unsure, BASE - 1, self._ahead(np.minimum(fixed, aged)))
        self._bought = self._purchases()
        self._ages = (self._now - born).astype(np.float64) / DAYS_A_YEAR

    def _purchases(self) -> dict[int, dict[int, int]]:
        """Of devices of known age: by sort and fiscal year, how many."""
        known, bought = ~self._unsure, dict[int, dict[int, int]]()
        keys = self._sort[known] * BASE**2 + self._first[known]
        for key, times in zip(*np.unique(keys, return_counts=True), strict=True):
            sort, year = divmod(int(key), BASE**2)
            bought.setdefault(sort, {})[year] = int(times)
        return bought

    def counted(self, costly_years: Numbers) -> Counted:
        """By school. `costly_years`: by model, as in `replace_by`."""
        wears = np.array([s.model >= 0 and costly_years[s.model] > 0 for s in self.sorts], bool)
        without = self._without_day & ~wears[self._sort] if len(wears) else self._without_day
        chosen = self._school, self._school[self._unsure], self._school[without]
        return Counted(*(np.bincount(school, minlength=self.schools) for school in chosen))

    def cohorts(self, alike: Sequence[int]) -> Iterator[Cohorts]:
        """Sorts with the same number go alike, and have one age limit."""
        numbers = np.asarray(alike, np.int64)
        of_device = numbers[self._sort]
        for number in np.unique(numbers):
            yield self._cohorts(np.flatnonzero(numbers == number), of_device == number)

    def _cohorts(self, sorts: Places, chosen: Mask) -> Cohorts:
        known = np.flatnonzero(chosen & ~self._unsure)
        keys, place = np.unique(self._first[known] * BASE + self._due[known], return_inverse=True)
        sort = np.searchsorted(sorts, self._sort[known])
        sizes = np.bincount(place, minlength=len(keys))
        ages = np.bincount(place, self._ages[known], len(keys)) / np.maximum(sizes, 1)
        table = self._table(sort, self._school[known], place, (len(sorts), len(keys)))
        more_ages, more_due, unsure = self._spread(sorts, np.flatnonzero(chosen & self._unsure))
        moved = tuple(each._replace(cohorts=each.cohorts + len(keys)) for each in unsure)
        return Cohorts(
            sorts=sorts,
            ages=np.concatenate([ages, more_ages]),
            due=np.concatenate([keys % BASE, more_due]),
            devices=np.pad(table, ((0, 0), (0, 0), (0, len(more_ages)))),
            unsure=moved,
        )

    def _spread(self, sorts: Places, chosen: Places) -> tuple[Numbers, Places, tuple[Unsure, ...]]:
        """Cohorts of each year in which devices of unknown age may have been bought."""
        sort = np.searchsorted(sorts, self._sort[chosen])
        span = self._last[chosen] - self._first[chosen]
        keys = ((sort * BASE + span) * BASE + self._ends[chosen]) * BASE**2 + self._first[chosen]
        groups, place = np.unique(keys, return_inverse=True)
        table = self._table(place, self._school[chosen], np.zeros_like(place), (len(groups), 1))
        spans = [self._years(key) for key in groups.tolist()]
        wanted = [years * BASE + ends for _, years, ends in spans]
        cohorts = np.unique(np.concatenate([np.empty(0, np.int64), *wanted]))
        unsure = tuple(
            Unsure(
                at_sort,
                int(years[0]),
                np.searchsorted(cohorts, keys),
                self._weights(sorts[at_sort], years),
                table[at, :, 0],
            )
            for at, ((at_sort, years, _), keys) in enumerate(zip(spans, wanted, strict=True))
        )
        return *self._candidates(cohorts, sorts), unsure

    def _years(self, key: int) -> tuple[int, Places, int]:
        """The sort, the years it may have been bought in, and its end for another reason."""
        rest, first = divmod(key, BASE**2)
        rest, ends = divmod(rest, BASE)
        sort, span = divmod(rest, BASE)
        return sort, np.arange(first, first + span + 1), ends

    def _candidates(self, cohorts: Places, sorts: Places) -> tuple[Numbers, Places]:
        born = np.minimum(middles(cohorts // BASE, self._month), self._now)
        limit = self.limits[self.sorts[sorts[0]].kind]
        aged = self._ahead(born.astype(np.float64) + limit * DAYS_A_YEAR)
        ages = (self._now - born).astype(np.float64) / DAYS_A_YEAR
        return ages, np.minimum(aged, cohorts % BASE)

    def _weights(self, sort: int, years: Places) -> Numbers:
        """Devices of unknown age came in few batches, as like as not when those of known age
        did."""
        bought = self._bought.get(sort, {})
        seen = np.array([bought.get(year, 0) for year in years.tolist()], np.float64)
        weights: Numbers = 1 / len(years) + seen * min(1.0, KNOWN_WEIGHT / max(seen.sum(), 1.0))
        return weights

    def _ahead(self, ends: Numbers) -> Places:
        """In how many fiscal years; overdue is now, and none, or beyond the horizon, far ahead."""
        days = np.where(np.isfinite(ends), ends, 0).astype(np.int64).astype("datetime64[D]")
        years = fiscal_years(days, self._month) - self._year
        within = np.isfinite(ends) & (years < self._horizon)
        return np.where(within, np.maximum(years, 0), BASE - 1)

    def _table(
        self, outer: Places, school: NDArray[np.int32], inner: Places, sizes: tuple[int, int]
    ) -> Numbers:
        first, last = sizes
        flat = (outer * self.schools + school) * last + inner
        counted = np.bincount(flat, minlength=first * self.schools * last).astype(np.float64)
        return counted.reshape(first, self.schools, last)


def shares_of(unsure: Unsure, draws: int, rng: np.random.Generator) -> Draws:
    """Of its years: (year, draw)."""
    drawn = np.maximum(rng.gamma(unsure.weights, size=(draws, len(unsure.weights))), 1e-300)
    shares: Draws = (drawn / drawn.sum(axis=1, keepdims=True)).T
    return shares
