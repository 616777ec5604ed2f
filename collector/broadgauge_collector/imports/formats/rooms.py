"""What a walk through a school counted in each room, on the sheet that broadgauge gives out or on
one of people's own."""

from ..model import Column, Format, RoomRecord, RowRefused, Values
from ..room_records import (
    COUNTED,
    amperes,
    check_room,
    count,
    place_of_key,
    room_key,
    room_name,
)
from ..values import day, text

NOTHING_COUNTED = (
    "nothing was counted in it: write what the room has, 0 where it has none, and leave empty what "
    "nobody looked at"
)


def _room(values: Values) -> RoomRecord:
    place, room = values.get("school"), values.get("room")
    if place is None or room is None:
        raise RowRefused("nothing says which room this is: fill in its school and its name")
    said = {name: values[name] for name in COUNTED if name in values}
    if not said:
        raise RowRefused(NOTHING_COUNTED)
    surveyed_on = values.get("surveyed_on")
    key = room_key(place, room)
    record = RoomRecord(key=key, place=place, room=room, surveyed_on=surveyed_on, **said)
    check_room(record)
    return record


ROOMS = Format(
    key="rooms",
    title="What rooms have",
    source="rooms",
    record=RoomRecord,
    columns=(
        Column(
            field="school", names=("School", "School Name", "Campus"), value=text, required=True
        ),
        Column(
            field="room", names=("Room", "Room Name", "Room Number", "Classroom"),
            value=room_name, required=True,
        ),
        Column(
            field="surveyed_on", names=("Surveyed On", "Survey Date", "Date Surveyed"), value=day
        ),
        Column(
            field="seats", names=("Seats", "Student Seats", "Desks", "Capacity"), value=count
        ),
        Column(
            field="outlets", names=("Outlets", "Sockets", "Power Outlets", "Receptacles"),
            value=count,
        ),
        Column(
            field="circuits", names=("Circuits", "Power Circuits", "Breakers"), value=count
        ),
        Column(
            field="circuit_amperes",
            names=("Amperes per Circuit", "Circuit Amperes", "Amps per Circuit", "Circuit Amps"),
            value=amperes,
        ),
        Column(field="carts", names=("Charging Carts", "Carts"), value=count),
        Column(
            field="cart_slots", names=("Cart Slots", "Charging Slots", "Slots"), value=count
        ),
        Column(
            field="network_drops",
            names=("Network Drops", "Data Drops", "Drops", "Ethernet Ports", "Network Jacks"),
            value=count,
        ),
        Column(field="access_points", names=("Access Points", "APs", "WAPs"), value=count),
    ),
    record_of=_room,
    complete=True,
    group=place_of_key,
    example=(
        "Take an empty sheet from the page Room surveys, walk through the school with it, and fill "
        "in what each room has."
    ),
)  # fmt: skip

FORMATS = (ROOMS,)
