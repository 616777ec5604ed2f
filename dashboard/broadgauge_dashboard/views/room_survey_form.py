"""The form in which people say what a room has."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from broadgauge_collector.fleet.room_surveys.model import SurveyedRoom
from broadgauge_collector.imports.room_records import COUNTED, MOST, MOST_AMPERES
from broadgauge_collector.schools.model import School

from ..parts import panel
from .room_surveys import NAMES


def form_panel(schools: Sequence[School], school: str | None, room: str) -> html.Section:
    """Which room, and what it has."""
    data = [{"value": str(one.id), "label": one.name} for one in schools]
    known = school if school in {each["value"] for each in data} else None
    which = [
        dmc.Select(
            id="survey-school", label="School", data=data, value=known, searchable=True,
            className="control control-wide",
        ),
        dmc.TextInput(
            id="survey-room", label="Room", value=room, placeholder="Room 12", debounce=300,
            className="control",
        ),
    ]  # fmt: skip
    return panel(
        "Say what a room has",
        html.Div(which, className="controls"),
        html.Div(id="survey-fields"),
        note="It wins over sheets, figure by figure, also over later ones. What is left empty is "
        "left to them; 0 says that there is none.",
    )


def fields(room: SurveyedRoom | None) -> list[Any]:
    """A field for each figure, with what was said by hand; what sheets say stands behind."""
    said = room.said_by_hand() if room else {}
    day = dmc.DateInput(
        id="survey-surveyed_on", label=NAMES["surveyed_on"], value=str(said["surveyed_on"])
        if "surveyed_on" in said else None, placeholder=_by_sheet(room, "surveyed_on"),
        valueFormat="YYYY-MM-DD", clearable=True, className="control",
    )  # fmt: skip
    numbers = [_number(name, said.get(name), _by_sheet(room, name)) for name in COUNTED]
    button = dmc.Button("Save", id="save-survey")
    return [html.Div([day, *numbers, button], className="controls line-form")]


def _number(name: str, value: float | None, by_sheet: str) -> dmc.NumberInput:
    return dmc.NumberInput(
        id=f"survey-{name}",
        label=NAMES[name],
        value="" if value is None else value,
        placeholder=by_sheet,
        min=0,
        max=MOST_AMPERES if name == "circuit_amperes" else MOST,
        allowDecimal=name == "circuit_amperes",
        className="control",
    )


def _by_sheet(room: SurveyedRoom | None, name: str) -> str:
    if room is None or name in room.by_hand:
        return ""
    value = room.value(name)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
