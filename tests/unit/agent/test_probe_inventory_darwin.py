"""What a Mac says of itself reads right, from outputs that people published."""

import json
import plistlib
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from broadgauge_agent.probes.inventory import _darwin
from broadgauge_agent.probes.inventory._darwin import hardware_facts, with_wifi_rates
from broadgauge_agent.probes.inventory._darwin_battery import full_charge, read_batteries
from broadgauge_agent.probes.inventory._darwin_disks import disks_in
from broadgauge_agent.probes.inventory._darwin_report import report_in
from broadgauge_agent.probes.inventory.facts import MachineFacts
from broadgauge_wire import Battery, Disk, NetworkLink

RECORDED = Path(__file__).parents[2] / "fixtures/darwin"
M5_DISK = Disk(
    name="disk0",
    model="APPLE SSD AP1024Z",
    size_bytes=1000555581440,
    rotational=False,
    health="good",
)
M5_BATTERY = Battery(design_capacity_watt_hours=80.493, full_capacity_watt_hours=76.127, cycles=58)


def recorded(file: str) -> bytes:
    return (RECORDED / file).read_bytes()


def report(file: str) -> dict[str, Any]:
    return report_in(recorded(file))


def test_a_recorded_mac_reads_as_it_is() -> None:
    assert hardware_facts(report("macbook_pro_m5.json")) == MachineFacts(
        make="Apple",
        model="MacBook Pro (Mac17,2)",
        serial="C02XK1ZQK7Q2",
        cpu_model="Apple M5",
        cpu_cores=10,
        has_keyboard=True,
    )


def test_an_intel_mac_says_its_processor_in_other_words() -> None:
    facts = hardware_facts(report("macbook_pro_2015.json"))
    assert (facts.model, facts.cpu_model, facts.cpu_cores, facts.serial) == (
        "MacBook Pro (MacBookPro12,1)",
        "Intel Core i7",
        2,
        None,
    )


def test_a_disk_is_told_by_the_system_profiler() -> None:
    assert disks_in(report("macbook_pro_m5.json")["SPNVMeDataType"], None) == (M5_DISK,)


def test_older_disks_are_told_by_diskutil_and_their_parts_left_out() -> None:
    assert disks_in([], recorded("diskutil_info_all.txt")) == (
        Disk(name="disk0", model="APPLE SSD SM0512F", size_bytes=500277790720, rotational=False),
    )


def test_a_hard_disk_spins() -> None:
    (disk,) = disks_in([], recorded("diskutil_info_hdd.txt")) or ()
    assert (disk.model, disk.size_bytes, disk.rotational) == (
        "APPLE HDD ST3000DM001",
        3000592982016,
        True,
    )


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("Whole:                    Yes", "Whole:                    No"),
        ("Virtual:                  No", "Virtual:                  Yes"),
        ("Device Location:          Internal", "Device Location:          External"),
        ("Removable Media:          Fixed", "Removable Media:          Removable"),
    ],
)
def test_parts_images_and_what_is_plugged_in_are_no_fixed_disks(line: str, other: str) -> None:
    said = recorded("diskutil_info_hdd.txt").decode()
    assert line in said
    assert disks_in([], said.replace(line, other).encode()) is None


def test_a_disk_that_both_tell_of_is_listed_once() -> None:
    nvme = report("macbook_pro_m5.json")["SPNVMeDataType"]
    assert disks_in(nvme, recorded("diskutil_info_all.txt")) == (M5_DISK,)


def test_a_battery_tells_both_capacities_and_its_cycles() -> None:
    assert read_batteries(recorded("battery_m5.plist")) == (M5_BATTERY,)


def test_the_same_numbers_in_the_inner_table_are_found() -> None:
    (said,) = plistlib.loads(recorded("battery_m5.plist"))
    inside = said.pop("BatteryData") | {"AppleRawMaxCapacity": said.pop("AppleRawMaxCapacity")}
    moved = plistlib.dumps([{"BatteryData": inside | said}])
    assert read_batteries(moved) == (M5_BATTERY,)


def test_a_percentage_is_not_taken_for_a_charge() -> None:
    intel = re.findall(r'"(\w+)" = (\d+)', recorded("battery_intel.txt").decode())
    assert full_charge({key: int(value) for key, value in intel}) == 6077
    assert full_charge({"MaxCapacity": 100}) is None


def test_a_mac_without_a_battery_has_none_and_a_silent_one_is_unknown() -> None:
    assert read_batteries(b"") == ()
    assert read_batteries(plistlib.dumps([{"BatteryInstalled": False}])) == ()
    assert read_batteries(None) is None


@pytest.mark.parametrize("said", [b"garbage", b"<plist", b"bplist00", plistlib.dumps({"a": 1})])
def test_no_battery_is_read_from_anything_else(said: bytes) -> None:
    assert read_batteries(said) is None


def test_wifi_interfaces_get_the_rate_they_send_at() -> None:
    links = (NetworkLink(name="en0", kind="wifi"), NetworkLink(name="en3", kind="wired"))
    wifi, wired = with_wifi_rates(links, report("wifi_macos_26.json")) or ()
    assert (wifi.speed_bits_per_second, wired.speed_bits_per_second) == (1.152e9, None)


@pytest.mark.parametrize(
    "said", [None, b"", b"[]", b"{", b"\xff\xfe", b'{"SPHardwareDataType": 7}']
)
def test_anything_else_tells_nothing(said: bytes | None) -> None:
    assert hardware_facts(report_in(said)) == MachineFacts()


def answers(command: tuple[str, ...], limit_seconds: float) -> bytes | None:
    known = {_darwin.PROFILER: "macbook_pro_m5.json", _darwin.BATTERY: "battery_m5.plist"}
    return recorded(known[command]) if command in known else None


def test_a_mac_s_answers_and_psutil_s_make_one_inventory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_darwin, "ask", answers)
    machine = _darwin.read_machine()
    assert (machine.make, machine.disks, machine.batteries) == ("Apple", (M5_DISK,), (M5_BATTERY,))
    assert machine.memory_bytes and machine.cpu_threads and machine.interfaces


def test_without_its_tools_what_psutil_says_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_darwin, "ask", lambda command, limit_seconds: None)
    machine = _darwin.read_machine()
    assert (machine.make, machine.disks, machine.batteries) == (None, None, None)
    assert machine.memory_bytes


def test_no_network_s_volume_s_or_board_s_name_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    said = json.loads(recorded("macbook_pro_m5.json")) | json.loads(recorded("wifi_macos_26.json"))
    planted = json.dumps(said).replace("<redacted>", "Home of Planck")
    monkeypatch.setattr(
        _darwin, "ask", lambda command, limit: planted.encode() if "-json" in command else None
    )
    told = msgspec.json.encode(_darwin.read_machine()).decode()
    for name in ("Planck", "Synthetic name", "platform_UUID", "00000000-0000", "SYNTH0000001"):
        assert name not in told
