"""What a file doesn't speak of: where it has no column for a fact, what its source said of that
before still holds. An empty cell takes it back; a column that isn't there doesn't."""

import re
from typing import Any, BinaryIO

from msgspec.structs import replace

from ..errors import TooLarge, Unreadable
from .headings import heading_of, places
from .model import DeviceRecord, Format, Record, RowRefused, TicketRecord
from .record_parts import check_device, check_ticket
from .sheets import open_sheet

Facts = dict[str, Any]
"""Values by the fields of a record."""

ADDRESSES, KIND, PLACE, SEEN = ("macs",), ("kind",), ("place",), ("last_seen_at",)
STATE, USE = ("state", "state_since"), ("hours_a_week",)
SUPPORT = ("support_ends_on", "extended_support_ends_on")
DISK, ISSUE = ("disk_bytes", "disk_free_bytes"), ("issue", "category")

FILLS: dict[str, tuple[str, ...]] = {
    "wifi_macs": ADDRESSES, "wired_macs": ADDRESSES, "built_in_macs": ADDRESSES,
    "type": KIND, "category": KIND, "kind_said": KIND,
    "school": PLACE, "building": PLACE, "location": PLACE, "network": PLACE,
    "status": STATE, "retired_on": STATE, "deprovisioned_on": ("state_since",),
    "updates_until": SUPPORT, "updates_once_until": SUPPORT,
    "may_extend": SUPPORT, "extended": SUPPORT, "extension_begins": SUPPORT,
    "synced_at": SEEN, "reported_at": SEEN, "active_at": SEEN,
    "first_enrolled": ("enrolled_on",), "enrolled": ("enrolled_on",),
    "disk_whole": DISK, "disk_taken": DISK,
    "disk_with_unit": ("disk_bytes",), "disk_free_with_unit": ("disk_free_bytes",),
    "ranges": USE, "used_on": USE, "used_ms": USE, "used_minutes": USE,
    "firmware": ("os_version",), "warranty_months": ("warranty_ends_on",),
    "resolved_on": ("closed_on",), "category_said": ISSUE, "issue_type": ISSUE, "number": ("key",),
}  # fmt: skip
"""Columns that are no field of a record: which fields they have a part in."""

SINCE, OF_STATE = "state_since", "state that it is since"
"""A day holds for as long as the state does that it was said of."""

DAYS = {"retired_on", "deprovisioned_on"}
"""Where a format has a column of such a day, a status alone says nothing of it."""

ALSO_FILLS = {"purchase_cost_cents": ("currency",), "cost_cents": ("currency",)}
"""Fields that tell of another one too: an amount may have its currency beside it."""


def unsaid(format_: Format, file: BinaryIO) -> tuple[str, ...]:
    """Fields of a device or a ticket that no column of this file fills."""
    if format_.read is not None or format_.record not in (DeviceRecord, TicketRecord):
        return ()
    file.seek(0)
    try:
        there = places(format_, open_sheet(file, heading_of((format_,))).header)
    except (Unreadable, TooLarge):  # which reading it says better
        return ()
    finally:
        file.seek(0)
    names = format_.record.__struct_fields__
    said = {"key"}.union(*(filled_by(column, names) for column in there))
    if DAYS.isdisjoint(there) and any(column.field in DAYS for column in format_.columns):
        said.discard(SINCE)
    return tuple(name for name in names if name not in said)


def filled_by(column: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Which of a record's fields a column has a part in. KeyError if nobody has said."""
    if column in names:
        return (column, *ALSO_FILLS.get(column, ()))
    return FILLS[re.sub(r"_\d+", "", column)]  # of several that are numbered


def still_said(record: Record, names: tuple[str, ...]) -> Facts:
    """What a record says in these fields, and of which state its day is."""
    facts = {name: value for name in names if _is_said(value := getattr(record, name))}
    if isinstance(record, DeviceRecord) and SINCE in facts:
        facts[OF_STATE] = record.state
    return facts


def joined(record: Record, before: Facts) -> Record:
    """The record, and what was said before where it says nothing; by itself, if they can't be true
    together."""
    if not before:
        return record
    facts = {name: value for name, value in before.items() if name != OF_STATE}
    kept = {name: value for name, value in facts.items() if not _is_said(getattr(record, name))}
    whole = replace(record, **kept)
    if isinstance(whole, DeviceRecord) and SINCE in kept and whole.state != before[OF_STATE]:
        whole = replace(whole, state_since=None)
    try:
        if isinstance(whole, DeviceRecord):
            check_device(whole)
        elif isinstance(whole, TicketRecord):
            check_ticket(whole)
    except RowRefused:
        return record
    return whole


def _is_said(value: Any) -> bool:
    return value is not None and value != ()
