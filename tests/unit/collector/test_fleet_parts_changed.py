"""What is another part, and what is the same one told differently."""

from typing import Any

import pytest

from broadgauge_collector.fleet.parts_changed import PartChange, changed_parts
from broadgauge_collector.imports.model import DeviceRecord, DiskPart

GIB = 2**30
KIOXIA, SAMSUNG = (
    DiskPart("KIOXIA KBG40ZNS", 256_060_514_304),
    DiskPart("SAMSUNG MZVL2", 512 * 10**9),
)
LAPTOP = DeviceRecord(
    key="1", serial="5CD1", make="HP", model="ProBook", memory_bytes=8 * GIB, disks=(KIOXIA,),
    batteries=1, battery_design_watt_hours=45.0, battery_health_ratio=0.7, battery_cycles=410,
)  # fmt: skip


def later(**facts: Any) -> DeviceRecord:
    told = {name: getattr(LAPTOP, name) for name in LAPTOP.__struct_fields__}
    return DeviceRecord(**(told | facts))


def parts(before: DeviceRecord, after: DeviceRecord) -> list[str]:
    return [change.part for change in changed_parts(before, after)]


def test_another_disk_is_told_with_what_it_was_and_is() -> None:
    assert changed_parts(LAPTOP, later(disks=(SAMSUNG,))) == (
        PartChange("disk", "KIOXIA KBG40ZNS, 256 GB", "SAMSUNG MZVL2, 512 GB"),
    )


@pytest.mark.parametrize(
    "disks",
    [
        (DiskPart("KIOXIA KBG40ZNS", 256_060_514_304),),
        (DiskPart("NVMe KIOXIA-KBG40ZNS", 256 * 10**9),),  # another driver's words
        (DiskPart(None, 256_060_514_304),),
        (DiskPart("KIOXIA KBG40ZNS", None),),
        (KIOXIA, SAMSUNG),  # one more, perhaps on a dock
        (),
        None,
    ],
)
def test_the_same_disk_in_other_words_or_one_more_or_fewer_is_no_other_disk(disks: Any) -> None:
    assert parts(LAPTOP, later(disks=disks)) == []
    assert parts(later(disks=disks), LAPTOP) == []


def test_of_several_disks_the_one_that_changed_is_told_whatever_their_order() -> None:
    was, now = later(disks=(KIOXIA, SAMSUNG)), later(disks=(DiskPart("WDC SN530", 10**12), KIOXIA))
    (change,) = changed_parts(was, now)
    assert (change.before, change.after) == ("SAMSUNG MZVL2, 512 GB", "WDC SN530, 1,000 GB")


@pytest.mark.parametrize(
    "facts",
    [
        {"battery_cycles": 3, "battery_health_ratio": 1.0},
        {"battery_cycles": 3, "battery_health_ratio": None},
        {"battery_cycles": None, "battery_health_ratio": 0.99},
        {"battery_cycles": None, "battery_design_watt_hours": 57.0, "battery_health_ratio": 0.98},
        {"battery_cycles": None, "battery_design_watt_hours": 57.0, "battery_health_ratio": None},
    ],
)
def test_fewer_cycles_much_more_capacity_or_another_design_is_another_battery(facts: Any) -> None:
    assert parts(LAPTOP, later(**facts)) == ["battery"]


@pytest.mark.parametrize(
    "facts",
    [
        {"battery_cycles": 412, "battery_health_ratio": 0.69},
        {"battery_cycles": 412, "battery_health_ratio": 0.78},  # the gauge found its measure
        {"battery_cycles": None},
        {"battery_cycles": 0, "battery_health_ratio": 0.4},  # a gauge that lost its count
        {"battery_design_watt_hours": 48.2, "battery_health_ratio": 0.7},  # another voltage
        {"battery_design_watt_hours": None, "battery_health_ratio": None},
        {"batteries": 2, "battery_cycles": 5},  # a second one was put in before the first
        {"batteries": None, "battery_cycles": None, "battery_health_ratio": None},
    ],
)
def test_wear_a_gauge_that_wavers_and_what_isnt_told_are_no_other_battery(facts: Any) -> None:
    assert parts(LAPTOP, later(**facts)) == []


def test_memory_is_other_memory_in_steps_of_modules_not_of_graphics() -> None:
    (change,) = changed_parts(LAPTOP, later(memory_bytes=16 * GIB))
    assert (change.part, change.before, change.after) == ("memory", "8 GiB", "16 GiB")
    assert parts(LAPTOP, later(memory_bytes=4 * GIB)) == ["memory"]
    for same in (8 * GIB, 7.5 * GIB, 6.5 * GIB, None):
        assert parts(LAPTOP, later(memory_bytes=same and int(same))) == []


@pytest.mark.parametrize("facts", [{"serial": "OTHER"}, {"model": "Latitude"}, {"make": "Dell"}])
def test_an_agent_whose_disk_was_moved_is_on_another_machine_not_on_a_repaired_one(
    facts: Any,
) -> None:
    assert parts(LAPTOP, later(memory_bytes=32 * GIB, disks=(SAMSUNG,), **facts)) == []


def test_what_was_kept_before_parts_were_told_apart_differs_in_nothing() -> None:
    old = DeviceRecord(key="1", serial="5CD1", battery_cycles=410, battery_health_ratio=0.7)
    assert parts(old, later(battery_cycles=2, battery_health_ratio=1.0)) == []
