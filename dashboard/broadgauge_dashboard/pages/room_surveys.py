"""`/room-surveys`: what rooms have, which can't power a full class, and the form to say it."""

from datetime import date
from typing import Any

import msgspec
from dash import Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate
from sqlalchemy import Connection

from broadgauge_collector.access.permissions import Permission, current_principal
from broadgauge_collector.errors import CollectorError, Invalid, NotFound
from broadgauge_collector.fleet.room_surveys.listing import (
    room_surveys,
    school_rooms,
    survey_by_hand,
)
from broadgauge_collector.fleet.room_surveys.model import HandSurvey, SurveyedRoom
from broadgauge_collector.imports.room_records import COUNTED
from broadgauge_collector.reports.rooms import rooms as measured_rooms
from broadgauge_collector.schools.checks import name_key
from broadgauge_collector.schools.repository import list_schools
from broadgauge_collector.services import Services

from ..callbacks import callback
from ..fleet_nav import fleet_nav
from ..parts import loading, panel
from ..query import id_of, school_of, text_of
from ..views.room_survey_form import fields, form_panel
from ..views.room_surveys import PATH, address, rooms_said, survey_panels

__all__ = ["PATH", "TITLE", "layout"]

TITLE = "Room surveys \u00b7 broadgauge"
MEASURED_DAYS = 365
FIELDS = ("surveyed_on", *COUNTED)


def layout(school: Any = None, room: Any = None, **_: Any) -> html.Div:
    """The shell, for the district or for the school that the address names; with a room of it, its
    form comes first."""
    chosen, named = id_of(school), text_of(room, 200)
    back = [dcc.Link("All schools", href=PATH, className="back")] if chosen else []
    parts = [
        html.Div(loading(320), id="surveys-body", className="page-body"),
        html.Div(
            [
                html.Div(id="survey-form"),
                html.Div(id="survey-saved", **{"aria-live": "polite"}),
            ],
            className="survey-form",
        ),
    ]
    return html.Div(
        [
            html.Nav(back, **{"aria-label": "Breadcrumb"}) if back else None,
            html.H1("Room surveys"),
            fleet_nav(PATH),
            *(parts[::-1] if named else parts),
            dcc.Store(id="survey-of", data=str(chosen) if chosen else None),
            dcc.Store(id="survey-named", data=named),
        ],
        className="page",
    )


def section() -> html.Div:
    """The School page's part on what its rooms have."""
    return html.Div(html.Div(id="school-surveys"), className="page-body page-next")


@callback(
    Output("surveys-body", "children"),
    Input("survey-of", "data"),
    Input("survey-saved", "children"),
    permission=Permission.READ,
)
async def show_surveys(services: Services, school: Any, _: Any) -> Any:
    """What rooms have."""
    found = await services.look_up(room_surveys, school)
    return survey_panels(found, school, await _measured(services, school) if school else {})


async def _measured(services: Services, school: str) -> dict[str, int]:
    """How many video calls each room carried when it was tested last, by its name's key."""
    asked = school_of(school), MEASURED_DAYS, services.now()
    report = await services.read(measured_rooms, *asked)
    latest = sorted(report.readings, key=lambda reading: reading.latest_at)
    return {name_key(one.room): one.calls for one in latest if one.calls is not None}


@callback(
    Output("survey-form", "children"),
    Input("survey-of", "data"),
    State("survey-named", "data"),
    permission=Permission.READ,
)
async def show_form(services: Services, school: Any, room: Any) -> Any:
    """The form, for who may say it."""
    if not current_principal.get().may(Permission.MANAGE):
        return None
    schools = await services.look_up(list_schools)
    return form_panel(schools, school, text_of(room, 200)) if schools else None


@callback(
    Output("survey-fields", "children"),
    Input("survey-school", "value"),
    Input("survey-room", "value"),
    permission=Permission.READ,
)
async def show_fields(services: Services, school: Any, room: Any) -> Any:
    """What is known of the room that was named."""
    if not school or not text_of(room, 200):
        return None
    return fields(await services.look_up(_room, str(school_of(school)), text_of(room, 200)))


@callback(
    Output("survey-saved", "children"),
    Input("save-survey", "n_clicks"),
    State("survey-school", "value"),
    State("survey-room", "value"),
    *(State(f"survey-{name}", "value") for name in FIELDS),
    permission=Permission.MANAGE,
    prevent_initial_call=True,
)
async def save(services: Services, clicks: int | None, school: Any, room: Any, *given: Any) -> Any:
    """Hold what was said."""
    if not clicks:
        raise PreventUpdate
    said = dict(zip(FIELDS, map(_filled, given), strict=True))
    try:
        wish = {"school": str(school_of(school)), "room": text_of(room, 200), **said}
        kept = await services.write(survey_by_hand, _survey(wish), services.now())
    except CollectorError as error:
        return html.P(error.detail, className="note", role="alert")
    return html.P(f"Kept: {kept.room}.", className="note")


@callback(
    Output("school-surveys", "children"),
    Input("school-id", "data"),
    permission=Permission.READ,
)
async def show_school(services: Services, school: str) -> Any:
    """A school's rooms in a sentence."""
    try:
        school_id = school_of(school)
    except NotFound:
        return None  # the page says so already
    sums = await services.look_up(school_rooms, school_id)
    link = dcc.Link("What its rooms have", href=address(str(school_id)))
    words = rooms_said(sums) if sums else "No room is known yet."
    return panel("Power and network in rooms", html.P([words, " ", link, "."]))


def _room(c: Connection, school: str, name: str) -> SurveyedRoom | None:
    rooms = room_surveys(c, school).rooms
    return next((room for room in rooms if name_key(room.room) == name_key(name)), None)


def _survey(wish: dict[str, Any]) -> HandSurvey:
    try:
        return msgspec.convert(wish, HandSurvey)
    except msgspec.ValidationError as error:
        raise Invalid("Write whole numbers that one room can have, and days as 2026-10-05.") from (
            error
        )


def _filled(value: Any) -> Any:
    """What a field says; None if it is empty."""
    if value in (None, ""):
        return None
    if isinstance(value, str):
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            return value
    return value
