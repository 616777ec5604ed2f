"""`/lines`: how the district hangs together, and what each line delivers."""

import asyncio
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, ctx, dcc, html
from dash.exceptions import PreventUpdate

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.reports.coverage import coverage
from broadgauge_collector.reports.lines import lines
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import loading, period_select, refresh, target_select
from ..query import days_of, target_choices, target_of, text_of
from ..views.lines import body

PATH = "/lines"
TITLE = "Lines \u00b7 broadgauge"
MOST_UNFOLDED = 5
"""Lines; opening one more folds the one that was opened first."""


def layout(target: Any = None, days: Any = None, q: Any = None, **_: Any) -> html.Div:
    """The shell, with its controls as the address says."""
    controls = [
        dmc.TextInput(
            id="text",
            label="Find a line",
            value=text_of(q),
            debounce=300,
            placeholder="Its name, or a school's",
            className="control control-find",
        ),
        target_select(target_choices(), target_of(target)),
        period_select(days_of(days)),
    ]
    return html.Div(
        [
            html.H1("Lines"),
            html.Div(controls, className="controls", role="search"),
            html.Div([loading(320), loading(240)], id="lines-body", className="page-body"),
            dcc.Store(id="lines-unfolded", data=[]),
            refresh(60),
        ],
        className="page",
    )


@callback(
    Output("lines-body", "children"),
    Input("target", "value"),
    Input("days", "value"),
    Input("text", "value"),
    Input("lines-unfolded", "data"),
    Input("refresh", "n_intervals"),
    permission=Permission.READ,
)
async def show_lines(
    services: Services, target: Any, days: Any, text: Any, opened: Any, _: int | None
) -> list[Any]:
    """Every line, with what is known of it."""
    asked = (target_of(target), days_of(days))
    report, covered = await asyncio.gather(
        services.report(lines, *asked), services.report(coverage, *asked)
    )
    return await services.run(body, report, covered, unfolded(opened), text_of(text))


@callback(
    Output("lines-unfolded", "data"),
    Input({"type": "unfold-line", "line": ALL}, "n_clicks"),
    State("lines-unfolded", "data"),
    permission=Permission.READ,
    prevent_initial_call=True,
)
async def unfold(_: Services, clicks: list[int | None], opened: Any) -> list[str]:
    """One line more, or one less."""
    what = ctx.triggered_id
    if not isinstance(what, dict) or not any(clicks):
        raise PreventUpdate  # the buttons have only just come
    line, known = str(what["line"]), unfolded(opened)
    if line in known:
        return [one for one in known if one != line]
    return [*known, line][-MOST_UNFOLDED:]


def unfolded(data: Any) -> list[str]:
    """The lines that somebody unfolded."""
    return [one for one in data if isinstance(one, str)] if isinstance(data, list) else []
