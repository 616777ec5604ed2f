"""What changed since last week, in a few lines."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from broadgauge_collector.capacity.model import Conclusion
from broadgauge_collector.reports.week import HeardNews, LineNews, SchoolNews, Week
from broadgauge_collector.schools.changes import Change

from .. import format as fmt
from ..parts import panel
from ..words import READS
from .changes import what_changed
from .simulated import marks

NAMED = 6
"""Of each kind; the others are counted."""

THEN = "\u2192"
TITLE = "Since last week"
_NOW: dict[Conclusion, tuple[str, str]] = {
    "below": ("school falls short now", "schools fall short now"),
    "meets": ("school meets the target now", "schools meet the target now"),
    "undecided": ("school is not decided any more", "schools are not decided any more"),
}


def week_panel(week: Week) -> html.Section | html.P:
    """The Overview's section; one line where nothing changed."""
    if week.nothing:
        return html.P([html.Strong(f"{TITLE}: "), "nothing has changed."], className="week-nothing")
    address = urlencode({"target": week.target.key, "days": week.days})
    items = [
        *_schools(week.schools, address),
        *_most([_line(one) for one in week.lines], "line", "with another verdict"),
        *_heard("Not heard for three days or more", week.silent, address),
        *_heard("Heard again", week.back, address),
        *_most([_change(one) for one in reversed(week.changes)], "change", "marked"),
        *_goals(week.goals),
    ]
    return panel(
        TITLE,
        *marks(week.simulated),
        html.Ul([html.Li(item) for item in items], className="week"),
        note=(
            f"Verdicts as of the week to {fmt.day(week.evaluated_on)}, compared with those a week "
            "before, by the people and changes known today."
        ),
    )


def _schools(schools: Iterable[SchoolNews], address: str) -> Iterable[list[Any]]:
    for now, (one, many) in _NOW.items():
        found = [school for school in schools if school.now == now]
        if found:
            named = [
                [_link(school.school_id, school.school, address), f" ({_was(school.was)})"]
                for school in found
            ]
            yield [html.Strong(fmt.plural(len(found), one, many)), ": ", *_named(named)]


def _was(conclusion: Conclusion) -> str:
    return "was not decided" if conclusion == "undecided" else f"{READS[conclusion]} before"


def _line(line: LineNews) -> list[Any]:
    schools = fmt.plural(len(line.schools), "school")
    return [
        html.Strong(line.link),
        f" ({schools}): {READS[line.was]} {THEN} {READS[line.now]}",
        html.Span(line.why, className="cell-note"),
    ]


def _heard(words: str, schools: Sequence[HeardNews], address: str) -> Iterable[list[Any]]:
    if schools:
        named = [[_link(s.school_id, s.school, address)] for s in schools]
        yield [html.Strong(words), ": ", *_named(named)]


def _change(change: Change) -> list[Any]:
    return [
        html.Strong(f"Changed at {change.place}"),
        f", {fmt.day(change.day)}: {what_changed(change)}",
    ]


def _goals(lines: Sequence[str]) -> Iterable[list[Any]]:
    if lines:
        yield [html.Strong("Coverage goal reached"), ": ", *_named([[name] for name in lines])]


def _most(items: list[list[Any]], one: str, what: str) -> list[list[Any]]:
    others = len(items) - NAMED
    more = [[f"and {fmt.plural(others, f'more {one}', f'more {one}s')} {what}"]]
    return items[:NAMED] + (more if others > 0 else [])


def _named(named: list[list[Any]]) -> list[Any]:
    shown: list[Any] = []
    for place, one in enumerate(named[:NAMED]):
        shown += [", ", *one] if place else one
    others = len(named) - NAMED
    return [*shown, f" and {fmt.plural(others, 'other')}"] if others > 0 else shown


def _link(school_id: Any, name: str, address: str) -> dcc.Link:
    return dcc.Link(name, href=f"/school/{school_id}?{address}")
