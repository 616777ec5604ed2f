"""What a forecast of replacements is made from, and what it says."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final

from msgspec import Struct

from broadgauge_wire.fields import about

from ...errors import Invalid
from .sums import RANGE, Money
from .wear import Wear, Weibull

YEARS: Final = 10


class Attrition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Devices lost, stolen or beyond repair, among those watched."""

    events: Annotated[float, about("How many were")]
    device_years: Annotated[float, about("Years in service, of all devices together")]
    source: Annotated[str, about("Who says so")] = "the district's own log"


USD_443: Final = Attrition(
    events=2.0,
    device_years=691.5,
    source=(
        "USD 443: 20 of 6,915 iPads were total losses; taken at a tenth of its weight, since it is "
        "another district"
    ),
)
"""Where a district's own log says nothing: 0.3% a year, with a wide range (0.1 to 0.7%)."""


class UnitCost(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a new device costs."""

    cents: Annotated[int, about("What is reckoned with", "hundredths")]
    low_cents: Annotated[int, about("The least it may be", "hundredths")]
    high_cents: Annotated[int, about("The most it may be", "hundredths")]


class RepairWear(Struct, frozen=True, kw_only=True):
    """How a model's repairs grow with age, and what one costs."""

    wear: Annotated[Wear, about("Repairs a year by age: a Weibull's hazard, or bands of age")]
    mean_cents: Annotated[float, about("What a repair costs on average", "hundredths")]


class Outlook(Struct, frozen=True, kw_only=True):
    """What is reckoned with. Names are those of models or, failing that, of kinds."""

    unit_costs: Mapping[str, UnitCost] = {}
    attrition: Mapping[str, Attrition] = {}
    """Of a kind that isn't here, `USD_443`."""
    lifetimes: Mapping[str, Weibull] = {}
    """After how long devices fail for good, loss and theft apart."""
    repairs: Mapping[str, RepairWear] = {}
    """Held against the price and `ReplaceRules.repairs_above`; without a price no use is made."""
    buys_lost: bool = True
    """Devices lost, stolen or broken for good are bought again in the same fiscal year."""
    buys_again: bool = True
    """What is bought is replaced in its turn."""
    years: int = YEARS
    """Fiscal years, the present one (what is left of it) included."""
    shares: tuple[float, float] = RANGE
    """Quantiles that ranges go from and to."""


class Need(Struct, frozen=True, kw_only=True):
    """Devices to be bought, and their cost."""

    low: Annotated[int, about("Low end of the range", "devices")]
    expected: Annotated[float, about("What is expected", "devices")]
    high: Annotated[int, about("High end of the range", "devices")]
    unpriced: Annotated[float, about("Of the expected ones, those without a unit cost", "devices")]
    cost: Annotated[Money, about("Cost of those with a unit cost")]

    @property
    def has_price(self) -> bool:
        """Whether its cost says anything: of some of the devices a price is known, or there are
        none."""
        return self.unpriced < self.expected or not self.expected


class YearNeed(Struct, frozen=True, kw_only=True):
    """Needs of a fiscal year."""

    fiscal_year: Annotated[int, about("Called by the calendar year it ends in")]
    begins_on: Annotated[date, about("Its first day")]
    need: Annotated[Need, about("What must be bought in it; now overdue: in the first")]


class Needs(Struct, frozen=True, kw_only=True):
    """Needs of a school, or of the district."""

    name: Annotated[str | None, about("School; null: of devices whose school isn't known")]
    devices: Annotated[int, about("Devices there now")]
    age_unknown: Annotated[int, about("Devices whose age isn't known: they widen the ranges")]
    without_day: Annotated[int, about("Devices no rule gives a day for: bought only if lost")]
    years: Annotated[tuple[YearNeed, ...], about("By fiscal year")]
    total: Annotated[Need, about("Of all these years; ranges of years don't add up to it")]


class ModelNeeds(Struct, frozen=True, kw_only=True):
    """What of a model is expected to be replaced."""

    model: Annotated[str | None, about("Model; null: not known")]
    kind: Annotated[str | None, about("What it is")]
    devices: Annotated[int, about("Devices there now")]
    expected: Annotated[tuple[float, ...], about("Expected replacements by fiscal year", "devices")]


class RefreshForecast(Struct, frozen=True, kw_only=True):
    """Replacements ahead. The district's range is that of the sum, not the sum of ranges."""

    district: Annotated[Needs, about("All schools together")]
    schools: Annotated[tuple[Needs, ...], about("Each school")]
    models: Annotated[tuple[ModelNeeds, ...], about("By model of the devices there now")]
    attrition_assumed: Annotated[
        tuple[str, ...], about("Kinds whose losses are another district's, since none are known")
    ]


def check_outlook(outlook: Outlook) -> Outlook:
    """The outlook, or Invalid for what can't be."""
    if not 1 <= outlook.years <= 30:
        raise Invalid("A forecast is of 1 to 30 fiscal years.")
    low, high = outlook.shares
    if not 0 < low < high < 1:
        raise Invalid("A range goes from a lower to a higher share between 0 and 1.")
    for name, cost in outlook.unit_costs.items():
        if not 0 <= cost.low_cents <= cost.cents <= cost.high_cents:
            raise Invalid(f"{name}: a unit cost is 0 or more, between its least and its most.")
    for name, lost in outlook.attrition.items():
        if not (lost.events >= 0 and lost.device_years > 0):
            raise Invalid(f"{name}: losses are 0 or more, in more than 0 device-years.")
    return outlook
