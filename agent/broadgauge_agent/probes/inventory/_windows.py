"""A Windows machine's facts from one PowerShell query of its management classes (CIM, WMI).

Values are numbers or what the maker wrote; only the system's name is in the system's language.
Windows PowerShell 5.1, which every Windows has, because newer ones lack Get-WmiObject.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from broadgauge_agent._system_tool import ask
from broadgauge_wire import Disk
from broadgauge_wire.spec import MAX_TEXT

from . import _other
from ._windows_battery import BatteryAnswers, read_batteries
from .facts import MachineFacts, filled, real_text

POWERSHELL = r"System32\WindowsPowerShell\v1.0\powershell.exe"
LIMIT_SECONDS = 60.0
"""The first query after a start of Windows may take half of that."""

STORAGE = "root/Microsoft/Windows/Storage"
QUERY = f"""
$ErrorActionPreference = 'SilentlyContinue'
try {{ [Console]::OutputEncoding = [Text.Encoding]::UTF8 }} catch {{ }}
@{{
  computer = @(Get-CimInstance Win32_ComputerSystem |
    Select-Object Manufacturer, Model, TotalPhysicalMemory)
  bios = @(Get-CimInstance Win32_BIOS | Select-Object SerialNumber)
  processors = @(Get-CimInstance Win32_Processor |
    Select-Object Name, NumberOfCores, NumberOfLogicalProcessors)
  memory = @(Get-CimInstance Win32_PhysicalMemory | Select-Object Capacity)
  system = @(Get-CimInstance Win32_OperatingSystem | Select-Object Caption, Version)
  disks = @(Get-CimInstance MSFT_PhysicalDisk -Namespace {STORAGE} |
    Select-Object DeviceId, Model, Size, MediaType, BusType)
  batteries = @(Get-CimInstance Win32_Battery | Select-Object Chemistry)
  battery_designs = @(Get-WmiObject BatteryStaticData -Namespace root/wmi |
    Select-Object InstanceName, DesignedCapacity)
  battery_charges = @(Get-WmiObject BatteryFullChargedCapacity -Namespace root/wmi |
    Select-Object InstanceName, FullChargedCapacity)
  battery_cycles = @(Get-WmiObject BatteryCycleCount -Namespace root/wmi |
    Select-Object InstanceName, CycleCount)
}} | ConvertTo-Json -Depth 3 -Compress
"""
"""Get-WmiObject for batteries, because Get-CimInstance fails there on some machines."""

MAKER = re.compile(r"^Microsoft\s+", re.IGNORECASE)
NOT_FIXED = frozenset({7, 9, 12, 15, 16, "USB", "iSCSI", "SD", "File Backed Virtual", "Spaces"})
"""Bus types of MSFT_PhysicalDisk: plugged in, elsewhere, or made of other disks. Windows says the
number or, where its storage module is loaded, the word."""

SPINS: dict[int | str, bool] = {3: True, 4: False, "HDD": True, "SSD": False}
"""MediaType of MSFT_PhysicalDisk."""

MAX_DISKS = 64

Rows = list[dict[str, Any]]
Answers = dict[str, Any]


def read_machine() -> MachineFacts:
    """What Windows says, and what psutil says where it does not."""
    powershell = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / POWERSHELL
    options = ("-NoLogo", "-NoProfile", "-NonInteractive", "-Command")
    said = ask((str(powershell), *options, QUERY), LIMIT_SECONDS)
    return filled(facts_in(said), _other.read_machine())


def facts_in(said: bytes | None) -> MachineFacts:
    """The facts in the query's JSON; none in anything else."""
    try:
        answers = msgspec.json.decode((said or b"").decode("utf-8-sig", "replace"), type=Answers)
    except msgspec.DecodeError:
        return MachineFacts()
    computer, processors = _rows(answers, "computer"), _rows(answers, "processors")
    return MachineFacts(
        make=_text(computer, "Manufacturer"),
        model=_text(computer, "Model"),
        serial=_text(_rows(answers, "bios"), "SerialNumber"),
        cpu_model=_text(processors, "Name"),
        cpu_cores=_sum(processors, "NumberOfCores"),
        cpu_threads=_sum(processors, "NumberOfLogicalProcessors"),
        # what is fitted, or what Windows manages where the modules are not told
        memory_bytes=_sum(_rows(answers, "memory"), "Capacity")
        or _sum(computer, "TotalPhysicalMemory"),
        disks=_disks(_rows(answers, "disks")),
        batteries=read_batteries(_battery_answers(answers)),
        os_name=_os_name(_rows(answers, "system")),
        os_version=_text(_rows(answers, "system"), "Version"),
    )


def _rows(answers: Answers, name: str) -> Rows:
    """The rows of one class. Windows PowerShell may wrap a list in an object, as its `value`."""
    said = answers.get(name)
    listed = said.get("value", [said]) if isinstance(said, dict) else said
    return [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []


def _text(rows: Rows, field: str) -> str | None:
    said = rows[0].get(field) if rows else None
    return real_text(said) if isinstance(said, str) else None


def _number(said: object) -> int | None:
    """64-bit numbers come as text from some versions."""
    if isinstance(said, str) and said.isascii() and said.isdigit():
        said = int(said)
    return said if isinstance(said, int) and not isinstance(said, bool) and said >= 0 else None


def _sum(rows: Rows, field: str) -> int | None:
    numbers: Iterable[int] = filter(None, (_number(row.get(field)) for row in rows))
    return sum(numbers) or None


def _os_name(system: Rows) -> str | None:
    name = _text(system, "Caption")
    return MAKER.sub("", name) if name else None


def _disks(rows: Rows) -> tuple[Disk, ...] | None:
    if not rows:
        return None
    return tuple(_disk(row) for row in rows if _said(row, "BusType") not in NOT_FIXED)[:MAX_DISKS]


def _disk(row: dict[str, Any]) -> Disk:
    model = row.get("Model")
    return Disk(
        name=f"PhysicalDrive{row.get('DeviceId')}"[:MAX_TEXT],
        model=real_text(model) if isinstance(model, str) else None,
        size_bytes=_number(row.get("Size")) or None,
        rotational=SPINS.get(_said(row, "MediaType")),
    )


def _said(row: dict[str, Any], field: str) -> int | str:
    said = row.get(field)
    return said if isinstance(said, int | str) else ""


def _battery_answers(answers: Answers) -> BatteryAnswers | None:
    if "batteries" not in answers:
        return None
    return BatteryAnswers(
        there=bool(_rows(answers, "batteries")),
        designs=_by_battery(_rows(answers, "battery_designs"), "DesignedCapacity"),
        charges=_by_battery(_rows(answers, "battery_charges"), "FullChargedCapacity"),
        cycles=_by_battery(_rows(answers, "battery_cycles"), "CycleCount"),
    )


def _by_battery(rows: Rows, field: str) -> dict[str, int]:
    numbers = ((str(row.get("InstanceName")), _number(row.get(field))) for row in rows)
    return {name: number for name, number in numbers if number}
