"""One line: its verdict and the evidence behind it, what it delivers, who is behind it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from broadgauge_collector.reports.coverage import LineCoverage
from broadgauge_collector.reports.lines import LineFacts, LineReport
from broadgauge_collector.schools.model import Link, Reflector

from .. import format as fmt
from ..line_figure import capacity_over_time, in_words, measured
from ..parts import badge, empty, link_button, metric, panel
from ..words import SEGMENTS
from .charts import graph
from .line_facts import (
    KINDS,
    carries,
    contract_end,
    delivered,
    line_link,
    line_saying,
    money,
    price_each,
    room_left,
)
from .school import evidence_panel, range_note
from .simulated import marks

SCHOOLS_SHOWN = 100


def body(
    report: LineReport, covered: LineCoverage | None, servers: Sequence[Reflector]
) -> list[Any]:
    """The whole page but for its forms."""
    judged = report.facts.judged
    return [
        _head(report),
        _details(report, servers),
        *([evidence_panel(judged), _over_time(report.facts)] if judged else []),
        _coverage(report, covered),
        _schools(report),
        html.Div(id="page-title", title=report.facts.link.name, hidden=True),
    ]


def no_such_line() -> list[Any]:
    """What stands in place of a line that is not there."""
    words = [html.H1("There is no such line"), html.P("It may have been removed.")]
    shown = html.Div([*words, link_button("All lines", "/lines")], className="state", role="alert")
    return [shown]


def _head(report: LineReport) -> html.Section:
    facts = report.facts
    said, judged = line_saying(facts), facts.judged
    made_up = facts.link.simulated or (judged is not None and judged.verdict.simulated)
    words = judged.verdict.explanation if judged else said.why
    return html.Section(
        [
            html.H1(facts.link.name),
            html.Div([badge(said), *marks(made_up)], className="head-badges"),
            html.P(words, className="lead"),
            html.Div(_metrics(facts), className="metrics"),
            html.P(_fine_print(report), className="footing"),
        ],
        className="school-head",
    )


def _metrics(facts: LineFacts) -> list[Any]:
    carried, between = carries(facts)
    verdict = facts.judged.verdict if facts.judged else None
    room, of_what = room_left(facts)
    need = verdict.need if verdict else None
    return [
        metric("Carries", carried, range_note(verdict) if verdict else between),
        *([metric("Needed", fmt.rate(need.bits_per_second), need.working)] if need else []),
        metric("Room left", room, of_what),
        metric("Delivered", delivered(facts), "of the rate that was bought"),
    ]


def _fine_print(report: LineReport) -> str:
    target = report.target
    return (
        f"Target: {target.title}, {target.direction}. {target.source}. Stated for the "
        f"{target.level}. Last {report.days} days."
    )


def _details(report: LineReport, servers: Sequence[Reflector]) -> html.Section:
    facts, kept = report.facts, _kept(report)
    link = facts.link
    ends = [one.name for one in servers if one.link_id == link.id]
    rows: list[tuple[str, Any]] = [
        ("What it is", f"{KINDS[link.segment]} ({SEGMENTS[link.segment]})"),
        ("Hangs on", line_link(facts.upstream, kept) if facts.upstream else "nothing"),
        ("Lines on it", _names(report.below, kept)),
        ("Bought", fmt.rate(link.contracted_bits_per_second)),
        ("Price a month", money(link.price_per_month)),
        ("Price per Mbps delivered", price_each(facts)),
        ("Contract ends", html.Span(contract_end(facts), className="line-contract")),
        ("Test servers", ", ".join(ends) or f"those for every {KINDS[link.segment]}"),
    ]
    return panel(
        "Details",
        html.Dl(
            [html.Div([html.Dt(name), html.Dd(value)]) for name, value in rows], className="facts"
        ),
    )


def _names(links: Sequence[Link], kept: str) -> Any:
    if not links:
        return "none named"
    shown = [[line_link(one, kept), ", "] for one in links[:SCHOOLS_SHOWN]]
    words = [part for pair in shown for part in pair][:-1]
    left = len(links) - len(shown)
    return html.Span([*words, f" and {left:,} more"] if left > 0 else words)


def _over_time(facts: LineFacts) -> html.Section:
    title = "Capacity over time"
    verdict = facts.judged.verdict if facts.judged else None
    days = measured(verdict) if verdict else []
    if verdict is None or not days:
        return panel(title, empty("Nothing to show yet", "Shown once a day's tests count."))
    figure = capacity_over_time(verdict, facts.link.contracted_bits_per_second)
    shown = graph("capacity-by-day", figure, title, in_words(days), height=340)
    note = "Each day's median test. The band is where the line's capacity lies."
    return panel(title, shown, note=note)


def _coverage(report: LineReport, covered: LineCoverage | None) -> html.Section:
    title = "Coverage"
    if covered is None:
        why = "No school is behind it." if not report.schools else "This target is not about it."
        return panel(title, empty("Not looked at", why))
    said = "The goal is reached." if covered.complete else "The goal is not reached yet."
    first = covered.missing[0] if covered.missing else None
    missing = [html.P(f"Missing: {first.words}. {first.advice}", className="note")] if first else []
    address = urlencode(
        {"line": report.facts.link.id, "target": report.target.key, "days": report.days}
    )
    grid = dcc.Link("By day, hour and location", href=f"/coverage?{address}")
    counted = (
        f"{fmt.percent(covered.share)} of the goal; {fmt.count(covered.counting_tests)} of "
        f"{fmt.plural(covered.tests, 'test')} count."
    )
    return panel(title, html.P(f"{said} {counted}"), *missing, html.P(grid))


def _schools(report: LineReport) -> html.Section:
    title = "Schools behind it"
    if not report.schools:
        return panel(
            title,
            empty(
                "No school is behind it",
                "Without schools nobody's need is known, and it is not judged. Name them:",
                action=html.Code(
                    f'broadgauge links set "{report.facts.link.name}" --school NAME --school NAME'
                ),
            ),
        )
    today = report.as_of.date()
    rows = []
    for school in report.schools[:SCHOOLS_SHOWN]:
        people = school.people_on(today)
        link = dcc.Link(school.name, href=f"/school/{school.id}?{_kept(report)}")
        counted = fmt.plural(people.students, "student") if people else "nobody counted"
        note = html.Span(counted, className="cell-note")
        rows.append(html.Li([link, *marks(school.simulated), note]))
    left = len(report.schools) - len(rows)
    more = [html.Li(fmt.plural(left, "more school"))] if left > 0 else []
    students = report.facts.students
    note = (
        f"{fmt.plural(students, 'student')} at {fmt.plural(len(report.schools), 'school')}."
        if students is not None
        else "Not all of them are counted."
    )
    return panel(title, html.Ul([*rows, *more], className="line-schools"), note=note)


def _kept(report: LineReport) -> str:
    return urlencode({"target": report.target.key, "days": report.days})
