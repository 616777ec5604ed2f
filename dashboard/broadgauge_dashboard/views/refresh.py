"""The Refresh page: what must be bought in which year, and why."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from broadgauge_collector.fleet.refresh.lines import RefreshLine
from broadgauge_collector.fleet.statistics.refresh_model import Need, Needs
from broadgauge_collector.fleet.statistics.replace_by import SENTENCES
from broadgauge_collector.fleet.statistics.replace_rules import ReplaceRules
from broadgauge_collector.reports.refresh import RefreshReport

from .. import format as fmt
from ..fleet_figures import fiscal, needs_by_year
from ..money import dollar_range, dollars
from ..parts import empty, link_button, metric, panel
from ..tables import cell_note, folded_table, row_of, table_of
from .charts import graph
from .device_words import KINDS

REASONS = {
    "end_of_life": "A source says that it ends",
    "support": "Updates end",
    "system": "Updates of its Windows end",
    "age": "Too old for its kind",
    "battery": "Battery worn",
    "repairs": "Repairs cost too much",
}
YEARS_SHOWN = 5


def refresh_panels(report: RefreshReport) -> list[html.Section]:
    """All of the page."""
    district = report.forecast.district
    if not district.devices:
        return [_nothing()]
    return [
        _district(report),
        _schools(report),
        _why(report),
        _lines(report),
        _rules(report.rules),
    ]


def _nothing() -> html.Section:
    return panel(
        "No device yet",
        empty(
            "Bring the inventory first",
            "What must be replaced follows from when devices were bought, until when they get "
            "updates, and how often they break.",
            action=link_button("Import a file", "/imports"),
        ),
    )


def _district(report: RefreshReport) -> html.Section:
    needs, currency = report.forecast.district, report.currency
    now, coming = needs.years[0], needs.years[1:2]
    figure = needs_by_year(needs.years)
    said = "; ".join(
        f"{year.fiscal_year}: {year.need.expected:,.0f} expected" for year in needs.years
    )
    return panel(
        "What must be bought",
        html.Div(
            [
                _metric(f"Devices due by {fiscal(now.fiscal_year)}", now.need, currency),
                *(_metric(f"In {fiscal(y.fiscal_year)}", y.need, currency) for y in coming),
                _metric(f"In {len(needs.years)} fiscal years", needs.total, currency),
            ],
            className="metrics",
        ),
        graph("refresh-by-year", figure, "Devices to be bought by fiscal year", said, height=320),
        *_remarks(report),
        note="Bars show what is expected; lines at their tops, the range that holds eight in ten.",
    )


def _metric(label: str, need: Need, currency: str) -> html.Div:
    between = f"{fmt.count(need.low)} to {fmt.count(need.high)} devices"
    cost = dollar_range(need.cost, currency) if need.has_price else "no price is known"
    return metric(label, fmt.count(round(need.expected)), [between, html.Br(), cost])


def _remarks(report: RefreshReport) -> list[html.P]:
    needs = report.forecast.district
    said = [
        report.ranges,
        f"The age of {fmt.plural(needs.age_unknown, 'device')} isn't known: that widens the range."
        if needs.age_unknown
        else "",
        f"No rule gives a day for {fmt.plural(needs.without_day, 'device')}: they are bought again "
        "only if they are lost."
        if needs.without_day
        else "",
        f"Of {fmt.plural(round(needs.total.unpriced), 'device')} no price is known: set one with "
        "broadgauge refresh price."
        if round(needs.total.unpriced)
        else "",
        "Losses are another district's, with a wide range, for: "
        + ", ".join(_kind(kind) for kind in report.forecast.attrition_assumed)
        + "."
        if report.forecast.attrition_assumed
        else "",
    ]
    return [html.P(text, className="footing") for text in said if text]


def _schools(report: RefreshReport) -> html.Section:
    years = [year.fiscal_year for year in report.forecast.district.years[:YEARS_SHOWN]]
    found = sorted(report.forecast.schools, key=lambda each: -each.total.expected)
    heads = ("School", *(fiscal(year) for year in years), "All years")

    rows = [_school(each, report.currency) for each in found]
    return panel(
        "School by school",
        *folded_table("Devices to be bought by school", heads, rows, "school"),
        note="Expected devices, with the range below. The range of the district is narrower than "
        "the sum of the schools' ranges.",
    )


def _school(needs: Needs, currency: str) -> html.Tr:
    cells = [
        (fiscal(year.fiscal_year), _need(year.need, None)) for year in needs.years[:YEARS_SHOWN]
    ]
    cells.append(("All years", _need(needs.total, currency)))
    name = [needs.name or "School not known", cell_note(fmt.plural(needs.devices, "device"))]
    return row_of(name, cells)


def _need(need: Need, currency: str | None) -> list[Any]:
    between = f"{fmt.count(need.low)} to {fmt.count(need.high)}" if need.high else ""
    cost = []
    if currency:
        known = need.has_price
        said = dollars(need.cost.expected_cents, currency) if known else "no price is known"
        cost = [cell_note(said)]
    return [html.Span(f"{need.expected:,.0f}", className="cell-value"), cell_note(between), *cost]


def _why(report: RefreshReport) -> html.Section:
    """Which rule gives the day, by year."""
    years = [year.fiscal_year for year in report.forecast.district.years[:YEARS_SHOWN]]
    counts: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for line in report.lines:
        if line.reason is not None and line.replace_fiscal_year is not None:
            year = max(line.replace_fiscal_year, years[0])
            counts[line.reason][year] += line.devices
    heads = ("Why", *(fiscal(year) for year in years))
    rows = [_reason(reason, counts[reason], years) for reason in SENTENCES if counts.get(reason)]
    return panel(
        "Why",
        table_of("Why devices must be replaced", heads, rows),
        note="Devices that are there now, by the rule that gives the earliest day; those overdue "
        "stand in the first year.",
    )


def _reason(reason: str, counts: Counter[int], years: Sequence[int]) -> html.Tr:
    name = [REASONS[reason], cell_note(SENTENCES[reason])]
    return row_of(name, [(fiscal(year), fmt.count(counts[year])) for year in years])


def _lines(report: RefreshReport) -> html.Section:
    """Devices of one school, model and purchase year, soonest first."""
    due = [line for line in report.lines if line.replace_fiscal_year is not None]
    heads = ("School", "Devices", "Bought", "Replace by", "Price of a new one", "Cost")

    rows = [_line(line, report.currency) for line in due[:MOST_LINES]]
    more = len(due) - len(rows)
    others = (
        [html.P(f"{fmt.count(more)} later lines are in the files.", className="footing")]
        if more
        else []
    )
    return panel(
        "Devices to be replaced, soonest first",
        *folded_table("Devices to be replaced", heads, rows, "line"),
        *others,
    )


MOST_LINES = 100


def _line(line: RefreshLine, currency: str) -> html.Tr:
    price, cost = line.unit_cost_cents, line.cost_cents
    bought = line.purchase_fiscal_year
    when = fiscal(line.replace_fiscal_year) if line.replace_fiscal_year else "\u2013"
    cells = (
        ("Devices", [f"{line.devices:,} {line.model or _kind(line.kind)}"]),
        ("Bought", [fiscal(bought) if bought else "age not known"]),
        ("Replace by", [html.Span(when), cell_note(REASONS.get(line.reason or "", ""))]),
        ("Price of a new one", [dollars(price, currency) if price is not None else "not known"]),
        ("Cost", [dollars(cost, currency) if cost is not None else "not known"]),
    )
    return row_of(line.school or "School not known", cells)


def _rules(rules: ReplaceRules) -> html.Section:
    limits = [
        html.Li(f"{_kind(limit.kind)}: {limit.years:g} years. {limit.source}")
        for limit in rules.age_limits
    ]
    battery, repairs = rules.battery_below, rules.repairs_above
    others = [
        f"A battery below {fmt.percent(battery)} of what it held when new is worn."
        if battery is not None
        else "Batteries give no day.",
        f"A year's repairs of more than {fmt.percent(repairs)} of the price of a new one are too "
        "much."
        if repairs is not None
        else "Repairs give no day.",
        "Extended support counts." if rules.extended_support else "Extended support isn't taken.",
        f"Fiscal years begin in month {rules.fiscal_year_begins_in}.",
    ]
    return panel(
        "By which rules",
        html.Ul([*limits, *map(html.Li, others)]),
        html.P(
            [
                "Change ages and prices with ",
                html.Code("broadgauge refresh age"),
                " and ",
                html.Code("broadgauge refresh price"),
                ", all others over the API (PUT /api/v1/replace-rules).",
            ],
            className="footing",
        ),
    )


def price_panel(names: Sequence[str]) -> html.Section:
    """Say what a new device costs."""
    return panel(
        "What a new device costs",
        html.Div(
            [
                dmc.Autocomplete(
                    id="price-name", label="Model or kind", data=list(names),
                    className="control control-wide",
                ),
                dmc.NumberInput(id="price-amount", label="Price", min=0, className="control"),
                dmc.NumberInput(id="price-low", label="At least", min=0, className="control"),
                dmc.NumberInput(id="price-high", label="At most", min=0, className="control"),
                dmc.Button("Set", id="set-price"),
            ],
            className="controls",
        ),
        note="Where none is set, the median of what was paid is reckoned with. A price of a kind "
        "holds for its models, unless they have their own.",
    )  # fmt: skip


def _kind(kind: str | None) -> str:
    return KINDS.get(kind, kind) if kind else "Devices"  # type: ignore[call-overload]
