"""How often devices break: rates with their limits, and what they rest on."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from broadgauge_collector.fleet.repairs.rated import GroupRate, RatesBy, RepairRates
from broadgauge_collector.fleet.repairs.reasons import DEVICES, LEFT_OUT, OUTSIDE
from broadgauge_collector.fleet.statistics.poisson import Rate

from .. import format as fmt
from ..fleet_figures import dot_plot
from ..parts import empty, folded, link_button, metric, panel
from .charts import graph

BY: dict[str, RatesBy] = {
    "model": "model",
    "school": "school",
    "kind": "kind",
    "age": "age",
    "category": "category",
}
WORDS = {
    "model": "Model",
    "school": "School",
    "kind": "Kind of device",
    "age": "Age",
    "category": "Why it broke",
}
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
        data=[{"value": key, "label": WORDS[key]} for key in BY],
        value="model",
        allowDeselect=False,
        className="control control-order",
    )


def rate_panels(found: RepairRates) -> list[html.Section]:
    """The district's rate, each group's, and what isn't counted."""
    if found.district.per_100 is None:
        return [_nothing(found)]
    return [_district(found), _groups(found), _counted(found)]


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
        *_silent(found.without_feed),
    )


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
    return panel(
        f"By {WORDS[found.by].lower()}",
        graph(
            "repair-rates",
            figure,
            f"Repairs in 100 device-years by {WORDS[found.by].lower()}",
            said,
            AROUND_PIXELS + ROW_PIXELS * len(shown),
        ),
        html.Details(
            [
                html.Summary("The same in figures"),
                *folded([_row(g) for g in _highest_first(groups)], _table, "row"),
            ]
        ),
        note="Dots are repairs in 100 device-years; bars hold the true rate with 95% confidence. "
        "Bars that overlap don't say that two are the same: compare them below.",
    )


def _named(group: GroupRate, by: RatesBy) -> GroupRate:
    if by == "age":
        return GroupRate(name=_age(int(group.name)), devices=group.devices, rate=group.rate)
    if by in ("category", "kind"):
        name = group.name.replace("_", " ")
        return GroupRate(name=name[:1].upper() + name[1:], devices=group.devices, rate=group.rate)
    return group


def _age(years: int) -> str:
    return "First year" if years == 0 else f"{years} to {years + 1} years"


def _highest_first(groups: Sequence[GroupRate]) -> list[GroupRate]:
    return sorted(groups, key=lambda group: -(group.rate.per_100 or 0.0))


def _table(rows: Sequence[html.Tr]) -> html.Table:
    heads = ("", "In 100 device-years", "Repairs", "Devices")
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in heads]))
    caption = html.Caption("Repair rates", className="only-read")
    return html.Table([caption, head, html.Tbody(rows)], className="table")


def _row(group: GroupRate) -> html.Tr:
    rate = group.rate
    limits = LIMITS.get(rate.limits or "poisson", "")
    cells = (
        ("In 100 device-years", [html.Span(_words(rate)), *_note(limits)]),
        ("Repairs", [fmt.count(rate.repairs)]),
        ("Devices", [html.Span(fmt.count(group.devices)), *_note(_watched(rate))]),
    )
    data = [html.Td(html.Div(shown), **{"data-label": label}) for label, shown in cells]
    return html.Tr([html.Th(group.name, scope="row"), *data])


def _words(rate: Rate) -> str:
    if rate.per_100 is None:
        return "not known"
    return f"{rate.per_100:.1f} ({rate.low:.1f} to {rate.high:.1f})"


def _note(text: str) -> list[html.Span]:
    return [html.Span(text, className="cell-note")] if text else []


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
