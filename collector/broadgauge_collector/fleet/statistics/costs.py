"""What repairs cost, by group: means over those whose cost is known, and how many aren't.

Nothing is put in place of a missing cost. Per device and year, costs are the group's repairs per
device-year times the mean of the known ones: they hold if those without a cost cost as much. Only
repairs that count in rates go with device-years; any repair with a cost goes into the mean.
"""

from typing import Annotated, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from broadgauge_wire.fields import about

from .exposure import Codes
from .poisson import CONFIDENCE, Numbers

Flags = NDArray[np.bool_]


class RepairFacts(NamedTuple):
    """One entry a repair in each. Costs are in hundredths of one currency; NaN: not known."""

    group: Codes
    """Below 0: in none."""
    device: Codes
    """Any number; below 0: no device is known."""
    in_rates: Flags
    """Whether its device was watched at the time."""
    cost_cents: Numbers
    parts_cents: Numbers
    labour_cents: Numbers
    downtime_days: Numbers
    accident: Codes
    """1: an accident; 0: not one; below 0: nobody said."""


class Clusters(NamedTuple):
    """Repairs that belong together."""

    of: Codes
    """Of each repair, its cluster."""
    group: Codes
    """Of each cluster, its group."""


class Mean(Struct, frozen=True, kw_only=True):
    """A mean over repairs, of those where it is known."""

    known: Annotated[int, about("Repairs that say it")]
    missing: Annotated[int, about("Repairs that don't, and are left out")]
    mean: Annotated[float | None, about("Mean of those that do; null if none does")]
    low: Annotated[float | None, about("Lower 95% limit; null with fewer than two devices")]
    high: Annotated[float | None, about("Upper 95% limit; null with fewer than two devices")]


class Share(Struct, frozen=True, kw_only=True):
    """A share of repairs, of those where it is known."""

    known: Annotated[int, about("Repairs that say it")]
    missing: Annotated[int, about("Repairs that don't, and are left out")]
    share: Annotated[float | None, about("Share of those that do; null if none does", "ratio")]
    low: Annotated[float | None, about("Lower 95% limit", "ratio")]
    high: Annotated[float | None, about("Upper 95% limit", "ratio")]


class RepairCosts(Struct, frozen=True, kw_only=True):
    """What repairs of a group cost, in hundredths of the currency and days."""

    repairs: Annotated[int, about("Repairs, in rates or not")]
    cost_cents: Annotated[Mean, about("Whole cost of a repair", "hundredths")]
    parts_cents: Annotated[Mean, about("Cost of parts of a repair", "hundredths")]
    labour_cents: Annotated[Mean, about("Cost of labour of a repair", "hundredths")]
    downtime_days: Annotated[Mean, about("Days without the device in a repair", "days")]
    cost_cents_per_device_year: Annotated[
        float | None, about("Cost per device and year in service", "hundredths")
    ]
    downtime_days_per_device_year: Annotated[
        float | None, about("Days without the device per device and year in service", "days")
    ]
    accidents: Annotated[Share, about("Share of accidents among repairs")]


def group_costs(groups: int, facts: RepairFacts, device_years: Numbers) -> list[RepairCosts]:
    """Of each group 0, 1, ..., with its device-years."""
    inside = facts.group >= 0
    facts = _of(facts, inside)
    repairs = np.bincount(facts.group, minlength=groups).tolist()
    counted = np.bincount(facts.group, facts.in_rates, groups)
    rates = np.divide(counted, device_years, out=np.full(groups, np.nan), where=device_years > 0)
    clusters = _clusters(groups, facts)
    cost, parts, labour, downtime = (
        _means(groups, facts.group, clusters, values)
        for values in (
            facts.cost_cents, facts.parts_cents, facts.labour_cents, facts.downtime_days,
        )
    )  # fmt: skip
    accidents = _shares(groups, facts.group, facts.accident)
    return [
        RepairCosts(
            repairs=repairs[group],
            cost_cents=cost[group],
            parts_cents=parts[group],
            labour_cents=labour[group],
            downtime_days=downtime[group],
            cost_cents_per_device_year=_a_year(rate, cost[group]),
            downtime_days_per_device_year=_a_year(rate, downtime[group]),
            accidents=accidents[group],
        )
        for group, rate in enumerate(rates.tolist())
    ]


def _of(facts: RepairFacts, inside: Flags) -> RepairFacts:
    return RepairFacts(
        group=facts.group[inside],
        device=facts.device[inside],
        in_rates=facts.in_rates[inside],
        cost_cents=facts.cost_cents[inside],
        parts_cents=facts.parts_cents[inside],
        labour_cents=facts.labour_cents[inside],
        downtime_days=facts.downtime_days[inside],
        accident=facts.accident[inside],
    )


def _a_year(rate: float, mean: Mean) -> float | None:
    """Nothing is known without device-years; without repairs in them it is 0."""
    if rate == 0:
        return 0.0
    return rate * mean.mean if rate > 0 and mean.mean is not None else None


def _clusters(groups: int, facts: RepairFacts) -> Clusters:
    """A device's repairs in a group are one; a repair without a device is one by itself."""
    alone = facts.device.max(initial=0) + 1 + np.arange(len(facts.device))
    device = np.where(facts.device >= 0, facts.device, alone).astype(np.int64)
    keys, which = np.unique(device * groups + facts.group, return_inverse=True)
    return Clusters(which, keys % groups)


def _means(groups: int, group: Codes, clusters: Clusters, values: Numbers) -> list[Mean]:
    """Limits are Student's of the logarithm, between devices: one that is dear to repair once is
    so again."""
    said = np.isfinite(values)
    mine, known = group[said], values[said]
    count = np.bincount(mine, minlength=groups)
    mean = np.bincount(mine, known, groups) / np.maximum(count, 1)
    kept = Clusters(clusters.of[said], clusters.group)
    width = _widths(groups, kept, known - mean[mine], mean * count)
    missing = np.bincount(group, minlength=groups) - count
    rows = zip(*(a.tolist() for a in (count, missing, mean, width)), strict=True)
    return [_mean(*row) for row in rows]


def _widths(groups: int, clusters: Clusters, left: Numbers, total: Numbers) -> Numbers:
    """Half the interval of the logarithm of each group's mean; NaN where it can't be told."""
    from scipy.special import stdtrit  # slow to import

    size = len(clusters.group)
    squares = np.bincount(clusters.group, np.bincount(clusters.of, left, size) ** 2, groups)
    present = np.bincount(clusters.of, minlength=size) > 0
    many = np.bincount(clusters.group[present], minlength=groups)
    known = (many > 1) & (total > 0)
    spare = np.where(known, many - 1, 1)
    error = np.sqrt(squares * many / spare) / np.where(known, total, np.nan)
    return np.asarray(stdtrit(spare, (1 + CONFIDENCE) / 2) * error, np.float64)


def _mean(known: int, missing: int, mean: float, width: float) -> Mean:
    sure = width == width
    return Mean(
        known=known,
        missing=missing,
        mean=mean if known else None,
        low=mean * float(np.exp(-width)) if sure else None,
        high=mean * float(np.exp(width)) if sure else None,
    )


def _shares(groups: int, group: Codes, yes: Codes) -> list[Share]:
    """Exact limits of a binomial share (Clopper and Pearson, Biometrika 26, 1934)."""
    from scipy.special import betaincinv  # slow to import

    known = np.bincount(group[yes >= 0], minlength=groups)
    found = np.bincount(group[yes == 1], minlength=groups)
    missing = np.bincount(group, minlength=groups) - known
    tail = (1 - CONFIDENCE) / 2
    low = betaincinv(np.maximum(found, 1), known - found + 1, tail) * (found > 0)
    rest = known - found
    high = 1 - betaincinv(np.maximum(rest, 1), found + 1, tail) * (rest > 0)
    rows = zip(*(a.tolist() for a in (known, missing, found, low, high)), strict=True)
    return [_share(*row) for row in rows]


def _share(known: int, missing: int, found: int, low: float, high: float) -> Share:
    if not known:
        return Share(known=0, missing=missing, share=None, low=None, high=None)
    return Share(known=known, missing=missing, share=found / known, low=low, high=high)
