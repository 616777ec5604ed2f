"""What people here say of a device themselves: it wins over all other sources."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, structs
from sqlalchemy import Connection, select

from broadgauge_wire.fields import Text, about

from ..errors import NotFound
from ..imports.model import DeviceKind, DeviceRecord, DeviceState
from ..schools.repository import find_school
from ..store.tables import device
from .device_rows import Devices
from .merging import HAND
from .model import WholeDevice
from .precedence import precedence
from .questions import whole_device

Cents = Annotated[int, Meta(ge=0, le=10**12)]


class HandSaid(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to hold of a device from now on, whatever its sources say. What is left out is left
    to them."""

    school: Annotated[Text | None, about("School, by name or id")] = None
    state: Annotated[DeviceState | None, about("Whether it is in service")] = None
    state_since: Annotated[date | None, about("Since when")] = None
    kind: Annotated[DeviceKind | None, about("What it is")] = None
    asset_tag: Annotated[Text | None, about("Asset tag")] = None
    model: Annotated[Text | None, about("Model")] = None
    purchased_on: Annotated[date | None, about("When it was bought")] = None
    purchase_cost_cents: Annotated[Cents | None, about("What it cost, in hundredths")] = None
    warranty_ends_on: Annotated[date | None, about("Last day of the warranty")] = None
    funding_source: Annotated[Text | None, about("What it was paid from")] = None


def say_by_hand(c: Connection, id_: UUID, said: HandSaid, now: datetime) -> WholeDevice:
    """Hold this of a device. NotFound if there is no such device, or school."""
    if c.execute(select(device.c.id).where(device.c.id == id_)).one_or_none() is None:
        raise NotFound(f"There is no device with the id {id_}.")
    values = structs.asdict(said)
    school = values.pop("school")
    place = find_school(c, school).name if school else None
    rows = Devices(c, HAND, precedence(c))
    if place is None and not any(value is not None for value in values.values()):
        rows.forget([str(id_)])
    else:
        rows.put([DeviceRecord(key=str(id_), place=place, **values)], now, of=id_)
    return whole_device(c, id_)
