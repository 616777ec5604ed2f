"""`/test/<id>`: one throughput test."""

from typing import Any

from dash import Input, Output, dcc, html

from broadgauge_collector import reports
from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.errors import NotFound
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import loading
from ..query import days_of, target_of, test_of
from ..views.one_test import body, no_such_test

PATH_TEMPLATE = "/test/<test_id>"
TITLE = "Test \u00b7 broadgauge"


def layout(test_id: str = "", target: Any = None, days: Any = None, **_: Any) -> html.Div:
    """The shell. A test never changes, so nothing reads it again."""
    asked = {"test": test_id, "target": target_of(target), "days": days_of(days)}
    return html.Div(
        [
            html.Div([loading(220), loading(360)], id="test-body", className="page-body"),
            dcc.Store(id="asked-test", data=asked),
        ],
        className="page",
    )


@callback(
    Output("test-body", "children"),
    Input("asked-test", "data"),
    permission=Permission.READ,
)
async def show_test(services: Services, asked: dict[str, Any]) -> list[Any]:
    """The test, and whether it counts for a target."""
    given = (target_of(asked.get("target")), days_of(asked.get("days")), services.now())
    try:
        return body(await services.read(reports.test, test_of(asked.get("test")), *given))
    except NotFound:
        return no_such_test()
