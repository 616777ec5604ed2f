"""What the Wi-Fi adapter can do, from `netsh wlan show drivers`, which names no network."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from broadgauge_agent._system_tool import ask
from broadgauge_wire import WifiStandard

from .wifi_standards import newest

NETSH = r"System32\netsh.exe"
LIMIT_SECONDS = 20.0

STANDARDS_ALONE = re.compile(r"(802\.11[a-z]{0,2}\s*)+")
"""The label before them is in the language of Windows. A driver may have one in its name, too, but
among other words."""


def read_wifi_standard() -> WifiStandard | None:
    """Of the newest adapter; None without one."""
    netsh = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / NETSH
    return standard_in(ask((str(netsh), "wlan", "show", "drivers"), LIMIT_SECONDS))


def standard_in(said: bytes | None) -> WifiStandard | None:
    """The newest standard among those that a driver lists."""
    return newest(_listed((said or b"").decode("utf-8", "replace")))


def _listed(said: str) -> Iterator[str]:
    for line in said.splitlines():
        value = line.partition(":")[2].strip()
        if STANDARDS_ALONE.fullmatch(value):
            yield from value.split()
