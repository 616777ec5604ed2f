"""Repairs per 100 device-years, by what devices have in common."""

from datetime import date
from typing import Annotated, Final, Literal, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from ..statistics.costs import RepairCosts, RepairFacts, group_costs
from ..statistics.poisson import Rate, unknown_rate
from ..statistics.rates import age_rates, group_rates
from ..statistics.shrinkage import ShrunkRate, ShrunkRates, shrink
from .histories import codes_of, histories
from .model import CATEGORIES, Codes, Feed, FleetData
from .runs import days_of

RatesBy = Literal["model", "school", "kind", "age", "category"]

ACCIDENT: Final = CATEGORIES.index("accident")
NO_CATEGORY: Final = "Nobody said why"


class GroupRate(Struct, frozen=True, kw_only=True):
    """Devices that have something in common, and how often they are repaired."""

    name: Annotated[str, about("What they have in common")]
    devices: Annotated[int, about("Devices watched")]
    rate: Annotated[Rate, about("Their repairs per 100 device-years")]
    shrunk: Annotated[
        ShrunkRate | None,
        about("The same drawn towards all groups, for a ranking; null where it says nothing"),
    ] = None
    costs: Annotated[
        RepairCosts | None, about("What their repairs cost; null by age and reason")
    ] = None


class RepairRates(Struct, frozen=True, kw_only=True):
    """Rates of the district and of its groups, and what they rest on."""

    day: Annotated[date, about("The last day that counts")]
    by: Annotated[RatesBy, about("What groups have in common")]
    currency: Annotated[str, about("ISO 4217: what costs are in")]
    district: Annotated[Rate, about("Of all devices watched")]
    costs: Annotated[RepairCosts | None, about("What all repairs cost; null: there are none")]
    groups: Annotated[tuple[GroupRate, ...], about("Those watched at all, by name")]
    groups_mean_per_100: Annotated[
        float | None,
        about("Mean that the groups' shrunk rates are drawn to; null by age and reason"),
    ]
    groups_spread: Annotated[
        float | None,
        about(
            "Standard deviation of rates between groups over that mean; null: none is found",
            "ratio",
        ),
    ]
    without_feed: Annotated[
        tuple[str, ...], about("Schools whose repairs nobody tells of: they have no rate")
    ]
    repairs: Annotated[int, about("Repairs in all, in rates or not")]
    losses: Annotated[int, about("Lost and stolen devices: no repairs")]
    tickets: Annotated[int, about("Tickets read")]
    left_out: Annotated[dict[str, int], about("Tickets that are neither, by reason")]
    outside_rates: Annotated[dict[str, int], about("Repairs that are in no rate, by reason")]
    devices_left_out: Annotated[dict[str, int], about("Devices that are in no rate, by reason")]


class _Found(NamedTuple):
    groups: list[GroupRate]
    shrunk: ShrunkRates | None = None


def repair_rates(data: FleetData, by: RatesBy) -> RepairRates:
    """Of everything that was watched."""
    whole = _of_codes(data, np.zeros(len(data.fleet.ids), np.int32), ("",)).groups
    groups, shrunk = _groups(data, by)
    return RepairRates(
        day=data.today,
        by=by,
        currency=data.currency,
        district=whole[0].rate if whole else unknown_rate(),
        costs=whole[0].costs if whole else None,
        groups=tuple(groups),
        groups_mean_per_100=shrunk.mean_per_100 if shrunk else None,
        groups_spread=shrunk.spread if shrunk else None,
        without_feed=tuple(feed.school for feed in data.schools if _silent(feed)),
        repairs=len(data.repairs.key),
        losses=len(data.losses.key),
        tickets=data.tickets,
        left_out=data.left_out,
        outside_rates=data.outside_rates,
        devices_left_out=data.devices_left_out,
    )


def _silent(feed: Feed) -> bool:
    return feed.devices > 0 and not feed.has_feed


def _groups(data: FleetData, by: RatesBy) -> _Found:
    if by == "age":
        return _Found(_by_age(data))
    if by == "category":
        return _Found(_by_category(data))
    return _of_codes(data, *codes_of(data, by))


def _of_codes(data: FleetData, code: Codes, names: tuple[str, ...]) -> _Found:
    fleet, repairs = data.fleet, data.repairs
    device = repairs.device[repairs.in_rates]
    rates = group_rates(
        code,
        len(names),
        fleet.watched_days / 365,
        np.bincount(device, minlength=len(fleet.ids)),
        days_of(data, repairs.in_rates),
    )
    watched = code[(fleet.watched_days > 0) & (code >= 0)]
    devices = np.bincount(watched, minlength=len(names)).tolist()
    counts = np.array([rate.repairs for rate in rates], np.int64)
    shrunk = shrink(counts, np.array([rate.device_years for rate in rates], np.float64))
    costs = group_costs(len(names), _facts(data, code), _years(code, data, len(names)))
    found = [
        GroupRate(name=str(name), devices=many, rate=rate, shrunk=drawn, costs=cost)
        for name, many, rate, drawn, cost in zip(
            names, devices, rates, shrunk.rates, costs, strict=True
        )
        if many
    ]
    return _Found(sorted(found, key=lambda each: each.name.casefold()), shrunk)


def _years(code: Codes, data: FleetData, groups: int) -> NDArray[np.float64]:
    known = code >= 0
    return np.asarray(
        np.bincount(code[known], data.fleet.watched_days[known] / 365, groups), np.float64
    )


def _facts(data: FleetData, code: Codes) -> RepairFacts:
    """Every repair of these devices; those of no known device are in no group."""
    repairs = data.repairs
    accident = np.where(repairs.category < 0, -1, repairs.category == ACCIDENT)
    return RepairFacts(
        group=np.where(repairs.device >= 0, code[repairs.device], -1),
        device=repairs.device,
        in_rates=repairs.in_rates,
        cost_cents=repairs.cost_cents,
        parts_cents=repairs.parts_cents,
        labour_cents=repairs.labour_cents,
        downtime_days=repairs.downtime_days,
        accident=accident.astype(np.int32),
    )


def _by_age(data: FleetData) -> list[GroupRate]:
    of = histories(data)
    return [
        GroupRate(name=f"{each.age}", devices=each.devices, rate=each.rate)
        for each in age_rates(of.entries, of.exits, of.devices, of.ages)
    ]


def _by_category(data: FleetData) -> list[GroupRate]:
    """Each category's repairs over the device-years of all."""
    fleet, repairs = data.fleet, data.repairs
    everyone = np.zeros(len(fleet.ids), np.int32)
    found = []
    for place, name in enumerate((*CATEGORIES, NO_CATEGORY)):
        code = -1 if name == NO_CATEGORY else place
        chosen = repairs.in_rates & (repairs.category == code)
        counts = np.bincount(repairs.device[chosen], minlength=len(fleet.ids))
        days = days_of(data, chosen)
        (rate,) = group_rates(everyone, 1, fleet.watched_days / 365, counts, days)
        if rate.repairs:
            watched = int((fleet.watched_days > 0).sum())
            found.append(GroupRate(name=name, devices=watched, rate=rate))
    return found
