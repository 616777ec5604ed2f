"""`/devices`: what the district owns."""

from datetime import timedelta
from typing import Any, cast, get_args

import msgspec
from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.errors import CollectorError
from broadgauge_collector.fleet.questions import Asked, GroupBy, SortBy, devices, groups
from broadgauge_collector.fleet.totals import totals
from broadgauge_collector.schools.repository import list_schools
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import loading
from ..query import text_of
from ..views.devices import (
    ANY,
    GROUPS,
    IDLE_HOURS,
    PATH,
    controls,
    grid_panel,
    groups_panel,
    nothing_yet,
    row,
    totals_panel,
)

__all__ = ["PATH", "TITLE", "layout"]

TITLE = "Devices \u00b7 broadgauge"
SELECTS = ("device-school", "device-kind", "device-state", "device-only", "device-by")
OTHERS = (
    "make", "model", "os_name", "source", "year", "conflicts", "vanished", "idle_below",
    "support_ends_before",
)  # fmt: skip
"""What groups lead to, and no control chooses."""

A_YEAR = timedelta(days=365)


def layout(q: Any = None, **given: Any) -> html.Div:
    """The shell, with what the address asks for."""
    named = {f"device-{n}": given.get(n) for n in ("school", "kind", "state", "only", "by")}
    chosen = {id_: text_of(value, 200) for id_, value in named.items() if value}
    others = {name: text_of(given[name], 200) for name in OTHERS if name in given}
    return html.Div(
        [
            html.Div(
                [html.H1("Devices"), dcc.Link("Import a file", href="/imports")],
                className="head-with-link",
            ),
            html.Div(loading(60), id="devices-controls", className="controls", role="search"),
            html.Div(loading(420), id="devices-body", className="page-body"),
            dcc.Store(id="devices-given", data={"q": text_of(q), "chosen": chosen}),
            dcc.Store(id="devices-others", data=others),
        ],
        className="page",
    )


@callback(
    Output("devices-controls", "children"),
    Input("devices-given", "data"),
    permission=Permission.READ,
)
async def show_controls(services: Services, given: dict[str, Any]) -> list[Any]:
    """The controls, with the schools there are."""
    schools = await services.look_up(list_schools)
    return controls(sorted(s.name for s in schools), given["chosen"], given["q"])


@callback(
    Output("devices-body", "children"),
    Input("text", "value"),
    *(Input(name, "value") for name in SELECTS),
    State("devices-others", "data"),
    permission=Permission.READ,
)
async def show_devices(services: Services, text: Any, *rest: Any) -> Any:
    """Numbers on top, then the devices or their groups."""
    *chosen, others = rest
    school, kind, state, only, by = (value if value != ANY else None for value in chosen)
    found = await services.look_up(totals)
    if not found.devices:
        return nothing_yet()
    wanted = {"search": text_of(text), "school": school, "kind": kind, "state": state, **others}
    asked = {name: value for name, value in wanted.items() if value is not None and value != ""}
    asked |= {name: "" for name, value in others.items() if value == ""}
    asked |= _only(only, services)
    if by in GROUPS and by in get_args(GroupBy):
        group = cast("GroupBy", by)
        listed = await services.look_up(groups, _asked(asked), group)
        return [totals_panel(found), groups_panel(listed, group, asked)]
    return [totals_panel(found), grid_panel(asked), dcc.Store(id="devices-asked", data=asked)]


@callback(
    Output("devices-grid", "getRowsResponse"),
    Input("devices-grid", "getRowsRequest"),
    State("devices-asked", "data"),
    permission=Permission.READ,
)
async def rows(services: Services, request: dict[str, Any] | None, asked: Any) -> dict[str, Any]:
    """The rows that are in sight, in the order that is asked for."""
    if request is None:
        raise PreventUpdate
    start, end = int(request["startRow"]), int(request["endRow"])
    sorting = next(iter(request.get("sortModel") or ()), {"colId": "school", "sort": "asc"})
    by = sorting["colId"] if sorting["colId"] in get_args(SortBy) else "school"
    try:
        found = await services.look_up(
            devices,
            _asked(asked or {}),
            cast("SortBy", by),
            descending=sorting["sort"] == "desc",
            start=max(0, start),
            limit=max(1, min(end - start, 1000)),
        )
    except CollectorError as error:  # rows stay on their way: an error is no row
        raise PreventUpdate from error
    return {"rowData": [row(each) for each in found.devices], "rowCount": found.total}


def _only(only: str | None, services: Services) -> dict[str, Any]:
    ending = (services.now() + A_YEAR).date().isoformat()
    found: dict[str, dict[str, Any]] = {
        "conflicts": {"conflicts": "true"},
        "unplaced": {"school": ""},
        "vanished": {"vanished": "true"},
        "idle": {"idle_below": str(IDLE_HOURS)},
        "ending": {"support_ends_before": ending},
    }
    return found.get(only or "", {})


def _asked(given: dict[str, Any]) -> Asked:
    """The question that the API understands by the same words. Nothing for what can't be."""
    try:
        return msgspec.convert(given, Asked, strict=False)
    except msgspec.ValidationError:
        return Asked()
