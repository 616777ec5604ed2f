"""The district's rules of replacement, and prices it expects."""

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Struct
from sqlalchemy import Connection

from broadgauge_wire.fields import about

from ...errors import Invalid
from ..repairs.settings import read_setting, write_setting
from ..statistics.refresh_model import UnitCost
from ..statistics.replace_rules import ReplaceRules, check_rules

RULES: Final = "replace-rules"
COSTS: Final = "unit-costs"
MOST_COSTS: Final = 1000


class UnitCosts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Prices of new devices, where the district expects others than it paid."""

    costs: Annotated[
        dict[str, UnitCost],
        about("By model or kind; where none is, what was paid is reckoned with"),
    ] = {}


def replace_rules(c: Connection) -> ReplaceRules:
    """Those that were set, or the usual ones."""
    return read_setting(c, RULES, ReplaceRules())


def set_replace_rules(c: Connection, given: ReplaceRules) -> ReplaceRules:
    """Set them, all at once. Invalid for what can't be."""
    return write_setting(c, RULES, check_rules(given))


def unit_costs(c: Connection) -> UnitCosts:
    """Those that were set."""
    return read_setting(c, COSTS, UnitCosts())


def set_unit_costs(c: Connection, given: UnitCosts) -> UnitCosts:
    """Set them, all at once. Invalid for what can't be."""
    _check(given.costs)
    return write_setting(c, COSTS, given)


def _check(costs: Mapping[str, UnitCost]) -> None:
    if len(costs) > MOST_COSTS:
        raise Invalid(f"There can be {MOST_COSTS:,} prices at most.")
    for name, cost in costs.items():
        if not 0 < len(name) <= 200:
            raise Invalid("A price is of a model or kind whose name has 1 to 200 characters.")
        if not 0 <= cost.low_cents <= cost.cents <= cost.high_cents <= 10**10:
            raise Invalid(
                f"The price of {name[:50]!r} is 0 or more, and lies between its least and its most."
            )
