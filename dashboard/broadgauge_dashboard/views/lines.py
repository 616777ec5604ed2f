"""The Lines page: how the district hangs together, and what each line delivers for its price."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from dash import dcc, html

from broadgauge_collector.capacity.model import Conclusion
from broadgauge_collector.reports.coverage import CoverageReport, LineCoverage
from broadgauge_collector.reports.lines import LineFacts, LinesReport

from .. import format as fmt
from ..parts import ROWS_SHOWN, badge, empty, panel
from ..tables import row_of
from ..words import SEGMENTS
from .line_facts import (
    carries,
    contract_end,
    delivered,
    line_link,
    line_saying,
    money,
    price_each,
    room_left,
)
from .line_tree import drawing
from .simulated import marks

_ORDER: dict[Conclusion, int] = {"below": 0, "undecided": 1, "meets": 2}
_HEADINGS = (
    "Line", "Schools", "Bought", "Carries", "Price a month", "Contract ends", "Verdict", "Coverage",
)  # fmt: skip


def body(
    report: LinesReport, covered: CoverageReport, opened: Collection[str], text: str
) -> list[Any]:
    """Everything below the controls."""
    kept = urlencode({"target": report.target.key, "days": report.days})
    locations = [place for line in covered.lines for place in line.locations]
    tree = drawing(report, locations, opened, kept)
    if not report.lines:
        return [tree]
    return [tree, _table(report, {one.link.id: one for one in covered.lines}, text, kept)]


def arrange(lines: Sequence[LineFacts], text: str) -> list[LineFacts]:
    """Lines that are named so, or have a school named so behind them; what needs attention
    first."""
    wanted = text.casefold()
    found = [
        one
        for one in lines
        if wanted in one.link.name.casefold()
        or any(wanted in school.casefold() for school in one.schools)
    ]
    return sorted(found, key=lambda one: (_urgency(one), one.link.name.casefold()))


def _urgency(one: LineFacts) -> int:
    return _ORDER[one.judged.verdict.conclusion] if one.judged else 1


def _table(
    report: LinesReport, covered: Mapping[UUID, LineCoverage], text: str, kept: str
) -> html.Section:
    found = arrange(report.lines, text)
    title = "What each line delivers"
    if not found:
        return panel(title, empty("No line matches", "Clear the search above."))
    head = html.Thead(html.Tr([html.Th(text, scope="col") for text in _HEADINGS]))
    rows = [_row(one, covered.get(one.link.id), kept) for one in found[:ROWS_SHOWN]]
    caption = html.Caption("Lines, what they deliver and what they cost", className="only-read")
    table = html.Table([caption, head, html.Tbody(rows)], className="table lines-table")
    return panel(title, table, html.P(_footing(report, len(found)), className="footing"))


def _footing(report: LinesReport, found: int) -> str:
    target = report.target
    shown = min(found, ROWS_SHOWN)
    rest = "" if shown == found else " For others, find them by name."
    return (
        f"{shown} of {fmt.plural(len(report.lines), 'line')} shown, those that need attention "
        f"first.{rest} Target: {target.title}, {target.direction}. Last {report.days} days. "
        "Prices are in the district's currency; Mbps are those that were measured."
    )


def _row(one: LineFacts, covered: LineCoverage | None, kept: str) -> html.Tr:
    carried, between = carries(one)
    said = line_saying(one)
    judged = one.judged
    made_up = one.link.simulated or (judged is not None and judged.verdict.simulated)
    name = [line_link(one.link, kept), *marks(made_up), _note(_where(one))]
    cells = (
        ("Schools", [_value(fmt.count(len(one.schools))), _note(_students(one))]),
        ("Bought", [_value(fmt.rate(one.link.contracted_bits_per_second)), *_delivered(one)]),
        ("Carries", [_value(carried), _note(between), _note(" ".join(room_left(one)))]),
        ("Price a month", [_value(money(one.link.price_per_month)), *_price_each(one)]),
        ("Contract ends", contract_end(one)),
        ("Verdict", [badge(said), _note(said.why)]),
        ("Coverage", _coverage(covered)),
    )
    return row_of(name, cells)


def _where(one: LineFacts) -> str:
    where = SEGMENTS[one.link.segment]
    return f"{where}, on {one.upstream.name}" if one.upstream else where


def _students(one: LineFacts) -> str:
    if not one.schools:
        return "none: say which"
    return fmt.plural(one.students, "student") if one.students is not None else "not all counted"


def _delivered(one: LineFacts) -> list[Any]:
    return [] if one.delivered is None else [_note(f"{delivered(one)} delivered")]


def _price_each(one: LineFacts) -> list[Any]:
    return [] if one.price_per_mbps is None else [_note(f"{price_each(one)} per Mbps delivered")]


def _coverage(covered: LineCoverage | None) -> list[Any]:
    if covered is None:
        return [fmt.UNKNOWN]
    words = "Goal reached" if covered.complete else f"{fmt.percent(covered.share)} reached"
    return [dcc.Link(words, href=f"/coverage?line={covered.link.id}")]


def _value(text: str) -> html.Span:
    return html.Span(text, className="cell-value")


def _note(text: str) -> html.Span:
    return html.Span(text, className="cell-note")
