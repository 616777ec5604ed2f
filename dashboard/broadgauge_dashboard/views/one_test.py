"""One test: what it says, its rate over time, and everything known of how it was made."""

from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from broadgauge_collector.reports import TestReport
from broadgauge_wire import ThroughputResult

from .. import format as fmt
from ..parts import chip, empty, icon, link_button, metric, panel
from ..rate_figure import in_words, rate_over_time, rates_of
from ..readings import (
    MIDDLEBOXES,
    SHAPES,
    Recognized,
    advice,
    conclusion,
    reservations,
    responsiveness,
)
from .charts import graph
from .groups import parts_panel
from .overview import speed
from .test_facts import Fact, how_measured, how_sure

READ_MORE = 'More in docs/how-to/read-a-test.md, "What stands in the way".'


def body(report: TestReport) -> list[Any]:
    """The whole page."""
    result = report.result
    return [
        _back(report),
        _head(report),
        *([_on_the_way(result)] if result.middleboxes else []),
        _over_time(result),
        *([parts_panel(report)] if result.swarm_parts else []),
        panel("How sure this is, and why", _facts(how_sure(report))),
        panel("How it was measured", _facts(how_measured(report))),
        html.Div(id="page-title", title=f"{_name(result)}, {report.school.name}", hidden=True),
    ]


def no_such_test() -> list[Any]:
    """What stands in place of a test that is not there."""
    words = [
        html.H1("There is no such test"),
        html.P("The address may have a typing error, or the test is older than what is kept."),
    ]
    shown = html.Div([*words, link_button("All schools", "/")], className="state", role="alert")
    return [shown]


def _is_loopback(result: ThroughputResult) -> bool:
    return result.path_kind == "loopback" and result.error is None


def _name(result: ThroughputResult) -> str:
    kind = "group test" if result.swarm_parts else "test"
    return f"{result.direction.capitalize()} {kind}"


def _back(report: TestReport) -> html.Nav:
    kept = urlencode({"target": report.target.key, "days": report.days})
    link = dcc.Link(report.school.name, href=f"/school/{report.school.id}?{kept}", className="back")
    return html.Nav(link, **{"aria-label": "Breadcrumb"})


def _head(report: TestReport) -> html.Section:
    result = report.result
    shape = SHAPES[report.reading]
    tone = "reading" if result.error is None else "below"
    named = "inside one machine" if _is_loopback(result) else shape.name
    kind = html.Span([icon(shape.icon), named.capitalize()], className=f"badge tone-{tone}")
    badges = [kind, *_remarks(result)]
    said = [conclusion(result), *reservations(result)]
    return html.Section(
        [
            html.H1(_name(result)),
            html.P(_when_and_where(report), className="note"),
            html.Div(badges, className="head-badges"),
            html.P(" ".join(said), className="lead"),
            *_shown(advice(result)),
            *([] if result.error else [html.Div(_metrics(result), className="metrics")]),
            *_shown(_under_load(result)),
        ],
        className="school-head",
    )


def _remarks(result: ThroughputResult) -> list[html.Span]:
    said = {"Simulated data": result.simulated, "Time corrected": result.clock_corrected}
    return [chip(remark) for remark, is_so in said.items() if is_so]


def _shown(words: str | None) -> list[html.P]:
    return [html.P(words)] if words else []


def _when_and_where(report: TestReport) -> str:
    here = fmt.local(report.started_at, report.school.timezone)
    when = f"{fmt.day(here.date())}, {here.year}, {fmt.clock(here)}"
    places = (report.school.name, report.result.location)
    return " \u00b7 ".join((when, *(place for place in places if place)))


def _metrics(result: ThroughputResult) -> list[Any]:
    shown = [_line_speed(result)]
    if result.idle_rtt_seconds is not None:
        idle = fmt.milliseconds(result.idle_rtt_seconds)
        shown.append(metric("Round trip, idle", idle, "before the test's load"))
    if result.loaded_rtt_seconds is not None:
        loaded = fmt.milliseconds(result.loaded_rtt_seconds)
        shown.append(metric("Round trip, busy", loaded, "under the test's load"))
    if result.round_trips_per_minute is not None:
        shown.append(
            metric("Responsiveness", fmt.count(round(result.round_trips_per_minute)), _EACH_MINUTE)
        )
    return shown


_EACH_MINUTE = "round trips a minute, busy"


def _line_speed(result: ThroughputResult) -> html.Div:
    at_least = result.bound == "at_least"
    rate = result.line_bits_per_second
    if rate is None:
        payload = result.throughput_bits_per_second
        shown = fmt.UNKNOWN if payload is None else speed(payload, at_least=at_least)
        return metric("Payload", shown, "the line speed is unknown")
    named = "Inside the machine" if _is_loopback(result) else "Line speed"
    return metric(named, speed(rate, at_least=at_least), _sure(result))


def _sure(result: ThroughputResult) -> str | None:
    if result.bound is None:
        return "an average that did not settle"
    uncertain = result.uncertainty_ratio
    return None if uncertain is None else f"\u00b1 {fmt.percent_of(uncertain)}, 95% sure"


def _under_load(result: ThroughputResult) -> str | None:
    """What the line's reaction to load means for people."""
    if result.error is not None or _is_loopback(result):
        return None
    if result.round_trips_per_minute is not None:
        return responsiveness(result.round_trips_per_minute)
    if result.loaded_rtt_seconds:
        return responsiveness(60 / result.loaded_rtt_seconds)
    return None


def _over_time(result: ThroughputResult) -> html.Section:
    title, shown = "Rate over time", rates_of(result)
    if shown is None:
        return panel(title, _no_rates(result))
    figure = rate_over_time(shown)
    return panel(
        title,
        graph("rate-over-time", figure, title, in_words(shown), height=360),
        note=_note(result),
    )


def _no_rates(result: ThroughputResult) -> Any:
    if result.error is not None:
        return empty("Nothing was measured", "The test failed before it had a rate.")
    return empty(
        "Not recorded",
        f"The program that made this test (version {result.agent_version}) kept no rates over "
        "time. A newer one does.",
    )


def _note(result: ThroughputResult) -> str:
    framed = result.payload_ratio is not None
    what = "As line speed: payload with its TCP and IP framing." if framed else "Payload alone."
    if result.measured_from_seconds is None or result.measured_to_seconds is None:
        return what
    return f"{what} Only the shaded part is used: before it, the test was speeding up."


def _on_the_way(result: ThroughputResult) -> html.Section:
    found = [_middlebox(MIDDLEBOXES[name]) for name in result.middleboxes]
    more = html.P(READ_MORE, className="note")
    return panel("What stands in the way", *found, more)


def _middlebox(known: Recognized) -> html.Div:
    words = [html.H3([icon("below"), known.name]), html.P(known.effect), html.P(known.action)]
    return html.Div(words, className="state state-warning")


def _facts(facts: list[Fact]) -> html.Dl:
    rows = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts]
    return html.Dl(rows, className="facts")
