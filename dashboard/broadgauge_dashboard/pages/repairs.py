"""`/repairs`: how often devices break, what that costs, and whether a warranty is worth it."""

from datetime import date
from typing import Any

import msgspec
from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.errors import CollectorError
from broadgauge_collector.fleet.repairs.by_hand import HandRepair, add_repair
from broadgauge_collector.fleet.repairs.compared import compared
from broadgauge_collector.fleet.repairs.insurance import AskedInsurance, insurance
from broadgauge_collector.fleet.repairs.lifetimes import lifetimes
from broadgauge_collector.fleet.repairs.model import FleetData
from broadgauge_collector.fleet.repairs.rated import RatesBy, repair_rates
from broadgauge_collector.reports.repairs import fleet_data
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..fleet_nav import fleet_nav
from ..money import cents_of
from ..parts import empty, loading, panel, refresh
from ..views.insurance import EVERY, insurance_panel, offer_form
from ..views.lifetimes import lifetime_panels
from ..views.repair_form import repair_form
from ..views.repair_rates import BY, by_select, compare_form, compared_words, rate_panels

PATH = "/repairs"
TITLE = "Repairs \u00b7 broadgauge"
GROUPS = 8
ADDED = "note added"
"""What assets/board.js knows an added repair by."""

OFFER = ("premium", "years", "deductible", "fee", "take-up", "waived")


def layout(**_: Any) -> html.Div:
    """The shell."""
    return html.Div(
        [
            html.H1("Repairs"),
            fleet_nav(PATH),
            html.Div(by_select(), className="controls"),
            html.Div(loading(320), id="repairs-rates", className="page-body"),
            html.Div(id="repairs-compare", className="page-body page-next"),
            html.Div(loading(320), id="repairs-lifetimes", className="page-body page-next"),
            html.Div(id="repairs-offer", className="page-body page-next"),
            html.Div(id="repairs-insurance", className="page-body page-next"),
            html.Div(id="repairs-form", className="page-body page-next"),
            html.Div(id="repair-added", **{"aria-live": "polite"}),
            refresh(120),
        ],
        className="page",
    )


@callback(
    Output("repairs-rates", "children"),
    Input("repairs-by", "value"),
    Input("refresh", "n_intervals"),
    Input("repair-added", "children"),
    permission=Permission.READ,
)
async def show_rates(services: Services, by: Any, _: int | None, _added: Any) -> Any:
    """How often devices break."""
    data: FleetData = await services.report(fleet_data)
    chosen: RatesBy = by if isinstance(by, str) and by in BY else "model"
    return rate_panels(await services.run(repair_rates, data, chosen))


@callback(
    Output("repairs-compare", "children"),
    Input("repairs-compare", "id"),
    permission=Permission.READ,
)
async def show_compare(services: Services, _: str) -> Any:
    """The choice of two models, at first those most watched."""
    data: FleetData = await services.report(fleet_data)
    rates = await services.run(repair_rates, data, "model")
    watched = sorted(rates.groups, key=lambda group: -group.rate.device_years)
    return compare_form([group.name for group in watched]) if watched else None


@callback(
    Output("compare-said", "children"),
    Input("compare-first", "value"),
    Input("compare-second", "value"),
    permission=Permission.READ,
)
async def show_compared(services: Services, first: Any, second: Any) -> Any:
    """Which of the two is repaired more, if that can be told."""
    if not (isinstance(first, str) and isinstance(second, str)):
        raise PreventUpdate
    data: FleetData = await services.report(fleet_data)
    try:
        return compared_words(await services.run(compared, data, first, second, "model"))
    except CollectorError as error:
        return html.P(str(error), className="note")


@callback(
    Output("repairs-lifetimes", "children"),
    Input("refresh", "n_intervals"),
    Input("repair-added", "children"),
    permission=Permission.READ,
)
async def show_lifetimes(services: Services, _: int | None, _added: Any) -> Any:
    """Time to first repair, and recurring ones."""
    data: FleetData = await services.report(fleet_data)
    return lifetime_panels(await services.run(lifetimes, data, "model", GROUPS))


@callback(
    Output("repairs-offer", "children"),
    Input("repairs-offer", "id"),
    permission=Permission.READ,
)
async def show_offer(services: Services, _: str) -> Any:
    """The form, which stays as it is typed while the rest is read again."""
    data: FleetData = await services.report(fleet_data)
    return offer_form(sorted(data.fleet.models, key=str.casefold))


@callback(
    Output("repairs-insurance", "children"),
    Input("offer-model", "value"),
    Input("offer-accidents", "checked"),
    *(Input(f"offer-{name}", "value") for name in OFFER),
    permission=Permission.READ,
)
async def show_insurance(services: Services, model: Any, accidents: Any, *numbers: Any) -> Any:
    """Both ways, whatever is typed."""
    if not all(isinstance(number, int | float) for number in numbers):
        raise PreventUpdate
    data: FleetData = await services.report(fleet_data)
    try:
        asked = _offered(None if model == EVERY else str(model), bool(accidents), *numbers)
        return insurance_panel(await services.run(insurance, data, asked))
    except CollectorError as error:
        return panel("What it would cost", empty("It can't be said", str(error)))


def _offered(
    model: str | None, accidents: bool, premium: float, years: float, deductible: float,
    fee: float, take_up: float, waived: float,
) -> AskedInsurance:  # fmt: skip
    return AskedInsurance(
        model=model,
        premium_cents=cents_of(premium) or 0,
        term_years=float(years),
        deductible_cents=cents_of(deductible) or 0,
        covers_accidents=accidents,
        fee_cents=cents_of(fee) or 0,
        take_up=take_up / 100,
        waived=waived / 100,
    )


@callback(
    Output("repairs-form", "children"),
    Input("repairs-form", "id"),
    permission=Permission.MANAGE,
)
async def show_form(services: Services, _: str) -> Any:
    """The form."""
    return repair_form(services.now().date().isoformat())


@callback(
    Output("repair-added", "children"),
    Input("add-repair", "n_clicks"),
    Input("repair-device", "n_submit"),
    State("repair-device", "value"),
    State("repair-category", "value"),
    State("repair-issue", "value"),
    State("repair-opened", "value"),
    State("repair-closed", "value"),
    State("repair-cost", "value"),
    State("repair-parts", "value"),
    State("repair-labour", "value"),
    State("repair-downtime", "value"),
    State("repair-warranty", "value"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def add(
    services: Services, clicks: int | None, submits: int | None, device: Any, *said: Any
) -> Any:
    """Take it in; assets/board.js then empties the tag for the next."""
    if not (clicks or submits):
        raise PreventUpdate
    try:
        given = _given(str(device or ""), *said)
        kept = await services.write(add_repair, given, services.now())
    except (CollectorError, msgspec.ValidationError) as error:
        return html.P(str(error), className="note", role="alert")
    words = ["Added: ", dcc.Link(given.device, href=f"/device/{kept.device_id}"), "."]
    return html.P(words, className=ADDED)


def _given(
    device: str, category: Any, issue: Any, opened: Any, closed: Any,
    cost: Any, parts: Any, labour: Any, downtime: Any, warranty: Any,
) -> HandRepair:  # fmt: skip
    wish = {
        "device": device.strip(),
        "opened_on": opened or None,
        "category": category,
        "closed_on": closed or None,
        "issue": issue or None,
        "cost_cents": cents_of(cost),
        "parts_cents": cents_of(parts),
        "labour_cents": cents_of(labour),
        "downtime_days": downtime if isinstance(downtime, int | float) else None,
        "under_warranty": {"yes": True, "no": False}.get(warranty),
    }
    return msgspec.convert(wish, HandRepair, builtin_types=(date,), strict=False)
