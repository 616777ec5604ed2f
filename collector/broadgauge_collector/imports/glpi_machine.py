"""One machine as the GLPI agent describes it, and the record it becomes. Only what is asked for is
decoded: no name of a machine, no user, no program."""

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct

from . import values as read
from .model import DeviceKind, DeviceRecord, RowRefused
from .record_parts import device, processor
from .words import kind_of

MEBIBYTE = 1024**2
MEGABYTE = 1_000_000
"""The agent counts a disk's size in these, and memory and file systems in mebibytes."""

MOST = 1_000_000_000
"""Of mega- or mebibytes: more is no size of a machine's parts."""

MOST_HEALTH = 1.5
"""A new battery may hold a little more than it was made for; this much is a mistake of units."""

NO_UUIDS = {"03000200-0400-0500-0006-000700080009", "12345678-1234-5678-90ab-cddeefaabbcc"}
"""What makers leave on boards that nobody gave a number."""

KIND_OF_CHASSIS: dict[str, DeviceKind] = {
    "portable": "laptop", "sub notebook": "laptop", "convertible": "laptop",
    "mini tower": "desktop", "low profile desktop": "desktop", "all in one": "desktop",
    "space-saving": "desktop", "lunch box": "desktop", "pizza box": "desktop",
    "hand held": "tablet", "detachable": "tablet", "rack mount chassis": "server",
    "blade": "server", "stick pc": "desktop",
}  # fmt: skip
"""SMBIOS names of chassis that don't say their kind in so many words (DSP0134, 7.4.1)."""

KIND_OF_ITEM: dict[str, DeviceKind] = {"Printer": "printer", "Phone": "phone"}

OWN_NETWORKS = (None, "", "ethernet", "wifi")

Value = TypeVar("Value")


class _Bios(Struct, frozen=True):
    ssn: str | None = None
    smanufacturer: str | None = None
    smodel: str | None = None
    skunumber: str | None = None
    assettag: str | None = None


class _Hardware(Struct, frozen=True):
    uuid: str | None = None
    chassis_type: str | None = None
    memory: int | None = None


class _System(Struct, frozen=True):
    name: str | None = None
    full_name: str | None = None
    version: str | None = None


class _Battery(Struct, frozen=True):
    capacity: int | None = None
    real_capacity: int | None = None


class _Drive(Struct, frozen=True):
    free: int | None = None
    total: int | None = None
    systemdrive: bool | None = None
    type: str | None = None


class _Storage(Struct, frozen=True):
    disksize: int | None = None
    interface: str | None = None
    type: str | None = None


class _Network(Struct, frozen=True):
    mac: str | None = None
    type: str | None = None
    virtualdev: bool | None = None
    wifi_version: str | None = None


class _Cpu(Struct, frozen=True):
    name: str | None = None


class _Access(Struct, frozen=True):
    logdate: str | None = None


class _NetworkDevice(Struct, frozen=True):
    serial: str | None = None
    assettag: str | None = None
    mac: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None


class _Content(Struct, frozen=True):
    bios: _Bios = _Bios()
    hardware: _Hardware = _Hardware()
    operatingsystem: _System = _System()
    network_device: _NetworkDevice = _NetworkDevice()
    accesslog: _Access = _Access()
    batteries: tuple[_Battery, ...] = ()
    drives: tuple[_Drive, ...] = ()
    storages: tuple[_Storage, ...] = ()
    networks: tuple[_Network, ...] = ()
    cpus: tuple[_Cpu, ...] = ()


class Machine(Struct, frozen=True):
    """An inventory of a machine."""

    content: _Content
    itemtype: str | None = None


def machine_record(machine: Machine) -> DeviceRecord:
    """The record of a machine. RowRefused if it names no device, or says what can't be read."""
    content = machine.content
    bios, hardware, gear = content.bios, content.hardware, content.network_device
    system = content.operatingsystem
    model = _read("model", read.text, bios.smodel or gear.model)
    return device(
        {},
        key=_uuid(hardware.uuid),
        serial=_read("serial number", read.serial, bios.ssn or gear.serial),
        asset_tag=_read("asset tag", read.asset_tag, bios.assettag or gear.assettag),
        macs=_macs(content),
        kind=_kind(machine, model),
        make=_read("maker", read.text, bios.smanufacturer or gear.manufacturer),
        model=model,
        model_number=_read("model number", read.text, bios.skunumber),
        cpu_model=_read("processor", processor, next((cpu.name for cpu in content.cpus), None)),
        memory_bytes=_above_zero(hardware.memory, MEBIBYTE),
        os_name=_read("operating system", read.text, system.full_name or system.name),
        os_version=_read("version", read.text, system.version or gear.firmware),
        wifi_standard=_read("Wi-Fi standard", read.text, _only_wifi(content)),
        battery_health_ratio=_battery_health(content.batteries),
        last_seen_at=_read("date", read.moment, content.accesslog.logdate),
        **_disk(content),
    )


def _read(what: str, value: Callable[[str], Value], said: str | None) -> Value | None:
    try:
        return value(said.strip()) if said and said.strip() else None
    except ValueError as why:
        raise RowRefused(f"its {what}: {why}") from None


def _uuid(said: str | None) -> str | None:
    try:
        found = UUID(said or "")
    except ValueError:
        return None
    made_up = len(set(found.hex)) == 1 or str(found) in NO_UUIDS
    return None if made_up else str(found)


def _kind(machine: Machine, model: str | None) -> DeviceKind | None:
    chassis = (machine.content.hardware.chassis_type or "").strip()
    named = KIND_OF_CHASSIS.get(chassis.casefold()) or kind_of(chassis)
    return named or KIND_OF_ITEM.get(machine.itemtype or "") or kind_of(model)


def _macs(content: _Content) -> tuple[str, ...]:
    own = [n.mac for n in content.networks if n.type in OWN_NETWORKS and not n.virtualdev]
    found = [
        _read("hardware address", read.macs, mac) for mac in (*own, content.network_device.mac)
    ]
    return tuple(dict.fromkeys(mac for each in found for mac in each or ()))


def _only_wifi(content: _Content) -> str | None:
    found = {n.wifi_version for n in content.networks if n.wifi_version}
    return found.pop() if len(found) == 1 else None


def _battery_health(batteries: tuple[_Battery, ...]) -> float | None:
    """Of all of a machine's batteries together."""
    both = [
        (b.capacity, b.real_capacity)
        for b in batteries
        if (b.capacity or 0) > 0 and (b.real_capacity or 0) > 0
    ]
    if not both:
        return None
    health = sum(real or 0 for _, real in both) / sum(made or 0 for made, _ in both)
    return min(round(health, 4), 1.0) if health <= MOST_HEALTH else None


def _disk(content: _Content) -> dict[str, Any]:
    """What the built-in disks hold, and what is free where the system is: other file systems may
    share the same space."""
    own = [s for s in content.storages if _built_in(s)]
    system = next((d for d in content.drives if d.systemdrive or d.type == "/"), None)
    size = _above_zero(sum(s.disksize or 0 for s in own), MEGABYTE)
    if size is None and system is not None:
        size = _above_zero(system.total, MEBIBYTE)
    free = None if system is None or system.free is None else system.free * MEBIBYTE
    fits = size is not None and free is not None and 0 <= free <= size
    return {"disk_bytes": size, "disk_free_bytes": free if fits else None}


def _built_in(storage: _Storage) -> bool:
    said = f"{storage.interface or ''} {storage.type or ''}".lower()
    return not any(word in said for word in ("usb", "removable", "cd", "dvd", "tape", "optical"))


def _above_zero(count: int | None, unit: int) -> int | None:
    return count * unit if count is not None and 0 < count < MOST else None
