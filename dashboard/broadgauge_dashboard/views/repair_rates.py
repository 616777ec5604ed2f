"""How often devices break: rates with their limits, and what they rest on."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from msgspec.structs import replace

from broadgauge_collector.fleet.repairs.rated import GroupRate, RatesBy, RepairRates
from broadgauge_collector.fleet.repairs.reasons import DEVICES, LEFT_OUT, OUTSIDE
from broadgauge_collector.fleet.statistics.comparison import Comparison
from broadgauge_collector.fleet.statistics.costs import Share
from broadgauge_collector.fleet.statistics.poisson import Rate

from .. import format as fmt
from ..fleet_figures import dot_plot
from ..money import dollars
from ..parts import empty, link_button, metric, panel
from ..tables import cell_note, folded_table, row_of
from .charts import graph

BY: dict[RatesBy, str] = {
    "model": "Model",
    "school": "School",
    "kind": "Kind of device",
    "age": "Age",
    "category": "Why it broke",
}
HEADS = ("Of", "In 100 device-years", "Repairs", "Devices")
COST_HEADS = ("Of", "A repair", "Parts and labour", "A device and year", "Without it", "Accidents")
ROW_PIXELS, AROUND_PIXELS, MOST_DOTS = 30, 90, 40
LIMITS = {
    "poisson": "",
    "devices": "wider: repairs come in runs on the same devices",
    "days": "wider: repairs come in runs on the same days",
}


def by_select() -> dmc.Select:
    """What rates are told by."""
    return dmc.Select(
        id="repairs-by",
        label="Rates by",
        data=[{"value": key, "label": words} for key, words in BY.items()],
        value="model",
        allowDeselect=False,
        className="control control-order",
    )


def rate_panels(found: RepairRates) -> list[html.Section]:
    """The district's rate, each group's, and what isn't counted."""
    if found.district.per_100 is None:
        return [_nothing(found)]
    costs = [_costs(found)] if found.costs is not None else []
    return [_district(found), _groups(found), *costs, _counted(found)]


def _nothing(found: RepairRates) -> html.Section:
    why = "Bring tickets of repairs, or type them in below."
    if found.repairs:
        why = "Repairs are known, but of no device that was watched: see what isn't counted."
    parts = [empty("No rate yet", why, action=link_button("Import a file", "/imports"))]
    return panel("Repairs", *parts, *_reasons(found))


def _district(found: RepairRates) -> html.Section:
    rate = found.district
    return panel(
        "The district",
        html.Div(
            [
                metric(
                    "Repairs in 100 device-years",
                    f"{rate.per_100:.1f}",
                    f"between {rate.low:.1f} and {rate.high:.1f}, with 95% confidence",
                ),
                metric("Repairs counted", fmt.count(rate.repairs), _watched(rate)),
                metric(
                    "Lost or stolen",
                    fmt.count(found.losses),
                    "no repairs: they are in no rate",
                ),
            ],
            className="metrics",
        ),
        *_none(found),
        *_silent(found.without_feed),
    )


def _none(found: RepairRates) -> list[html.P]:
    if found.repairs or not found.tickets:
        return []
    said = ["No ticket is a repair by the rule: see ", html.Code("broadgauge repairs rule"), "."]
    return [html.P(said, className="footing")]


def _watched(rate: Rate) -> str:
    return f"in {rate.device_years:,.0f} device-years watched"


def _silent(schools: Sequence[str]) -> list[html.P]:
    if not schools:
        return []
    names = ", ".join(schools[:10]) + (" and others" if len(schools) > 10 else "")
    text = (
        f"Nobody tells of repairs at {names}: no rate, rather than a low one. Declare a feed with "
    )
    return [html.P([text, html.Code("broadgauge repairs feeds"), "."], className="footing")]


def _groups(found: RepairRates) -> html.Section:
    groups = [_named(group, found.by) for group in found.groups]
    shown = sorted(groups, key=lambda g: -g.rate.device_years)[:MOST_DOTS]
    figure = dot_plot(shown, found.district)
    if found.by == "age":
        figure["layout"]["yaxis"] |= {
            "categoryorder": "array",
            "categoryarray": [g.name for g in reversed(groups)],
        }
    said = "; ".join(f"{g.name}: {_words(g.rate)}" for g in shown)
    rows = [_row(group) for group in _highest_first(groups)]
    return panel(
        f"By {BY[found.by].lower()}",
        graph(
            "repair-rates",
            figure,
            f"Repairs in 100 device-years by {BY[found.by].lower()}",
            said,
            AROUND_PIXELS + ROW_PIXELS * len(shown),
        ),
        html.Details(
            [
                html.Summary("The same in figures"),
                *folded_table("Repair rates", HEADS, rows, "row"),
            ]
        ),
        note="Dots are repairs in 100 device-years; bars hold the true rate with 95% confidence. "
        "Bars that overlap don't say that two are the same: compare them below.",
    )


def _named(group: GroupRate, by: RatesBy) -> GroupRate:
    if by == "age":
        return replace(group, name=_age(int(group.name)))
    if by in ("category", "kind"):
        name = group.name.replace("_", " ")
        return replace(group, name=name[:1].upper() + name[1:])
    return group


def _age(years: int) -> str:
    return "First year" if years == 0 else f"{years} to {years + 1} years"


def _highest_first(groups: Sequence[GroupRate]) -> list[GroupRate]:
    return sorted(groups, key=lambda group: -(group.rate.per_100 or 0.0))


def _row(group: GroupRate) -> html.Tr:
    rate = group.rate
    limits = LIMITS.get(rate.limits or "poisson", "")
    cells = (
        ("In 100 device-years", [html.Span(_words(rate)), cell_note(limits)]),
        ("Repairs", [fmt.count(rate.repairs)]),
        ("Devices", [html.Span(fmt.count(group.devices)), cell_note(_watched(rate))]),
    )
    return row_of(group.name, cells)


def _words(rate: Rate) -> str:
    if rate.per_100 is None:
        return "not known"
    return f"{rate.per_100:.1f} ({rate.low:.1f} to {rate.high:.1f})"


def _costs(found: RepairRates) -> html.Section:
    """By the same groups, the dearest first; all devices on top."""
    everyone = GroupRate(name="All devices", devices=0, rate=found.district, costs=found.costs)
    groups = [_named(group, found.by) for group in found.groups if group.costs is not None]
    dearest = sorted(groups, key=lambda g: -(_a_year(g) or 0.0))
    rows = [_cost_row(group, found.currency) for group in (everyone, *dearest)]
    return panel(
        "What repairs cost",
        *folded_table("Costs of repairs", COST_HEADS, rows, "row"),
        note="Means over repairs whose cost is known; a device-year costs as much as its repairs "
        "would, if the others cost the same. Nothing is put in place of a missing cost.",
    )


def _a_year(group: GroupRate) -> float | None:
    return group.costs.cost_cents_per_device_year if group.costs else None


def _cost_row(group: GroupRate, currency: str) -> html.Tr:
    costs = group.costs
    assert costs is not None  # noqa: S101 - those without were left out
    cost = costs.cost_cents
    between = f"{dollars(cost.low, currency)} to {dollars(cost.high, currency)}"
    known = f"{fmt.count(cost.known)} known, {fmt.count(cost.missing)} not"
    days = costs.downtime_days_per_device_year
    share = costs.accidents
    cells = (
        ("A repair", [
            html.Span(dollars(cost.mean, currency), className="cell-value"),
            cell_note(between if cost.low is not None else ""), cell_note(known),
        ]),
        ("Parts and labour", [_both(costs.parts_cents.mean, costs.labour_cents.mean, currency)]),
        ("A device and year", [html.Span(dollars(_a_year(group), currency, exactly=True))]),
        ("Without it", [fmt.UNKNOWN if days is None else f"{days:.1f} days a year"]),
        ("Accidents", [html.Span(fmt.percent(share.share)), cell_note(_accidents(share))]),
    )  # fmt: skip
    return row_of(group.name, cells)


def _both(parts: float | None, labour: float | None, currency: str) -> str:
    if parts is None and labour is None:
        return "not known"
    return f"{dollars(parts, currency)}, {dollars(labour, currency)}"


def _accidents(share: Share) -> str:
    if share.share is None:
        return "nobody said why"
    return f"{fmt.percent(share.low)} to {fmt.percent(share.high)} of {fmt.count(share.known)}"


def compare_form(models: Sequence[str]) -> html.Section:
    """Two models, side by side."""
    first, second = (models[0], models[1]) if len(models) > 1 else (None, None)
    return panel(
        "Does one model break more than another?",
        html.Div(
            [_model("compare-first", models, first), _model("compare-second", models, second)],
            className="controls",
        ),
        html.Div(id="compare-said", **{"aria-live": "polite"}),
        note="Older devices and rougher schools break more of any model, so only devices of the "
        "same age at the same school are held against each other.",
    )


def _model(name: str, models: Sequence[str], value: str | None) -> dmc.Select:
    return dmc.Select(
        id=name,
        label="Model",
        data=list(models),
        value=value,
        searchable=True,
        className="control control-long",
    )


def compared_words(found: Comparison) -> list[html.P]:
    """The verdict, and what it rests on."""
    by = {
        "schools": f"{found.clusters} schools",
        "devices": f"{found.clusters} devices",
        "days": f"{found.clusters} days with repairs",
        "exact": f"{found.clusters} repaired devices, in an exact test",
    }
    rests = by.get(found.method or "", "")
    said = [_rests(found, rests)] if rests else []
    if found.p_value is not None:
        said.append(f"The chance of such a difference if there is none: {found.p_value:.2g}.")
    notes = [html.P(text, className="footing") for text in said]
    return [html.P(found.sentence, className="lead"), *notes]


def _rests(found: Comparison, on: str) -> str:
    return (
        f"It rests on {fmt.plural(found.first_repairs, 'repair')} in "
        f"{found.first_device_years:,.0f} device-years and on {fmt.count(found.second_repairs)} in "
        f"{found.second_device_years:,.0f}, at {fmt.plural(found.schools, 'school')}; what counts "
        f"as by itself: {on}."
    )


def _counted(found: RepairRates) -> html.Section:
    return panel(
        "What isn't counted, and why",
        *_reasons(found),
        html.P(
            [
                "Which tickets are repairs is a rule that you can change: ",
                html.Code("broadgauge repairs rule"),
                ". ",
                dcc.Link("Devices", href="/devices"),
                " lists every device with its tickets.",
            ],
            className="footing",
        ),
    )


def _reasons(found: RepairRates) -> list[Any]:
    parts = [
        _list("Tickets that are no repair", found.left_out, LEFT_OUT),
        _list("Repairs in no rate", found.outside_rates, OUTSIDE),
        _list("Devices in no rate", found.devices_left_out, DEVICES),
    ]
    return [part for part in parts if part is not None] or [
        html.P("Everything is counted.", className="footing")
    ]


def _list(
    title: str, counts: Mapping[str, int], sentences: Mapping[str, str]
) -> html.Details | None:
    if not counts:
        return None
    rows = [
        html.Li(f"{fmt.count(many)}: {sentences.get(name, name)}.")
        for name, many in sorted(counts.items(), key=lambda each: -each[1])
    ]
    total = sum(counts.values())
    return html.Details([html.Summary(f"{title}: {fmt.count(total)}"), html.Ul(rows)])
