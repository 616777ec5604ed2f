"""`/`: all schools against one target."""

from typing import Any

import dash_mantine_components as dmc
from dash import Input, Output, html

from broadgauge_collector import reports
from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import loading, period_select, refresh, target_select
from ..query import OverviewQuery, overview_query, target_choices
from ..views.overview import body
from . import audit, checklist, week

PATH = "/"
TITLE = "Overview · broadgauge"

_SORTS = (
    ("attention", "Needs attention first"),
    ("name", "Name"),
    ("people", "Most students"),
    ("speed", "Least for its need"),
    ("heard", "Longest silent"),
)
_SHOWS = (("all", "All"), ("below", "Fall short"), ("undecided", "Not decided"), ("meets", "Meet"))


def layout(**address: Any) -> html.Div:
    """The shell, with its controls as the address says."""
    query = overview_query(**address)
    return html.Div(
        [
            html.H1("Overview"),
            html.Div(_controls(query), className="controls", role="search"),
            week.section(),
            html.Div(loading(420), id="overview-body", className="page-body"),
            checklist.section(),
            audit.section(),
            refresh(),
        ],
        className="page",
    )


@callback(
    Output("overview-body", "children"),
    Input("target", "value"),
    Input("days", "value"),
    Input("sort", "value"),
    Input("show", "value"),
    Input("text", "value"),
    Input("refresh", "n_intervals"),
    permission=Permission.READ,
)
async def show_schools(
    services: Services, target: str, days: str, sort: str, show: str, text: str, _: int | None
) -> list[Any]:
    """The schools as the controls ask for them."""
    query = overview_query(target=target, days=days, sort=sort, show=show, q=text)
    overview = await services.report(reports.overview, query.target, query.days)
    return await services.run(body, overview, query)


def _controls(query: OverviewQuery) -> list[Any]:
    return [
        dmc.TextInput(
            id="text",
            label="Find a school",
            value=query.text,
            debounce=300,
            placeholder="Name",
            className="control control-find",
        ),
        target_select(target_choices(), query.target),
        period_select(query.days),
        dmc.Select(
            id="sort",
            label="Order",
            value=query.sort,
            allowDeselect=False,
            data=[{"value": key, "label": label} for key, label in _SORTS],
            className="control control-order",
        ),
        html.Div(
            [
                html.Span("Verdict", className="control-label", id="show-label"),
                dmc.SegmentedControl(
                    id="show",
                    value=query.show,
                    **{"aria-labelledby": "show-label"},
                    data=[{"value": key, "label": label} for key, label in _SHOWS],
                ),
            ],
            className="control control-segments",
        ),
    ]
