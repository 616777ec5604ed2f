"""Fixed disks from /sys/block, and the wear that eMMC tells anybody.

What other disks say of their health the kernel tells administrators alone.
"""

from pathlib import Path

from broadgauge_agent._linux_files import children, number, text
from broadgauge_wire import Disk, DiskHealth

from .facts import real_text

BYTES_PER_SECTOR = 512
"""/sys/block/*/size counts these, whatever the disk's own sectors are."""

NOT_A_FIXED_DISK = ("dm-", "fd", "loop", "md", "nbd", "ram", "sr", "zd", "zram")
BOOT_PARTITIONS = ("boot0", "boot1", "rpmb")
"""Parts that an eMMC shows as disks of their own."""

MAX_DISKS = 64

BEFORE_END_OF_LIFE: dict[int, DiskHealth] = {1: "good", 2: "warning", 3: "failing"}
"""PRE_EOL_INFO of JEDEC's eMMC standard 5.0: normal, 80% and 90% of the reserve are used."""

TENTHS = 10
"""DEVICE_LIFE_TIME_EST of the same: 1 is up to a tenth of the life used, 11 is beyond the end."""

BEYOND_THE_END = 11


def read_disks(root: Path) -> tuple[Disk, ...] | None:
    """The machine's own disks; None if the system doesn't say."""
    folder = root / "sys/block"
    if not folder.is_dir():
        return None
    return tuple(_disk(disk) for disk in children(folder) if _is_fixed(disk))[:MAX_DISKS]


def _is_fixed(disk: Path) -> bool:
    return not (
        disk.name.startswith(NOT_A_FIXED_DISK)
        or disk.name.endswith(BOOT_PARTITIONS)
        or number(disk / "removable")
    )


def _disk(disk: Path) -> Disk:
    sectors = number(disk / "size")
    rotational = number(disk / "queue/rotational")
    return Disk(
        name=disk.name,
        model=real_text(text(disk / "device/model") or text(disk / "device/name")),
        size_bytes=sectors * BYTES_PER_SECTOR if sectors else None,
        rotational=None if rotational is None else bool(rotational),
        health=_health(disk),
        life_used_ratio=_life_used(disk),
    )


def _health(disk: Path) -> DiskHealth | None:
    said = _hexadecimal(text(disk / "device/pre_eol_info"))
    return BEFORE_END_OF_LIFE.get(said[0]) if said else None


def _life_used(disk: Path) -> float | None:
    """Of its two kinds of memory the more worn one, at most as much as that. 0 is not told."""
    said = _hexadecimal(text(disk / "device/life_time"))
    worst = max((one for one in said if 0 < one <= BEYOND_THE_END), default=None)
    return None if worst is None else min(worst, TENTHS) / TENTHS


def _hexadecimal(said: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(word, 16) for word in (said or "").split())
    except ValueError:
        return ()
