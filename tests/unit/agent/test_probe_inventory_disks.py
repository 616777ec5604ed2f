"""A disk's health is told where anybody may read it, and is unknown elsewhere."""

from pathlib import Path

import pytest

from broadgauge_agent.probes.inventory import _windows_disks
from broadgauge_agent.probes.inventory._darwin_disks import disks_in
from broadgauge_agent.probes.inventory._linux_disks import read_disks
from broadgauge_wire import Disk

DARWIN = Path(__file__).parents[2] / "fixtures/darwin"


def emmc(root: Path, life_time: str | None, before_end: str | None) -> Disk:
    device = root / "sys/block/mmcblk0/device"
    device.mkdir(parents=True)
    for name, said in (("life_time", life_time), ("pre_eol_info", before_end)):
        if said is not None:
            (device / name).write_text(said + "\n")
    (disk,) = read_disks(root) or ()
    return disk


@pytest.mark.parametrize(
    ("said", "used"),
    [
        ("0x01 0x01", 0.1),
        ("0x02 0x07", 0.7),
        ("0x0a 0x01", 1.0),
        ("0x0b 0x0b", 1.0),
        ("0x00 0x03", 0.3),
        ("0x00 0x00", None),
        ("0xff 0x00", None),
        ("", None),
        ("words", None),
        (None, None),
    ],
)
def test_an_emmc_s_more_worn_half_counts_and_0_is_not_told(
    tmp_path: Path, said: str | None, used: float | None
) -> None:
    assert emmc(tmp_path, said, None).life_used_ratio == used


@pytest.mark.parametrize(
    ("said", "health"),
    [
        ("0x01", "good"),
        ("0x02", "warning"),
        ("0x03", "failing"),
        ("0x00", None),
        ("0x09", None),
        (None, None),
    ],
)
def test_an_emmc_says_how_near_its_end_is(
    tmp_path: Path, said: str | None, health: str | None
) -> None:
    assert emmc(tmp_path, None, said).health == health


@pytest.mark.parametrize(
    ("said", "health"),
    [
        (0, "good"),
        ("Healthy", "good"),
        (1, "warning"),
        ("Warning", "warning"),
        (2, "failing"),
        ("Unhealthy", "failing"),
        (5, None),
        ("Unknown", None),
        (None, None),
        ([0], None),
    ],
)
def test_windows_says_a_disk_s_health_as_a_word_or_a_number(
    said: object, health: str | None
) -> None:
    (disk,) = _windows_disks.read_disks([{"DeviceId": "0", "HealthStatus": said}]) or ()
    assert (disk.health, disk.life_used_ratio) == (health, None)


@pytest.mark.parametrize(
    ("said", "health"),
    [("Verified", "good"), ("Failing", "failing"), ("Not Supported", None), ("", None)],
)
def test_a_mac_s_tools_say_what_the_disk_says(said: str, health: str | None) -> None:
    nvme = {"_items": [{"bsd_name": "disk0", "smart_status": said}]}
    (disk,) = disks_in([nvme], None) or ()
    assert disk.health == health
    older = (DARWIN / "diskutil_info_hdd.txt").read_text()
    lines = [line for line in older.splitlines() if "SMART Status" not in line]
    told = "\n".join([*lines, f"   SMART Status:             {said}"])
    (disk,) = disks_in([], told.encode()) or ()
    assert disk.health == health
