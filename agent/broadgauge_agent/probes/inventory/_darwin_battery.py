"""A Mac's battery from `ioreg -a -r -c AppleSmartBattery`, which counts in mAh.

Newer versions of macOS keep the numbers in a table inside, BatteryData. Watt-hours are the charge
at the voltage of that moment, so they are some percent off; full and design capacity alike, so wear
is right.
"""

import plistlib
from typing import Any
from xml.parsers.expat import ExpatError

from broadgauge_wire import Battery

MILLI = 1e-3
LARGEST_PERCENTAGE = 200
"""MaxCapacity is a charge on Intel Macs and a percentage on Apple silicon."""


def read_batteries(said: bytes | None) -> tuple[Battery, ...] | None:
    """The machine's battery; empty if it has none, None if the system does not say."""
    if said is None:
        return None
    if not said.strip():
        return ()  # ioreg prints nothing where there is no such device
    try:
        told = plistlib.loads(said)
    except (ValueError, ExpatError, AttributeError):
        return None
    if not isinstance(told, list):
        return None
    return tuple(_battery(one) for one in told if isinstance(one, dict) and _is_there(one))


def _is_there(told: dict[str, Any]) -> bool:
    return told.get("BatteryInstalled") is not False


def _battery(told: dict[str, Any]) -> Battery:
    inside = told.get("BatteryData")
    data = {**(inside if isinstance(inside, dict) else {}), **told}
    volts = _number(data, "Voltage")
    return Battery(
        design_capacity_watt_hours=_watt_hours(_number(data, "DesignCapacity"), volts),
        full_capacity_watt_hours=_watt_hours(full_charge(data), volts),
        cycles=_number(data, "CycleCount"),
    )


def full_charge(data: dict[str, Any]) -> int | None:
    """What the battery holds when full, in mAh."""
    charge = _number(data, "AppleRawMaxCapacity") or _number(data, "MaxCapacity")
    return charge if charge and charge > LARGEST_PERCENTAGE else None


def _number(data: dict[str, Any], key: str) -> int | None:
    value = data.get(key)
    return value if isinstance(value, int) and value > 0 else None


def _watt_hours(milliampere_hours: int | None, millivolts: int | None) -> float | None:
    if not milliampere_hours or not millivolts:
        return None
    return round(milliampere_hours * MILLI * millivolts * MILLI, 3)
