"""What a room has, and whether it carries a full class."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from broadgauge_wire.fields import Text, about

from ...imports.room_records import MOST, MOST_AMPERES
from ..readiness.model import Enough

Number = Annotated[int, Meta(ge=0, le=MOST)]
Amperes = Annotated[float, Meta(gt=0, le=MOST_AMPERES)]


class RoomFigures(Struct, frozen=True, kw_only=True):
    """What was counted in a room. Null: nobody looked; 0: there is none."""

    seats: Annotated[Number | None, about("Seats of students")] = None
    outlets: Annotated[
        Number | None, about("Sockets that a charger fits into; a duplex outlet has two")
    ] = None
    circuits: Annotated[Number | None, about("Circuits that feed these sockets")] = None
    circuit_amperes: Annotated[
        Amperes | None, about("What the breaker of each is rated for; the least, if they differ")
    ] = None
    carts: Annotated[Number | None, about("Charging carts that stand there")] = None
    cart_slots: Annotated[Number | None, about("Slots of all these carts together")] = None
    network_drops: Annotated[
        Number | None, about("Network sockets, those of access points among them")
    ] = None
    access_points: Annotated[Number | None, about("Wi-Fi access points in the room")] = None


class HandSurvey(RoomFigures, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to hold of a room from now on, whatever sheets say. What is left out is left to them;
    all of it left out takes back what was said before."""

    school: Annotated[Text, about("School, by name or id")]
    room: Annotated[Text, about("What people call the room")]
    surveyed_on: Annotated[date | None, about("Day on which somebody looked")] = None


class RoomJudgement(Struct, frozen=True, kw_only=True):
    """A room held against a class that fills its seats. A range is from what there surely is to
    what there may be; its end is null where what isn't known could be anything."""

    places_low: Annotated[int, about("Students who surely have a socket or a slot")]
    places_high: Annotated[int | None, about("The most who may have one")]
    powered_low: Annotated[int, about("Chargers that the circuits surely feed at once")]
    powered_high: Annotated[int | None, about("The most that they may feed")]
    charge_low: Annotated[int, about("Students who can surely charge at once: the smaller one")]
    charge_high: Annotated[int | None, about("The most who may charge at once")]
    power: Annotated[Enough, about("Whether all seats can charge at once")]
    missing_places: Annotated[
        int | None, about("Seats without a socket or slot, at the least; null: not known")
    ]
    missing_circuits: Annotated[
        int | None,
        about("Circuits more like those there, to be surely enough; null: not known"),
    ]
    online_low: Annotated[int, about("Students whom drops and access points surely carry")]
    online_high: Annotated[int | None, about("The most whom they may carry")]
    network: Annotated[Enough, about("Whether all seats have a place on the network")]
    seats_without_drop: Annotated[
        int | None,
        about("Seats that no network socket is left for, and Wi-Fi must carry; null: not known"),
    ]
    missing_online: Annotated[
        int | None, about("Seats without a place on the network, at the least; null: not known")
    ]
    unknown: Annotated[tuple[str, ...], about("Figures that nobody gave and that could decide it")]


class SurveyedRoom(Struct, frozen=True, kw_only=True):
    """A room: what it has, who says so, and whether that carries a full class."""

    school_id: Annotated[UUID | None, about("The school here; null: none is known by its name")]
    school: Annotated[str, about("School; one that isn't known, in the sheet's words")]
    room: Annotated[str, about("What people call it")]
    has_code: Annotated[bool, about("Whether browsers can test it by a code on its wall")]
    surveyed_on: Annotated[date | None, about("Day on which somebody looked last")]
    has: Annotated[RoomFigures, about("What it has")]
    by_hand: Annotated[tuple[str, ...], about("Which of these somebody here said by hand")]
    judgement: Annotated[RoomJudgement, about("Whether that carries a full class")]

    def said_by_hand(self) -> dict[str, Any]:
        """What somebody here said by hand, by field."""
        return {name: self.value(name) for name in self.by_hand}

    def value(self, field: str) -> Any:
        """A figure, or the day on which somebody looked."""
        return self.surveyed_on if field == "surveyed_on" else getattr(self.has, field)


class SchoolRooms(Struct, frozen=True, kw_only=True):
    """The rooms of a school, counted."""

    school_id: Annotated[UUID | None, about("The school here; null: none is known by its name")]
    school: Annotated[str, about("School")]
    rooms: Annotated[int, about("Rooms that are known")]
    surveyed: Annotated[int, about("Rooms of which some figure is known")]
    power_short: Annotated[int, about("Rooms that surely can't power a full class")]
    power_enough: Annotated[int, about("Rooms that surely can")]
    power_open: Annotated[int, about("Rooms of which it isn't known")]
    network_short: Annotated[int, about("Rooms whose seats surely aren't all on the network")]
    missing_places: Annotated[
        int, about("Sockets or slots missing in those that are short, at the least")
    ]
    missing_circuits: Annotated[
        int, about("Circuits missing in those that are short, where that is known")
    ]
