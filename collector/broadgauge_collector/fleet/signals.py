"""Parts of machines that were changed, as agents noticed: perhaps repairs, which people confirm."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Select, delete, insert, select, update

from broadgauge_wire import new_id
from broadgauge_wire.fields import about

from ..errors import Conflict, NotFound
from ..imports.model import DeviceRecord, TicketRecord
from ..store.tables import device, device_signal, school, ticket
from .matching import own_devices
from .merging import AGENT
from .other_rows import KEPT, OtherRows
from .parts_changed import Part, PartChange, changed_parts
from .repairs.rule import BY_HAND

SignalState = Literal["open", "confirmed", "dismissed"]

ISSUES: dict[Part, str] = {
    "disk": "Disk replaced",
    "battery": "Battery replaced",
    "memory": "Memory replaced",
}
MOST = 1000


class DeviceSignal(Struct, frozen=True, kw_only=True):
    """A part of a machine that isn't the one it was."""

    id: Annotated[UUID, about("What the collector calls it; the repair's, once it is confirmed")]
    device_id: Annotated[UUID, about("The device's id")]
    serial: Annotated[str | None, about("Its serial number")]
    asset_tag: Annotated[str | None, about("Its asset tag")]
    model: Annotated[str | None, about("Its model")]
    school: Annotated[str | None, about("Its school, if it is known")]
    part: Annotated[Part, about("Which part")]
    before: Annotated[str, about("What it was")]
    after: Annotated[str, about("What it is now")]
    noticed_at: Annotated[datetime, about("When an agent's inventory first had it")]
    state: Annotated[
        SignalState, about("`open`: nobody decided yet; `confirmed`: a repair; `dismissed`: none")
    ]
    decided_at: Annotated[datetime | None, about("When somebody decided")]


def note_changes(
    c: Connection,
    before: Mapping[str, str | None],
    after: Sequence[DeviceRecord],
    now: datetime,
) -> int:
    """Note what differs between what agents' machines were said to be, by key, as it is kept, and
    what they are now; how many signals that made. The devices are there already."""
    devices = own_devices(c, AGENT, [record.key for record in after])
    made = 0
    for record in after:
        was = before.get(record.key)
        found = changed_parts(_record(was), record) if was else ()
        made += sum(_note(c, devices[record.key], change, now) for change in found)
    return made


def signals(
    c: Connection, state: SignalState | None = None, device_id: UUID | None = None
) -> tuple[DeviceSignal, ...]:
    """Newest first, at most 1000."""
    asked, table = _asked(), device_signal.c
    if state is not None:
        asked = asked.where(table.state == state)
    if device_id is not None:
        asked = asked.where(table.device_id == device_id)
    rows = c.execute(asked.order_by(table.noticed_at.desc(), table.id).limit(MOST)).mappings()
    return tuple(DeviceSignal(**row) for row in rows)


def confirm_signal(c: Connection, id_: UUID, now: datetime) -> DeviceSignal:
    """It was a repair: note one, of the day on which it was noticed, to be corrected where repairs
    are. NotFound if there is no such signal, Conflict if somebody decided already."""
    found = _decide(c, id_, "confirmed", now)
    repaired_on = found.noticed_at.date()
    record = TicketRecord(
        key=str(id_),
        serial=found.serial,
        asset_tag=found.asset_tag,
        opened_on=repaired_on,
        closed_on=repaired_on,
        category="failure",
        kind="Repair",
        issue=ISSUES[found.part],
    )
    OtherRows(c, BY_HAND, KEPT[TicketRecord]).put([record], now)
    mine = (ticket.c.source == BY_HAND) & (ticket.c.key == record.key)
    c.execute(update(ticket).where(mine).values(device_id=found.device_id))
    return found


def dismiss_signal(c: Connection, id_: UUID, now: datetime) -> DeviceSignal:
    """It was no repair. NotFound if there is no such signal, Conflict if somebody decided."""
    return _decide(c, id_, "dismissed", now)


def _note(c: Connection, device_id: UUID, change: PartChange, now: datetime) -> bool:
    """Whether it is news. A change that is taken back while nobody decided was none: a part that
    was lent, or an inventory that was wrong."""
    table = device_signal.c
    its = (table.device_id == device_id) & (table.part == change.part)
    back = its & (table.before == change.after) & (table.after == change.before)
    if c.execute(delete(device_signal).where(back, table.state == "open")).rowcount:
        return False
    same = its & (table.before == change.before) & (table.after == change.after)
    if c.execute(select(table.id).where(same)).first():
        return False
    row = {"part": change.part, "before": change.before, "after": change.after}
    new = {"id": new_id(), "device_id": device_id, "noticed_at": now, "state": "open"}
    c.execute(insert(device_signal).values(**row, **new))
    return True


def _decide(c: Connection, id_: UUID, state: SignalState, now: datetime) -> DeviceSignal:
    table = device_signal.c
    waiting = (table.id == id_) & (table.state == "open")
    decided = c.execute(
        update(device_signal).where(waiting).values(state=state, decided_at=now)
    ).rowcount
    row = c.execute(_asked().where(table.id == id_)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"There is no signal with the id {id_}. See: broadgauge devices signals")
    if not decided:
        raise Conflict(f"This signal is {row['state']} already: nothing was changed.")
    return DeviceSignal(**row)


def _asked() -> Select[Any]:
    own = [
        device_signal.c[name]
        for name in ("id", "device_id", "part", "before", "after", "noticed_at", "state",
                     "decided_at")
    ]  # fmt: skip
    of_device = (device.c.serial, device.c.asset_tag, device.c.model, school.c.name.label("school"))
    return select(*own, *of_device).select_from(
        device_signal.join(device).outerjoin(school, device.c.school_id == school.c.id)
    )


def _record(facts: str) -> DeviceRecord:
    return msgspec.json.decode(facts, type=DeviceRecord)
