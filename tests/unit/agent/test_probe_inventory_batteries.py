"""A battery's wear is the same whatever its gauge counts in, and what is missing is unknown."""

import plistlib
from pathlib import Path

import pytest

from broadgauge_agent.probes.inventory import _darwin_battery, _linux_battery, _windows_battery
from broadgauge_agent.probes.inventory._windows_battery import BatteryAnswers
from broadgauge_wire import Battery

HALF_WORN = 0.5


def linux(root: Path, **files: int | str) -> Battery:
    supply = root / "sys/class/power_supply/BAT0"
    supply.mkdir(parents=True)
    for name, said in ({"type": "Battery"} | files).items():
        (supply / name).write_text(f"{said}\n")
    (battery,) = _linux_battery.read_batteries(root) or ()
    return battery


def health(battery: Battery) -> float | None:
    full, design = battery.full_capacity_watt_hours, battery.design_capacity_watt_hours
    return full / design if full is not None and design else None


def test_in_microwatt_hours(tmp_path: Path) -> None:
    battery = linux(
        tmp_path, energy_full_design=50_000_000, energy_full=25_000_000, cycle_count=412
    )
    assert battery == Battery(
        design_capacity_watt_hours=50.0, full_capacity_watt_hours=25.0, cycles=412
    )


@pytest.mark.parametrize("voltage", ["voltage_min_design", "voltage_now"])
def test_in_microampere_hours_by_the_voltage(tmp_path: Path, voltage: str) -> None:
    charges = {"charge_full_design": 4_000_000, "charge_full": 2_000_000}
    battery = linux(tmp_path, **charges, **{voltage: 11_400_000})
    assert battery.design_capacity_watt_hours == pytest.approx(45.6)
    assert health(battery) == pytest.approx(HALF_WORN)


def test_in_milliampere_hours() -> None:
    said = {
        "DesignCapacity": 5000,
        "AppleRawMaxCapacity": 2500,
        "Voltage": 12_000,
        "CycleCount": 800,
    }
    (battery,) = _darwin_battery.read_batteries(plistlib.dumps([said])) or ()
    assert battery.design_capacity_watt_hours == pytest.approx(60.0)
    assert health(battery) == pytest.approx(HALF_WORN)
    assert battery.cycles == 800


def test_in_milliwatt_hours() -> None:
    answers = BatteryAnswers(there=True, designs={"B": 42_000}, charges={"B": 21_000}, cycles={})
    (battery,) = _windows_battery.read_batteries(answers) or ()
    assert (battery.design_capacity_watt_hours, health(battery)) == (42.0, HALF_WORN)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"charge_full_design": 4_000_000, "charge_full": 2_000_000},
        {"energy_full_design": 0, "energy_full": 0, "cycle_count": 0},
        {"energy_full_design": -1, "energy_full": -1, "cycle_count": "words"},
    ],
)
def test_what_a_gauge_does_not_say_is_unknown_and_never_0(
    tmp_path: Path, files: dict[str, int | str]
) -> None:
    assert linux(tmp_path, **files) == Battery()


def test_a_mac_s_missing_numbers_are_unknown() -> None:
    said = {"DesignCapacity": 5000, "MaxCapacity": 100, "CycleCount": 0}
    assert _darwin_battery.read_batteries(plistlib.dumps([said])) == (Battery(),)
