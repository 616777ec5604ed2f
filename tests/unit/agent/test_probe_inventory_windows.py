"""Windows' answers to the inventory's query read right, from outputs that people published."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from broadgauge_agent.probes.inventory import _windows
from broadgauge_agent.probes.inventory._windows import QUERY, facts_in
from broadgauge_agent.probes.inventory.facts import MachineFacts
from broadgauge_wire import Battery, Disk

RECORDED = Path(__file__).parents[2] / "fixtures/windows"
BATTERY = "ACPI\\PNP0C0A\\0_0"


def recorded(file: str) -> str:
    return (RECORDED / file).read_text()


def listed(file: str) -> dict[str, str]:
    """The fields of a Format-List output."""
    return dict(re.findall(r"^(\w+) +: (.+)$", recorded(file), re.MULTILINE))


def facts(**rows: object) -> MachineFacts:
    return facts_in(json.dumps(rows).encode())


def numbers(file: str) -> list[int]:
    return [int(line) for line in recorded(file).splitlines() if line.isdigit()]


def test_a_recorded_laptop_reads_as_it_is() -> None:
    assert facts_in(recorded("dell_inspiron_3493.json").encode()) == MachineFacts(
        make="Dell Inc.",
        model="Inspiron 3493",
        serial="123456",
        cpu_model="Intel(R) Core(TM) i5-1035G4 CPU @ 1.10GHz",
        cpu_cores=4,
        cpu_threads=8,
        memory_bytes=8 * 1024**3,
        os_name="Windows 10 Pro",
        os_version="10.0.18363",
    )


def test_without_the_modules_the_memory_is_what_windows_manages() -> None:
    answers = json.loads(recorded("dell_inspiron_3493.json"))
    del answers["memory"]
    assert facts(**answers).memory_bytes == 8346091520


def test_a_disk_is_named_sized_and_known_to_stand_still() -> None:
    row = listed("get_physicaldisk_nvme.txt")
    assert facts(disks=[row]).disks == (
        Disk(
            name="PhysicalDrive0",
            model="SAMSUNG MZFLV256HCHP-000MV",
            size_bytes=256060514304,
            rotational=False,
        ),
    )


def test_hard_disks_spin_and_what_windows_does_not_specify_is_unknown() -> None:
    lines = recorded("get_physicaldisk_media.txt").splitlines()[2:]
    rows = [{"Model": line[:20], "MediaType": line[20:]} for line in lines]
    disks = facts(disks=rows).disks
    assert disks and [(disk.model, disk.rotational) for disk in disks] == [
        ("Sony Storage Media", None),
        ("CT240BX500SSD1", False),
        ("TOSHIBA MQ01ABD050", True),
    ]


@pytest.mark.parametrize(("word", "number"), [("USB", 7), ("SD", 12), ("File Backed Virtual", 15)])
def test_a_stick_a_card_and_an_image_are_no_fixed_disks(word: str, number: int) -> None:
    row = listed("get_physicaldisk_nvme.txt")
    plugged_in = [row | {"BusType": word}, row | {"BusType": number}, row | {"BusType": 11}]
    disks = facts(disks=plugged_in).disks
    assert disks is not None and len(disks) == 1


def test_a_media_type_may_be_a_number() -> None:
    disks = facts(disks=[{"DeviceId": "0", "MediaType": number} for number in (3, 4, 0)]).disks
    assert disks and [disk.rotational for disk in disks] == [True, False, None]


def test_a_worn_battery_tells_both_capacities() -> None:
    design, full = numbers("battery_dell_xps_15.txt")
    cycles = listed("battery_cycle_count.txt")
    assert cycles["InstanceName"] == BATTERY
    told = facts(
        batteries=[{"Chemistry": 2}],
        battery_designs=[{"InstanceName": BATTERY, "DesignedCapacity": design}],
        battery_charges=[{"InstanceName": BATTERY, "FullChargedCapacity": full}],
        battery_cycles=[cycles],
    )
    assert told.batteries == (
        Battery(design_capacity_watt_hours=83.995, full_capacity_watt_hours=44.232, cycles=None),
    )


def test_a_machine_without_a_battery_has_none_and_a_silent_one_is_unknown() -> None:
    assert facts(batteries=[]).batteries == ()
    assert facts(batteries=[{"Chemistry": 2}]).batteries is None
    assert facts().batteries is None


def test_a_driver_s_word_for_unknown_is_no_capacity() -> None:
    row = {"InstanceName": BATTERY, "DesignedCapacity": 0xFFFFFFFF}
    assert facts(batteries=[{}], battery_designs=[row]).batteries == (Battery(),)


def test_the_system_s_name_may_be_in_any_language() -> None:
    said = [{"Caption": "Microsoft Windows 11 Professionnel", "Version": "10.0.22631"}]
    told = facts(system=said)
    assert (told.os_name, told.os_version) == ("Windows 11 Professionnel", "10.0.22631")


def test_build_and_edition_are_told_in_no_language() -> None:
    told = facts(build=[{"EditionID": "EnterpriseS", "CurrentBuild": "19044", "UBR": 4291}])
    assert (told.os_build, told.os_edition) == ("19044.4291", "EnterpriseS")
    assert facts(build=[{"CurrentBuild": "19044"}]).os_build == "19044"
    assert facts(build=[]).os_build is None


def test_another_encoding_costs_a_letter_and_not_the_facts() -> None:
    said = json.dumps({"system": [{"Caption": "Windows Édition"}]}, ensure_ascii=False)
    assert facts_in(said.encode("cp850")).os_name == "Windows \N{REPLACEMENT CHARACTER}dition"
    assert facts_in(b"\xef\xbb\xbf" + said.encode()).os_name == "Windows Édition"


def test_a_list_that_powershell_wrapped_is_a_list() -> None:
    row: dict[str, Any] = {"Name": "a processor", "NumberOfCores": 2}
    assert facts(processors={"value": [row, row], "Count": 2}).cpu_cores == 4
    assert facts(processors=row).cpu_cores == 2


@pytest.mark.parametrize(
    "said",
    [
        None,
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'"words"',
        b'{"computer": 7, "disks": ["x"]}',
        b'{"screen_links": [{"VideoOutputTechnology": []}], "chassis": [{"Type": {}}], "build": 7}',
    ],
)
def test_anything_else_tells_nothing(said: bytes | None) -> None:
    assert facts_in(said) == MachineFacts()


def test_what_windows_does_not_say_psutil_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_windows, "ask", lambda command, limit_seconds: None)
    machine = _windows.read_machine()
    assert machine.cpu_threads and machine.memory_bytes and machine.interfaces
    assert (machine.make, machine.disks, machine.batteries) == (None, None, None)


def test_windows_says_more_than_psutil(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(command: tuple[str, ...], limit_seconds: float) -> bytes:
        assert "powershell.exe" in command[0] and command[-1] == QUERY
        return recorded("dell_inspiron_3493.json").encode()

    monkeypatch.setattr(_windows, "ask", answer)
    machine = _windows.read_machine()
    assert (machine.model, machine.cpu_threads) == ("Inspiron 3493", 8)
    assert machine.architecture


def test_the_query_asks_for_no_name_and_no_address() -> None:
    asked = QUERY.lower()
    for forbidden in ("username", "dnshostname", "systemname", "macaddress", "ipaddress", "domain"):
        assert forbidden not in asked
    assert '"' not in QUERY  # it is one argument of a command line


@pytest.mark.parametrize("change", [str.upper, lambda text: text.replace("[", "[[")])
def test_facts_never_break_the_result_they_go_into(change: Callable[[str], str]) -> None:
    told = facts_in(change(recorded("dell_inspiron_3493.json")).encode())
    msgspec.convert(msgspec.to_builtins(told), MachineFacts)
