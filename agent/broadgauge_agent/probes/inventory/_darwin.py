"""A Mac's facts from system_profiler, diskutil and ioreg, none of which needs rights.

Keys are the same in every language. A user's, a volume's or a network's name is passed over.
"""

import re
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from broadgauge_agent._system_tool import ask
from broadgauge_wire import NetworkLink, WifiStandard

from . import _other
from ._darwin_battery import read_batteries
from ._darwin_disks import disks_in, tables
from ._darwin_report import Report, report_in
from ._darwin_screen import screen_in
from .facts import MachineFacts, filled, real_text, with_screen
from .wifi_standards import newest

HARDWARE, NVME, WIFI = "SPHardwareDataType", "SPNVMeDataType", "SPAirPortDataType"
DISPLAYS = "SPDisplaysDataType"
PROFILER = ("/usr/sbin/system_profiler", "-json", HARDWARE, NVME, WIFI, DISPLAYS)
DISKUTIL = ("/usr/sbin/diskutil", "info", "-all")
BATTERY = ("/usr/sbin/ioreg", "-a", "-r", "-c", "AppleSmartBattery")
LIMIT_SECONDS = 60.0
"""Telling of Wi-Fi, the system profiler looks for networks first."""

MAKE = "Apple"
LAPTOP = "MacBook"
CORES = re.compile(r"proc (\d+)")
"""`proc 10:4:6:0` on Apple silicon: all, then how many of each kind. Intel Macs say a number."""

BITS_PER_MEGABIT = 1_000_000.0


def read_machine() -> MachineFacts:
    """What macOS says, and what psutil says where it does not."""
    report = report_in(ask(PROFILER, LIMIT_SECONDS))
    facts = replace(
        with_screen(hardware_facts(report), screen_in(report.get(DISPLAYS, []))),
        disks=disks_in(report.get(NVME, []), ask(DISKUTIL, LIMIT_SECONDS)),
        batteries=read_batteries(ask(BATTERY, LIMIT_SECONDS)),
        wifi_standard=wifi_standard_in(report),
    )
    rest = _other.read_machine()
    return replace(filled(facts, rest), interfaces=with_wifi_rates(rest.interfaces, report))


def hardware_facts(report: Report) -> MachineFacts:
    """Make, model, serial number and processor."""
    said = next(iter(report.get(HARDWARE, [])), {})
    identifier = _text(said, "machine_model")
    name = _text(said, "machine_name")
    return MachineFacts(
        make=MAKE if identifier else None,
        model=f"{name} ({identifier})" if name and identifier else identifier,
        serial=_text(said, "serial_number"),
        cpu_model=_text(said, "chip_type") or _text(said, "cpu_type"),
        cpu_cores=_cores(said.get("number_processors")),
        # what is plugged into a desktop isn't asked
        has_keyboard=True if name and name.startswith(LAPTOP) else None,
    )


def with_wifi_rates(
    interfaces: tuple[NetworkLink, ...] | None, report: Report
) -> tuple[NetworkLink, ...] | None:
    """The interfaces, with the rate at which each Wi-Fi one transmits just now."""
    if interfaces is None:
        return None
    rates = dict(_wifi_rates(report))
    return tuple(
        replace(link, speed_bits_per_second=rates.get(link.name)) if link.kind == "wifi" else link
        for link in interfaces
    )


def wifi_standard_in(report: Report) -> WifiStandard | None:
    """The newest standard of the built-in adapter, which lists them as `802.11 a/b/g/n/ac`."""
    modes = (
        str(interface.get("spairport_supported_phymodes", ""))
        for section in report.get(WIFI, [])
        for interface in tables(section.get("spairport_airport_interfaces"))
    )
    return newest(
        f"802.11{letters}"
        for said in modes
        for letters in said.removeprefix("802.11").strip().split("/")
    )


def _wifi_rates(report: Report) -> Iterator[tuple[str, float]]:
    for section in report.get(WIFI, []):
        for interface in tables(section.get("spairport_airport_interfaces")):
            for network in tables([interface.get("spairport_current_network_information")]):
                rate = network.get("spairport_network_rate")
                if isinstance(rate, int | float) and rate > 0:
                    yield str(interface.get("_name")), rate * BITS_PER_MEGABIT


def _cores(said: object) -> int | None:
    if isinstance(said, int):
        return said
    found = CORES.match(said) if isinstance(said, str) else None
    return int(found[1]) if found else None


def _text(said: dict[str, Any], key: str) -> str | None:
    value = said.get(key)
    return real_text(value) if isinstance(value, str) else None
