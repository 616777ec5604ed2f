"""A Windows machine's facts from one PowerShell query of its management classes (CIM, WMI).

Values are numbers or what the maker wrote; only the system's name is in the system's language.
Windows PowerShell 5.1, which every Windows has, because newer ones lack Get-WmiObject.
"""

import os
import re
from pathlib import Path

import msgspec
from msgspec.structs import replace

from broadgauge_agent._system_tool import ask

from . import _other
from ._windows_battery import BatteryAnswers, read_batteries
from ._windows_disks import read_disks
from ._windows_keyboard import read_keyboard
from ._windows_rows import Answers, Rows, number, rows_of, sum_of, text_of
from ._windows_screen import read_screen
from ._windows_wifi import read_wifi_standard
from .facts import MachineFacts, filled, with_screen

POWERSHELL = r"System32\WindowsPowerShell\v1.0\powershell.exe"
LIMIT_SECONDS = 60.0
"""The first query after a start of Windows may take half of that."""

VERSION = "HKLM:/SOFTWARE/Microsoft/Windows NT/CurrentVersion"
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
    Select-Object DeviceId, Model, Size, MediaType, BusType, HealthStatus)
  build = @(Get-ItemProperty '{VERSION}' | Select-Object EditionID, CurrentBuild, UBR)
  chassis = @(Get-CimInstance Win32_SystemEnclosure |
    ForEach-Object {{ @{{ Type = $_.ChassisTypes[0] }} }})
  keyboards = @(Get-CimInstance Win32_Keyboard | Select-Object PNPDeviceID)
  screens = @(Get-CimInstance WmiMonitorBasicDisplayParams -Namespace root/wmi |
    Select-Object InstanceName, MaxHorizontalImageSize, MaxVerticalImageSize)
  screen_links = @(Get-CimInstance WmiMonitorConnectionParams -Namespace root/wmi |
    Select-Object InstanceName, VideoOutputTechnology)
  screen_modes = @(Get-CimInstance WmiMonitorListedSupportedSourceModes -Namespace root/wmi |
    ForEach-Object {{ $mode = $_.MonitorSourceModes[$_.PreferredMonitorSourceModeIndex]
      @{{ InstanceName = $_.InstanceName; Width = $mode.HorizontalActivePixels
        Height = $mode.VerticalActivePixels }} }})
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


def read_machine() -> MachineFacts:
    """What Windows says, and what psutil says where it does not."""
    powershell = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / POWERSHELL
    options = ("-NoLogo", "-NoProfile", "-NonInteractive", "-Command")
    said = ask((str(powershell), *options, QUERY), LIMIT_SECONDS)
    facts = replace(facts_in(said), wifi_standard=read_wifi_standard())
    return filled(facts, _other.read_machine())


def facts_in(said: bytes | None) -> MachineFacts:
    """The facts in the query's JSON; none in anything else."""
    try:
        answers = msgspec.json.decode((said or b"").decode("utf-8-sig", "replace"), type=Answers)
    except msgspec.DecodeError:
        return MachineFacts()
    computer, processors = rows_of(answers, "computer"), rows_of(answers, "processors")
    facts = MachineFacts(
        make=text_of(computer, "Manufacturer"),
        model=text_of(computer, "Model"),
        serial=text_of(rows_of(answers, "bios"), "SerialNumber"),
        cpu_model=text_of(processors, "Name"),
        cpu_cores=sum_of(processors, "NumberOfCores"),
        cpu_threads=sum_of(processors, "NumberOfLogicalProcessors"),
        # what is fitted, or what Windows manages where the modules are not told
        memory_bytes=sum_of(rows_of(answers, "memory"), "Capacity")
        or sum_of(computer, "TotalPhysicalMemory"),
        disks=read_disks(rows_of(answers, "disks")),
        batteries=read_batteries(_battery_answers(answers)),
        os_name=_os_name(rows_of(answers, "system")),
        os_version=text_of(rows_of(answers, "system"), "Version"),
        os_build=_build(rows_of(answers, "build")),
        os_edition=text_of(rows_of(answers, "build"), "EditionID"),
        has_keyboard=read_keyboard(answers),
    )
    return with_screen(facts, read_screen(answers))


def _os_name(system: Rows) -> str | None:
    name = text_of(system, "Caption")
    return MAKER.sub("", name) if name else None


def _build(rows: Rows) -> str | None:
    """With what monthly updates count up, which isn't in the version."""
    build = text_of(rows, "CurrentBuild")
    revision = number(rows[0].get("UBR")) if rows else None
    return f"{build}.{revision}" if build and revision is not None else build


def _battery_answers(answers: Answers) -> BatteryAnswers | None:
    if "batteries" not in answers:
        return None
    return BatteryAnswers(
        there=bool(rows_of(answers, "batteries")),
        designs=_by_battery(rows_of(answers, "battery_designs"), "DesignedCapacity"),
        charges=_by_battery(rows_of(answers, "battery_charges"), "FullChargedCapacity"),
        cycles=_by_battery(rows_of(answers, "battery_cycles"), "CycleCount"),
    )


def _by_battery(rows: Rows, field: str) -> dict[str, int]:
    numbers = ((str(row.get("InstanceName")), number(row.get(field))) for row in rows)
    return {name: said for name, said in numbers if said}
