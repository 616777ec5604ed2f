"""When a district replaces its devices: its rules, where they begin, and who says so."""

from math import isnan
from typing import Annotated, Final

from msgspec import Struct

from broadgauge_wire.fields import about

from ...capacity.models import ASSUMPTION, GUIDE
from ...errors import Invalid
from ...imports.model import DeviceKind
from .fiscal_years import JULY, checked_month

FIVE: Final = f"{GUIDE}: devices bought today may serve five years; refresh is after three to seven"
SIX: Final = f"{GUIDE}: districts that buy refresh after six or seven years, those that lease three"


class AgeLimit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a kind of device serves."""

    kind: Annotated[DeviceKind, about("What it is")]
    years: Annotated[float, about("Age at which it is replaced", "years")]
    source: Annotated[str, about("Who says so; or that nobody does")] = ASSUMPTION


class ReplaceRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What makes a device one to be replaced; the earliest counts."""

    age_limits: Annotated[
        tuple[AgeLimit, ...], about("By kind; a kind that isn't here has no limit")
    ] = (
        AgeLimit(kind="chromebook", years=5, source=FIVE),
        AgeLimit(kind="laptop", years=5, source=FIVE),
        AgeLimit(kind="tablet", years=5, source=FIVE),
        AgeLimit(kind="desktop", years=6, source=SIX),
    )
    extended_support: Annotated[
        bool, about("Whether the district takes extended support where there is one")
    ] = False
    system_ends: Annotated[
        bool, about("Whether a device is replaced when updates of its Windows end")
    ] = True
    battery_below: Annotated[
        float | None,
        about("Share of its first capacity below which a battery is worn; null: no such rule"),
    ] = 0.6
    """Assumption: of ten hours, six are left, which is less than a school day."""
    repairs_above: Annotated[
        float | None,
        about("Share of its price that a year's repairs may cost; null: no such rule"),
    ] = 0.2
    """Assumption: what a new device that serves five years costs a year."""
    unknown_age_years: Annotated[
        float, about("The oldest that a device of unknown age may be", "years")
    ] = 7.0
    """The guide's longest refresh."""
    fiscal_year_begins_in: Annotated[int, about("Month, 1 to 12")] = JULY


def check_rules(rules: ReplaceRules) -> ReplaceRules:
    """The rules, or Invalid for what can't be."""
    checked_month(rules.fiscal_year_begins_in)
    kinds = [limit.kind for limit in rules.age_limits]
    if len(set(kinds)) < len(kinds):
        raise Invalid("A kind of device has two age limits: give it one.")
    for limit in rules.age_limits:
        _check(limit.years, 0.5, 40, f"The age limit of a {limit.kind} is from half a year to 40.")
    _check(rules.unknown_age_years, 0, 40, "The oldest a device may be is from 0 to 40 years.")
    if rules.battery_below is not None:
        _check(rules.battery_below, 0, 1, "The share of a worn battery is from 0 to 1.")
    if rules.repairs_above is not None:
        _check(rules.repairs_above, 0, 10, "The share of repairs in the price is from 0 to 10.")
    return rules


def _check(value: float, least: float, most: float, sentence: str) -> None:
    if isnan(value) or not least <= value <= most:
        raise Invalid(sentence)
