"""How many devices must be bought, by school and fiscal year, with ranges and costs.

Losses, lifetimes, prices, what repairs cost with age, and when devices of unknown age were bought
are each drawn once for the whole district; given those, devices go by themselves. Needs of a school
are drawn from the sums of its cohorts' chances, and the district's are sums of its schools' draws.
"""

from datetime import date
from typing import NamedTuple

from .fiscal_years import begins_on
from .refresh_cohorts import Aging
from .refresh_life import Run, costly_by_model
from .refresh_model import Need, Needs, Outlook, RefreshForecast, YearNeed, check_outlook
from .refresh_sums import Sums, add_up, draw
from .replace_by import AgingDevices, Numbers
from .replace_rules import ReplaceRules, check_rules
from .sums import DRAWS, SEED, Draws, priced, ranges


class _Part(NamedTuple):
    """One school's figures, or the district's."""

    devices: int
    age_unknown: int
    without_day: int
    expected: Numbers
    unpriced: Numbers
    bought: Draws
    cents: Draws


def forecast(
    devices: AgingDevices,
    rules: ReplaceRules,
    outlook: Outlook,
    today: date,
    *,
    seed: int = SEED,
    draws: int = DRAWS,
) -> RefreshForecast:
    """From today on; the same whenever it is asked with the same seed."""
    check_rules(rules)
    check_outlook(outlook)
    run = Run(devices=devices, rules=rules, outlook=outlook, today=today, seed=seed, draws=draws)
    aging = Aging(devices, rules, today, outlook.years)
    added = add_up(run, aging)
    parts = _parts(run, aging, added.sums)
    names: tuple[str | None, ...] = (*devices.schools, None)
    return RefreshForecast(
        district=_needs(run, None, _together(parts)),
        schools=tuple(
            _needs(run, name, part) for name, part in zip(names, parts, strict=True) if part.devices
        ),
        models=added.models,
        attrition_assumed=added.attrition_assumed,
    )


def _parts(run: Run, aging: Aging, sums: Sums) -> list[_Part]:
    bought, cents = draw(run, sums)
    expected = sums.mean.mean(axis=2)
    costly = costly_by_model(run.devices, run.rules, run.outlook)
    counted = aging.counted(costly)
    return [
        _Part(
            counted.devices[at],
            counted.age_unknown[at],
            counted.without_day[at],
            expected[at],
            sums.unpriced[at],
            bought[at],
            cents[at],
        )
        for at in range(aging.schools)
    ]


def _together(parts: list[_Part]) -> _Part:
    return _Part(*(sum(values) for values in zip(*parts, strict=True)))


def _needs(run: Run, name: str | None, part: _Part) -> Needs:
    each = _each(run, part)
    years = range(run.first_year, run.first_year + run.outlook.years)
    return Needs(
        name=name,
        devices=int(part.devices),
        age_unknown=int(part.age_unknown),
        without_day=int(part.without_day),
        years=tuple(
            YearNeed(fiscal_year=year, begins_on=begins_on(year, run.month), need=need)
            for year, need in zip(years, each, strict=False)
        ),
        total=each[-1],
    )


def _each(run: Run, part: _Part) -> list[Need]:
    """By year, and of all of them."""
    devices = ranges(part.bought, run.outlook.shares).T.tolist()
    cents = ranges(part.cents, run.outlook.shares).T.tolist()
    columns = part.expected, part.unpriced, part.cents.mean(axis=1)
    rows = zip(devices, cents, *(column.tolist() for column in columns), strict=True)
    return [
        Need(
            low=round(low),
            expected=expected,
            high=round(high),
            unpriced=unpriced,
            cost=priced(average, *ends),
        )
        for (low, high), ends, expected, unpriced, average in rows
    ]
