"""A Linux machine's facts from /sys, /proc and /etc. `root` is another root for recorded trees."""

import platform
from collections.abc import Iterator
from pathlib import Path

from broadgauge_agent._linux_files import children, number, text
from broadgauge_agent._network_linux import describe_interface
from broadgauge_agent.network import public_name
from broadgauge_wire import Disk, NetworkLink

from ._linux_battery import read_batteries
from .facts import MachineFacts, real_text

ROOT = Path("/")
BYTES_PER_SECTOR = 512
"""/sys/block/*/size counts these, whatever the disk's own sectors are."""

NOT_A_FIXED_DISK = ("dm-", "fd", "loop", "md", "nbd", "ram", "sr", "zd", "zram")
BOOT_PARTITIONS = ("boot0", "boot1", "rpmb")
"""Parts that an eMMC shows as disks of their own."""

MAX_DISKS = MAX_INTERFACES = 64


def read_machine(root: Path = ROOT) -> MachineFacts:
    """Everything this system says without asking for more rights."""
    os_name, os_version = _operating_system(root)
    processors = _processors(root)
    return MachineFacts(
        make=_dmi(root, "sys_vendor"),
        model=_dmi(root, "product_name") or _device_tree_model(root),
        serial=_serial(root),
        cpu_model=_cpu_model(processors),
        cpu_cores=_cores(processors),
        cpu_threads=len(processors) or None,
        memory_bytes=_memory_bytes(root),
        disks=_disks(root),
        batteries=read_batteries(root),
        os_name=os_name,
        os_version=os_version,
        architecture=platform.machine() or None,
        interfaces=_interfaces(root),
    )


def _dmi(root: Path, name: str) -> str | None:
    return real_text(text(root / "sys/class/dmi/id" / name))


def _device_tree_model(root: Path) -> str | None:
    return real_text(text(root / "proc/device-tree/model"))


def _serial(root: Path) -> str | None:
    """From DMI (root only), a Chromebook's vital product data, or the device tree."""
    return (
        _dmi(root, "product_serial")
        or real_text(text(root / "sys/firmware/vpd/ro/serial_number"))
        or real_text(text(root / "proc/device-tree/serial-number"))
    )


def _processors(root: Path) -> list[dict[str, str]]:
    """One mapping a logical processor, as /proc/cpuinfo lists them."""
    blocks = (text(root / "proc/cpuinfo") or "").split("\n\n")
    parsed = (dict(_pairs(block, ":")) for block in blocks)
    return [block for block in parsed if "processor" in block]


def _cpu_model(processors: list[dict[str, str]]) -> str | None:
    return real_text(processors[0].get("model name")) if processors else None


def _cores(processors: list[dict[str, str]]) -> int | None:
    """Distinct (package, core) pairs; None where the system does not name cores."""
    cores = {(p.get("physical id"), p["core id"]) for p in processors if "core id" in p}
    return len(cores) or None


def _memory_bytes(root: Path) -> int | None:
    """What the kernel manages, which is a little less than what is fitted."""
    facts = dict(_pairs(text(root / "proc/meminfo") or "", ":"))
    kibibytes = facts.get("MemTotal", "").removesuffix("kB").strip()
    return int(kibibytes) * 1024 if kibibytes.isdigit() else None


def _disks(root: Path) -> tuple[Disk, ...] | None:
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
    )


def _operating_system(root: Path) -> tuple[str | None, str | None]:
    facts = dict(_pairs(text(root / "etc/os-release") or "", "="))
    return real_text(facts.get("NAME")), _version(facts.get("VERSION_ID"))


def _version(said: str | None) -> str | None:
    """A version may well be a single digit, so it is no placeholder."""
    return said[:200] if said else None


def _interfaces(root: Path) -> tuple[NetworkLink, ...] | None:
    folder = root / "sys/class/net"
    if not folder.is_dir():
        return None
    links = (
        describe_interface(interface.name, public_name(interface.name), root)
        for interface in children(folder)
        if interface.is_dir()
    )
    return tuple(link for link in links if link.kind != "loopback")[:MAX_INTERFACES]


def _pairs(lines: str, separator: str) -> Iterator[tuple[str, str]]:
    for line in lines.splitlines():
        key, found, value = line.partition(separator)
        if found:
            yield key.strip(), value.strip().strip("\"'")
