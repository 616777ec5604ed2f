"""What families' fees pay of the repairs, with waivers, and what is missing.

Income is devices x take-up x (1 - waived) x fee x years; what repairs cost is drawn as in
`self_insurance`. Families who take an insurance are taken to break no more than the others.
"""

from math import ceil
from typing import Annotated, Final

import numpy as np
from msgspec import Struct

from broadgauge_wire.fields import about

from ...capacity.models import ASSUMPTION, GUIDE
from ...errors import Invalid
from .self_insurance import Costs, Log, check_ahead, check_log, drawn_cents, drawn_repairs
from .sums import Draws, Money, generator, money, triangle

CHANCE: Final = 0.95
"""That fees suffice, in `FeeCover.enough_cents`."""

FEE_CENTS: Final = (2500, 5000)
FEE_SOURCE: Final = f"{GUIDE}: fees of $25 to $50"
TAKE_UP: Final = (0.75, 0.6, 0.9)
TAKE_UP_SOURCE: Final = (
    f"{GUIDE}: in one district about 75% buy an optional $25 insurance; range: {ASSUMPTION}"
)


class Fee(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What families are asked for."""

    cents: Annotated[int, about("For a device and year", "hundredths")] = FEE_CENTS[0]
    take_up: Annotated[float, about("Share of families who take part")] = TAKE_UP[0]
    take_up_low: Annotated[float, about("The least that may be")] = TAKE_UP[1]
    take_up_high: Annotated[float, about("The most that may be")] = TAKE_UP[2]
    waived: Annotated[float, about("Share of those who take part and needn't pay")] = 0.0
    covers_all: Annotated[
        bool, about("Repairs of all devices are paid from it; otherwise of those who take part")
    ] = True


class FeeCover(Struct, frozen=True, kw_only=True):
    """Fees held against repairs."""

    income: Annotated[Money, about("Fees that come in")]
    repairs: Annotated[Money, about("What the repairs cost that they have to pay")]
    surplus: Annotated[Money, about("What is left; below 0: what is missing")]
    chance_of_shortfall: Annotated[float, about("Share of the drawn futures in which some is")]
    share_paid: Annotated[
        float | None, about("Expected fees for expected costs; null: no costs are expected")
    ]
    even_cents: Annotated[
        int | None, about("Yearly fee that pays what is expected; null: nobody pays", "hundredths")
    ]
    enough_cents: Annotated[
        int | None, about("Yearly fee that suffices in 19 of 20 futures; null: nobody pays")
    ]


def fee_cover(fee: Fee, log: Log, costs: Costs, devices: int, years: float) -> FeeCover:
    """Of so many devices over so many years."""
    check_fee(fee)
    check_log(log)
    check_ahead(devices, years)
    spent, paying = _drawn(fee, log, costs, devices, years)
    income = paying * fee.cents
    return FeeCover(
        income=money(income),
        repairs=money(spent),
        surplus=money(income - spent),
        chance_of_shortfall=float(np.mean(income < spent)),
        share_paid=float(income.mean() / spent.mean()) if spent.any() else None,
        even_cents=ceil(float(spent.mean() / paying.mean())) if paying.all() else None,
        enough_cents=ceil(float(np.quantile(spent / paying, CHANCE))) if paying.all() else None,
    )


def _drawn(fee: Fee, log: Log, costs: Costs, devices: int, years: float) -> tuple[Draws, Draws]:
    """What repairs cost, and for how many device-years a fee is paid."""
    rng = generator("fees")
    repairs = drawn_repairs(log, devices, years, rng)
    uniform = generator("fees/take-up").random(len(repairs))
    take_up = triangle(fee.take_up, fee.take_up_low, fee.take_up_high, uniform)
    if not fee.covers_all:
        repairs = rng.binomial(repairs.astype(np.int64), take_up).astype(np.float64)
    return drawn_cents(repairs, costs, rng), devices * years * take_up * (1 - fee.waived)


def check_fee(fee: Fee) -> None:
    """Invalid for what can't be asked for."""
    if fee.cents < 0:
        raise Invalid("A fee is 0 or more.")
    if not 0 <= fee.take_up_low <= fee.take_up <= fee.take_up_high <= 1:
        raise Invalid("Take-up is a share from 0 to 1, between its least and its most.")
    if not 0 <= fee.waived <= 1:
        raise Invalid("The share of families who needn't pay is from 0 to 1.")
