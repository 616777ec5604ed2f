"""`/refresh`: what must be bought in which year, and why."""

from typing import Any

from dash import Input, Output, State, html
from dash.exceptions import PreventUpdate
from sqlalchemy import Connection

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.refresh.settings import UnitCosts, set_unit_costs, unit_costs
from broadgauge_collector.fleet.statistics.refresh_model import UnitCost
from broadgauge_collector.reports.refresh import RefreshReport, refresh
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..fleet_nav import fleet_nav
from ..money import cents_of
from ..parts import loading
from ..parts import refresh as again
from ..views.refresh import price_panel, refresh_panels

PATH = "/refresh"
TITLE = "Refresh \u00b7 broadgauge"
FILES = "/api/v1/refresh?format=xlsx&table="


def layout(**_: Any) -> html.Div:
    """The shell."""
    return html.Div(
        [
            html.H1("Refresh"),
            fleet_nav(PATH),
            html.Div(loading(320), id="refresh-body", className="page-body"),
            html.Div(id="refresh-edit", className="page-body page-next"),
            html.Div(id="refresh-changed", **{"aria-live": "polite"}),
            html.P(
                [
                    "Take it away: ",
                    html.A("devices by line", href=FILES + "lines"),
                    ", ",
                    html.A("needs by school and year", href=FILES + "needs"),
                    " (XLSX)",
                ],
                className="footing",
            ),
            again(60),
        ],
        className="page",
    )


@callback(
    Output("refresh-body", "children"),
    Input("refresh", "n_intervals"),
    Input("refresh-changed", "children"),
    permission=Permission.READ,
)
async def show_refresh(services: Services, _: int | None, _changed: Any) -> Any:
    """Every school and year."""
    return refresh_panels(await services.report(refresh))


@callback(
    Output("refresh-edit", "children"),
    Input("refresh-edit", "id"),
    permission=Permission.MANAGE,
)
async def show_form(services: Services, _: str) -> Any:
    """The form, which stays as it is typed while the rest is read again."""
    report: RefreshReport = await services.report(refresh)
    return price_panel(_names(report))


@callback(
    Output("refresh-changed", "children"),
    Input("set-price", "n_clicks"),
    State("price-name", "value"),
    State("price-amount", "value"),
    State("price-low", "value"),
    State("price-high", "value"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def set_price(
    services: Services, clicks: int | None, name: Any, amount: Any, low: Any, high: Any
) -> Any:
    """Say what a new device of a model or kind costs."""
    if not clicks:
        raise PreventUpdate
    try:
        cost = _cost(amount, low, high)
        if not isinstance(name, str) or cost is None:
            return html.P("Say a model or kind, and its price.", className="note")
        await services.write(_set, name.strip(), cost)
    except Invalid as error:
        return html.P(str(error), className="note")
    report: RefreshReport = await services.report(refresh)
    unknown = "" if name.strip() in _names(report) else " No device is of it: no cost follows."
    return html.P(f"Kept: {name.strip()}.{unknown}", className="note")


def _names(report: RefreshReport) -> list[str]:
    """Models and kinds of the devices that are there."""
    names = {name for line in report.lines for name in (line.model, line.kind) if name is not None}
    return sorted(names)


def _cost(amount: Any, low: Any, high: Any) -> UnitCost | None:
    cents, low_cents, high_cents = map(cents_of, (amount, low, high))
    if cents is None:
        return None
    return UnitCost(
        cents=cents,
        low_cents=cents if low_cents is None else low_cents,
        high_cents=cents if high_cents is None else high_cents,
    )


def _set(c: Connection, name: str, cost: UnitCost) -> UnitCosts:
    return set_unit_costs(c, UnitCosts(costs=unit_costs(c).costs | {name: cost}))
