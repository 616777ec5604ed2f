"""What agents say of the machines they run on, as one of the sources."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from ..access.agents import list_agents
from ..imports.model import DeviceRecord, DiskPart
from ..imports.values import serial
from ..schools.model import Agent
from ..schools.repository import list_schools
from ..store import Stores
from ..store.tables import device_source
from .device_rows import Devices, text_of
from .matching import in_parts
from .merging import AGENT
from .other_rows import attach_tickets
from .precedence import precedence
from .signals import note_changes

AT_ONCE = 1000
"""Machines in one transaction."""


def take_from_agents(stores: Stores, now: datetime) -> int:
    """Take in what agents say that they didn't say before; how many machines that were. A machine
    whose agent was removed has vanished from this source."""
    with stores.results.questions() as questions:
        inventories = questions.inventories()
    with stores.control.connect() as c:
        agents, there = list_agents(c), _there(c)
        schools = {school.id: school.name for school in list_schools(c)}
    records = [
        record_of(agent, inventories[agent.id], schools[agent.school_id])
        for agent in agents
        if agent.id in inventories and agent.revoked_at is None
    ]
    new = [r for r in records if there.get(r.key) != text_of(r)]
    gone = [key for key in there.keys() - {r.key for r in records} if there[key] is not None]
    for some in in_parts(new, AT_ONCE):
        with stores.control.begin(changes_access=False) as c:
            Devices(c, AGENT, precedence(c)).put(some, now)
            note_changes(c, {r.key: there.get(r.key) for r in some}, some, now)
            attach_tickets(c)
    if gone:
        with stores.control.begin(changes_access=False) as c:
            Devices(c, AGENT, precedence(c)).vanish(gone, now)
    return len(new) + len(gone)


def record_of(agent: Agent, inventory: Mapping[str, Any], school: str) -> DeviceRecord:
    """What an agent's last inventory says of its machine."""
    said = inventory.get
    batteries = _parts(inventory, "batteries")
    battery = next(iter(batteries), {})
    return DeviceRecord(
        key=str(agent.id),
        serial=serial(str(said("serial"))) if said("serial") else None,
        make=said("make"),
        model=said("model"),
        place=school,
        cpu_model=said("cpu_model"),
        memory_bytes=said("memory_bytes"),
        disk_bytes=_total(_parts(inventory, "disks"), "size_bytes"),
        disk_health=_worst(_parts(inventory, "disks")),
        disks=_disks(_parts(inventory, "disks")),
        battery_health_ratio=_health(battery),
        battery_cycles=battery.get("cycles"),
        battery_design_watt_hours=battery.get("design_capacity_watt_hours"),
        batteries=len(batteries) or None,
        os_name=said("os_name"),
        os_version=said("os_version"),
        os_build=said("os_build"),
        os_edition=said("os_edition"),
        wifi_standard=said("wifi_standard"),
        manufactured_on=_first_day(said("manufactured_year")),
        hours_a_week=_hours_a_week(_parts(inventory, "hours_on_a_day")),
        screen_inches=said("screen_inches"),
        has_keyboard=said("has_keyboard"),
    )


def _parts(inventory: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A table inside, which the store has as JSON."""
    text = inventory.get(name)
    return msgspec.json.decode(text) if text else []


def _first_day(year: int | None) -> date | None:
    return date(year, 1, 1) if year else None


def _hours_a_week(days: Sequence[Mapping[str, Any]]) -> float | None:
    """Of a week of such days, school days and others as they came."""
    return round(7 * sum(day["hours"] for day in days) / len(days), 1) if days else None


def _disks(disks: Sequence[Mapping[str, Any]]) -> tuple[DiskPart, ...] | None:
    found = tuple(DiskPart(disk.get("model"), disk.get("size_bytes")) for disk in disks)
    return found or None


def _worst(disks: Sequence[Mapping[str, Any]]) -> str | None:
    said = [disk.get("health") for disk in disks]
    return next((health for health in ("failing", "warning", "good") if health in said), None)


def _total(parts: Sequence[Mapping[str, Any]], name: str) -> int | None:
    sizes = [part.get(name) for part in parts]
    known = [size for size in sizes if size is not None]
    return sum(known) if known and len(known) == len(sizes) else None


def _health(battery: Mapping[str, Any]) -> float | None:
    design, full = (
        battery.get("design_capacity_watt_hours"),
        battery.get("full_capacity_watt_hours"),
    )
    return round(min(full / design, 1.0), 3) if design and full is not None else None


def _there(c: Connection) -> dict[str, str | None]:
    """By key, what an agent's machine is said to be; None where that has vanished."""
    table = device_source.c
    rows = c.execute(select(table.key, table.facts, table.vanished_at).where(table.source == AGENT))
    return {key: None if vanished_at else facts for key, facts, vanished_at in rows}
