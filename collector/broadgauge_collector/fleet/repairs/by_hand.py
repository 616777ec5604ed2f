"""Repairs that people here type in: tickets of a source of their own."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct, structs
from sqlalchemy import Connection, select, update

from broadgauge_wire import new_id
from broadgauge_wire.fields import Text, about

from ...errors import Invalid, NotFound
from ...imports.amounts import MOST_CENTS
from ...imports.model import TicketRecord
from ...store.tables import device, device_identity, device_source, ticket
from ..device_rows import DeviceKept
from ..other_rows import KEPT, OtherRows
from .periods import first_had
from .rule import BY_HAND, check_currency
from .today import day_here

HandCategory = Literal["failure", "accident", "loss", "theft", "maintenance"]
Issue = Literal[
    "Cracked screen", "Screen", "Keyboard", "Touchpad", "Battery", "Charging port", "Charger",
    "Hinge", "Case", "Disk", "Memory", "Mainboard", "Camera", "Speaker", "Wi-Fi", "Liquid",
    "Software", "Other",
]  # fmt: skip
MOST_DOWNTIME_DAYS = 3650


class HandRepair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A repair as somebody here tells of it. There is no room for words of one's own: names would
    stand in them."""

    device: Annotated[
        Annotated[Text, Meta(min_length=1)], about("Its asset tag, serial number or id")
    ]
    opened_on: Annotated[date, about("Day on which it broke, or was brought")]
    category: Annotated[HandCategory, about("Why; loss and theft are counted apart")]
    closed_on: Annotated[date | None, about("Day on which it was back; null: it isn't yet")] = None
    issue: Annotated[Issue | None, about("What was broken")] = None
    cost_cents: Annotated[int | None, about("The whole cost, in hundredths")] = None
    parts_cents: Annotated[int | None, about("Cost of parts, in hundredths")] = None
    labour_cents: Annotated[int | None, about("Cost of work, in hundredths")] = None
    currency: Annotated[
        str | None, about("ISO 4217; null: the district's. Others are kept and never added")
    ] = None
    downtime_days: Annotated[
        float | None, about("Days without the device; null: from opened to closed", "day")
    ] = None
    under_warranty: Annotated[
        bool | None, about("Whether the warranty paid; null: not known")
    ] = None  # fmt: skip


class KeptRepair(Struct, frozen=True, kw_only=True):
    """A repair that was typed in."""

    id: Annotated[UUID, about("What the collector calls it")]
    device_id: Annotated[UUID, about("Its device's id")]


class _Device(Struct, frozen=True):
    id: UUID
    serial: str | None
    asset_tag: str | None
    facts: str


def add_repair(c: Connection, given: HandRepair, now: datetime) -> KeptRepair:
    """Take a repair in. NotFound if there is no such device, Invalid for what can't be."""
    return _put(c, new_id(), given, now)


def change_repair(c: Connection, id_: UUID, given: HandRepair, now: datetime) -> KeptRepair:
    """Say it anew. NotFound if there is no such repair or device, Invalid for what can't be."""
    _check_is_there(c, id_)
    return _put(c, id_, given, now)


def remove_repair(c: Connection, id_: UUID, now: datetime) -> None:
    """Take it back. NotFound if there is none of this id."""
    _check_is_there(c, id_)
    _rows(c).vanish([str(id_)], now)


def find_device(c: Connection, said: str) -> UUID:
    """The one device of this asset tag, serial number or id. NotFound if there is none, Invalid if
    there are several."""
    named = " ".join(said.split())
    found = _by_id(c, named) or _by_name(c, named)
    if not found:
        raise NotFound(
            "There is no device with this asset tag, serial number or id. Look it up on the page "
            "Devices."
        )
    if len(found) > 1:
        raise Invalid(
            f"{len(found)} devices have this asset tag or serial number: give the id of the one "
            "that is meant, which its page shows."
        )
    return found.pop()


def _put(c: Connection, id_: UUID, given: HandRepair, now: datetime) -> KeptRepair:
    of = _device(c, find_device(c, given.device))
    _check(given, of, day_here(c, now))
    said: dict[str, Any] = structs.asdict(given)
    del said["device"]
    record = TicketRecord(key=str(id_), serial=of.serial, asset_tag=of.asset_tag, **said)
    _rows(c).put([record], now)
    mine = (ticket.c.source == BY_HAND) & (ticket.c.key == str(id_))
    c.execute(update(ticket).where(mine).values(device_id=of.id))  # a tag may be another's, too
    return KeptRepair(id=id_, device_id=of.id)


def _rows(c: Connection) -> OtherRows:
    return OtherRows(c, BY_HAND, KEPT[TicketRecord])


def _check_is_there(c: Connection, id_: UUID) -> None:
    asked = select(ticket.c.key).where(ticket.c.source == BY_HAND, ticket.c.key == str(id_))
    if c.execute(asked).one_or_none() is None:
        raise NotFound(f"There is no repair with the id {id_} that was typed in here.")


def _by_id(c: Connection, named: str) -> set[UUID]:
    try:
        id_ = UUID(named)
    except ValueError:
        return set()
    return set(c.execute(select(device.c.id).where(device.c.id == id_)).scalars())


def _by_name(c: Connection, named: str) -> set[UUID]:
    """By what any source calls it; asset tags and serial numbers are kept in upper case, except
    what people said by hand."""
    i, s = device_identity.c, device_source.c
    asked = (
        select(s.device_id)
        .join_from(device_identity, device_source, (i.source == s.source) & (i.key == s.key))
        .where(i.kind.in_(("serial", "asset_tag")), i.value.in_({named, named.upper()}))
    )
    return set(c.execute(asked).scalars())


def _device(c: Connection, id_: UUID) -> _Device:
    table = device.c
    asked = select(table.id, table.serial, table.asset_tag, table.facts).where(table.id == id_)
    return _Device(*c.execute(asked).one())


def _check(given: HandRepair, of: _Device, today: date) -> None:
    _check_days(given, first_had(msgspec.json.decode(of.facts, type=DeviceKept).record), today)
    for cents in (given.cost_cents, given.parts_cents, given.labour_cents):
        if cents is not None and not 0 <= cents <= MOST_CENTS:
            raise Invalid(
                f"A cost is 0 or more, and at most {MOST_CENTS:,} hundredths; leave out what isn't "
                "known."
            )
    if given.cost_cents is not None and given.cost_cents < _parts_of(given):
        raise Invalid("The whole cost is less than parts and labour: correct one of them.")
    days = given.downtime_days
    if days is not None and not 0 <= days <= MOST_DOWNTIME_DAYS:
        raise Invalid(f"Days without the device are a number from 0 to {MOST_DOWNTIME_DAYS:,}.")
    if given.currency is not None:
        check_currency(given.currency)


def _parts_of(given: HandRepair) -> int:
    return (given.parts_cents or 0) + (given.labour_cents or 0)


def _check_days(given: HandRepair, had: date | None, today: date) -> None:
    if given.opened_on > today or (given.closed_on or today) > today:
        raise Invalid("It was opened or closed after today: correct the day.")
    if given.closed_on is not None and given.closed_on < given.opened_on:
        raise Invalid("It was closed before it was opened: correct one of the two days.")
    if had is not None and given.opened_on < had:
        raise Invalid(
            f"It was opened before the device was bought or enrolled, on {had}: correct the day, "
            "or that of the device."
        )
