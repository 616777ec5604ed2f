"""What fields and states of devices are called on pages."""

from typing import Any

import msgspec

from broadgauge_collector.fleet.parts_changed import disk_words
from broadgauge_collector.fleet.support_ends import SUPPORT_ESTIMATE, SUPPORT_TABLE
from broadgauge_collector.imports.model import DeviceKind, DeviceState, DiskPart

from .. import format as fmt

KINDS: dict[DeviceKind, str] = {
    "chromebook": "Chromebook",
    "laptop": "Laptop",
    "desktop": "Desktop",
    "tablet": "Tablet",
    "phone": "Phone",
    "server": "Server",
    "printer": "Printer",
    "display": "Display",
    "router": "Router",
    "switch": "Switch",
    "access_point": "Access point",
    "firewall": "Firewall",
    "accessory": "Accessory",
    "other": "Other",
}

STATES: dict[DeviceState, str] = {
    "in_service": "In service",
    "storage": "Storage",
    "loaner": "Loaner",
    "in_repair": "In repair",
    "lost": "Lost",
    "stolen": "Stolen",
    "retired": "Retired",
}

SOURCES = {
    "agent": "Agents",
    "devices": "Your own list",
    "glpi": "GLPI",
    "google": "Google Admin",
    "hand": "Said by hand",
    "incident-iq": "Incident IQ",
    "intune": "Intune",
    "network-gear": "Network gear",
    "snipe-it": "Snipe-IT",
}
"""Sources of devices, as people know them."""

_NAMES = {
    "os_name": "Operating system",
    "os_version": "Version of the system",
    "byod": "Somebody's own",
    "macs": "Hardware addresses",
    "key": "Listed more than once",
    "cpu_model": "Processor",
    "support_ends_on": "Updates end",
    "extended_support_ends_on": "Extended updates end",
    "purchased_on": "Bought",
    "purchase_cost_cents": "Price",
    "wifi_standard": "Wi-Fi",
    "hours_a_week": "Hours a week",
    "battery_health_ratio": "Battery holds",
    "battery_design_watt_hours": "Battery when new, Wh",
    "os_build": "Build of the system",
    "os_edition": "Edition of the system",
    "screen_inches": "Screen, inches",
    "last_seen_at": "Last seen",
    "has_keyboard": "Keyboard",
}
_ENDINGS = ("_on", "_at", "_bytes", "_cents")


def source_name(source: str) -> str:
    """A source as people call it."""
    others = {"tickets": "Your own tickets", SUPPORT_TABLE: "Support table",
              SUPPORT_ESTIMATE: "Support table, an estimate"}  # fmt: skip
    return {**SOURCES, **others}.get(source, source)


def name_of(field: str) -> str:
    """A field as people call it."""
    if field in _NAMES:
        return _NAMES[field]
    bare = next((field.removesuffix(e) for e in _ENDINGS if field.endswith(e)), field)
    words = bare.replace("_", " ")
    return words[:1].upper() + words[1:]


def value_of(field: str, value: Any) -> str:
    """A field's value as people read it."""
    if value is None:
        return fmt.UNKNOWN
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if field == "disks":
        return "; ".join(disk_words(msgspec.convert(disk, DiskPart)) for disk in value)
    if field.endswith("_cents"):
        return f"{value / 100:,.2f}"
    if field.endswith("_bytes"):
        return f"{value / 2**30:,.0f} GiB"
    if field.endswith("_ratio"):
        return f"{value:.0%}"
    if field.endswith("_at"):
        return str(value)[:16].replace("T", " ")
    words: dict[Any, str] = {**KINDS, **STATES}
    return words.get(value, str(value)) if field in {"kind", "state"} else str(value)
