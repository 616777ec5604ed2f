"""One school: its verdict, the evidence behind it, and everything measured there."""

from datetime import date
from typing import Any

from dash import dcc, html

from broadgauge_collector.capacity.model import Conclusion, Verdict
from broadgauge_collector.reports import LinkVerdict, SchoolReport

from .. import format as fmt
from ..parts import badge, icon, link_button, metric, panel
from ..words import PER, READS, SEGMENTS, saying, verdict_saying
from .charts import charts
from .days import strip
from .overview import gauge, reading_when, speed
from .simulated import marks
from .tests import tests_panel


def body(report: SchoolReport) -> list[Any]:
    """The whole page below its controls."""
    return [
        _head(report),
        *([evidence_panel(report.summary.deciding)] if report.summary.deciding else []),
        *([_lines(report)] if len(report.summary.verdicts) > 1 else []),
        *charts(report),
        tests_panel(report),
        html.Div(id="page-title", title=report.summary.school.name, hidden=True),
    ]


def no_such_school() -> list[Any]:
    """What stands in place of a school that is not there."""
    words = [html.H1("There is no such school"), html.P("It may have been removed.")]
    shown = html.Div([*words, link_button("All schools", "/")], className="state", role="alert")
    return [shown]


def _head(report: SchoolReport) -> html.Section:
    summary, said = report.summary, saying(report.summary)
    return html.Section(
        [
            html.H1(summary.school.name),
            html.Div(
                [badge(said), *marks(summary.simulated)],
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
    staff = f"and {fmt.count(people.staff)} staff" if people and people.staff else None
    note = staff if people else "no enrollment yet"
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
            range_note(verdict),
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


def range_note(verdict: Verdict) -> str:
    """Where a line's capacity lies, and how sure that is."""
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
        f"{summary.school.timezone}. "
    )
    if summary.all_asleep:
        return [words, "All agents here are asleep: away from school networks."]
    if summary.silent:
        badge = html.Span([icon("stale"), heard], className="badge tone-stale")
        return [words, "Last heard ", badge]
    return [words, f"Last heard {heard}."]


def evidence_panel(judged: LinkVerdict) -> html.Section:
    """The days behind a verdict, and what it rests on."""
    verdict = judged.verdict
    return panel(
        "How we know",
        strip(verdict.votes),
        _facts(judged),
        note=f"Each day has one vote: its median test on {judged.link.name}.",
    )


def _facts(judged: LinkVerdict) -> html.Dl:
    verdict = judged.verdict
    facts = [
        ("Days", _day_counts(verdict)),
        ("Share of days that reach it", _share(verdict)),
        ("Need", verdict.need.working if verdict.need else "no enrollment yet"),
        ("Tests", f"{fmt.count(verdict.counting_tests)} of {fmt.count(verdict.tests)} count"),
        ("Line", f"{judged.link.name} ({SEGMENTS[judged.link.segment]}), {_schools(judged)}"),
        ("Looked at", fmt.period(*verdict.window)),
        ("Stands", _stands(verdict)),
        *([("Today's reading", _today(verdict.today))] if verdict.today else []),
        *([("Changed", _changed(verdict.changed_on))] if verdict.changed_on else []),
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


def _stands(verdict: Verdict) -> str:
    """Since when, or when it can: a week's evaluation counts once the next one agrees."""
    if verdict.evaluated_on is None:
        if verdict.decided_on is None:
            return "not decided by two weeks in a row"
        return f"not yet: the first verdict can be there on {fmt.day(verdict.decided_on)}"
    words = f"by the week to {fmt.day(verdict.evaluated_on)}"
    if verdict.held_since is not None and verdict.held_since < verdict.evaluated_on:
        words += f", in every week since that to {fmt.day(verdict.held_since)}"
    if verdict.pending is None:
        return words
    latest = (
        f"{READS[verdict.pending.conclusion]} (week to {fmt.day(verdict.pending.evaluated_on)})"
    )
    return f"{words}; the latest says {latest}, which counts if this week's agrees"


def _changed(day: date) -> str:
    return f"{fmt.day(day)}: only later tests say what the line carries now"


def _today(reading: Conclusion) -> str:
    return f"{READS[reading]}, by the days up to now: a reading, never a verdict"


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
    made_up = marks(judged.link.simulated or verdict.simulated)
    note = html.Span(where, className="cell-note")
    link = dcc.Link(judged.link.name, href=f"/line/{judged.link.id}")
    name = html.Th([link, *made_up, note], scope="row")
    data = [html.Td(html.Div(value), **{"data-label": label}) for label, value in cells]
    return html.Tr([name, *data])
