"""When devices must be replaced, what must be bought in each fiscal year, and what that costs."""

from datetime import datetime
from typing import Annotated

from msgspec import Struct
from sqlalchemy import Connection

from broadgauge_wire.fields import about

from ..fleet.refresh.aging import Aging, read_aging
from ..fleet.refresh.lines import RefreshLine, refresh_lines
from ..fleet.refresh.outlook import outlook_of
from ..fleet.refresh.settings import replace_rules, unit_costs
from ..fleet.repairs.reading import read_fleet
from ..fleet.statistics.refresh import forecast
from ..fleet.statistics.refresh_life import costly_by_model
from ..fleet.statistics.refresh_model import Outlook, RefreshForecast, UnitCost
from ..fleet.statistics.replace_by import replace_by
from ..fleet.statistics.replace_rules import ReplaceRules
from ..fleet.statistics.sums import DRAWS
from ..store import Stores

RANGES = (
    f"Ranges hold eight in ten of {DRAWS:,} simulated futures (fixed seed), with losses, prices, "
    "repairs and unknown ages drawn together. A sum's range is that of the sum: ranges don't add "
    "up."
)


class RefreshReport(Struct, frozen=True, kw_only=True):
    """What must be replaced, when, and why."""

    as_of: Annotated[datetime, about("When this was worked out, UTC")]
    currency: Annotated[str, about("ISO 4217: what all amounts are in")]
    ranges: Annotated[str, about("How ranges were made")]
    rules: Annotated[ReplaceRules, about("What makes a device one to be replaced")]
    unit_costs: Annotated[
        dict[str, UnitCost], about("Prices reckoned with, by model and kind: set, or as were paid")
    ]
    forecast: Annotated[RefreshForecast, about("What must be bought")]
    lines: Annotated[tuple[RefreshLine, ...], about("The devices there now, by when and why")]


def refresh(stores: Stores, now: datetime) -> RefreshReport:
    """Of every device in the district."""
    with stores.control.connect() as c:
        rules = replace_rules(c)
        aging, outlook, currency = _read(c, rules, now)
    today = now.date()
    by = replace_by(aging.devices, rules, today, costly_by_model(aging.devices, rules, outlook))
    return RefreshReport(
        as_of=now,
        currency=currency,
        ranges=RANGES,
        rules=rules,
        unit_costs=dict(outlook.unit_costs),
        forecast=forecast(aging.devices, rules, outlook, today),
        lines=refresh_lines(aging, by, outlook, rules.fiscal_year_begins_in),
    )


def _read(c: Connection, rules: ReplaceRules, now: datetime) -> tuple[Aging, Outlook, str]:
    data = read_fleet(c, now.date())
    aging = read_aging(c, rules, now.date())
    return aging, outlook_of(data, aging.said, unit_costs(c)), data.currency
