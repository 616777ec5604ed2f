"""Adding up cohorts: for each school and year the mean and variance of what is bought."""

from typing import NamedTuple

import numpy as np

from .refresh_cohorts import Aging, Cohorts, Places, Sort, shares_of
from .refresh_life import PARAMETERS, Run, Ways, first_of, life, prices, ways
from .refresh_model import ModelNeeds
from .refresh_paths import Chances, chances
from .replace_by import Numbers
from .sums import Draws, counts


class Sums(NamedTuple):
    """By school (the last: of devices without one), year (the last: all of them) and, where that is
    said, draw of what isn't known; otherwise of the average draw."""

    mean: Draws
    """By draw."""
    cents: Draws
    """By draw."""
    unpriced: Numbers
    variance: Numbers
    """Of what is bought, given the draw."""
    with_cents: Numbers
    """Covariance of what is bought and what it costs, given the draw."""
    of_cents: Numbers
    """Variance of what it costs, given the draw."""


class Added(NamedTuple):
    """The sums, what of each model is replaced, and kinds whose losses nobody told of."""

    sums: Sums
    models: tuple[ModelNeeds, ...]
    attrition_assumed: tuple[str, ...]


class _Placed(NamedTuple):
    """How many devices of each sort are in which school, and their chances."""

    devices: Numbers
    """(sort, school, cohort)."""
    each: Chances


def add_up(run: Run, aging: Aging) -> Added:
    """All that is there."""
    by_sort = [ways(run, sort, float(aging.limits[sort.kind])) for sort in aging.sorts]
    alike = {each: at for at, each in enumerate(dict.fromkeys(by_sort))}
    size = (aging.schools, run.outlook.years + 1)
    sums = Sums(
        *(np.zeros((*size, PARAMETERS)) for _ in range(2)), *(np.zeros(size) for _ in range(4))
    )
    models = list[ModelNeeds]()
    for group, each in zip(aging.cohorts([alike[way] for way in by_sort]), alike, strict=True):
        placed = _placed(run, aging, group, each)
        sorts = [aging.sorts[sort] for sort in group.sorts]
        _add(run, [run.names(sort) for sort in sorts], placed, sums)
        models += _models(run, sorts, placed)
    return Added(sums, tuple(models), _assumed(run, aging, by_sort))


def _assumed(run: Run, aging: Aging, by_sort: list[Ways]) -> tuple[str, ...]:
    pairs = zip(aging.sorts, by_sort, strict=True)
    names = (run.names(sort)[-1:] or ("not known",) for sort, each in pairs if not each.attrition)
    return tuple(sorted({name for each in names for name in each}))


def _placed(run: Run, aging: Aging, group: Cohorts, each: Ways) -> _Placed:
    """Devices of unknown age are more cohorts: their chances are those of the years in which they
    may have been bought."""
    lost, again = run.outlook.buys_lost, run.outlook.buys_again
    found = chances(group.ages, group.due, run.exposure(), life(run, each), lost=lost, again=again)
    if not group.unsure:
        return _Placed(group.devices, found)
    cohorts = found.mean.shape[0]
    devices = np.pad(group.devices, ((0, 0), (0, 0), (0, len(group.unsure))))
    for at, unsure in enumerate(group.unsure):
        devices[unsure.sort, :, cohorts + at] = unsure.by_school
    shares = _shares(run, aging, group)
    means, squares = list[Draws](), list[Draws]()
    for share, unsure in zip(shares, group.unsure, strict=True):
        means.append(np.einsum("cd,cyd->yd", share, found.mean[unsure.cohorts]))
        squares.append(np.einsum("cd,cd->d", share, found.square[unsure.cohorts]))
    mixed = np.concatenate([found.mean, np.stack(means)])
    return _Placed(devices, Chances(mixed, np.concatenate([found.square, np.stack(squares)])))


def _shares(run: Run, aging: Aging, group: Cohorts) -> list[Draws]:
    """When devices of unknown age were bought: the same for a model in every school."""
    drawn = dict[tuple[int, int, int], Draws]()
    keys = [(unsure.sort, unsure.first_year, len(unsure.cohorts)) for unsure in group.unsure]
    for key, unsure in zip(keys, group.unsure, strict=True):
        if key not in drawn:
            name = "/".join(run.names(aging.sorts[int(group.sorts[unsure.sort])]))
            rng = run.drawn(f"ages/{name}/{unsure.first_year}")
            drawn[key] = shares_of(unsure, PARAMETERS, rng)
    return [drawn[key] for key in keys]


def _add(run: Run, names: list[tuple[str, ...]], placed: _Placed, sums: Sums) -> None:
    """Cohorts that go alike, to the sums: those of one price at a time."""
    said = [first_of(run.outlook.unit_costs, each) for each in names]
    varies = placed.each.variance()
    for priced in dict.fromkeys(each and each[0] for each in said):
        chosen = [(each and each[0]) == priced for each in said]
        devices = placed.devices[chosen].sum(axis=0)
        where, which = (np.flatnonzero(devices.any(axis=axis)) for axis in (1, 0))
        there = devices[np.ix_(where, which)]
        mean = np.tensordot(there, placed.each.mean[which], 1)
        variance = there @ varies[which]
        sums.mean[where] += mean
        sums.variance[where] += variance
        cents = prices(run, priced, run.outlook.unit_costs[priced]) if priced is not None else None
        _add_cents(sums, where, mean, variance, cents)


def _add_cents(
    sums: Sums, where: Places, mean: Draws, variance: Numbers, cents: Draws | None
) -> None:
    if cents is None:
        sums.unpriced[where] += mean.mean(axis=2)
        return
    average = float(cents.mean())
    sums.cents[where] += mean * cents
    sums.with_cents[where] += variance * average
    sums.of_cents[where] += variance * average**2


def _models(run: Run, sorts: list[Sort], placed: _Placed) -> list[ModelNeeds]:
    devices = placed.devices.sum(axis=1)
    expected = devices @ placed.each.mean[:, :-1].mean(axis=2)
    return [
        ModelNeeds(
            model=run.devices.models[sort.model] if sort.model >= 0 else None,
            kind=run.devices.kinds[sort.kind] if sort.kind >= 0 else None,
            devices=round(float(there.sum())),
            expected=tuple(each.tolist()),
        )
        for sort, there, each in zip(sorts, devices, expected, strict=True)
    ]


def draw(run: Run, sums: Sums) -> tuple[Draws, Draws]:
    """What each school buys in each year, and what that costs: whole devices, and a cost that goes
    with them and varies by itself as far as prices differ between models."""
    rng = run.drawn("needs")
    again = max(run.draws // PARAMETERS, 1)
    mean = np.repeat(sums.mean, again, axis=2)
    average = sums.mean.mean(axis=2)
    bought = counts(mean, mean * _ratio(sums.variance, average)[..., None], rng)
    slope = _ratio(sums.with_cents, sums.variance)
    rest = np.sqrt(np.maximum(sums.of_cents - slope * sums.with_cents, 0.0))
    cents = np.repeat(sums.cents, again, axis=2) + slope[..., None] * (bought - mean)
    if rest.any():
        cents += rest[..., None] * rng.standard_normal(cents.shape)
    return bought, np.maximum(cents, 0.0)


def _ratio(part: Numbers, whole: Numbers) -> Numbers:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 1e-12)
