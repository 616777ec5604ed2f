"""Batteries from /sys/class/power_supply: in uWh where the gauge counts energy, else in uAh."""

from pathlib import Path

from broadgauge_agent._linux_files import children, number, text
from broadgauge_wire import Battery

MICRO = 1e-6
MAX_BATTERIES = 16


def read_batteries(root: Path) -> tuple[Battery, ...] | None:
    """The machine's own batteries; empty if it has none, None if the system does not say."""
    folder = root / "sys/class/power_supply"
    if not folder.is_dir():
        return None
    return tuple(_battery(s) for s in children(folder) if _is_own_battery(s))[:MAX_BATTERIES]


def _is_own_battery(supply: Path) -> bool:
    """A mouse or a headset shows up here too, with the scope Device."""
    is_absent = number(supply / "present") == 0
    return text(supply / "type") == "Battery" and not (
        text(supply / "scope") == "Device" or is_absent
    )


def _battery(supply: Path) -> Battery:
    return Battery(
        design_capacity_watt_hours=_watt_hours(supply, "full_design"),
        full_capacity_watt_hours=_watt_hours(supply, "full"),
        cycles=number(supply / "cycle_count") or None,  # drivers that cannot count say 0
    )


def _watt_hours(supply: Path, which: str) -> float | None:
    energy = number(supply / f"energy_{which}")
    if energy and energy > 0:
        return round(energy * MICRO, 3)
    charge = number(supply / f"charge_{which}")
    volts = number(supply / "voltage_min_design") or number(supply / "voltage_now")
    if not charge or not volts or charge < 0 or volts < 0:
        return None
    return round(charge * MICRO * volts * MICRO, 3)
