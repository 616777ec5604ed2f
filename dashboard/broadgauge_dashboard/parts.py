"""Small pieces every page is made of. What comes from data is always a text node, never markup."""

from collections.abc import Callable, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from . import format as fmt
from .words import Saying

Children = Any


def icon(name: str) -> html.Span:
    """A decorative icon from assets/icons, in the color of the text; words always stand beside."""
    return html.Span(className=f"icon icon-{name}", **{"aria-hidden": "true"})


def badge(saying: Saying) -> html.Span:
    """A verdict as icon, word and tone together."""
    return html.Span([icon(saying.tone), saying.word], className=f"badge tone-{saying.tone}")


def chip(text: str, name: str | None = None) -> html.Span:
    """A quiet remark beside a number."""
    return html.Span([icon(name), text] if name else text, className="chip")


def panel(title: str, *children: Children, note: Children = None) -> html.Section:
    """A titled block of a page."""
    head = [html.H2(title)] + ([html.P(note, className="note")] if note else [])
    return html.Section([html.Header(head), *children], className="panel")


def metric(label: str, value: str, note: Children = None) -> html.Div:
    """One big number with its name above and its uncertainty below."""
    return html.Div(
        [
            html.Div(label, className="metric-label"),
            html.Div(value, className="metric-value"),
            html.Div(note, className="metric-note"),
        ],
        className="metric",
    )


def empty(title: str, *lines: Children, action: Children = None) -> html.Div:
    """Nothing to show, why, and what to do about it."""
    words = [html.P(line) for line in lines]
    return html.Div([_title(title), *words, action], className="state state-empty")


def failed(title: str, text: str) -> html.Div:
    """What went wrong, and what to do about it."""
    words = [_title([icon("below"), title]), html.P(text)]
    return html.Div(words, className="state state-failed", role="alert")


def _title(words: Children) -> html.P:
    """What a state is called: no heading, for it stands at any depth of a page."""
    return html.P(words, className="state-title")


def loading(height: int = 240) -> html.Div:
    """A place for content on its way."""
    bars = [dmc.Skeleton(height=height, radius="md"), html.Span("Loading", className="only-read")]
    return html.Div(bars, className="state-loading", **{"aria-busy": "true"})


def link_button(text: str, href: str) -> dcc.Link:
    """A link that looks like what it is: the next step."""
    return dcc.Link(text, href=href, className="button")


def folded(
    rows: Sequence[html.Tr], table: Callable[[Sequence[html.Tr]], html.Table], thing: str
) -> list[Any]:
    """A table of the first rows, and one of the others under a line that opens it."""
    first, others = rows[:ROWS_SHOWN], rows[ROWS_SHOWN:]
    if not others:
        return [table(first)]
    said = fmt.plural(len(others), f"more {thing}")
    opened = {"data-group": f"more {thing}s"}
    return [table(first), html.Details([html.Summary(said), table(others)], **opened)]


def command(text: str) -> html.Div:
    """A command to paste, with a button that copies it."""
    copy = dmc.CopyButton(
        "Copy", value=text, copiedChildren="Copied", variant="default", size="compact-sm"
    )
    return html.Div([html.Code(text), copy], className="command")


def target_select(choices: list[dict[str, str]], value: str) -> dmc.Select:
    """Which target to judge against."""
    return dmc.Select(
        id="target",
        label="Target",
        data=choices,
        value=value,
        allowDeselect=False,
        searchable=True,
        className="control control-wide",
    )


def period_select(days: int) -> dmc.Select:
    """How far back to look."""
    return dmc.Select(
        id="days",
        label="Period",
        data=[{"value": str(n), "label": f"Last {n} days"} for n in PERIODS],
        value=str(days),
        allowDeselect=False,
        className="control",
    )


def refresh(seconds: int = 30) -> dcc.Interval:
    """Reads again by itself, so that a page left open stays true."""
    return dcc.Interval(id="refresh", interval=seconds * 1000)


PERIODS = (14, 30, 90, 365)
ADD_LINE = 'broadgauge links add "District Internet" --segment internet --school "Lincoln"'
ROWS_SHOWN = 20
"""Of a long table, before somebody asks for the rest."""
