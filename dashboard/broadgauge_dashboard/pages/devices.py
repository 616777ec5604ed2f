"""`/devices`: what the district owns."""

from typing import Any, cast, get_args

from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.errors import CollectorError
from broadgauge_collector.fleet.questions import GroupBy, SortBy, devices, groups, how_many
from broadgauge_collector.fleet.signals import signals
from broadgauge_collector.fleet.totals import totals
from broadgauge_collector.schools.repository import list_schools
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..device_address import CHOSEN, PATH, address, asked, more_of, question
from ..fleet_nav import fleet_nav
from ..parts import loading
from ..query import text_of
from ..views.device_signals import signals_list
from ..views.devices import (
    GROUPS,
    controls,
    filters_line,
    grid_panel,
    groups_panel,
    none_like_this,
    nothing_yet,
    row,
    totals_panel,
    views_kept,
)

__all__ = ["PATH", "TITLE", "layout"]

TITLE = "Devices \u00b7 broadgauge"
SELECTS = tuple(f"device-{name}" for name in CHOSEN)


def layout(q: Any = None, **given: Any) -> html.Div:
    """The shell, with what the address asks for."""
    named = {f"device-{name}": given.get(name) for name in CHOSEN}
    chosen = {id_: text_of(value, 200) for id_, value in named.items() if value}
    return html.Div(
        [
            html.H1("Devices"),
            fleet_nav(PATH),
            html.Div(loading(60), id="devices-controls", className="controls", role="search"),
            html.Div(loading(420), id="devices-body", className="page-body"),
            views_kept(),
            dcc.Store(id="devices-given", data={"q": text_of(q), "chosen": chosen}),
            dcc.Store(id="devices-more", data=more_of(given)),
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
    State("devices-more", "data"),
    permission=Permission.READ,
)
async def show_devices(services: Services, text: Any, *rest: Any) -> Any:
    """Numbers on top, then the devices or their groups."""
    *chosen, more = rest
    found = await services.look_up(totals)
    if not found.devices:
        return nothing_yet()
    said = address(text_of(text), dict(zip(CHOSEN, chosen, strict=True)), more)
    by = said.pop("by", "")
    words = asked(said, services.now().date())
    which = question(words)
    changed = signals_list(await services.look_up(signals, "open"))
    top = [totals_panel(found), *([changed] if changed else []), filters_line(said)]
    if by in GROUPS and by in get_args(GroupBy):
        group = cast("GroupBy", by)
        return [*top, groups_panel(await services.look_up(groups, which, group), group, said)]
    many = await services.look_up(how_many, which)
    if not many:
        return [*top, none_like_this()]
    return [*top, grid_panel(words, many), dcc.Store(id="devices-asked", data=words)]


@callback(
    Output("devices-grid", "getRowsResponse"),
    Input("devices-grid", "getRowsRequest"),
    State("devices-asked", "data"),
    permission=Permission.READ,
)
async def rows(services: Services, request: dict[str, Any] | None, words: Any) -> dict[str, Any]:
    """The rows that are in sight, in the order that is asked for."""
    if request is None:
        raise PreventUpdate
    start, end = int(request["startRow"]), int(request["endRow"])
    sorting = next(iter(request.get("sortModel") or ()), {"colId": "school", "sort": "asc"})
    by = sorting["colId"] if sorting["colId"] in get_args(SortBy) else "school"
    try:
        found = await services.look_up(
            devices,
            question(words or {}),
            cast("SortBy", by),
            descending=sorting["sort"] == "desc",
            start=max(0, start),
            limit=max(1, min(end - start, 1000)),
        )
    except CollectorError as error:  # rows stay on their way: an error is no row
        raise PreventUpdate from error
    return {"rowData": [row(each) for each in found.devices], "rowCount": found.total}
