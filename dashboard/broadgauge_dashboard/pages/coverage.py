"""`/coverage`: when and where each line was tested, and what is missing."""

from typing import Any

from dash import Input, Output, dcc, html

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.errors import NotFound
from broadgauge_collector.plan.group_records import list_groups
from broadgauge_collector.reports.coverage import coverage, line_grid
from broadgauge_collector.schools.repository import list_links
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import loading, period_select, refresh, target_select
from ..query import days_of, id_of, target_choices, target_of
from ..views.coverage import grid_panels, line_select, lines_panel

PATH = "/coverage"
TITLE = "Coverage \u00b7 broadgauge"
GROUPS_SHOWN = 10


def layout(target: Any = None, days: Any = None, line: Any = None, **_: Any) -> html.Div:
    """The shell, with its controls as the address says."""
    controls = [
        target_select(target_choices(), target_of(target)),
        period_select(days_of(days)),
        html.Div(line_select((), id_of(line)), id="coverage-lines"),
    ]
    return html.Div(
        [
            html.H1("Coverage"),
            html.Div(controls, className="controls"),
            html.Div([loading(320)], id="coverage-body", className="page-body"),
            dcc.Store(id="coverage-asked", data=str(id_of(line) or "")),
            refresh(60),
        ],
        className="page",
    )


@callback(
    Output("coverage-lines", "children"),
    Input("coverage-asked", "data"),
    permission=Permission.READ,
)
async def show_lines(services: Services, asked: Any) -> Any:
    """Which line to look at."""
    return line_select(await services.look_up(list_links), id_of(asked))


@callback(
    Output("coverage-body", "children"),
    Input("target", "value"),
    Input("days", "value"),
    Input("coverage-line", "value", allow_optional=True),
    Input("refresh", "n_intervals"),
    permission=Permission.READ,
)
async def show_coverage(
    services: Services, target: Any, days: Any, line: Any, _: int | None
) -> list[Any]:
    """Every line, or one by day, hour and location."""
    asked = (target_of(target), days_of(days))
    link_id = id_of(line)
    if link_id is None:
        return await services.run(lines_panel, await services.report(coverage, *asked))
    try:
        grid = await services.report(line_grid, link_id, None, *asked)
    except NotFound:
        return await services.run(lines_panel, await services.report(coverage, *asked))
    groups = await services.look_up(list_groups, link_id=link_id, limit=GROUPS_SHOWN)
    return await services.run(grid_panels, grid, groups)
