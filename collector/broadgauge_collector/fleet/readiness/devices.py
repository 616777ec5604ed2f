"""Devices as readiness sees them: how many there are of each profile."""

from collections import Counter
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from ...imports.model import DeviceKind
from ...store.tables import device
from ..merging import GONE

STUDENTS_USE: tuple[DeviceKind, ...] = ("chromebook", "laptop", "desktop", "tablet")
WITH_A_KEYBOARD = ("chromebook", "laptop", "desktop")
"""Kinds that have one unless a source says otherwise."""


class Profile(NamedTuple):
    """What matters of a device. None is unknown."""

    school_id: UUID | None
    kind: str | None
    state: str | None
    byod: bool
    inches: float | None
    keyboard: bool | None
    updates_end: date | None
    memory_bytes: int | None
    disk_bytes: int | None
    hours_a_week: float | None


class _Record(Struct):
    byod: bool | None = None
    screen_inches: float | None = None
    has_keyboard: bool | None = None
    disk_bytes: int | None = None
    extended_support_ends_on: date | None = None


class _Facts(Struct):
    record: _Record


_facts = msgspec.json.Decoder(_Facts).decode


def read_profiles(c: Connection, *, extended: bool) -> Counter[Profile]:
    """Devices that are there, by profile; `extended`: updates end when extended support does."""
    t = device.c
    rows = c.execute(
        select(
            t.school_id, t.kind, t.state, t.support_ends_on, t.memory_bytes, t.hours_a_week, t.facts
        ).where(t.vanished.is_(False), t.state.is_(None) | t.state.not_in(GONE))
    )
    return Counter(_profile(row, _facts(row.facts).record, extended=extended) for row in rows)


def _profile(row: Any, said: _Record, *, extended: bool) -> Profile:
    keyboard = said.has_keyboard
    return Profile(
        school_id=row.school_id,
        kind=row.kind,
        state=row.state,
        byod=bool(said.byod),
        inches=said.screen_inches,
        keyboard=row.kind in WITH_A_KEYBOARD or None if keyboard is None else keyboard,
        updates_end=(extended and said.extended_support_ends_on) or row.support_ends_on,
        memory_bytes=row.memory_bytes,
        disk_bytes=said.disk_bytes,
        hours_a_week=row.hours_a_week,
    )
