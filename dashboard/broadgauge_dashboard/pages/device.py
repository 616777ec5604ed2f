"""`/device/<id>`: all that is known of one device, and the form that says otherwise."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from dash import ALL, Input, Output, State, ctx, dcc, html
from dash.exceptions import PreventUpdate
from sqlalchemy import Connection

from broadgauge_collector.access.permissions import Permission, current_principal
from broadgauge_collector.errors import Invalid, NotFound
from broadgauge_collector.fleet.by_hand import HandSaid, say_by_hand
from broadgauge_collector.fleet.questions import whole_device
from broadgauge_collector.fleet.signals import confirm_signal, dismiss_signal, signals
from broadgauge_collector.schools.repository import list_schools
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..parts import loading
from ..query import device_of
from ..views.device import AS_SAID, body, by_hand, hand_form, no_such_device
from ..views.device_signals import DECIDE, signals_panel

PATH_TEMPLATE = "/device/<device_id>"
TITLE = "Device \u00b7 broadgauge"


def layout(device_id: str = "", **_: Any) -> html.Div:
    """The shell."""
    return html.Div(
        [
            html.Nav(
                dcc.Link("All devices", href="/devices", className="back"),
                **{"aria-label": "Breadcrumb"},
            ),
            html.Div(
                [
                    html.Div(id="signal-decided", **{"aria-live": "polite"}),
                    html.Div(loading(420), id="device-body", className="page-body"),
                    html.Div(id="device-hand"),
                    html.Div(id="device-saved", **{"aria-live": "polite"}),
                ],
                className="page-body parts",
            ),
            dcc.Store(id="device-id", data=device_id),
        ],
        className="page",
    )


@callback(
    Output("device-body", "children"),
    Input("device-id", "data"),
    Input("device-saved", "children"),
    Input("signal-decided", "children"),
    permission=Permission.READ,
)
async def show_device(services: Services, device_id: Any, _: Any, __: Any) -> Any:
    """All that is known of it."""
    try:
        found = await services.look_up(whole_device, device_of(device_id))
    except NotFound:
        return no_such_device()
    changed = await services.look_up(signals, "open", found.device.id)
    may_decide = current_principal.get().may(Permission.MANAGE)
    return body(found, signals_panel(changed, may_decide=may_decide))


@callback(
    Output("signal-decided", "children"),
    Input({"type": DECIDE, "signal": ALL, "how": ALL}, "n_clicks"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def decide(services: Services, clicks: list[int | None]) -> Any:
    """A repair, or none."""
    what = ctx.triggered_id
    if not isinstance(what, dict) or not any(clicks):
        raise PreventUpdate  # the buttons have only just come
    is_repair = what["how"] == "confirm"
    do = confirm_signal if is_repair else dismiss_signal
    await services.write(do, UUID(what["signal"]), services.now())
    words = "Noted as a repair." if is_repair else "Noted: no repair."
    return html.P(words, className="note")


@callback(
    Output("device-hand", "children"),
    Input("device-id", "data"),
    permission=Permission.READ,
)
async def show_form(services: Services, device_id: Any) -> Any:
    """The form, for who may change it."""
    if not current_principal.get().may(Permission.MANAGE):
        return None
    try:
        found = await services.look_up(whole_device, device_of(device_id))
    except NotFound:
        return None
    schools = await services.look_up(list_schools)
    return hand_form(found, sorted(school.name for school in schools))


@callback(
    Output("device-saved", "children"),
    Input("save-hand", "n_clicks"),
    State("hand-school", "value"),
    State("hand-state", "value"),
    State("hand-since", "value"),
    State("hand-tag", "value"),
    State("device-id", "data"),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def save(
    services: Services, clicks: int | None, school: Any, state: Any, since: Any, tag: Any, id_: Any
) -> Any:
    """Hold what was said."""
    if not clicks:
        raise PreventUpdate
    form = {
        "school": None if school == AS_SAID else school,
        "state": None if state == AS_SAID else state,
        "state_since": _day(since),
        "asset_tag": (tag or "").strip() or None,
    }
    await services.write(_say, device_of(id_), form, services.now())
    return html.P("Saved.", className="note")


def _say(c: Connection, device: UUID, form: dict[str, Any], now: datetime) -> None:
    """What the form doesn't ask for was said elsewhere, and stays."""
    said = by_hand(whole_device(c, device).sources)
    before = {name: said[name] for name in HandSaid.__struct_fields__ if name in said}
    say_by_hand(c, device, msgspec.convert(before | form, HandSaid), now)


def _day(text: Any) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(str(text).strip())
    except ValueError:
        raise Invalid("Write the day as 2026-11-02.") from None
