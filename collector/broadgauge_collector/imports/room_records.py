"""What a survey sheet's cells say of a room, and whether that can be."""

import hashlib
import re

from ..schools.checks import name_key
from . import values as read
from .model import RoomRecord, RowRefused
from .places_kept import CODE, PERSONAL, looks_like_a_place
from .record_parts import check_past

LONGEST_NAME = 80
MOST = 5_000
"""Of anything in one room: an arena has as many seats, and a slip of the keyboard has more."""

MOST_AMPERES = 400
DIGEST_BYTES = 8

COUNTED = (
    "seats", "outlets", "circuits", "circuit_amperes", "carts", "cart_slots", "network_drops",
    "access_points",
)  # fmt: skip

WORD_OF_ROOMS = re.compile(
    r"\b(?:halls?|studios?|shops?|workshops?|suites?|pods?|commons|lounge|music|band|choir|chorus"
    r"|orchestra|drama|dance|science|chemistry|physics|biology|math|maths|computers?|maker ?space"
    r"|multi-?purpose|conference|meeting|resource|reading|speech|weights?|stem|steam|robotics"
    r"|sped|esl|ell|copy|commissary|greenhouse|pool|stage|locker|study|pre-?school|day ?care)\b"
    r"|^arts?\b(?: ?\d\w*)?$",
    re.IGNORECASE,
)
"""What stands in the names of schools' rooms, beside the words of places."""

NO_ROOM_NAME = "it should be the room's number or what it is for, such as Room 12 or Music Room"


def room_name(cell: str) -> str:
    """What people call a room. Not one that may be a person's name, such as that of its teacher."""
    said = read.text(cell)
    if len(said) > LONGEST_NAME:
        raise ValueError(f"it should have {LONGEST_NAME} characters at most")
    if not is_room_name(said):
        raise ValueError(NO_ROOM_NAME)
    return said


def is_room_name(said: str) -> bool:
    """Whether it is a number, or has a word that stands in the names of rooms."""
    name = " ".join(said.replace("/", " ").split())
    if PERSONAL.search(said) or PERSONAL.search(name):
        return False
    is_number = any(c.isdigit() for c in name) and CODE.fullmatch(name.upper()) is not None
    return is_number or looks_like_a_place(name) or WORD_OF_ROOMS.search(name) is not None


def count(cell: str) -> int:
    """How many of something one room has."""
    found = read.whole(cell)
    if found > MOST:
        raise ValueError(f"it should be what one room has, {MOST:,} at most")
    return found


def amperes(cell: str) -> float:
    """What a circuit's breaker is rated for, such as 20 or 20 A."""
    found = read.number(re.sub(r"\s*(?:a|amps?|amperes?)\.?$", "", cell, flags=re.IGNORECASE))
    if not 0 < found <= MOST_AMPERES:
        raise ValueError(f"it should be the amperes of one circuit, {MOST_AMPERES} at most")
    return found


def room_key(place: str, room: str) -> str:
    """What a room goes by: its place and its name, neither of them in words."""
    return f"{_digest(place)}/{_digest(room)}"


def place_of_key(key: str) -> str:
    """What is the same for all rooms of a place."""
    return key.partition("/")[0]


def check_room(record: RoomRecord) -> None:
    """RowRefused if what is said of a room can't be."""
    check_past(record.surveyed_on, "it was surveyed after today: correct the day")
    if record.carts == 0 and record.cart_slots:
        raise RowRefused("it has slots in carts and no cart: correct one of the two")
    if record.circuits == 0 and record.outlets:
        raise RowRefused("it has outlets and no circuit: leave empty what nobody looked at")


def _digest(name: str) -> str:
    return hashlib.blake2b(name_key(name).encode(), digest_size=DIGEST_BYTES).hexdigest()
