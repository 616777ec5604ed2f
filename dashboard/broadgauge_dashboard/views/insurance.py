"""A warranty, families' fees, or paying for repairs oneself."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from broadgauge_collector.fleet.repairs.insurance import Insurance
from broadgauge_collector.fleet.statistics.fees import FeeCover
from broadgauge_collector.fleet.statistics.self_insurance import Spread
from broadgauge_collector.fleet.statistics.warranty import Comparison

from .. import format as fmt
from ..money import dollars
from ..parts import empty, metric, panel

EVERY = "every"


def offer_form(models: Sequence[str]) -> html.Section:
    """What is offered, to be held against the log."""
    choices = [{"value": EVERY, "label": "All models"}, *({"value": m, "label": m} for m in models)]
    return panel(
        "Warranty, or paying for repairs?",
        html.Div(
            [
                dmc.Select(
                    id="offer-model", label="Devices", data=choices, value=EVERY,
                    allowDeselect=False, searchable=True, className="control control-wide",
                ),
                _number("offer-premium", "Premium for a device", 45),
                _number("offer-years", "For so many years", 3),
                _number("offer-deductible", "Deductible", 0),
                dmc.Checkbox(id="offer-accidents", label="Covers accidents", checked=True),
            ],
            className="controls",
        ),
        html.Div(
            [
                _number("offer-fee", "Yearly fee of families", 25),
                _number("offer-take-up", "Families who take part, %", 75),
                _number("offer-waived", "Of these, fee waived, %", 0),
            ],
            className="controls",
        ),
        note="Amounts for a device. The log's own rate and costs are reckoned with.",
    )  # fmt: skip


def _number(name: str, label: str, value: float) -> dmc.NumberInput:
    return dmc.NumberInput(id=name, label=label, value=value, min=0, className="control-wide")


def insurance_panel(found: Insurance) -> html.Section:
    """Both ways."""
    title = "What it would cost"
    if found.comparison is None or found.fees is None:
        return panel(
            title, empty("No cost is known", "Bring tickets with costs, or type repairs in.")
        )
    both, currency = found.comparison, found.currency
    return panel(
        title,
        html.P(_lead(both), className="lead"),
        html.Div(
            [
                _spread("With the plan", both.plan, currency),
                _spread("Paying oneself", both.self_insured, currency),
                metric(
                    "Worth it above",
                    "\u2013" if both.break_even_per_100 is None else
                    f"{both.break_even_per_100:.1f} repairs",
                    f"in 100 device-years; the log says {both.rate_per_100:.1f}",
                ),
                metric(
                    "Reserve, if self-insured",
                    dollars(both.reserve.cents, currency),
                    f"suffices in 19 of 20 futures; {fmt.count(both.reserve.repairs)} repairs",
                ),
            ],
            className="metrics",
        ),
        _fees(found.fees, currency),
        *(html.P(note, className="footing") for note in both.notes),
        note=f"{fmt.count(both.devices)} devices over {both.years:g} years, by "
        f"{fmt.plural(found.repairs, 'repair')} in {found.device_years:,.0f} device-years.",
    )  # fmt: skip


def _lead(both: Comparison) -> str:
    chance = both.chance_self_insuring_is_cheaper
    if chance >= 0.9:
        return f"Paying for repairs oneself is cheaper in {_often(chance)} of the futures."
    if chance <= 0.1:
        return f"The plan is cheaper in {_often(1 - chance)} of the futures."
    return (
        f"It can't be said for sure: paying oneself is cheaper in {_often(chance)} of the futures."
    )


def _often(chance: float) -> str:
    """A share of drawn futures is never all of them for sure."""
    return "more than 99%" if chance > 0.99 else fmt.percent(chance)


def _spread(label: str, spread: Spread, currency: str) -> html.Div:
    low, high = (dollars(c, currency) for c in (spread.low_80_cents, spread.high_80_cents))
    return metric(
        label, dollars(spread.expected_cents, currency), f"{low} to {high} in eight of ten futures"
    )


def _fees(fees: FeeCover, currency: str) -> html.P:
    share = f"{fmt.percent(fees.share_paid)} of" if fees.share_paid is not None else ""
    enough: Any = ""
    if fees.even_cents is not None and fees.enough_cents is not None:
        enough = (
            f" A fee of {dollars(fees.even_cents, currency, exactly=True)} would pay what is "
            f"expected, {dollars(fees.enough_cents, currency, exactly=True)} suffices in 19 of 20 "
            "futures."
        )
    return html.P(
        f"Families' fees bring {dollars(fees.income.expected_cents, currency)} and pay {share} "
        f"what repairs cost; they fall short in {_often(fees.chance_of_shortfall)} of the "
        f"futures.{enough}"
    )
