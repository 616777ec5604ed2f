"""Inventories of the GLPI agent."""

import io
import json
import zipfile
from typing import Any, cast

import msgspec
import pytest

from broadgauge_collector.errors import CollectorError, Unreadable
from broadgauge_collector.imports.formats import all_formats
from broadgauge_collector.imports.model import DeviceRecord, Refused, Taken
from broadgauge_collector.imports.recognizing import recognized
from tests.unit.collector.example_exports import E_MAIL, NAME, PEOPLE, USER, outcomes

GLPI = all_formats()["glpi"]


def machine(n: int = 0, **content: Any) -> dict[str, Any]:
    return {
        "action": "inventory",
        "deviceid": f"{USER}-laptop-2026-01-26-14-32-{n:02}",
        "itemtype": "Computer",
        "content": {
            "accesslog": {"logdate": "2026-10-30 04:55:07", "userid": E_MAIL},
            "bios": {
                "assettag": f"RHS-{n:04}", "smanufacturer": "Dell Inc.", "smodel": "XPS 13 9350",
                "skunumber": "0704", "ssn": f"2FAGP{n:02}", "bversion": "1.3.3",
            },
            "hardware": {
                "chassis_type": "Notebook", "lastloggeduser": USER, "memory": 7908,
                "name": f"{USER}-laptop", "uuid": f"4c4c4544-0046-4710-8047-b2c04f50{n:04x}",
                "winowner": NAME,
            },
            "operatingsystem": {
                "full_name": "Microsoft Windows 11 Education", "name": "Windows",
                "version": "24H2", "fqdn": f"{USER}-laptop.example.org",
            },
            "batteries": [
                {"capacity": 50000, "real_capacity": 41500, "serial": "1", "voltage": 11400}
            ],
            "cpus": [{"name": "Intel(R) Core(TM) i5-6200U CPU @ 2.30GHz", "core": 2}],
            "drives": [
                {"letter": "C:", "free": 100_000, "total": 243_000, "systemdrive": True},
                {"letter": "E:", "free": 10, "total": 20},
            ],
            "storages": [
                {"name": "0", "disksize": 256_060, "interface": "NVME", "type": "SSD"},
                {"name": "1", "disksize": 31_000, "interface": "USB", "type": "removable"},
            ],
            "networks": [
                {
                    "description": "wlan0", "mac": f"00:24:d7:00:00:{n:02x}", "type": "wifi",
                    "status": "up", "wifi_ssid": f"{NAME}'s phone", "wifi_version": "802.11ax",
                },
                {"description": "veth", "mac": "00:24:d7:ff:ff:ff", "virtualdev": True},
                {"description": "lo", "mac": "00:00:00:00:00:00", "type": "loopback"},
            ],
            "users": [{"login": USER, "domain": "SCHOOL"}],
            "softwares": [{"name": WORDS_OF_PROGRAM}],
            **content,
        },
    }  # fmt: skip


WORDS_OF_PROGRAM = f"Notes of {NAME}"


def as_json(said: Any) -> bytes:
    return json.dumps(said, indent=4).encode()


def only(**content: Any) -> DeviceRecord:
    (found,) = outcomes("glpi", as_json(machine(**content)))
    assert isinstance(found, Taken), found
    return cast("DeviceRecord", found.record)


def zipped(*files: tuple[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files:
            packed.writestr(name, data)
    return target.getvalue()


def test_a_machine_is_named_by_its_uuid_and_says_what_it_is_made_of() -> None:
    found = only()
    assert found.key == "4c4c4544-0046-4710-8047-b2c04f500000"
    assert (found.serial, found.asset_tag) == ("2FAGP00", "RHS-0000")
    assert (found.kind, found.make, found.model) == ("laptop", "Dell Inc.", "XPS 13 9350")
    assert found.memory_bytes == 7908 * 1024**2
    assert (found.disk_bytes, found.disk_free_bytes) == (256_060_000_000, 100_000 * 1024**2)
    assert (found.macs, found.wifi_standard) == (("0024d7000000",), "802.11ax")
    assert found.cpu_model == "Intel(R) Core(TM) i5-6200U CPU 2.30GHz"
    assert (found.os_name, found.os_version) == ("Microsoft Windows 11 Education", "24H2")


def test_a_battery_holds_a_share_of_what_it_was_made_for() -> None:
    assert only().battery_health_ratio == 0.83


@pytest.mark.parametrize(
    "battery",
    [
        {"capacity": 0, "real_capacity": 41500}, {"capacity": 50000, "real_capacity": 0},
        {"capacity": 50000}, {"capacity": 50, "real_capacity": 41500}, {},
    ],
)  # fmt: skip
def test_a_battery_that_says_half_of_it_has_no_health(battery: dict[str, int]) -> None:
    assert only(batteries=[battery]).battery_health_ratio is None


def test_a_new_battery_holds_no_more_than_all() -> None:
    battery = {"capacity": 50000, "real_capacity": 51200}
    assert only(batteries=[battery]).battery_health_ratio == 1.0


def test_what_makers_leave_in_place_of_numbers_names_nothing() -> None:
    bios = {"ssn": "To be filled by O.E.M.", "assettag": "No Asset Tag"}
    hardware = {"uuid": "03000200-0400-0500-0006-000700080009"}
    found = only(bios=bios, hardware=hardware)
    assert (found.serial, found.asset_tag, found.key) == (None, None, "0024d7000000")
    (nothing,) = outcomes("glpi", as_json(machine(bios=bios, hardware=hardware, networks=[])))
    assert isinstance(nothing, Refused)
    assert "which device" in nothing.reason


@pytest.mark.parametrize(
    ("chassis", "kind"),
    [
        ("Laptop", "laptop"), ("Convertible", "laptop"), ("Mini Tower", "desktop"),
        ("All in One", "desktop"), ("Rack Mount Chassis", "server"), ("Tablet", "tablet"),
        ("Unknown", None),
    ],
)  # fmt: skip
def test_a_chassis_says_the_kind(chassis: str, kind: str | None) -> None:
    assert only(hardware={"uuid": None, "chassis_type": chassis}).kind == kind


def test_a_switch_that_the_agent_asked_is_a_device_too() -> None:
    said = {
        "deviceid": "foo", "itemtype": "NetworkEquipment",
        "content": {
            "network_device": {
                "type": "Networking", "mac": "00:24:d7:00:00:01", "manufacturer": "Cisco",
                "model": "Catalyst 9300 Switch", "serial": "FOC1", "contact": E_MAIL,
                "location": f"{NAME}'s office",
            },
        },
    }  # fmt: skip
    (found,) = outcomes("glpi", as_json(said))
    assert isinstance(found, Taken)
    switch = cast("DeviceRecord", found.record)
    assert (switch.kind, switch.serial, switch.place) == ("switch", "FOC1", None)


MANY = [machine(n) for n in range(3)]


@pytest.mark.parametrize(
    "data",
    [
        as_json(MANY),
        b"\n".join(json.dumps(each).encode() for each in MANY),
        b"\xef\xbb\xbf" + b"\r\n\r\n".join(json.dumps(each).encode() for each in MANY),
        zipped(*((f"{USER}-{n}.json", as_json(m)) for n, m in enumerate(MANY))),
        zipped(("a/1.json", as_json(MANY[0])), ("b/1.json", as_json(MANY[1])),
               ("2.json", as_json(MANY[2])), ("readme.txt", b"hello")),
    ],
    ids=["array", "lines", "lines with a mark and blank ones", "zip", "zip with folders"],
)  # fmt: skip
def test_many_machines_come_in_an_array_in_lines_or_in_a_zip(data: bytes) -> None:
    found = outcomes("glpi", data)
    serials = {cast("DeviceRecord", row.record).serial for row in found if isinstance(row, Taken)}
    assert (len(found), serials) == (3, {"2FAGP00", "2FAGP01", "2FAGP02"})
    text = msgspec.json.encode(found).decode()
    assert not [person for person in PEOPLE if person in text]
    assert recognized(io.BytesIO(data), all_formats().values())[0].key == "glpi"


def test_a_machine_that_is_none_is_refused_and_the_others_are_taken() -> None:
    said = [machine(0), {"hello": NAME}, 7, {"content": {"bios": USER}}, machine(1)]
    found = outcomes("glpi", as_json(said))
    assert [type(row) for row in found] == [Taken, Refused, Refused, Refused, Taken]
    assert not [p for p in PEOPLE if p in msgspec.json.encode(found).decode()]


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[", b"hello", as_json(machine())[:-9], zipped(("a.txt", b"x")), b"PK\x03\x04"],
)
def test_what_is_no_inventory_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        outcomes("glpi", data)


def test_a_zip_with_a_damaged_file_in_it_is_unreadable() -> None:
    data = bytearray(zipped(("a.json", as_json(machine()))))
    data[60:90] = bytes(30)
    with pytest.raises(CollectorError):
        outcomes("glpi", bytes(data))


def test_an_address_in_the_place_of_a_model_is_refused_unquoted() -> None:
    bios = {"ssn": "2FAGP34", "smodel": E_MAIL}
    (found,) = outcomes("glpi", as_json(machine(bios=bios)))
    assert isinstance(found, Refused)
    assert "model" in found.reason
    assert E_MAIL not in found.reason
