"""How the devices of a model go, and what a new one costs: what is said, and draws of it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple, TypeVar

import numpy as np
from msgspec import Struct

from .fiscal_years import begins_on, fiscal_year
from .refresh_cohorts import Sort, sorts_of
from .refresh_model import USD_443, Attrition, Outlook, RepairWear, UnitCost
from .refresh_paths import Life
from .replace_by import AgingDevices, Numbers
from .replace_rules import ReplaceRules
from .self_insurance import JEFFREYS
from .sums import DAYS_A_YEAR, Draws, evenly, generator, triangle
from .wear import Weibull, costly_age, costly_ages, drawn_weibull

PARAMETERS: Final = 250
"""Draws of what isn't known for the whole district; each is gone on from several times."""

Said = TypeVar("Said")


class Run(Struct, frozen=True, kw_only=True, eq=False):
    """All that a forecast is made from."""

    devices: AgingDevices
    rules: ReplaceRules
    outlook: Outlook
    today: date
    seed: int
    draws: int

    @property
    def month(self) -> int:
        """In which fiscal years begin."""
        return self.rules.fiscal_year_begins_in

    @property
    def first_year(self) -> int:
        """The fiscal year of today."""
        return fiscal_year(self.today, self.month)

    def exposure(self) -> Numbers:
        """How long each fiscal year still is."""
        exposure = np.ones(self.outlook.years)
        left = begins_on(self.first_year + 1, self.month) - self.today
        exposure[0] = left.days / DAYS_A_YEAR
        return exposure

    def drawn(self, what: str) -> np.random.Generator:
        """Draws of an unknown."""
        return generator(what, self.seed)

    def names(self, sort: Sort) -> tuple[str, ...]:
        """Of the model, then of the kind, where they are known."""
        model = self.devices.models[sort.model : sort.model + 1] if sort.model >= 0 else ()
        return (*model, self.devices.kinds[sort.kind]) if sort.kind >= 0 else model


class Ways(NamedTuple):
    """What is said of how devices go, each with the name it is said of. Devices with the same ways
    go alike."""

    attrition: tuple[str, Attrition] | None
    lifetimes: tuple[str, Weibull] | None
    repairs: tuple[str, RepairWear, int] | None
    """With the price they are held against."""
    limit_years: float


def first_of(said: Mapping[str, Said], names: Sequence[str]) -> tuple[str, Said] | None:
    """The first of the names of which something is said, and what."""
    return next(((name, said[name]) for name in names if name in said), None)


def ways(run: Run, sort: Sort, limit_years: float) -> Ways:
    """Of one model and kind."""
    names, outlook = run.names(sort), run.outlook
    cost, repairs = first_of(outlook.unit_costs, names), first_of(outlook.repairs, names)
    held = cost and repairs and run.rules.repairs_above is not None
    return Ways(
        attrition=first_of(outlook.attrition, names),
        lifetimes=first_of(outlook.lifetimes, names),
        repairs=(*repairs, cost[1].cents) if held and cost and repairs else None,
        limit_years=limit_years,
    )


def life(run: Run, each: Ways) -> Life:
    """Draws of it."""
    # Half a second of import, and a server must start without it.
    from scipy.special import gammaincinv

    name, lost = each.attrition or ("", USD_443)
    uniform = evenly(run.drawn(f"losses/{name}"), PARAMETERS)
    fit = each.lifetimes
    drawn = drawn_weibull(fit[1], run.drawn(f"lifetimes/{fit[0]}"), PARAMETERS) if fit else None
    return Life(
        losses=gammaincinv(lost.events + JEFFREYS, uniform) / lost.device_years,
        shapes=drawn and drawn[0],
        scales=drawn and drawn[1],
        costly=_costly(run, each),
        limit=each.limit_years,
    )


def _costly(run: Run, each: Ways) -> Draws | None:
    share = run.rules.repairs_above
    if each.repairs is None or share is None:
        return None
    name, said, cents = each.repairs
    rng = run.drawn(f"wear/{name}")
    return costly_ages(said.wear, said.mean_cents, cents, share, rng, PARAMETERS)


def prices(run: Run, name: str, cost: UnitCost) -> Draws:
    """Of a new device, in hundredths."""
    uniform = evenly(run.drawn(f"price/{name}"), PARAMETERS)
    return triangle(cost.cents, cost.low_cents, cost.high_cents, uniform)


def costly_by_model(devices: AgingDevices, rules: ReplaceRules, outlook: Outlook) -> Numbers:
    """By model, from which age repairs cost too much; NaN: at none, or it isn't known."""
    run = Run(
        devices=devices, rules=rules, outlook=outlook, today=date.min, seed=0, draws=PARAMETERS
    )
    ages = np.full(len(devices.models), np.nan)
    for sort in sorts_of(devices.model, devices.kind)[0]:
        said = ways(run, sort, np.inf).repairs if sort.model >= 0 else None
        if said is not None and rules.repairs_above is not None:
            grows, cents = said[1:]
            age = costly_age(grows.wear, grows.mean_cents, cents, rules.repairs_above)
            ages[sort.model] = np.nan if age is None else age
    return ages
