"""The School page's part on rooms: read again by itself, while the form stays as it is typed."""

from typing import Any
from uuid import UUID

from dash import ALL, Input, Output, State, ctx, html
from dash.exceptions import PreventUpdate

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.errors import NotFound
from broadgauge_collector.reports.rooms import rooms as report_rooms
from broadgauge_collector.rooms.repository import add_rooms, list_rooms, remove_room
from broadgauge_collector.schools.repository import get_school
from broadgauge_collector.services import Services

from .. import format as fmt
from ..callbacks import callback
from ..parts import failed, loading
from ..query import days_of, school_of
from ..views.rooms import codes_panel, readings_panel


def section() -> html.Div:
    """The shell of this part."""
    return html.Div(
        [
            html.Div(loading(160), id="room-readings"),
            html.Div(id="room-codes"),
            html.Div(id="room-changed", **{"aria-live": "polite"}),
        ],
        className="page-body",
        style={"marginTop": "1.75rem"},
    )


@callback(
    Output("room-readings", "children"),
    Input("days", "value"),
    Input("refresh", "n_intervals"),
    State("school-id", "data"),
    permission=Permission.READ,
)
async def show_readings(services: Services, days: str, _: int | None, school: str) -> Any:
    """What was read in each room."""
    try:
        asked = school_of(school), days_of(days), services.now()
        return readings_panel(await services.read(report_rooms, *asked))
    except NotFound:
        return None  # the page says so already


@callback(
    Output("room-codes", "children"),
    Input("room-changed", "children"),
    State("school-id", "data"),
    permission=Permission.READ,
)
async def show_codes(services: Services, _: Any, school: str) -> Any:
    """The rooms that have a code."""
    try:
        school_id = school_of(school)
        await services.look_up(get_school, school_id)
    except NotFound:
        return None
    return codes_panel(school_id, await services.look_up(list_rooms, school_id))


@callback(
    Output("room-changed", "children"),
    Input("make-rooms", "n_clicks"),
    Input({"type": "withdraw-room", "room": ALL}, "n_clicks"),
    State("room-names", "value"),
    State("school-id", "data"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def change_rooms(
    services: Services, made: int | None, withdrawn: list[int | None], names: Any, school: str
) -> Any:
    """Codes for the rooms that were named, or one code less."""
    what = ctx.triggered_id
    if what == "make-rooms" and made:
        return await _make(services, school_of(school), names)
    if isinstance(what, dict) and any(withdrawn):
        await services.write(remove_room, UUID(what["room"]))
        return html.P("The code was withdrawn.", className="note")
    raise PreventUpdate  # the buttons have only just come


async def _make(services: Services, school_id: UUID, names: Any) -> Any:
    lines = names.splitlines() if isinstance(names, str) else []
    wanted = [line for line in lines if line.strip()]
    if not wanted:
        return failed("Which rooms?", "Write their names, one a line.")
    rooms = await services.write(add_rooms, school_id, wanted, services.now())
    made = fmt.plural(len(rooms), "code was made", "codes were made")
    return html.P(f"{made}. Print the sheet and put it on the walls.", className="note")
