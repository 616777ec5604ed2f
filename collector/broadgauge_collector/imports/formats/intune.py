"""Devices as Microsoft Intune exports them, by Graph's names and by the admin centre's. A device's
name is often its user's, so it isn't asked for."""

from ..model import Column, DeviceKind, DeviceRecord, Format, Values
from ..record_parts import device, identifier, macs, size, size_with_unit
from ..values import asset_tag, day, moment, ratio, serial, text, whole
from ..values import macs as addresses
from ..words import kind_of

OWNERS = {"personal": True, "company": False, "corporate": False}

KIND_OF_SYSTEM: dict[str, DeviceKind] = {"chromeos": "chromebook", "ipados": "tablet"}
"""Systems that run on one kind of device."""


def _someones_own(cell: str) -> bool | None:
    return OWNERS.get(cell.casefold())


def _known_health(cell: str) -> float | None:
    """A share; None for Graph's 0, by which no battery would be good for anything."""
    return ratio(cell) or None


def _known_cycles(cell: str) -> int | None:
    return whole(cell) or None


def _record(values: Values) -> DeviceRecord:
    system = values.get("os_name", "").casefold().replace(" ", "")
    total = values.get("disk_bytes") or values.get("disk_with_unit")
    free = values.get("disk_free_bytes")
    return device(
        values,
        kind=kind_of(values.get("kind_said"), values.get("model")) or KIND_OF_SYSTEM.get(system),
        macs=macs(values, "wifi_macs", "wired_macs"),
        disk_bytes=total,
        # Graph says 0 of what it doesn't know
        disk_free_bytes=(values.get("disk_free_with_unit") if free is None else free)
        if total
        else None,
    )


FORMATS = (
    Format(
        key="intune",
        title="Microsoft Intune",
        source="intune",
        record=DeviceRecord,
        columns=(
            Column(
                field="key",
                names=("id", "Device ID", "Intune device ID", "managedDeviceId"),
                value=identifier,
                required=True,
            ),
            Column(
                field="os_name", names=("operatingSystem", "OS"), value=text, required=True
            ),
            Column(field="os_version", names=("osVersion",), value=text),
            Column(field="os_edition", names=("skuFamily",), value=text),
            Column(field="serial", names=("serialNumber",), value=serial),
            Column(field="asset_tag", names=("assetTag",), value=asset_tag),
            Column(field="make", names=("manufacturer",), value=text),
            Column(field="model", names=("model",), value=text),
            Column(field="kind_said", names=("chassisType",), value=text),
            Column(
                field="byod", names=("managedDeviceOwnerType", "Ownership"), value=_someones_own
            ),
            Column(field="wifi_macs", names=("wiFiMacAddress", "Wi-Fi MAC"), value=addresses),
            Column(
                field="wired_macs", names=("ethernetMacAddress", "EthernetMAC"), value=addresses
            ),
            Column(field="memory_bytes", names=("physicalMemoryInBytes",), value=size),
            Column(field="disk_bytes", names=("totalStorageSpaceInBytes",), value=size),
            Column(field="disk_free_bytes", names=("freeStorageSpaceInBytes",), value=whole),
            Column(
                field="disk_with_unit", names=("Total storage", "StorageTotal"),
                value=size_with_unit,
            ),
            Column(
                field="disk_free_with_unit", names=("Free storage", "StorageFree"),
                value=size_with_unit,
            ),
            Column(
                field="battery_health_ratio",
                names=("batteryHealthPercentage", "hardwareInformation.batteryHealthPercentage"),
                value=_known_health,
            ),
            Column(
                field="battery_cycles",
                names=("batteryChargeCycles", "hardwareInformation.batteryChargeCycles"),
                value=_known_cycles,
            ),
            Column(
                field="enrolled_on", names=("enrolledDateTime", "Enrollment date"), value=day
            ),
            Column(
                field="last_seen_at", names=("lastSyncDateTime", "Last check-in"), value=moment
            ),
        ),
        record_of=_record,
        complete=True,
        example="In the Intune admin center, open Devices, All devices, and choose Export.",
    ),
)  # fmt: skip
