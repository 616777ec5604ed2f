"""The inventory probe reads recorded machines right, and no person's or network's name."""

import getpass
import json
import socket
from datetime import date
from pathlib import Path

import msgspec
import psutil
import pytest

from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_agent.probes.inventory._linux import read_machine
from broadgauge_agent.probes.inventory.facts import MachineFacts, real_text
from broadgauge_wire import Battery, HoursOn, InventoryResult, decode_result, encode

MACHINES = Path(__file__).parent / "machines"


def told_of(machine: str) -> object:
    facts = msgspec.structs.replace(read_machine(MACHINES / machine), architecture=None)
    return msgspec.to_builtins(facts)


@pytest.mark.parametrize("machine", ["dell_laptop", "chromebook", "virtual_machine"])
def test_a_recorded_machine_reads_as_it_did(machine: str) -> None:
    golden = json.loads((MACHINES / f"{machine}.json").read_text())
    assert json.loads(json.dumps(told_of(machine))) == golden


def test_a_machine_that_says_nothing_has_no_facts() -> None:
    facts = msgspec.structs.replace(read_machine(MACHINES / "bare"), architecture=None)
    assert facts == MachineFacts()


def test_a_battery_counted_in_charge_becomes_watt_hours_by_its_voltage() -> None:
    assert read_machine(MACHINES / "chromebook").batteries == (
        Battery(design_capacity_watt_hours=47.124, full_capacity_watt_hours=41.245, cycles=None),
    )


@pytest.mark.parametrize(
    "said",
    ["", "  ", "To Be Filled By O.E.M.", "Default string", "None", "0", "00000000", "xxxx", "\0"],
)
def test_a_placeholder_is_no_serial_number(said: str) -> None:
    assert real_text(said) is None


def test_a_real_name_is_kept_without_its_padding() -> None:
    assert real_text("  KIOXIA  512GB \n") == "KIOXIA 512GB"


def test_an_unreadable_serial_number_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "sys/class/dmi/id/product_serial").mkdir(parents=True)  # reading it is an OSError
    assert read_machine(tmp_path).serial is None


def test_this_machine_is_inventoried_and_travels() -> None:
    probe = load_probe("inventory")
    assert probe.can_run(ProbeRequest()).ok
    (result,) = probe.run(ProbeRequest(location="Room 12"))
    assert isinstance(result, InventoryResult)
    assert (result.error, result.location) == (None, "Room 12")
    assert result.memory_bytes and result.cpu_threads and result.os_name
    assert decode_result(encode(result)) == result


def test_neither_user_nor_host_nor_hardware_address_is_in_it() -> None:
    (result,) = load_probe("inventory").run(ProbeRequest())
    told = encode(result).decode().lower()
    for address in hardware_addresses():
        assert address not in told
        assert address.replace(":", "") not in told
    assert f'"{socket.gethostname().lower()}' not in told
    assert f'"{getpass.getuser().lower()}' not in told


def test_how_long_it_ran_is_passed_on_and_unknown_where_nobody_counted() -> None:
    days = (HoursOn(day=date(2026, 3, 2), hours=6.5),)
    (counted,) = load_probe("inventory").run(ProbeRequest(hours_on_a_day=days))
    assert isinstance(counted, InventoryResult) and counted.hours_on_a_day == days
    assert decode_result(encode(counted)) == counted
    (uncounted,) = load_probe("inventory").run(ProbeRequest())
    assert isinstance(uncounted, InventoryResult) and uncounted.hours_on_a_day is None


@pytest.mark.parametrize(
    ("said", "year"), [("2021-05-11", 2021), ("05/11/2021", None), ("", None), ("20210511", None)]
)
def test_the_year_is_what_the_maker_wrote_down_and_never_a_bios_s(
    tmp_path: Path, said: str, year: int | None
) -> None:
    for place, text in (
        ("sys/firmware/vpd/ro/mfg_date", said),
        ("sys/class/dmi/id/bios_date", "03/14/2019"),
    ):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_text(text + "\n")
    assert read_machine(tmp_path).manufactured_year == year


def test_no_input_device_s_name_or_address_is_kept() -> None:
    told = json.dumps(told_of("dell_laptop"))
    for part in ("Planck", "1024-47", "keyboard of", "LNXPWRBN", "B140HAK"):
        assert part not in told


def test_a_hardware_address_in_an_interface_name_is_left_out() -> None:
    told = json.dumps(told_of("dell_laptop"))
    for part in ("0a1b2c3d4e5f", "0a:1b", "8c:47", "70:1a"):
        assert part not in told
    assert '"enx"' in told


def hardware_addresses() -> list[str]:
    addresses = [
        address.address.lower().replace("-", ":")
        for interface in psutil.net_if_addrs().values()
        for address in interface
        if address.family == psutil.AF_LINK
    ]
    real = [address for address in addresses if address != "00:00:00:00:00:00"]
    assert real, "this machine has no hardware address to look for"
    return real
