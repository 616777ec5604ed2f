"""Figures by which rooms are judged, each with its reason. The district edits them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

from msgspec import Meta, Struct, structs
from sqlalchemy import Connection

from broadgauge_wire.fields import about

from ...errors import Invalid
from ..repairs.settings import read_setting, write_setting

KEY: Final = "room-rules"
OWN: Final = "Set by the district."
LONGEST_REASON: Final = 300

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "volts": "United States: ANSI C84.1, 120 V nominal.",
        "continuous_share": "NFPA 70 (National Electrical Code), 210.20(A): a breaker is rated for "
        "125% of what is drawn for three hours or longer, so 80% of it may be.",
        "charger_watts_low": "A Chromebook's usual USB-C charger. Our assumption: read yours.",
        "charger_watts_high": "A laptop's usual USB-C charger. Our assumption: read yours.",
        "outlets_kept": "The teacher's computer and a projector. Our assumption: count yours.",
        "watts_kept": "A projector of 300 W and a computer of 100 W. Our assumption: read yours.",
        "devices_per_access_point": "A class of students on one access point. Our assumption: ask "
        "your vendor.",
    }
)


class RoomRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By which figures rooms are judged."""

    volts: Annotated[
        Annotated[float, Meta(ge=50, le=500)], about("Voltage of the outlets", "V")
    ] = 120.0
    continuous_share: Annotated[
        Annotated[float, Meta(gt=0, le=1)],
        about("Share of a breaker's rating that may be drawn for hours"),
    ] = 0.8
    charger_watts_low: Annotated[
        Annotated[float, Meta(gt=0, le=1000)], about("The least that one charger draws", "W")
    ] = 45.0
    charger_watts_high: Annotated[
        Annotated[float, Meta(gt=0, le=1000)], about("The most that one charger draws", "W")
    ] = 65.0
    outlets_kept: Annotated[
        Annotated[int, Meta(ge=0, le=100)], about("Sockets that the room's own equipment takes")
    ] = 2
    watts_kept: Annotated[
        Annotated[float, Meta(ge=0, le=100_000)],
        about("What the room's own equipment draws", "W"),
    ] = 400.0
    devices_per_access_point: Annotated[
        Annotated[int, Meta(ge=1, le=1000)], about("Devices that one access point carries")
    ] = 30
    reasons: Annotated[dict[str, str], about("By figure, why it is this one")] = {}


FIGURES = tuple(REASONS)
USUAL = RoomRules(reasons=dict(REASONS))


def room_rules(c: Connection) -> RoomRules:
    """Those that were set, or the usual ones."""
    return read_setting(c, KEY, USUAL)


def set_room_rules(c: Connection, given: RoomRules) -> RoomRules:
    """Set them, all at once. A figure that is changed without a reason of its own gets one that
    says who changed it. Invalid for what can't be."""
    _check(given)
    before = room_rules(c)
    reasons = {name: _reason(name, before, given) for name in FIGURES}
    return write_setting(c, KEY, structs.replace(given, reasons=reasons))


def _reason(name: str, before: RoomRules, given: RoomRules) -> str:
    said, value = given.reasons.get(name, "").strip(), getattr(given, name)
    if said and said != before.reasons[name]:
        return said
    if value == getattr(before, name):
        return before.reasons[name]
    return REASONS[name] if value == getattr(USUAL, name) else OWN


def _check(given: RoomRules) -> None:
    if given.charger_watts_low > given.charger_watts_high:
        raise Invalid("The least that a charger draws is more than the most: correct one of them.")
    unknown = [name for name in given.reasons if name not in REASONS]
    if unknown:
        raise Invalid(f"There is no figure {unknown[0][:40]!r}. There are: {', '.join(FIGURES)}.")
    if any(len(reason) > LONGEST_REASON for reason in given.reasons.values()):
        raise Invalid(f"A reason has {LONGEST_REASON} characters at most.")
