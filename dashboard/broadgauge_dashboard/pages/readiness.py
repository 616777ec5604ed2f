"""`/readiness`: whether schools have the devices that teaching and assessment take."""

from typing import Any

from dash import Input, Output, State, html
from dash.exceptions import PreventUpdate
from msgspec.structs import replace
from sqlalchemy import Connection

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.demand_reports import demand_report
from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.readiness.entries import entries, set_entries
from broadgauge_collector.fleet.readiness.model import ReadinessEntries
from broadgauge_collector.reports.readiness import readiness
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..fleet_nav import fleet_nav
from ..parts import loading, refresh
from ..tables import file_links
from ..views.readiness import entries_panel, readiness_panels

PATH = "/readiness"
TITLE = "Readiness \u00b7 broadgauge"
FILES = "/api/v1/readiness"


def layout(**_: Any) -> html.Div:
    """The shell."""
    return html.Div(
        [
            html.H1("Readiness"),
            fleet_nav(PATH),
            html.Div(loading(320), id="readiness-body", className="page-body"),
            html.Div(id="readiness-edit", className="page-body page-next"),
            html.Div(id="readiness-changed", **{"aria-live": "polite"}),
            html.P(["Take it away: ", *file_links(FILES)], className="footing"),
            refresh(60),
        ],
        className="page",
    )


@callback(
    Output("readiness-body", "children"),
    Input("refresh", "n_intervals"),
    Input("readiness-changed", "children"),
    permission=Permission.READ,
)
async def show_readiness(services: Services, _: int | None, _changed: Any) -> Any:
    """Every school."""
    return readiness_panels(await demand_report(services, readiness))


@callback(
    Output("readiness-edit", "children"),
    Input("readiness-edit", "id"),
    permission=Permission.MANAGE,
)
async def show_form(services: Services, _: str) -> Any:
    """The form, which stays as it is typed while the rest is read again."""
    return entries_panel((await services.look_up(entries)).technicians)


@callback(
    Output("readiness-changed", "children"),
    Input("set-technicians", "n_clicks"),
    State("technicians", "value"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def set_technicians(services: Services, clicks: int | None, people: Any) -> Any:
    """Say how many people support devices."""
    if not clicks:
        raise PreventUpdate
    given = float(people) if isinstance(people, int | float) else None
    try:
        await services.write(_say, given)
    except Invalid as error:
        return html.P(str(error), className="note")
    return html.P("Kept.", className="note")


def _say(c: Connection, technicians: float | None) -> ReadinessEntries:
    return set_entries(c, replace(entries(c), technicians=technicians))
