"""The Overview's part on what changed since last week: read apart, so that the schools don't
wait."""

from typing import Any

from dash import Input, Output, html

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.schools.repository import count_schools
from broadgauge_collector.services import Services
from broadgauge_collector.week_reports import week_report

from ..callbacks import callback
from ..query import days_of, target_of
from ..views.week import week_panel


def section() -> html.Div:
    """The shell of this part."""
    return html.Div(id="week", className="page-body")


@callback(
    Output("week", "children"),
    Input("target", "value"),
    Input("days", "value"),
    Input("refresh", "n_intervals"),
    permission=Permission.READ,
)
async def show_week(services: Services, target: Any, days: str, _: int | None) -> Any:
    """What is different from a week ago; nothing where there is no school yet."""
    if not (await services.look_up(count_schools)).total:
        return None
    return week_panel(await week_report(services, target_of(target), days_of(days)))
