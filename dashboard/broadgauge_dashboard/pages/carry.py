"""The School page's part on what its lines can carry, and on all targets."""

from typing import Any

from dash import Input, Output, State, html

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.demand_reports import demand_report
from broadgauge_collector.errors import NotFound
from broadgauge_collector.reports.carry import all_targets, carry
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import loading
from ..query import days_of, school_of
from ..views.carry import carry_panel, targets_panel


def section() -> html.Div:
    """The shell of this part."""
    return html.Div(
        [
            html.Div(loading(160), id="school-carries"),
            html.Div(loading(160), id="school-targets"),
        ],
        className="page-body",
        style={"marginTop": "1.75rem"},
    )


@callback(
    Output("school-carries", "children"),
    Input("days", "value"),
    Input("refresh", "n_intervals"),
    State("school-id", "data"),
    permission=Permission.READ,
)
async def show_carries(services: Services, days: str, _: int | None, school: str) -> Any:
    """Every blended model at this school."""
    try:
        found = await demand_report(services, carry, school_of(school), days_of(days))
    except NotFound:
        return None  # the page says so already
    return carry_panel(found.schools[0])


@callback(
    Output("school-targets", "children"),
    Input("days", "value"),
    Input("refresh", "n_intervals"),
    State("school-id", "data"),
    permission=Permission.READ,
)
async def show_targets(services: Services, days: str, _: int | None, school: str) -> Any:
    """Every target against this school's lines."""
    try:
        return targets_panel(
            await services.report(all_targets, school_of(school), None, days_of(days))
        )
    except NotFound:
        return None
