"""The Overview's part on the district as a whole: read apart, so that the schools don't wait."""

from typing import Any

from dash import Input, Output, html

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.reports.audit import audit
from broadgauge_collector.schools.repository import count_schools
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import loading
from ..query import days_of, target_of
from ..views.audit import audit_panel


def section() -> html.Div:
    """The shell of this part."""
    return html.Div(loading(160), id="audit", className="page-body")


@callback(
    Output("audit", "children"),
    Input("target", "value"),
    Input("days", "value"),
    Input("refresh", "n_intervals"),
    permission=Permission.READ,
)
async def show_audit(services: Services, target: Any, days: str, _: int | None) -> Any:
    """What schools have in common; nothing where there is no school yet."""
    if not (await services.look_up(count_schools)).total:
        return None
    return audit_panel(await services.report(audit, target_of(target), days_of(days)))
