"""One school: its verdict, the evidence behind it, and everything measured there."""

from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from broadgauge_collector.capacity.model import DayVote, Verdict
from broadgauge_collector.reports import LinkVerdict, SchoolReport, TestRow

from .. import figures
from .. import format as fmt
from ..parts import badge, chip, empty, icon, link_button, metric, panel
from ..words import PER, SEGMENT_WHERE, SEGMENTS, VOTES, saying, verdict_saying
from .overview import gauge, reading_when, speed
from .tests import tests_panel

NO_LOCATION = "Give each agent a location to compare rooms."
_VOTE_ICONS = {"reached": "meets", "missed": "below", "cannot_say": "undecided"}


def body(report: SchoolReport) -> list[Any]:
    """The whole page below its controls."""
    return [
        _head(report),
        *([_evidence(report.summary.deciding)] if report.summary.deciding else []),
        *([_lines(report)] if len(report.summary.verdicts) > 1 else []),
        *_charts(report),
        tests_panel(report),
        html.Div(id="page-title", title=report.summary.school.name, hidden=True),
    ]


def _head(report: SchoolReport) -> html.Section:
    summary, said = report.summary, saying(report.summary)
    return html.Section(
        [
            html.H1(summary.school.name),
            html.Div(
                [badge(said), *([chip("Simulated data")] if summary.simulated else [])],
                className="head-badges",
            ),
            html.P(_sentence(report), className="lead"),
            html.Div(_metrics(report), className="metrics"),
            html.P(_fine_print(report), className="footing"),
        ],
        className="school-head",
    )


def _sentence(report: SchoolReport) -> str:
    summary = report.summary
    if summary.deciding is not None and summary.deciding.verdict.explanation:
        return summary.deciding.verdict.explanation
    return saying(summary).why


def _metrics(report: SchoolReport) -> list[Any]:
    people = report.summary.people
    students = fmt.count(people.students if people else None)
    note = f"and {fmt.count(people.staff)} staff" if people and people.staff else None
    return [*_speeds(report), metric("Students", students, note)]


def _speeds(report: SchoolReport) -> list[Any]:
    judged = report.summary.deciding
    verdict = judged.verdict if judged else None
    if verdict is None or verdict.capacity is None:
        return [_latest(report)]
    capacity, need = verdict.capacity, verdict.need
    shown = [
        metric(
            "Line speed",
            speed(capacity.bits_per_second, at_least=capacity.at_least),
            _range_note(verdict),
        )
    ]
    if need is None or not need.people:
        return shown
    each = capacity.bits_per_second / need.people
    between = fmt.rate_range(fmt.divided(capacity.interval, need.people))
    needed, share = fmt.rate(need.bits_per_second / need.people), PER[report.target.per]
    return [
        *shown,
        metric(share, speed(each, at_least=capacity.at_least), between),
        metric("Needed", fmt.rate(need.bits_per_second), f"{needed} {share.lower()}"),
    ]


def _latest(report: SchoolReport) -> html.Div:
    reading = report.summary.reading
    if reading is None:
        return metric("Latest reading", fmt.UNKNOWN, "nothing measured yet")
    when = reading_when(reading, report.summary.school.timezone, report.as_of)
    rate = speed(reading.line_bits_per_second, at_least=reading.bound == "at_least")
    return metric(f"Latest {reading.direction}", rate, when)


def _range_note(verdict: Verdict) -> str:
    capacity = verdict.capacity
    if capacity is None:
        return ""
    between = fmt.rate_range(capacity.interval)
    sure = f" ({fmt.percent(capacity.confidence)} sure)" if capacity.confidence else ""
    return f"{between}{sure}" if between else f"from {fmt.plural(capacity.days, 'day')}"


def _fine_print(report: SchoolReport) -> list[Any]:
    summary, target = report.summary, report.target
    heard = fmt.ago(summary.last_heard_at, report.as_of)
    words = (
        f"Target: {target.title}, {target.direction}. {target.source}. Stated for the "
        f"{target.level}. Last {report.days} days. Times are the school's: "
        f"{summary.school.timezone}. Last heard "
    )
    if fmt.stale(summary.last_heard_at, report.as_of):
        return [words, html.Span([icon("stale"), heard], className="badge tone-stale")]
    return [words, f"{heard}."]


def _evidence(judged: LinkVerdict) -> html.Section:
    verdict = judged.verdict
    return panel(
        "How we know",
        _strip(verdict),
        _facts(judged),
        note=f"Each day has one vote: its median test on {judged.link.name}.",
    )


def _strip(verdict: Verdict) -> html.Div:
    if not verdict.votes:
        return empty(
            "No day counts yet",
            "A test counts in closed hours, over a network, from a computer that can see the need.",
        )
    return html.Div([html.Ol([_day(vote) for vote in verdict.votes], className="days"), _legend()])


def _day(vote: DayVote) -> html.Li:
    rate = fmt.rate(vote.median_bits_per_second)
    hours = ", in school hours" if vote.daypart == "school" else ""
    tests = fmt.plural(vote.tests, "test") + hours
    words = f"{fmt.day(vote.day)}: {VOTES[vote.vote]}, {rate}, {tests}"
    return html.Li(
        [
            html.Span(
                [icon(_VOTE_ICONS[vote.vote]), html.Span(words, className="only-read")],
                className=f"day tone-{_VOTE_ICONS[vote.vote]}",
            ),
            html.Span(f"{vote.day:%b} {vote.day.day}", className="day-name"),
        ],
        title=words,
    )


def _legend() -> html.P:
    entries = [
        html.Span([icon(name), VOTES[vote]], className=f"tone-text-{name}")  # type: ignore[index]
        for vote, name in _VOTE_ICONS.items()
    ]
    return html.P(entries, className="legend")


def _facts(judged: LinkVerdict) -> html.Dl:
    verdict = judged.verdict
    facts = [
        ("Days", _day_counts(verdict)),
        ("Share of days that reach it", _share(verdict)),
        ("Need", verdict.need.working if verdict.need else "no enrollment yet"),
        ("Tests", f"{fmt.count(verdict.counting_tests)} of {fmt.count(verdict.tests)} count"),
        ("Line", f"{judged.link.name} ({SEGMENTS[judged.link.segment]}), {_schools(judged)}"),
        ("Looked at", f"{fmt.day(verdict.window[0])} to {fmt.day(verdict.window[1])}"),
        ("Method", verdict.method),
    ]
    return html.Dl(
        [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts], className="facts"
    )


def _day_counts(verdict: Verdict) -> str:
    counts = f"{verdict.reached_days} reached, {verdict.missed_days} missed"
    unclear = f", {verdict.cannot_say_days} can't say" if verdict.cannot_say_days else ""
    more = verdict.more_days
    to_go = f"; about {fmt.plural(more, 'more day')} would decide" if more else ""
    return f"{counts}{unclear}{to_go}"


def _share(verdict: Verdict) -> str:
    share = verdict.share_reached
    if share is None or share.low is None or share.high is None:
        return fmt.UNKNOWN
    return f"{fmt.percent(share.low)} to {fmt.percent(share.high)}, 95% sure"


def _schools(judged: LinkVerdict) -> str:
    return fmt.plural(len(judged.schools), "school") + " behind it"


def _lines(report: SchoolReport) -> html.Section:
    rows = [_line(judged) for judged in report.summary.verdicts]
    head = html.Thead(
        html.Tr([html.Th(h, scope="col") for h in ("Line", "Speed", "Need", "Verdict")])
    )
    return panel(
        "Lines this school depends on",
        html.Table([head, html.Tbody(rows)], className="table"),
        note="The worst of them decides.",
    )


def _line(judged: LinkVerdict) -> html.Tr:
    verdict, said = judged.verdict, verdict_saying(judged)
    capacity = verdict.capacity
    rate = speed(capacity.bits_per_second, at_least=capacity.at_least) if capacity else fmt.UNKNOWN
    where = f"{SEGMENTS[judged.link.segment]}, {_schools(judged)}"
    cells = (
        ("Speed", [html.Span(rate, className="cell-value"), gauge(verdict)]),
        ("Need", fmt.rate(verdict.need.bits_per_second) if verdict.need else fmt.UNKNOWN),
        ("Verdict", [badge(said), html.Span(said.why, className="cell-note")]),
    )
    name = html.Th([judged.link.name, html.Span(where, className="cell-note")], scope="row")
    data = [html.Td(html.Div(value), **{"data-label": label}) for label, value in cells]
    return html.Tr([name, *data])


def _charts(report: SchoolReport) -> list[Any]:
    return [
        html.Div([_throughput(report)], className="panels"),
        html.Div([_by_hour(report), _by_location(report)], className="panels panels-two"),
        html.Div([_latency(report), _latency_by_hour(report)], className="panels panels-two"),
        html.Div([_latency_by_location(report), _loss(report)], className="panels panels-two"),
    ]


def _throughput(report: SchoolReport) -> html.Section:
    title = "Throughput over time"
    if not report.throughput_by_day and not report.tests:
        return panel(title, _nothing_measured(report))
    drawn = [test for test in report.tests if _on_chart(test, report)]
    figure = figures.throughput_over_time(
        report.throughput_by_day, drawn, report.summary.school.timezone, _need(report)
    )
    newest = f" Marks are the newest {len(drawn)} tests." if drawn else ""
    note = (
        f"{_where(report)}Circles are full readings. Triangles: the testing computer was the "
        f"limit, so the line is this fast or faster. Crosses can't say.{newest}"
    )
    return panel(title, _graph("throughput-by-day", figure, 360, title), note=note)


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
    title = "Throughput by hour"
    points = report.throughput_by_hour
    if not points:
        return panel(title, _no_data("Shown once tests have run at several hours."))
    figure = figures.throughput_by_hour(points, _need(report))
    note = "Medians; bars show the middle 80% of tests."
    return panel(title, _graph("throughput-by-hour", figure, 280, title), note=note)


def _by_location(report: SchoolReport) -> html.Section:
    title = "Throughput by location"
    points = report.throughput_by_location
    if not points:
        return panel(title, _no_data(NO_LOCATION))
    figure = figures.throughput_by_location(points, _need(report))
    note = "Rooms and wings side by side; bars show the middle 80% of tests."
    return panel(title, _graph("throughput-by-location", figure, 280, title), note=note)


def _latency(report: SchoolReport) -> html.Section:
    title = "Latency over time"
    if not report.latency_by_day:
        return panel(title, _no_data("No latency was measured in this period."))
    figure = figures.latency_over_time(report.latency_by_day)
    note = "Round trips to the test server: the day's median inside its middle 80%."
    return panel(title, _graph("latency-by-day", figure, 280, title), note=note)


def _latency_by_hour(report: SchoolReport) -> html.Section:
    title = "Latency by hour"
    if not report.latency_by_hour:
        return panel(title, _no_data("Shown once latency was measured at several hours."))
    figure = figures.latency_by_hour(report.latency_by_hour)
    note = "Medians of round trips; bars show the middle 80%."
    return panel(title, _graph("latency-by-hour", figure, 280, title), note=note)


def _latency_by_location(report: SchoolReport) -> html.Section:
    title = "Latency by location"
    if not report.latency_by_location:
        return panel(title, _no_data(NO_LOCATION))
    figure = figures.latency_by_location(report.latency_by_location)
    note = "Medians of round trips; bars show the middle 80%."
    return panel(title, _graph("latency-by-location", figure, 280, title), note=note)


def _loss(report: SchoolReport) -> html.Section:
    title = "Loss"
    if not report.loss_by_day:
        return panel(title, _no_data("No echo was sent in this period."))
    if not any(point.p90 for point in report.loss_by_day):
        return panel(title, empty("None", "Every day, nine in ten tests lost nothing."))
    figure = figures.loss_over_time(report.loss_by_day)
    note = "Echoes that never came back: nine in ten tests of a day lost no more than this."
    return panel(title, _graph("loss-by-day", figure, 280, title), note=note)


def _need(report: SchoolReport) -> float | None:
    verdict = report.summary.deciding.verdict if report.summary.deciding else None
    return verdict.need.bits_per_second if verdict and verdict.need else None


def _graph(name: str, figure: figures.Figure, height: int, title: str) -> html.Div:
    graph = dcc.Graph(id=name, figure=figure, config=figures.CONFIG, style={"height": height})
    return html.Div(graph, className="graph", role="img", **{"aria-label": f"Chart: {title}"})


def _no_data(why: str) -> html.Div:
    return empty("Nothing to show yet", why)


def _nothing_measured(report: SchoolReport) -> html.Div:
    school = urlencode({"school": report.summary.school.id})
    if report.summary.agents:
        return empty("No test yet", "The first results arrive within a minute of an agent's start.")
    return empty(
        "No agent here yet",
        "Put one on a machine in this school to start measuring.",
        action=link_button("Add an agent", f"/agents?{school}"),
    )
