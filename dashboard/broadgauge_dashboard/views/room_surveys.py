"""The page Room surveys: what rooms have, and which can't power a full class."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from dash import dcc, html

from broadgauge_collector.fleet.readiness.model import Enough
from broadgauge_collector.fleet.room_surveys.listing import RoomSurveys
from broadgauge_collector.fleet.room_surveys.model import RoomJudgement, SchoolRooms, SurveyedRoom
from broadgauge_collector.fleet.room_surveys.rules import FIGURES, RoomRules
from broadgauge_collector.schools.checks import name_key

from .. import format as fmt
from ..parts import badge, chip, empty, link_button, metric, panel
from ..tables import cell_note, file_links, folded_table, row_under, table_of
from ..words import Saying

PATH = "/room-surveys"
FILE = "/api/v1/room-survey-sheet"
EXPORT = "/api/v1/room-surveys"

POWER: dict[Enough, Saying] = {
    "enough": Saying("Enough", "", "meets"),
    "short": Saying("Too little", "", "below"),
    "open": Saying("Can't be told yet", "", "undecided"),
}
_ORDER: dict[Enough, int] = {"short": 0, "open": 1, "enough": 2}
NAMES = {
    "surveyed_on": "Surveyed on",
    "seats": "Seats",
    "outlets": "Sockets",
    "circuits": "Circuits",
    "circuit_amperes": "Amperes of each",
    "carts": "Charging carts",
    "cart_slots": "Their slots",
    "network_drops": "Network sockets",
    "access_points": "Access points",
}
"""What a survey counts, as people call it."""

RULES = {
    "volts": ("Voltage", "V"),
    "continuous_share": ("Of a breaker's rating, for hours", ""),
    "charger_watts_low": ("A charger draws at least", "W"),
    "charger_watts_high": ("A charger draws at most", "W"),
    "outlets_kept": ("Sockets for the room's own equipment", ""),
    "watts_kept": ("Power for the room's own equipment", "W"),
    "devices_per_access_point": ("Devices on one access point", ""),
}


def survey_panels(
    found: RoomSurveys, one_school: str | None, measured: Mapping[str, int]
) -> list[Any]:
    """All of the page above its form, for the district or for one school (its id), of which
    `measured` has the video calls that rooms carried, by their names' keys."""
    if not found.rooms:
        return [_nothing(one_school), rules_panel(found.rules)]
    parts = [_short(found.rooms), _schools(found.schools)]
    if one_school:
        parts = [_rooms(found.rooms, measured)]
    return [_sums(found.schools), *parts, _files(one_school), rules_panel(found.rules)]


def sheet_links(one_school: str | None) -> list[Any]:
    """Where to get a sheet to walk with."""
    asked = {"school": one_school} if one_school else {}
    empty_sheet = f"{FILE}?{urlencode(asked)}" if asked else FILE
    filled = f"{FILE}?{urlencode({**asked, 'filled': 'true'})}"
    return [
        html.A("an empty sheet", href=empty_sheet, download=True),
        " or ",
        html.A("one with what is known", href=filled, download=True),
        " (XLSX)",
    ]


def rooms_said(sums: SchoolRooms) -> str:
    """A school's rooms in a sentence."""
    if not sums.surveyed:
        return f"None of {fmt.plural(sums.rooms, 'room')} was surveyed yet."
    short = f"{fmt.count(sums.power_short)} of {fmt.plural(sums.rooms, 'room')}"
    still_open = f"; of {fmt.count(sums.power_open)} it isn't known" if sums.power_open else ""
    return f"{short} can't power a full class{still_open}."


def _nothing(one_school: str | None) -> html.Section:
    return panel(
        "No room is known yet",
        empty(
            "Walk through a school with a sheet",
            html.Span(["Take ", *sheet_links(one_school), ", and fill in what each room has."]),
            "Then bring it on the page Imports, as What rooms have.",
            action=link_button("Import a sheet", "/imports"),
        ),
    )


def _sums(schools: Sequence[SchoolRooms]) -> html.Section:
    rooms = sum(one.rooms for one in schools)
    return panel(
        "A full class in every room",
        html.Div(
            [
                metric(
                    "Can't power a full class",
                    fmt.count(sum(one.power_short for one in schools)),
                    f"of {fmt.plural(rooms, 'room')}",
                ),
                metric(
                    "Can't be told yet",
                    fmt.count(sum(one.power_open for one in schools)),
                    f"{fmt.count(sum(one.surveyed for one in schools))} were surveyed",
                ),
                metric(
                    "Sockets or cart slots missing",
                    fmt.count(sum(one.missing_places for one in schools)),
                    "at the least, in rooms with too little",
                ),
                metric(
                    "Circuits missing",
                    fmt.count(sum(one.missing_circuits for one in schools)),
                    "in rooms with too little, where that is known",
                ),
            ],
            className="metrics",
        ),
        note="A room has enough if all its seats can charge a laptop at once.",
    )


def _short(rooms: Sequence[SurveyedRoom]) -> html.Section | None:
    short = [room for room in rooms if room.judgement.power == "short"]
    if not short:
        return None
    heads = ("Room", "School", "Seats", "Charge at once", "Missing")
    rows = [
        row_under(heads, (_name(r), r.school, fmt.count(r.has.seats), *_charge(r))) for r in short
    ]  # by school, as they come
    return panel(
        "Rooms that can't power a full class",
        *folded_table("Rooms with too little power", heads, rows, "room"),
    )


def _charge(room: SurveyedRoom) -> tuple[Any, Any]:
    judged = room.judgement
    return _range(judged.charge_low, judged.charge_high), missing_words(judged)


def missing_words(judged: RoomJudgement) -> str:
    """What a room lacks, in words."""
    said = [
        _at_least(judged.missing_places, "socket or slot", "sockets or slots"),
        _at_least(judged.missing_circuits, "circuit", "circuits"),
    ]
    words = " and ".join(each for each in said if each)
    return words[:1].upper() + words[1:] if words else fmt.UNKNOWN


def _at_least(number: int | None, one: str, many: str) -> str:
    return fmt.plural(number, one, many) if number else ""


def _schools(schools: Sequence[SchoolRooms]) -> html.Section:
    heads = ("School", "Rooms", "Surveyed", "Too little power", "Can't be told", "Network short")
    ordered = sorted(schools, key=lambda one: -one.power_short)
    rows = [
        row_under(
            heads,
            (
                _school_link(one), fmt.count(one.rooms), fmt.count(one.surveyed),
                fmt.count(one.power_short), fmt.count(one.power_open),
                fmt.count(one.network_short),
            ),
        )
        for one in ordered
    ]  # fmt: skip
    return panel(
        "School by school",
        *folded_table("Rooms of schools", heads, rows, "school"),
    )


def _school_link(one: SchoolRooms) -> Any:
    if one.school_id is None:
        return [one.school, " ", chip("no school here is called so")]
    return dcc.Link(one.school, href=address(str(one.school_id)))


def address(school: str, room: str | None = None) -> str:
    """Where a school's rooms are, or one of them is edited."""
    if room is None:
        return f"{PATH}?{urlencode({'school': school})}"
    return f"{PATH}?{urlencode({'school': school, 'room': room})}"


def _rooms(rooms: Sequence[SurveyedRoom], measured: Mapping[str, int]) -> html.Section:
    heads = ("Room", "Power", "Network", "Has", "Not known")
    ordered = sorted(rooms, key=lambda room: _ORDER[room.judgement.power])
    rows = [row_under(heads, _room(room, measured.get(name_key(room.room)))) for room in ordered]
    return panel(
        "Room by room",
        *folded_table("Rooms", heads, rows, "room"),
        note="Those with too little come first. Choose a room to say what it has.",
    )


def _room(room: SurveyedRoom, calls: int | None) -> tuple[Any, ...]:
    judged = room.judgement
    unknown = ", ".join(NAMES[name].lower() for name in judged.unknown) or fmt.UNKNOWN
    return _name(room), _power(judged), _network(judged, calls), has_words(room), unknown


def _power(judged: RoomJudgement) -> list[Any]:
    said = [badge(POWER[judged.power])]
    if judged.charge_low or judged.charge_high is not None:
        said.append(
            cell_note(f"{_range(judged.charge_low, judged.charge_high)} can charge at once")
        )
    missing = missing_words(judged)
    if judged.power != "enough" and missing != fmt.UNKNOWN:
        said.append(cell_note(f"Missing, to be sure: {missing[:1].lower()}{missing[1:]}"))
    return said


def _network(judged: RoomJudgement, calls: int | None) -> list[Any]:
    tested = "" if calls is None else f"Measured: about {fmt.plural(calls, 'video call')}"
    return [badge(POWER[judged.network]), cell_note(_wired(judged)), cell_note(tested)]


def _wired(judged: RoomJudgement) -> str:
    if judged.seats_without_drop is None:
        return ""
    return f"{fmt.plural(judged.seats_without_drop, 'seat')} without a network socket"


def has_words(room: SurveyedRoom) -> str:
    """What was counted in a room, in words."""
    has = room.has
    amperes = "" if has.circuit_amperes is None else f" of {has.circuit_amperes:g} A"
    said = [
        _counted(has.seats, "seat"),
        _counted(has.outlets, "socket"),
        _counted(has.circuits, "circuit") + (amperes if has.circuits is not None else ""),
        _counted(has.carts, "cart"),
        _counted(has.cart_slots, "slot"),
        _counted(has.network_drops, "network socket"),
        _counted(has.access_points, "access point"),
    ]
    words = ", ".join(each for each in said if each)
    return words or "Not surveyed yet"


def _counted(number: int | None, thing: str) -> str:
    return "" if number is None else fmt.plural(number, thing)


def _name(room: SurveyedRoom) -> list[Any]:
    by = [] if not room.by_hand else ["partly said by hand"]
    when = [] if room.surveyed_on is None else [f"surveyed {room.surveyed_on}"]
    name: Any = room.room
    if room.school_id is not None:
        name = html.A(room.room, href=address(str(room.school_id), room.room))
    return [name, cell_note(", ".join([*when, *by]))]


def _files(one_school: str | None) -> html.P:
    asked = {"school": one_school} if one_school else {}
    text = [
        "Walk with ",
        *sheet_links(one_school),
        ". Take the figures away: ",
        *file_links(EXPORT, asked),
        ".",
    ]
    return html.P(text, className="footing")


def rules_panel(rules: RoomRules) -> html.Section:
    """By which figures rooms are judged."""
    heads = ("Figure", "Value", "Why")
    rows = [
        row_under(
            heads, (RULES[name][0], _value(rules, name), rules.reasons.get(name, fmt.UNKNOWN))
        )
        for name in FIGURES
    ]
    return panel(
        "What this rests on",
        html.Details([html.Summary(f"{len(rows)} figures"), table_of("Figures", heads, rows)]),
        html.P(
            ["Change them with ", html.Code("broadgauge rooms survey rules"), "."],
            className="footing",
        ),
    )


def _value(rules: RoomRules, name: str) -> str:
    return f"{getattr(rules, name):g} {RULES[name][1]}".strip()


def _range(low: int, high: int | None) -> str:
    if high is None:
        return f"{fmt.count(low)} or more"
    return fmt.count(low) if low == high else f"{fmt.count(low)} to {fmt.count(high)}"
