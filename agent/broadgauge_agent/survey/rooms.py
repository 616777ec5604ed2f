"""The list of rooms, and what is meant by what was typed. Pure."""

from collections.abc import Collection, Sequence
from typing import Literal

from msgspec import Struct

from broadgauge_wire.spec import MAX_TEXT

from .progress import Progress

Order = Literal["next", "skip", "list", "help", "quit"]

ORDERS: dict[str, Order] = {
    "": "next",
    "s": "skip",
    "skip": "skip",
    "l": "list",
    "list": "list",
    "h": "help",
    "?": "help",
    "help": "help",
    "q": "quit",
    "quit": "quit",
    "exit": "quit",
}


class Choice(Struct, frozen=True, kw_only=True):
    """An order, a room, or both: skip that room. `is_new` is a room that nobody has named yet."""

    order: Order | None = None
    room: str | None = None
    is_new: bool = False


class UnusableNameError(ValueError):
    """What was typed can be no room's name; the message says why."""


def rooms_of(known: Collection[str], progress: Progress) -> tuple[str, ...]:
    """Rooms the collector knows, then those that were named during the survey."""
    added = (room.name for room in progress.rooms if room.name not in known)
    return (*known, *added)


def next_room(rooms: Sequence[str], progress: Progress, after: str | None) -> str | None:
    """The first room from `after` on, round to the beginning, that the survey isn't through with.

    `after` itself comes first: a room that could not be tested is offered again.
    """
    start = rooms.index(after) if after in rooms else 0
    turned = (*rooms[start:], *rooms[:start])
    return next((room for room in turned if progress.room(room) is None), None)


def numbered(rooms: Sequence[str]) -> list[tuple[int | None, str]]:
    """Each room with the number it can be chosen by. A number that is also the name of some room
    means that room, so it is no other one's."""
    names = {room.casefold() for room in rooms}
    numbers = enumerate(rooms, 1)
    return [(None if str(number) in names else number, room) for number, room in numbers]


def understood(typed: str, rooms: Sequence[str]) -> Choice:
    """What was meant. UnusableNameError, in words, if it is nothing.

    The name of a room comes first, in small letters or large; then numbers of the list, then
    orders; anything else is a new room.
    """
    text = " ".join(typed.split())
    if room := _room(text, rooms):
        return Choice(room=room)
    order, _, rest = text.partition(" ")
    if order.casefold() in ("s", "skip") and (room := _room(rest, rooms)):
        return Choice(order="skip", room=room)
    if known := ORDERS.get(text.casefold()):
        return Choice(order=known)
    return Choice(room=_usable(text), is_new=True)


def _room(text: str, rooms: Sequence[str]) -> str | None:
    by_name = {room.casefold(): room for room in reversed(rooms)}
    by_number = {str(number): room for number, room in numbered(rooms)}
    return by_name.get(text.casefold()) or by_number.get(text)


def _usable(text: str) -> str:
    if not text.isprintable() or "\N{REPLACEMENT CHARACTER}" in text:
        raise UnusableNameError("There are characters in it that can't be shown. Type it again.")
    if len(text) > MAX_TEXT:
        raise UnusableNameError(f"A room's name has at most {MAX_TEXT} characters.")
    return text
