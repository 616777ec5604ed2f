"""What must be bought, line by line: devices of one school, model and purchase year together."""

from collections import defaultdict
from datetime import date
from typing import Annotated, Any, NamedTuple

import numpy as np
from msgspec import Struct

from broadgauge_wire.fields import about

from ..statistics.fiscal_years import NEVER, fiscal_years
from ..statistics.refresh_model import Outlook, UnitCost
from ..statistics.replace_by import REASONS, ReplaceBy
from .aging import Aging


class RefreshLine(Struct, frozen=True, kw_only=True):
    """Devices that are replaced together, and why."""

    school: Annotated[str | None, about("School; null: not known")]
    kind: Annotated[str | None, about("What they are")]
    model: Annotated[str | None, about("Model")]
    devices: Annotated[int, about("How many")]
    purchase_fiscal_year: Annotated[
        int | None, about("When they were bought; null: their age isn't known")
    ]
    replace_fiscal_year: Annotated[
        int | None, about("By when they must be replaced; null: no rule gives a day")
    ]
    earliest_fiscal_year: Annotated[int | None, about("The earliest it may be")]
    latest_fiscal_year: Annotated[int | None, about("The latest it may be")]
    reason: Annotated[str | None, about("Which rule gives that day")]
    support_ends_on: Annotated[date | None, about("Last day with updates of the first of them")]
    warranty_ends_on: Annotated[date | None, about("Last day of the last of their warranties")]
    funding_source: Annotated[str | None, about("What they were paid from, where all agree")]
    unit_cost_cents: Annotated[int | None, about("Price of a new one", "hundredths")]
    unit_cost_low_cents: Annotated[int | None, about("The least it may be", "hundredths")]
    unit_cost_high_cents: Annotated[int | None, about("The most it may be", "hundredths")]
    cost_cents: Annotated[int | None, about("For all of them", "hundredths")]


class _Key(NamedTuple):
    """What the devices of a line have in common; -1: not known."""

    school: int
    kind: int
    model: int
    bought: int
    replaced: int
    earliest: int
    latest: int
    reason: int


def refresh_lines(
    aging: Aging, by: ReplaceBy, outlook: Outlook, begins_in: int
) -> tuple[RefreshLine, ...]:
    """Every device that is there, by school, year and model."""
    devices = aging.devices
    exact = devices.born_earliest == devices.born_latest
    bought = np.where(exact, fiscal_years(devices.born_earliest, begins_in), NEVER)
    years = [fiscal_years(days, begins_in) for days in (by.by, by.earliest, by.latest)]
    columns = (devices.school, devices.kind, devices.model, bought, *years, by.reason)
    groups = defaultdict[_Key, list[int]](list)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for place, (row, gone) in enumerate(zip(rows, devices.gone.tolist(), strict=True)):
        if not gone:
            groups[_Key(*row)].append(place)
    lines = (_line(key, places, aging, outlook) for key, places in groups.items())
    return tuple(sorted(lines, key=_order))


def _line(key: _Key, places: list[int], aging: Aging, outlook: Outlook) -> RefreshLine:
    devices, said = aging.devices, [aging.said[place] for place in places]
    kind, model = _name(devices.kinds, key.kind), _name(devices.models, key.model)
    costs = outlook.unit_costs
    cost: UnitCost | None = costs.get(model or "") or costs.get(kind or "")
    funding = {one.funding_source for one in said}
    return RefreshLine(
        school=_name(devices.schools, key.school),
        kind=kind,
        model=model,
        devices=len(places),
        purchase_fiscal_year=_year(key.bought),
        replace_fiscal_year=_year(key.replaced),
        earliest_fiscal_year=_year(key.earliest),
        latest_fiscal_year=_year(key.latest),
        reason=_name(REASONS, key.reason),
        support_ends_on=min((s.support_ends_on for s in said if s.support_ends_on), default=None),
        warranty_ends_on=max(
            (s.warranty_ends_on for s in said if s.warranty_ends_on), default=None
        ),
        funding_source=funding.pop() if len(funding) == 1 else None,
        unit_cost_cents=cost.cents if cost else None,
        unit_cost_low_cents=cost.low_cents if cost else None,
        unit_cost_high_cents=cost.high_cents if cost else None,
        cost_cents=cost.cents * len(places) if cost else None,
    )


def _year(year: int) -> int | None:
    return None if year == NEVER else year


def _name(names: tuple[str, ...], code: int) -> str | None:
    return names[code] if code >= 0 else None


def _order(line: RefreshLine) -> tuple[Any, ...]:
    names = (line.school or "\uffff", line.kind or "", line.model or "")
    return (line.replace_fiscal_year or NEVER, *names, line.purchase_fiscal_year or NEVER)
