"""What a school's lines can carry today, and every target side by side."""

from typing import Any

from dash import dcc, html

from broadgauge_collector.capacity.carry import Carries, Fits
from broadgauge_collector.reports.carry import AllTargets, ModelCarried, SchoolCarries, TargetHeld

from .. import format as fmt
from ..parts import ADD_LINE, badge, chip, command, empty, panel
from ..tables import row_of, table_of
from ..words import SEGMENTS, Saying
from .simulated import marks

FITS: dict[Fits, Saying] = {
    "yes": Saying("Carried", "", "meets"),
    "no": Saying("Not carried", "", "below"),
    "unsure": Saying("Not sure yet", "", "undecided"),
}
CONCLUSIONS = {
    "meets": Saying("Meets", "", "meets"),
    "below": Saying("Falls short", "", "below"),
    "undecided": Saying("Not decided yet", "", "undecided"),
}
NEEDS = "/needs"


def carry_panel(found: SchoolCarries) -> html.Section:
    """Every blended model: whether it is carried, and how many students at once."""
    title = "What it can carry"
    if found.unknown:
        link = dcc.Link("Needs of the district", href=NEEDS)
        return panel(title, empty("It can't be said yet", found.unknown, action=link))
    rows = [_model(each, found) for each in found.models]
    return panel(
        title,
        *marks(found.simulated),
        _table(("Model", "Students at once", "Online at the busiest", "Today"), rows, title),
        html.P(
            [
                "Numbers rest on assumptions about devices, habits and what each activity takes: ",
                dcc.Link("see and edit them", href=NEEDS),
                ".",
            ],
            className="footing",
        ),
        note="How many students the measured lines carry at once, if everybody behind them works "
        "the same way. The range is that of the measured speed.",
    )


def targets_panel(found: AllTargets) -> html.Section:
    """Each target with what it was stated for."""
    title = "All targets side by side"
    if not found.held:
        how = "Add the lines it depends on, on the server:"
        return panel(
            title, empty("No line is known for this school", how, action=command(ADD_LINE))
        )
    by_line: dict[tuple[str, str], list[TargetHeld]] = {}
    for held in found.held:
        by_line.setdefault((held.link, SEGMENTS[held.segment]), []).append(held)
    return panel(
        title,
        *(_targets_of(*line, held) for line, held in by_line.items()),
        note=f"What each source asks of the lines here. Tests of the last {found.days} days.",
    )


def _targets_of(line: str, where: str, held: list[TargetHeld]) -> html.Details:
    """One line's, folded: what they come to stands above them."""
    counts = {key: sum(h.conclusion == key for h in held) for key in CONCLUSIONS}
    said = [f"{word.word}: {counts[key]}" for key, word in CONCLUSIONS.items() if counts[key]]
    head = [
        html.Span(f"{line}, {where}", className="group-name"),
        html.Span(". ".join(said), className="note"),
    ]
    heads = ("Target", "Stated for", "Need", "Line speed", "Verdict")
    return html.Details(
        [
            html.Summary(html.Div(head, className="group-head")),
            _table(heads, [_target(one) for one in held], f"Targets for {line}"),
        ],
        className="group",
        **{"data-group": f"targets {line}"},
    )


def students(found: Carries) -> str:
    """How many at once, as measured."""
    if found.students_at_once is None:
        return fmt.UNKNOWN
    at_least = "\u2265 " if found.at_least else ""
    return f"{at_least}{fmt.count(found.students_at_once)}"


def _all_of(found: Carries, school: SchoolCarries) -> str:
    """Room for more students than there are is all of them."""
    enough = found.students_at_once is not None and school.students is not None
    if enough and (found.students_at_once or 0) >= (school.students or 0):
        return f"all {fmt.count(school.students)}"
    return students(found)


def _between(found: Carries) -> str:
    if found.students_low is None:
        return "" if found.students_at_once is None else "too few days for a range"
    if found.students_high is None:
        return f"room for at least {fmt.count(found.students_low)}"
    return f"room for {fmt.count(found.students_low)}{fmt.TO}{fmt.count(found.students_high)}"


def _model(each: ModelCarried, school: SchoolCarries) -> html.Tr:
    found = each.carries
    online = f"{fmt.count(found.busiest_students)} of {fmt.count(school.students)}"
    cells = (
        (
            "Students at once",
            [
                _value(_all_of(found, school)),
                html.Span(_between(found), className="cell-note"),
            ],
        ),
        (
            "Online at the busiest",
            [
                _value(online),
                html.Span(fmt.rate(found.need_bits_per_second), className="cell-note"),
            ],
        ),
        (
            "Today",
            [badge(FITS[found.fits]), html.Span(found.explanation, className="cell-note")],
        ),
    )
    wanted = [chip("Wanted")] if each.wanted else []
    working = html.Span(each.working, className="cell-note")
    return _row([each.title, *wanted, working], cells)


def _target(held: TargetHeld) -> html.Tr:
    capacity = held.capacity
    sign = "\u2265 " if capacity and capacity.at_least else ""
    carries = f"{sign}{fmt.rate(capacity.bits_per_second)}" if capacity else fmt.UNKNOWN
    between = fmt.rate_range(capacity.interval) if capacity else ""
    cells = (
        ("Stated for", f"a {held.level}"),
        ("Need", _value(fmt.rate(held.need_bits_per_second))),
        ("Line speed", [_value(carries), html.Span(between, className="cell-note")]),
        ("Verdict", badge(CONCLUSIONS[held.conclusion])),
    )
    source = html.Span(f"{held.source}, for {held.year}", className="cell-note")
    return _row([held.title, source], cells)


def _value(text: str) -> html.Span:
    return html.Span(text, className="cell-value")


def _row(name: list[Any], cells: tuple[tuple[str, Any], ...]) -> html.Tr:
    return row_of(name, cells)


def _table(heads: tuple[str, ...], rows: list[html.Tr], caption: str) -> html.Table:
    return table_of(caption, heads, rows)
