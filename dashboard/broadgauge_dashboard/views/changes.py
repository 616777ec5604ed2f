"""Changes at a school and its lines: what was marked, and what it did."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from broadgauge_collector.capacity.change import Shift
from broadgauge_collector.capacity.change_words import amount, direction_of, is_open, sure
from broadgauge_collector.reports.changes import ChangeEffect, Difference, LineEffect, Side
from broadgauge_collector.schools.changes import KINDS, Change
from broadgauge_collector.schools.model import Link, School

from .. import format as fmt
from ..parts import panel
from ..tables import row_of
from .overview import speed
from .simulated import marks

THE_SCHOOL = "school"
"""What stands for the school itself in the choice of where a change was made."""

LISTED = 20
"""The newest; older ones: broadgauge changes list."""

HOURS = {"closed": "Closed hours", "school": "School hours"}


def list_panel(changes: Sequence[Change]) -> html.Section | None:
    """What was marked, the newest first; nothing where nothing is."""
    if not changes:
        return None
    newest = list(reversed(changes))[:LISTED]
    head = html.Thead(html.Tr([html.Th(h, scope="col") for h in ("Day", "What", "Where", "")]))
    caption = html.Caption("Changes", className="only-read")
    rows = html.Tbody([_row(change) for change in newest])
    others = len(changes) - len(newest)
    older = f"{fmt.plural(others, 'older one')}: broadgauge changes list" if others else None
    return panel(
        "Changes",
        html.Table([caption, head, rows], className="table"),
        html.Div(_choice(newest), className="controls change-choice"),
        note=older,
    )


def _row(change: Change) -> html.Tr:
    button = dmc.Button(
        "Remove",
        id={"type": "remove-change", "change": str(change.id)},
        variant="default",
        size="compact-sm",
        **{"aria-label": f"Remove {change.text}, {_date(change)}"},
    )
    cells = (("What", what_changed(change)), ("Where", change.place), ("Remove", button))
    return row_of(_date(change), cells)


def _choice(changes: Sequence[Change]) -> dmc.Select:
    return dmc.Select(
        id="change-chosen",
        label="Before and after",
        data=[{"value": str(c.id), "label": f"{_date(c)}: {c.text}, {c.place}"} for c in changes],
        value=str(changes[0].id),
        allowDeselect=False,
        className="control control-widest",
    )


def effect_panel(effect: ChangeEffect) -> html.Section:
    """A change's lines before and after."""
    change = effect.change
    return panel(
        f"Before and after: {change.text}",
        *(part for line in effect.lines for part in _line(line, several=len(effect.lines) > 1)),
        note=(
            f"{change.place}, {_date(change)}. Medians of the days' median {effect.direction} "
            f"tests, up to {effect.days} days on each side, up to the next change; the day itself "
            "is left out. What is left is the difference beyond that of schools without a change."
        ),
    )


def _line(line: LineEffect, *, several: bool) -> list[Any]:
    headings = ("Hours", "Before", "After", "Difference", "Schools without a change", "Left")
    head = html.Thead(html.Tr([html.Th(h, scope="col") for h in headings]))
    rows = html.Tbody([_difference(part) for part in line.differences])
    caption = html.Caption(f"{line.link.name} before and after", className="only-read")
    words = [html.P(part.words, className="note") for part in line.differences if not part.shift]
    return [
        *([html.H3(line.link.name)] if several else []),
        *marks(line.simulated),
        html.Table([caption, head, rows], className="table"),
        *words,
    ]


def _difference(part: Difference) -> html.Tr:
    schools = fmt.plural(part.untouched.schools, "school")
    cells = (
        ("Before", _side(part.before)),
        ("After", _side(part.after)),
        ("Difference", _shift(part.shift, direction_of(part.shift) if part.shift else "")),
        ("Schools without a change", _shift(part.untouched.shift, schools)),
        ("Left", _shift(part.beyond, "")),
    )
    return row_of(HOURS[part.daypart], cells)


def _side(side: Side) -> list[Any]:
    days = html.Span(fmt.plural(side.days, "day"), className="cell-note")
    if side.bits_per_second is None:
        return [fmt.UNKNOWN, days]
    rate = speed(side.bits_per_second, at_least=side.at_least)
    return [html.Span(rate, className="cell-value"), days]


def _shift(shift: Shift | None, words: str) -> list[Any]:
    if shift is None:
        return [fmt.UNKNOWN]
    if is_open(shift):
        note = html.Span("lower bounds can't tell", className="cell-note")
        return [fmt.UNKNOWN, note]
    said = f"{words}, {sure(shift)}" if words else sure(shift)
    return [
        html.Span(amount(shift), className="cell-value"),
        html.Span(said, className="cell-note"),
    ]


def form_panel(school: School, links: Sequence[Link]) -> html.Section:
    """What marks a change of the school or of one of its lines."""
    places = [
        *({"value": str(link.id), "label": link.name} for link in links),
        {"value": THE_SCHOOL, "label": school.name},
    ]
    kinds = [
        {"value": kind, "label": words[0].upper() + words[1:]} for kind, words in KINDS.items()
    ]
    fields = [
        _select("change-place", "Where", places, "control control-wide"),
        _select("change-kind", "What", kinds, "control"),
        dmc.TextInput(id="change-day", label="Day", placeholder="2026-03-03", className="control"),
        dmc.TextInput(
            id="change-text",
            label="In a few words",
            placeholder="Fiber instead of copper",
            className="control control-wide",
        ),
        dmc.Button("Mark", id="mark-change"),
    ]
    return panel(
        "Mark a change",
        html.Div(fields, className="controls calendar-form"),
        note=(
            "Such as a new line, a new rate or new Wi-Fi: charts show it, and days before are held "
            "against days after. After a new line or rate, only later tests count for the verdict."
        ),
    )


def _select(id_: str, label: str, data: list[dict[str, str]], classes: str) -> dmc.Select:
    return dmc.Select(
        id=id_,
        label=label,
        data=data,
        value=data[0]["value"],
        allowDeselect=False,
        className=classes,
    )


def what_changed(change: Change) -> str:
    """In words and by kind, once where both are the same."""
    kind = KINDS[change.kind]
    same = change.text.casefold() == kind.casefold()
    return change.text if same else f"{change.text} ({kind})"


def was_marked(change: Change) -> html.P:
    """Said once it is."""
    return html.P(f"{change.text}, {_date(change)}, was marked.", className="note")


def _date(change: Change) -> str:
    return f"{change.day:%b} {change.day.day}, {change.day.year}"
