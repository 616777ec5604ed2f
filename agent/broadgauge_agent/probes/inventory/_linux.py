"""A Linux machine's facts from /sys, /proc and /etc. `root` is another root for recorded trees."""

import platform
import re
from collections.abc import Iterator
from pathlib import Path

from broadgauge_agent._linux_files import children, text
from broadgauge_agent._network_linux import describe_interface
from broadgauge_agent.network import public_name
from broadgauge_wire import NetworkLink

from ._linux_battery import read_batteries
from ._linux_disks import read_disks
from ._linux_keyboard import read_keyboard
from ._linux_screen import read_screen
from ._linux_wifi import read_wifi_standard
from .facts import MachineFacts, real_text, with_screen

ROOT = Path("/")
MADE_ON = re.compile(r"(20\d\d)-\d\d-\d\d")
MAX_INTERFACES = 64


def read_machine(root: Path = ROOT) -> MachineFacts:
    """Everything this system says without asking for more rights."""
    system = dict(_pairs(text(root / "etc/os-release") or "", "="))
    processors = _processors(root)
    facts = MachineFacts(
        make=_dmi(root, "sys_vendor"),
        model=_dmi(root, "product_name") or _device_tree_model(root),
        serial=_serial(root),
        cpu_model=_cpu_model(processors),
        cpu_cores=_cores(processors),
        cpu_threads=len(processors) or None,
        memory_bytes=_memory_bytes(root),
        disks=read_disks(root),
        batteries=read_batteries(root),
        os_name=real_text(system.get("NAME")),
        os_version=_version(system.get("VERSION_ID")),
        os_build=_version(system.get("BUILD_ID")),
        architecture=platform.machine() or None,
        interfaces=_interfaces(root),
        manufactured_year=_manufactured_year(root),
        has_keyboard=read_keyboard(root),
        wifi_standard=read_wifi_standard(root),
    )
    return with_screen(facts, read_screen(root))


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


def _manufactured_year(root: Path) -> int | None:
    """From a Chromebook's vital product data. The date of a BIOS is that of its program."""
    found = MADE_ON.fullmatch(text(root / "sys/firmware/vpd/ro/mfg_date") or "")
    return int(found[1]) if found else None


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
