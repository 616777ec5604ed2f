"""What Windows lists under installed apps, of the machine's part of the registry alone. What a user
installed for himself is in the user's part, which isn't read.
"""

import os
from pathlib import Path

import msgspec

from broadgauge_agent._system_tool import ask

from ._windows_rows import Answers, number, rows_of

Found = list[tuple[str, str | None]]

POWERSHELL = r"System32\WindowsPowerShell\v1.0\powershell.exe"
LIMIT_SECONDS = 60.0
PLACES = (
    "HKLM:/SOFTWARE/Microsoft/Windows/CurrentVersion/Uninstall/*",
    "HKLM:/SOFTWARE/WOW6432Node/Microsoft/Windows/CurrentVersion/Uninstall/*",
)
QUERY = f"""
$ErrorActionPreference = 'SilentlyContinue'
try {{ [Console]::OutputEncoding = [Text.Encoding]::UTF8 }} catch {{ }}
@{{ applications = @(Get-ItemProperty '{PLACES[0]}', '{PLACES[1]}' |
  Select-Object DisplayName, DisplayVersion, SystemComponent, ParentKeyName) }} |
  ConvertTo-Json -Depth 3 -Compress
"""


def installed() -> Found | None:
    """None if Windows doesn't say."""
    powershell = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / POWERSHELL
    options = ("-NoLogo", "-NoProfile", "-NonInteractive", "-Command")
    return applications_in(ask((str(powershell), *options, QUERY), LIMIT_SECONDS))


def applications_in(said: bytes | None) -> Found | None:
    """Without updates, and without parts that Windows doesn't list either."""
    try:
        answers = msgspec.json.decode((said or b"").decode("utf-8-sig", "replace"), type=Answers)
    except msgspec.DecodeError:
        return None
    rows = rows_of(answers, "applications")
    shown = (
        row for row in rows if not (number(row.get("SystemComponent")) or row.get("ParentKeyName"))
    )
    named = ((row.get("DisplayName"), row.get("DisplayVersion")) for row in shown)
    found = [
        (name, version if isinstance(version, str) else None)
        for name, version in named
        if isinstance(name, str)
    ]
    return found or None
