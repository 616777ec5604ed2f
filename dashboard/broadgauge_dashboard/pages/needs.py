"""`/needs`: what lines will need, until when they are enough, and what that rests on."""

from typing import Any
from uuid import UUID

from dash import Input, Output, State, ctx, dcc, html
from dash.exceptions import PreventUpdate

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.capacity.models import ASSUMPTIONS, MODEL
from broadgauge_collector.demand_reports import demand_report
from broadgauge_collector.errors import Invalid
from broadgauge_collector.reports.needs import needs
from broadgauge_collector.schools.assumptions import list_assumptions, set_assumption
from broadgauge_collector.schools.repository import get_school, list_schools
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import loading, period_select, refresh
from ..query import days_of, school_of
from ..views.needs import DISTRICT, assumptions_panel, edit_panel, lines_panel, models_panel

PATH = "/needs"
TITLE = "Needs \u00b7 broadgauge"


def layout(days: Any = None, **_: Any) -> html.Div:
    """The shell, with its period as the address says."""
    return html.Div(
        [
            html.H1("Needs"),
            html.Div(period_select(days_of(days)), className="controls"),
            html.Div(loading(320), id="needs-body", className="page-body"),
            html.Div(
                [
                    html.Div(loading(160), id="needs-edit"),
                    html.Div(id="needs-changed", **{"aria-live": "polite"}),
                    html.Div(loading(320), id="needs-assumptions", className="page-body"),
                ],
                className="page-body",
                style={"marginTop": "1.75rem"},
            ),
            dcc.Store(id="needs-opened", data=True),
            refresh(60),
        ],
        className="page",
    )


@callback(
    Output("needs-body", "children"),
    Input("days", "value"),
    Input("refresh", "n_intervals"),
    Input("needs-changed", "children"),
    permission=Permission.READ,
)
async def show_needs(services: Services, days: str, _: int | None, _changed: Any) -> Any:
    """Every line."""
    return lines_panel(await demand_report(services, needs, days_of(days)))


@callback(
    Output("needs-assumptions", "children"),
    Input("needs-changed", "children"),
    permission=Permission.READ,
)
async def show_assumptions(services: Services, _: Any) -> Any:
    """What the numbers rest on."""
    found = await services.look_up(list_assumptions)
    return [models_panel(found), assumptions_panel(found)]


@callback(
    Output("needs-edit", "children"),
    Input("needs-opened", "data"),
    permission=Permission.READ,
)
async def show_form(services: Services, _: bool) -> Any:
    """The form, which stays as it is typed while the rest is read again."""
    schools = await services.look_up(list_schools)
    return edit_panel(schools, await services.look_up(list_assumptions))


@callback(
    Output("needs-changed", "children"),
    Input("choose-model", "n_clicks"),
    Input("set-assumption", "n_clicks"),
    Input("unset-assumption", "n_clicks"),
    State("need-whom", "value"),
    State("need-model", "value"),
    State("need-key", "value"),
    State("need-value", "value"),
    State("need-low", "value"),
    State("need-high", "value"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def change(
    services: Services,
    chosen: int | None,
    was_set: int | None,
    taken_back: int | None,
    whom: Any,
    model: Any,
    key: Any,
    value: Any,
    low: Any,
    high: Any,
) -> Any:
    """One wish, for the district or for one school."""
    if not (chosen or was_set or taken_back):
        raise PreventUpdate  # the buttons have only just come
    if ctx.triggered_id == "choose-model":
        return await keep(services, whom, MODEL, _filled("a model", model))
    if ctx.triggered_id == "unset-assumption":
        return await keep(services, whom, key, None)
    return await keep(services, whom, key, _filled("a value", value), low, high)


async def keep(
    services: Services, whom: Any, key: Any, value: Any, low: Any = None, high: Any = None
) -> Any:
    """Keep it, and say so. Invalid for what can't be."""
    await services.write(
        set_assumption,
        key=str(key),
        value=value,
        low=_number(low, "Low"),
        high=_number(high, "High"),
        school_id=await _school(services, whom),
    )
    done = "was taken back" if value is None else f"is {value} now"
    name = ASSUMPTIONS[key].title if key in ASSUMPTIONS else "The model wanted"
    return html.P(f"{name} {done}.", className="note")


async def _school(services: Services, whom: Any) -> UUID | None:
    """NotFound for a school that has gone meanwhile; None for the district."""
    if whom == DISTRICT:
        return None
    return (await services.look_up(get_school, school_of(whom))).id


def _filled(what: str, given: Any) -> Any:
    if given is None or not str(given).strip():
        raise Invalid(f"Give {what} first.")
    return given


def _number(given: Any, what: str) -> float | None:
    if given is None or not str(given).strip():
        return None
    text = str(given).strip()
    try:
        number = float(text.removesuffix("%"))
    except ValueError as error:
        raise Invalid(f"{what} is {text[:100]!r}: give a number.") from error
    return number / 100 if text.endswith("%") else number
