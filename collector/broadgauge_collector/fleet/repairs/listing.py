"""Repairs to be looked at one by one."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from broadgauge_wire.fields import about

from ...imports.model import TicketCategory
from ...schools.repository import find_school
from ...store.tables import device
from ..matching import in_parts
from .by_hand import find_device
from .model import CATEGORIES, NOT_KNOWN, OUTSIDE, FleetData, Mask, Repairs

NOWHERE = -2

Counted = Literal["repair", "loss"]


class Repair(Struct, frozen=True, kw_only=True):
    """A repair, or a loss."""

    source: Annotated[str, about("Who told of it; `by hand`: it was typed in here")]
    key: Annotated[str, about("The source's own name of the ticket; by hand, its id")]
    counted_as: Annotated[Counted, about("`repair`; `loss`: lost or stolen")]
    device_id: Annotated[UUID | None, about("Its device's id; null: no device is known")]
    serial: Annotated[str | None, about("Serial number of its device")]
    asset_tag: Annotated[str | None, about("Asset tag of its device")]
    school: Annotated[str | None, about("School of its device")]
    model: Annotated[str | None, about("Model of its device")]
    opened_on: Annotated[date, about("When it was opened")]
    closed_on: Annotated[date | None, about("When it was closed")]
    category: Annotated[TicketCategory | None, about("Why; null: nobody said")]
    issue: Annotated[str | None, about("What was broken, in the words of its source")]
    cost_cents: Annotated[int | None, about("The whole cost in hundredths, in its currency")]
    parts_cents: Annotated[
        int | None, about("Cost of parts; null also where the currency isn't the district's")
    ]
    labour_cents: Annotated[
        int | None, about("Cost of work; null also where the currency isn't the district's")
    ]
    currency: Annotated[str, about("ISO 4217; the district's, unless the source said another")]
    downtime_days: Annotated[float | None, about("Days without the device", "day")]
    under_warranty: Annotated[bool | None, about("Whether the warranty paid; null: not known")]
    in_rates: Annotated[bool, about("Whether it counts in rates")]
    outside: Annotated[str | None, about("Why it doesn't, by name")]


class RepairPage(Struct, frozen=True, kw_only=True):
    """Some of the repairs that were asked for, newest first."""

    total: Annotated[int, about("How many there are in all")]
    repairs: Annotated[tuple[Repair, ...], about("Those of this page")]
    tickets: Annotated[int, about("Tickets of the whole district, whatever they are about")]
    left_out: Annotated[
        dict[str, int], about("Of these, tickets that are no repair and no loss, by reason")
    ]
    outside_rates: Annotated[
        dict[str, int], about("Repairs that count in no rate, by reason: nobody would know of all")
    ]
    incomplete: Annotated[
        dict[str, int], about("Repairs of which a figure couldn't be used, by reason")
    ]
    devices_left_out: Annotated[
        dict[str, int], about("Devices that are in no rate, by reason")
    ]  # fmt: skip


class AskedRepairs(Struct, frozen=True, kw_only=True):
    """Which repairs are asked for."""

    school: str | None = None
    """By name or id; "": of no school that is known."""
    model: str | None = None
    category: TicketCategory | None = None
    since: date | None = None
    until: date | None = None
    """The last day."""
    device: str | None = None
    """By asset tag, serial number or id."""


class _Names(Struct, frozen=True):
    serial: str | None
    asset_tag: str | None


class _Place(NamedTuple):
    """Where it stands, among the repairs or among the losses."""

    counted_as: Counted
    place: int

    def of(self, data: FleetData) -> Repairs:
        """What it stands among."""
        return data.repairs if self.counted_as == "repair" else data.losses


def page(c: Connection, data: FleetData, asked: AskedRepairs, start: int, limit: int) -> RepairPage:
    """A page of them. NotFound for a school or a device that isn't known."""
    found = _found(c, data, asked)
    return RepairPage(
        total=len(found),
        repairs=tuple(_listed(c, data, found[start : start + limit])),
        tickets=data.tickets,
        left_out=data.left_out,
        outside_rates=data.outside_rates,
        incomplete=data.incomplete,
        devices_left_out=data.devices_left_out,
    )


def every_repair(c: Connection, data: FleetData, asked: AskedRepairs) -> Iterator[Repair]:
    """All of them, newest first. NotFound as above."""
    return _listed(c, data, _found(c, data, asked))


def _found(c: Connection, data: FleetData, asked: AskedRepairs) -> NDArray[np.int64]:
    """Their places, losses after all repairs; newest first, of one day repairs before losses."""
    devices = _devices(c, data, asked)
    repairs, losses = (
        np.flatnonzero(_wanted(of, devices, asked)) for of in (data.repairs, data.losses)
    )
    days = np.concatenate([data.repairs.day[repairs], data.losses.day[losses]])
    places = np.concatenate([repairs, losses + len(data.repairs.key)])
    return places[np.argsort(-days.astype(np.int64), kind="stable")]


def _devices(c: Connection, data: FleetData, asked: AskedRepairs) -> Mask | None:
    """Which devices are asked for, with a last one for those that aren't known; None: any."""
    fleet = data.fleet
    wanted: list[Mask] = []
    if asked.school is not None:
        ids = [each.school_id for each in data.schools]
        place = _place(ids, find_school(c, asked.school).id) if asked.school else NOT_KNOWN
        wanted.append(np.append(fleet.school == place, place == NOT_KNOWN))
    if asked.model is not None:
        wanted.append(np.append(fleet.model == _place(fleet.models, asked.model), False))
    if asked.device is not None:
        place = _place(fleet.ids, find_device(c, asked.device))
        wanted.append(np.append(np.arange(len(fleet.ids)) == place, False))
    return np.logical_and.reduce(wanted) if wanted else None


def _place(among: Sequence[Any], wanted: Any) -> int:
    """Where it stands; another than any if it isn't there, as what came just now."""
    return among.index(wanted) if wanted in among else NOWHERE


def _wanted(of: Repairs, devices: Mask | None, asked: AskedRepairs) -> Mask:
    wanted = np.ones(len(of.key), np.bool_) if devices is None else devices[of.device]
    if asked.category is not None:
        wanted = wanted & (of.category == CATEGORIES.index(asked.category))
    if asked.since is not None:
        wanted = wanted & (of.day >= np.datetime64(asked.since, "D"))
    if asked.until is not None:
        wanted = wanted & (of.day <= np.datetime64(asked.until, "D"))
    return wanted


def _listed(c: Connection, data: FleetData, places: NDArray[np.int64]) -> Iterator[Repair]:
    repairs = len(data.repairs.key)
    found = [
        _Place("repair", at) if at < repairs else _Place("loss", at - repairs)
        for at in places.tolist()
    ]
    codes = (int(each.of(data).device[each.place]) for each in found)
    names = _names(c, (data.fleet.ids[code] for code in codes if code >= 0))
    return (_repair(data, each, names) for each in found)


def _names(c: Connection, ids: Iterable[UUID]) -> dict[UUID, _Names]:
    table = device.c
    found: dict[UUID, _Names] = {}
    for some in in_parts(ids):
        asked = select(table.id, table.serial, table.asset_tag).where(table.id.in_(some))
        found |= {id_: _Names(serial, tag) for id_, serial, tag in c.execute(asked)}
    return found


def _repair(data: FleetData, each: _Place, names: dict[UUID, _Names]) -> Repair:
    of, n, fleet = each.of(data), each.place, data.fleet
    code = int(of.device[n])
    known = code >= 0
    id_ = fleet.ids[code] if known else None
    named = names.get(id_, _Names(None, None)) if id_ else _Names(None, None)
    school = int(fleet.school[code]) if known else -1
    cost = of.other_cents[n] if np.isnan(of.cost_cents[n]) else of.cost_cents[n]
    return Repair(
        source=of.source[n],
        key=of.key[n],
        counted_as=each.counted_as,
        device_id=id_,
        serial=named.serial,
        asset_tag=named.asset_tag,
        school=data.schools[school].school if school >= 0 else None,
        model=_name(fleet.models, int(fleet.model[code]) if known else -1),
        opened_on=of.day[n].astype(object),
        closed_on=of.closed[n].astype(object),
        category=_name(CATEGORIES, int(of.category[n])),
        issue=_name(of.issues, int(of.issue[n])),
        cost_cents=_whole(cost),
        parts_cents=_whole(of.parts_cents[n]),
        labour_cents=_whole(of.labour_cents[n]),
        currency=_name(of.currencies, int(of.currency[n])) or data.currency,
        downtime_days=None if np.isnan(of.downtime_days[n]) else float(of.downtime_days[n]),
        under_warranty=_known(int(of.under_warranty[n])),
        in_rates=bool(of.in_rates[n]),
        outside=_name(OUTSIDE, int(of.outside[n])),
    )


def _name(names: Sequence[Any], code: int) -> Any:
    return names[code] if code >= 0 else None


def _whole(cents: float) -> int | None:
    return None if np.isnan(cents) else round(float(cents))


def _known(tri: int) -> bool | None:
    return None if tri == NOT_KNOWN else bool(tri)
