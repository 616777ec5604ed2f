"""`/kept-aside`: what agents sent that was not taken as a result."""

from typing import Any

from dash import Input, Output, dcc, html

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.reports.kept_aside import kept_aside
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import loading, refresh
from ..query import id_of, text_of
from ..views.kept_aside import PATH, RECORDS_SHOWN, body

__all__ = ["PATH", "TITLE", "layout"]

TITLE = "Results kept aside \u00b7 broadgauge"


def layout(agent: Any = None, reason: Any = None, **_: Any) -> html.Div:
    """The shell; `agent` and `reason` choose which records are shown one by one."""
    asked = {"agent": text_of(agent), "reason": text_of(reason, 1000)}
    return html.Div(
        [
            html.H1("Results kept aside"),
            html.Div(loading(320), id="kept-aside-body", className="page-body"),
            dcc.Store(id="asked-aside", data=asked),
            refresh(),
        ],
        className="page",
    )


@callback(
    Output("kept-aside-body", "children"),
    Input("asked-aside", "data"),
    Input("refresh", "n_intervals"),
    permission=Permission.READ,
)
async def show_kept_aside(services: Services, asked: dict[str, Any], _: int | None) -> list[Any]:
    """Counted by agent and reason, and the newest of what was asked for."""
    agent_id, reason = id_of(asked.get("agent")), text_of(asked.get("reason"), 1000) or None
    found = await services.read(kept_aside, agent_id=agent_id, reason=reason, limit=RECORDS_SHOWN)
    return body(found, agent_id, reason, services.now())
