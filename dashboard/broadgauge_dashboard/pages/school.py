"""`/school/<id>`: one school's verdict, evidence and tests."""

from typing import Any
from urllib.parse import urlencode

from dash import Input, Output, State, dcc, html

from broadgauge_collector import reports
from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.errors import NotFound
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import loading, period_select, refresh, target_select
from ..query import days_of, school_of, target_choices, target_of
from ..views.school import body, no_such_school
from . import carry, changes, room_surveys, seats
from .rooms import section

PATH_TEMPLATE = "/school/<school_id>"
TITLE = "School · broadgauge"


def layout(school_id: str = "", target: Any = None, days: Any = None, **_: Any) -> html.Div:
    """The shell, with its controls as the address says."""
    key, period = target_of(target), days_of(days)
    controls = [target_select(target_choices(), key), period_select(period)]
    kept = urlencode({"target": key, "days": period})
    return html.Div(
        [
            html.Nav(
                dcc.Link("All schools", href=f"/?{kept}", className="back"),
                **{"aria-label": "Breadcrumb"},
            ),
            html.Div(controls, className="controls"),
            html.Div([loading(220), loading(360)], id="school-body", className="page-body"),
            changes.section(),
            seats.section(),
            carry.section(),
            section(),
            room_surveys.section(),
            dcc.Store(id="school-id", data=school_id),
            refresh(60),
        ],
        className="page",
    )


@callback(
    Output("school-body", "children"),
    Input("target", "value"),
    Input("days", "value"),
    Input("refresh", "n_intervals"),
    Input("change-marked", "children"),
    Input("change-removed", "children"),
    State("school-id", "data"),
    permission=Permission.READ,
)
async def show_school(
    services: Services, target: str, days: str, _: int | None, __: Any, ___: Any, school_id: str
) -> list[Any]:
    """The school against a target."""
    asked = (target_of(target), days_of(days))
    try:
        report = await services.report(reports.school, school_of(school_id), *asked)
    except NotFound:
        return no_such_school()
    return await services.run(body, report)
