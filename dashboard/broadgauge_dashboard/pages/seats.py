"""The School page's part on what people get in school hours."""

from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, State, html

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.capacity.models import USE_TITLES, UseKey
from broadgauge_collector.capacity.seats import DEFAULT_USE
from broadgauge_collector.demand_reports import demand_report
from broadgauge_collector.errors import NotFound
from broadgauge_collector.reports.seats import seats
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import loading
from ..query import days_of, school_of
from ..views.seats import seats_panel

KEYS: dict[str, UseKey] = {key: key for key in USE_TITLES}


def section() -> html.Div:
    """The shell of this part, with the choice of a use."""
    choice = dmc.Select(
        id="use",
        label="What a seat is used for",
        data=[{"value": key, "label": title} for key, title in USE_TITLES.items()],
        value=DEFAULT_USE,
        allowDeselect=False,
        className="control control-wide",
    )
    return html.Div(
        [html.Div(choice, className="controls"), html.Div(loading(160), id="school-seats")],
        className="page-body",
        style={"marginTop": "1.75rem"},
    )


@callback(
    Output("school-seats", "children"),
    Input("use", "value"),
    Input("days", "value"),
    Input("refresh", "n_intervals"),
    State("school-id", "data"),
    permission=Permission.READ,
)
async def show_seats(services: Services, use: Any, days: str, _: int | None, school: str) -> Any:
    """What a seat gets."""
    key = KEYS.get(use, DEFAULT_USE) if isinstance(use, str) else DEFAULT_USE
    try:
        asked = (school_of(school), key, days_of(days))
        return seats_panel(await demand_report(services, seats, *asked))
    except NotFound:
        return None  # the page says so already
