"""`/applications`: what is installed on how many machines."""

from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, html

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.reports.applications import applications, matching
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..fleet_nav import fleet_nav
from ..parts import loading, refresh
from ..views.applications import applications_panel

PATH = "/applications"
TITLE = "Applications \u00b7 broadgauge"
FILE = "/api/v1/applications?format=xlsx"


def layout(**_: Any) -> html.Div:
    """The shell."""
    search = dmc.TextInput(
        id="application-search", label="Name", debounce=400, className="control control-wide"
    )
    return html.Div(
        [
            html.H1("Applications"),
            fleet_nav(PATH),
            html.Div(search, className="controls"),
            html.Div(loading(320), id="applications-body", className="page-body"),
            html.P(["Take it away: ", html.A("XLSX", href=FILE)], className="footing page-next"),
            refresh(300),
        ],
        className="page",
    )


@callback(
    Output("applications-body", "children"),
    Input("application-search", "value"),
    Input("refresh", "n_intervals"),
    permission=Permission.READ,
)
async def show_applications(services: Services, search: Any, _: int | None) -> Any:
    """Those whose name has these words."""
    report = await services.report(applications)
    return applications_panel(matching(report, search if isinstance(search, str) else None))
