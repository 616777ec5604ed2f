"""The Overview's part on the guide's five steps: read apart, so that the schools don't wait."""

from typing import Any

from dash import Input, Output, html

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.demand_reports import demand_report
from broadgauge_collector.reports.checklist import checklist
from broadgauge_collector.schools.repository import count_schools
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import loading
from ..query import days_of
from ..views.checklist import checklist_panel


def section() -> html.Div:
    """The shell of this part."""
    return html.Div(
        loading(160), id="checklist", className="page-body", style={"margin": "1.75rem 0"}
    )


@callback(
    Output("checklist", "children"),
    Input("days", "value"),
    Input("refresh", "n_intervals"),
    permission=Permission.READ,
)
async def show_checklist(services: Services, days: str, _: int | None) -> Any:
    """How far the district is, by what is known; nothing where there is no school yet."""
    if not (await services.look_up(count_schools)).total:
        return None
    return checklist_panel(await demand_report(services, checklist, days_of(days)))
