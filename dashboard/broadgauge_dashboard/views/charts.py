"""The School page's charts, each with what it says in words."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from broadgauge_collector.reports import Point, SchoolReport, TestRow

from .. import figures
from .. import format as fmt
from ..parts import empty, link_button, panel
from ..traces import by_series, label
from ..words import SEGMENT_WHERE

NO_LOCATION = "Give each agent a location to compare rooms."
_ROUND_TRIPS = "Medians of round trips; bars show the middle 80%."

Naming = Callable[[float], str]


def charts(report: SchoolReport) -> list[Any]:
    """Throughput, latency and loss: over time, by hour and by location."""
    if not (report.summary.agents or report.throughput_by_day or report.latency_by_day):
        return [_throughput(report)]
    return [
        html.Div([_throughput(report)], className="panels"),
        html.Div([_by_hour(report), _by_location(report)], className="panels panels-two"),
        html.Div([_latency(report), _latency_by_hour(report)], className="panels panels-two"),
        html.Div([_latency_by_location(report), _loss(report)], className="panels panels-two"),
    ]


def medians(points: Sequence[Point], naming: Naming) -> str:
    """What a chart shows, for who can't see it: each series from its lowest to its highest."""
    ranges = []
    for name, series in by_series(points):
        middle = [point.median for point in series]
        ranges.append(f"{label(name)}: medians from {naming(min(middle))} to {naming(max(middle))}")
    return ". ".join(ranges)


def graph(name: str, figure: figures.Figure, title: str, said: str, height: int = 280) -> html.Div:
    """A chart, and in words what it shows for who can't see it."""
    graph = dcc.Graph(id=name, figure=figure, config=figures.CONFIG, style={"height": height})
    words = f"Chart: {title}. {said}." if said else f"Chart: {title}"
    return html.Div(graph, className="graph", role="img", **{"aria-label": words})


def _throughput(report: SchoolReport) -> html.Section:
    title = "Throughput over time"
    points = report.throughput_by_day
    if not points and not report.tests:
        return panel(title, _nothing_measured(report))
    drawn = [test for test in report.tests if _on_chart(test, report)]
    zone = report.summary.school.timezone
    figure = figures.throughput_over_time(points, drawn, zone, _need(report), report.changes)
    said = _marked(medians(points, fmt.rate), points, report)
    shown = graph("throughput-by-day", figure, title, said, height=400)
    return panel(title, shown, note=_marks(report, drawn))


def _marked(said: str, points: Sequence[Point], report: SchoolReport) -> str:
    """The same with the changes that the chart shows."""
    shown = figures.changes_shown(points, report.changes)
    changes = ", ".join(f"{change.text} on {fmt.day(change.day)}" for change in shown)
    return f"{said}. Marked: {changes}" if changes else said


def _marks(report: SchoolReport, drawn: Sequence[TestRow]) -> str:
    """What the shapes mean."""
    squares = any(test.client == "browser" for test in drawn)
    by_page = " Squares were made by web pages in rooms." if squares else ""
    newest = f" Marks are the newest {len(drawn)} tests." if drawn else ""
    return (
        f"{_where(report)}Circles are full readings. Triangles: the testing computer, or something "
        f"else beside the line, was the limit, so the line is this fast or faster. Crosses can't "
        f"say.{by_page}{newest}"
    )


def _on_chart(test: TestRow, report: SchoolReport) -> bool:
    """Whether a test is of the stretch of network that the charts are about."""
    inside = report.summary.loopback_only
    path = "loopback" if inside else "network"
    return test.segment == report.segment and test.path_kind == path


def _where(report: SchoolReport) -> str:
    if report.summary.loopback_only:
        return "Inside one machine: this says nothing about a line. "
    return f"Measured {SEGMENT_WHERE[report.segment]}. " if report.segment else ""


def _by_hour(report: SchoolReport) -> html.Section:
    title, points = "Throughput by hour", report.throughput_by_hour
    if not points:
        return _no_data(title, "Shown once tests have run at several hours.")
    figure = figures.throughput_by_hour(points, _need(report))
    shown = graph("throughput-by-hour", figure, title, medians(points, fmt.rate))
    return panel(title, shown, note="Medians; bars show the middle 80% of tests.")


def _by_location(report: SchoolReport) -> html.Section:
    title, points = "Throughput by location", report.throughput_by_location
    if not points:
        return _no_data(title, NO_LOCATION)
    figure = figures.throughput_by_location(points, _need(report))
    shown = graph("throughput-by-location", figure, title, medians(points, fmt.rate))
    note = "Rooms and wings side by side; bars show the middle 80% of tests."
    return panel(title, shown, note=note)


def _latency(report: SchoolReport) -> html.Section:
    title, points = "Latency over time", report.latency_by_day
    if not points:
        return _no_data(title, "No latency was measured in this period.")
    figure = figures.latency_over_time(points, report.changes)
    said = _marked(medians(points, fmt.milliseconds), points, report)
    shown = graph("latency-by-day", figure, title, said)
    note = "Round trips to the test server: the day's median inside its middle 80%."
    return panel(title, shown, note=note)


def _latency_by_hour(report: SchoolReport) -> html.Section:
    title, points = "Latency by hour", report.latency_by_hour
    if not points:
        return _no_data(title, "Shown once latency was measured at several hours.")
    figure = figures.latency_by_hour(points)
    shown = graph("latency-by-hour", figure, title, medians(points, fmt.milliseconds))
    return panel(title, shown, note=_ROUND_TRIPS)


def _latency_by_location(report: SchoolReport) -> html.Section:
    title, points = "Latency by location", report.latency_by_location
    if not points:
        return _no_data(title, NO_LOCATION)
    figure = figures.latency_by_location(points)
    shown = graph("latency-by-location", figure, title, medians(points, fmt.milliseconds))
    return panel(title, shown, note=_ROUND_TRIPS)


def _loss(report: SchoolReport) -> html.Section:
    title, points = "Loss", report.loss_by_day
    if not points:
        return _no_data(title, "No echo was sent in this period.")
    worst = max(point.p90 for point in points)
    if not worst:
        return panel(title, empty("None", "Every day, nine in ten tests lost nothing."))
    said = f"At most {fmt.percent(worst)} on the worst day"
    shown = graph("loss-by-day", figures.loss_over_time(points), title, said)
    note = "Echoes that never came back: nine in ten tests of a day lost no more than this."
    return panel(title, shown, note=note)


def _need(report: SchoolReport) -> float | None:
    verdict = report.summary.deciding.verdict if report.summary.deciding else None
    return verdict.need.bits_per_second if verdict and verdict.need else None


def _no_data(title: str, why: str) -> html.Section:
    return panel(title, empty("Nothing to show yet", why))


def _nothing_measured(report: SchoolReport) -> html.Div:
    if report.summary.agents:
        return empty("No test yet", "The first results arrive within a minute of an agent's start.")
    school = urlencode({"school": report.summary.school.id})
    return empty(
        "No agent here yet",
        "Put one on a machine in this school to start measuring.",
        action=link_button("Add an agent", f"/agents?{school}"),
    )
