"""The Needs page: every line today and three years ahead, and what the numbers rest on."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import dash_mantine_components as dmc
from dash import html

from broadgauge_collector.capacity.carry import Fits
from broadgauge_collector.capacity.forecast import YearNeed
from broadgauge_collector.capacity.models import ASSUMPTION, BLENDED_MODELS, FLEET, SEAT, Assumption
from broadgauge_collector.reports.needs import LineNeed, NeedsReport
from broadgauge_collector.schools.assumptions import (
    Assumptions,
    EditedAssumption,
    SchoolAssumption,
)
from broadgauge_collector.schools.model import School

from .. import format as fmt
from ..parts import ADD_LINE, badge, chip, command, empty, folded, panel
from ..tables import row_of, table_of
from ..words import SEGMENTS
from .carry import FITS
from .simulated import marks

DISTRICT = "district"
"""Whom a number is for, where it is no school's own."""

_ORDER: dict[Fits | None, int] = {"no": 0, "unsure": 1, "yes": 2, None: 3}
_HEADINGS = ("Line", "Line speed", "Need today", "In 3 years", "Enough until")


def lines_panel(report: NeedsReport) -> html.Section:
    """Every line against the models wanted behind it."""
    title = "Until when lines are enough"
    if not report.lines:
        return panel(
            title,
            empty(
                "No line is known",
                "Add the first with the schools behind it, on the server:",
                action=command(ADD_LINE),
            ),
        )
    rows = [_line(line) for line in sorted(report.lines, key=_urgency)]
    return panel(
        title,
        *([] if any(line.models for line in report.lines) else [_choose_first()]),
        *folded(rows, _lines_table, "line"),
        html.P(report.ranges, className="footing"),
        note="For the models wanted by everybody behind each line, at the busiest moment. Those "
        "enough for the shortest come first.",
    )


def _lines_table(rows: Sequence[html.Tr]) -> html.Table:
    return table_of("Until when lines are enough", _HEADINGS, rows, look="needs")


def _choose_first() -> html.P:
    edit = html.A("choose it below", href="#needs-edit")
    return html.P(["Needs follow from the model wanted: ", edit, " first."], className="lead")


def _urgency(line: LineNeed) -> tuple[int, date, str]:
    soonest = line.until.soonest if line.until else None
    return (_ORDER[line.fits], soonest or date.max, line.link.casefold())


def models_panel(found: Assumptions) -> html.Section:
    """What each model takes, and which one is wanted."""
    head = html.Thead(
        html.Tr([html.Th(text, scope="col") for text in ("Model", "Devices", "People", "Rooms")])
    )
    rows = [
        html.Tr(
            [
                html.Th([m.title, *_wanted(m.key == found.model)], scope="row"),
                html.Td(html.Div(m.devices), **{"data-label": "Devices"}),
                html.Td(html.Div(m.people), **{"data-label": "People"}),
                html.Td(html.Div(m.rooms), **{"data-label": "Rooms"}),
            ]
        )
        for m in BLENDED_MODELS
    ]
    titles = {m.key: m.title for m in BLENDED_MODELS}
    said = "; ".join(
        f"{one.school}: {titles.get(str(one.value), one.value)}" for one in found.model_schools
    )
    return panel(
        "The model wanted",
        html.Table(
            [html.Caption("Blended models", className="only-read"), head, html.Tbody(rows)],
            className="table",
        ),
        *([html.P(f"Other than the district: {said}.", className="note")] if said else []),
        note=f"What each takes, by the {BLENDED_MODELS[0].source}.",
    )


def assumptions_panel(found: Assumptions) -> html.Section:
    """Every number, with its source; the many shares of the mixes are folded away, and what says
    nothing of a line's need."""
    mixes = [e for e in found.assumptions if e.default.unit == "weight"]
    seats = [e for e in found.assumptions if e.default.key.startswith(SEAT)]
    fleet = [e for e in found.assumptions if e.default.key.startswith(FLEET)]
    others = [e for e in found.assumptions if e not in (*mixes, *seats, *fleet)]
    mixed = f"What devices do, in each model ({len(mixes)} shares)"
    limits = f"What a seat needs in school hours, on each school's page ({len(seats)} limits)"
    of_devices = f"Devices: readiness, support and refresh ({len(fleet)} figures)"
    return panel(
        "What the numbers rest on",
        _assumptions(others, "Assumptions"),
        html.Details([html.Summary(mixed), _assumptions(mixes, "Mixes of activities")]),
        html.Details([html.Summary(limits), _assumptions(seats, "Limits of a seat")]),
        html.Details([html.Summary(of_devices), _assumptions(fleet, "Devices")]),
        note="What no source states says so. Edit any of them for the district or for one school.",
    )


def _assumptions(edited: Sequence[EditedAssumption], caption: str) -> html.Table:
    heads = ("Assumption", "Value", "Range", "Source")
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in heads]))
    rows = [row for each in edited for row in _assumption(each)]
    said = html.Caption(caption, className="only-read")
    return html.Table([said, head, html.Tbody(rows)], className="table assumptions")


def edit_panel(schools: Sequence[School], found: Assumptions) -> html.Section:
    """Choose a model, or edit one number."""
    whom = [
        {"value": DISTRICT, "label": "The whole district"},
        *({"value": str(school.id), "label": school.name} for school in schools),
    ]
    keys = [{"value": e.default.key, "label": e.default.title} for e in found.assumptions]
    models = [{"value": m.key, "label": m.title} for m in BLENDED_MODELS]
    return panel(
        "Edit",
        html.Div(
            [
                _select("need-whom", "For", whom, DISTRICT),
                _select("need-model", "Model wanted", models, found.model),
                dmc.Button("Choose this model", id="choose-model"),
            ],
            className="controls",
        ),
        html.Div(
            [
                _select("need-key", "Assumption", keys, keys[0]["value"]),
                _text("need-value", "Value", "0.5 or 50%"),
                _text("need-low", "Low", "as the value"),
                _text("need-high", "High", "as the value"),
                dmc.Button("Set", id="set-assumption"),
                dmc.Button("Take back", id="unset-assumption", variant="default"),
            ],
            className="controls",
        ),
        note="What is set for one school wins over the district's.",
    )


def _wanted(is_wanted: bool) -> list[Any]:
    return [chip("Wanted")] if is_wanted else []


def _line(line: LineNeed) -> html.Tr:
    capacity = line.capacity
    sign = "\u2265 " if capacity and capacity.at_least else ""
    speed = f"{sign}{fmt.rate(capacity.bits_per_second)}" if capacity else fmt.UNKNOWN
    between = fmt.rate_range(capacity.interval) if capacity else "not measured yet"
    today, later = (line.years[0], line.years[-1]) if line.years else (None, None)
    cells = (
        ("Line speed", [_value(speed), _note(between)]),
        ("Need today", [*_need(today), *([badge(FITS[line.fits])] if line.fits else [])]),
        ("In 3 years", [*_need(later), _note(_chance(later))]),
        ("Enough until", [html.Span(line.explanation), _note(_trend(line))]),
    )
    where = f"{SEGMENTS[line.segment]}, {fmt.plural(len(line.schools), 'school')} behind it"
    models = ", ".join(line.models)
    name = [line.link, *marks(line.simulated), _note(where), _note(models), _note(line.working)]
    return row_of(name, cells)


def _need(year: YearNeed | None) -> list[Any]:
    if year is None:
        return [_value(fmt.UNKNOWN)]
    return [_value(fmt.rate(year.bits_per_second)), _note(fmt.rate_range(year.interval))]


def _chance(year: YearNeed | None) -> str:
    if year is None or year.enough is None:
        return ""
    return f"enough in {fmt.percent(year.enough)} of the simulated futures"


def _trend(line: LineNeed) -> str:
    trend = line.trend
    if trend.use_bits_per_second is None or trend.growth_bits_per_second_per_year is None:
        return trend.explanation
    grew = fmt.rate(abs(trend.growth_bits_per_second_per_year))
    way = "more" if trend.growth_bits_per_second_per_year >= 0 else "less"
    reaches = line.use_reaches_capacity
    full = f" It reaches the line's speed in {reaches:%B %Y}, if it goes on." if reaches else ""
    return (
        f"{trend.explanation} About {fmt.rate(trend.use_bits_per_second)} now, {grew} {way} a "
        f"year.{full}"
    )


def _assumption(each: EditedAssumption) -> list[html.Tr]:
    one = each.assumption
    marked = [chip("Edited")] if each.edited else []
    name = [one.title, *marked, _note(one.meaning), _note([html.Code(one.key)])]
    source = one.source.replace(ASSUMPTION, "No source states it: our assumption, edit it")
    first = _number_row(name, one, (one.value, one.low, one.high), source)
    return [first, *(_own_row(school, one) for school in each.schools)]


def _number_row(name: list[Any], one: Assumption, numbers: Sequence[float], source: str) -> html.Tr:
    value, low, high = (_number(number, one) for number in numbers)
    cells = (
        ("Value", _value(value)),
        ("Range", f"{low} to {high}" if low != high else "taken as known"),
        ("Source", source),
    )
    return row_of(name, cells)


def _own_row(own: SchoolAssumption, one: Assumption) -> html.Tr:
    numbers = [n if isinstance(n, float) else one.value for n in (own.value, own.low, own.high)]
    return _number_row([one.title, _note(own.school)], one, numbers, "set for this school")


def _number(number: float, one: Assumption) -> str:
    if one.unit in ("ratio", "weight"):
        return f"{number * 100:.3g}%"
    if one.unit == "ratio/year":
        return f"{number * 100:+.3g}% a year" if number else "0% a year"
    return "1 device" if (number, one.unit) == (1, "devices") else f"{number:.3g} {one.unit}"


def _select(name: str, label: str, data: list[dict[str, str]], value: str | None) -> dmc.Select:
    return dmc.Select(
        id=name,
        label=label,
        data=data,
        value=value,
        allowDeselect=False,
        searchable=True,
        className="control control-wide" if name != "need-key" else "control control-long",
    )


def _text(name: str, label: str, placeholder: str) -> dmc.TextInput:
    return dmc.TextInput(id=name, label=label, placeholder=placeholder, className="control")


def _value(text: str) -> html.Span:
    return html.Span(text, className="cell-value")


def _note(text: Any) -> html.Span:
    return html.Span(text, className="cell-note")
