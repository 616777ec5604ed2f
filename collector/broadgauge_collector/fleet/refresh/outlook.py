"""What the forecast reckons with, from the district's own purchases, losses and repairs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...imports.amounts import MOST_CENTS
from ..repairs.histories import Histories, histories
from ..repairs.model import FleetData
from ..statistics.refresh_model import Attrition, Outlook, RepairWear, UnitCost
from ..statistics.wear import AgeBand
from .aging import AgingSaid
from .settings import UnitCosts

YEARS_ENOUGH: Final = 50.0
"""Device-years of a kind from which the district's own losses are reckoned with."""

REPAIRS_ENOUGH: Final = 5
"""Of a model, with a known cost, for its repairs to bring its end forward."""

OLDEST: Final = 12
"""Years of age told apart; all later ones are the last band's."""


def outlook_of(data: FleetData, said: Sequence[AgingSaid], edited: UnitCosts) -> Outlook:
    """All of it."""
    return Outlook(
        unit_costs=prices(said, data.currency, edited.costs),
        attrition=dict(_attrition(data)),
        repairs=dict(_wear(data, histories(data))),
    )


def prices(
    said: Sequence[AgingSaid], currency: str, edited: Mapping[str, UnitCost]
) -> dict[str, UnitCost]:
    """By model and by kind. What was set for a kind comes before what was paid for its models."""
    found = paid(said, currency)
    for one in said:
        if one.kind in edited and one.model is not None:
            found.pop(one.model, None)
    return found | dict(edited)


def paid(said: Sequence[AgingSaid], currency: str) -> dict[str, UnitCost]:
    """By model and by kind, the median of what was paid, and the middle 80%."""
    prices = defaultdict[str, list[int]](list)
    for one in said:
        cents = one.purchase_cost_cents
        if cents and cents <= MOST_CENTS and one.currency in (None, currency):
            for name in (one.model, one.kind):
                if name is not None:
                    prices[name].append(cents)
    return {name: _unit_cost(amounts) for name, amounts in prices.items()}


def _unit_cost(amounts: Sequence[int]) -> UnitCost:
    low, middle, high = np.quantile(amounts, (0.1, 0.5, 0.9)).round().astype(int).tolist()
    return UnitCost(cents=middle, low_cents=low, high_cents=high)


def _attrition(data: FleetData) -> Iterator[tuple[str, Attrition]]:
    fleet, many = data.fleet, len(data.fleet.kinds)
    lost = fleet.kind[np.concatenate([data.losses.device[data.losses.in_rates], _found_lost(data)])]
    known = fleet.in_rates & (fleet.kind >= 0)
    years = np.bincount(fleet.kind[known], fleet.watched_days[known] / 365, many)
    events = np.bincount(lost[lost >= 0], minlength=many)
    for kind, theirs, of_kind in zip(fleet.kinds, years, events, strict=True):
        if theirs >= YEARS_ENOUGH:
            yield kind, Attrition(events=float(of_kind), device_years=float(theirs))


def _found_lost(data: FleetData) -> NDArray[np.int64]:
    """Devices whose state alone says that they were lost or stolen, while their school's losses
    were told of; where nobody says when, that is taken to be so."""
    fleet = data.fleet
    feed = np.array([*(each.has_feed for each in data.schools), False])[fleet.school]
    while_watched = (fleet.watched_days > 0) & (fleet.watched_until == fleet.ended)
    undated = feed & ~fleet.byod & np.isnat(fleet.ended)
    found = fleet.missing & (while_watched | undated)
    found[data.losses.device[data.losses.in_rates]] = False
    return np.flatnonzero(found)


def _wear(data: FleetData, all_: Histories) -> Iterator[tuple[str, RepairWear]]:
    """By model: repairs at each year of age, and what one costs on average."""
    models, many = data.fleet.model[all_.places], len(data.fleet.models)
    exposed = _exposed(all_, models, many)
    repairs = _repairs_by_age(all_, models, many)
    for at, mean in _mean_costs(data).items():
        bands = tuple(
            AgeBand(from_years=float(age), repairs=int(seen), device_years=float(years))
            for age, (seen, years) in enumerate(zip(repairs[at], exposed[at], strict=True))
            if years > 0
        )
        if bands:
            yield data.fleet.models[at], RepairWear(wear=bands, mean_cents=mean)


def _exposed(
    all_: Histories, models: NDArray[np.int32], many: int
) -> NDArray[np.float64]:  # (model, age)
    found = np.zeros((many, OLDEST))
    known = models >= 0
    entries, exits = np.maximum(all_.entries[known], 0), all_.exits[known]
    for age in range(OLDEST):
        upto = np.inf if age == OLDEST - 1 else age + 1
        years = np.clip(exits, age, upto) - np.clip(entries, age, upto)
        found[:, age] = np.bincount(models[known], years, many)
    return found


def _repairs_by_age(
    all_: Histories, models: NDArray[np.int32], many: int
) -> NDArray[np.int64]:  # (model, age)
    model = models[all_.devices]
    known = model >= 0
    age = np.clip(all_.ages[known].astype(np.int64), 0, OLDEST - 1)
    flat = np.bincount(model[known] * OLDEST + age, minlength=many * OLDEST)
    return flat.reshape(many, OLDEST)


def _mean_costs(data: FleetData) -> Mapping[int, float]:
    repairs, many = data.repairs, len(data.fleet.models)
    known = (repairs.device >= 0) & np.isfinite(repairs.cost_cents)
    model = data.fleet.model[repairs.device[known]]
    cost = repairs.cost_cents[known][model >= 0]
    model = model[model >= 0]
    counts, sums = np.bincount(model, minlength=many), np.bincount(model, cost, many)
    return {at: sums[at] / counts[at] for at in range(many) if counts[at] >= REPAIRS_ENOUGH}
