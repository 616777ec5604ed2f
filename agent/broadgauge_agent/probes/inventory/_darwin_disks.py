"""A Mac's fixed disks: NVMe ones from the system profiler, older ones from `diskutil info -all`."""

import re
from collections.abc import Iterator
from typing import Any

from broadgauge_wire import Disk, DiskHealth

from .facts import real_text

FIELD = re.compile(r"^\s*([^:]+?):\s+(.*\S)\s*$", re.MULTILINE)
DISK = re.compile(r"(?m)^(?=\s*Device Identifier:)")
EXACT_BYTES = re.compile(r"\((\d+) Bytes\)")
YES_OR_NO = {"Yes": True, "No": False}
SMART: dict[str, DiskHealth] = {
    "Verified": "good",
    "Failing": "failing",
    "About to Fail": "failing",
}
"""Both tools' words for what the disk says. They say others where it says nothing."""

MAX_DISKS = 64


def disks_in(nvme: list[dict[str, Any]], diskutil: bytes | None) -> tuple[Disk, ...] | None:
    """Disks built into the machine; None if neither source names one."""
    disks = {disk.name: disk for disk in _older(diskutil or b"")}
    disks |= {disk.name: disk for controller in nvme for disk in _nvme(controller)}
    return tuple(disks[name] for name in sorted(disks))[:MAX_DISKS] or None


def tables(said: object) -> list[dict[str, Any]]:
    """The tables in a list of the system profiler's; none in anything else."""
    return [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []


def _nvme(controller: dict[str, Any]) -> Iterator[Disk]:
    for said in tables(controller.get("_items")):
        size = said.get("size_in_bytes")
        if "yes" not in (said.get("detachable_drive"), said.get("removable_media")):
            yield Disk(
                name=str(said.get("bsd_name")),
                model=real_text(str(said.get("device_model", ""))),
                size_bytes=size if isinstance(size, int) else None,
                rotational=False,  # NVMe is for memory chips
                health=SMART.get(str(said.get("smart_status"))),
            )


def _older(said: bytes) -> Iterator[Disk]:
    for block in DISK.split(said.decode("utf-8", "replace")):
        fields = dict(FIELD.findall(block))
        if _is_built_in(fields):
            size = EXACT_BYTES.search(fields.get("Disk Size", ""))
            yield Disk(
                name=fields["Device Identifier"],
                model=real_text(fields.get("Device / Media Name")),
                size_bytes=int(size[1]) if size else None,
                rotational=_rotational(fields),
                health=SMART.get(fields.get("SMART Status", "")),
            )


def _is_built_in(fields: dict[str, str]) -> bool:
    """Not a part of a disk, not one made of others, not one plugged in."""
    return (
        fields.get("Whole") == "Yes"
        and fields.get("Virtual") != "Yes"
        and fields.get("Device Location") == "Internal"
        and fields.get("Removable Media") == "Fixed"
    )


def _rotational(fields: dict[str, str]) -> bool | None:
    solid = YES_OR_NO.get(fields.get("Solid State", ""))
    return None if solid is None else not solid
