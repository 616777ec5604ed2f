"""What the Wi-Fi adapter can do, from `iw phy`, which needs no rights and searches no network."""

import re
from pathlib import Path

from broadgauge_agent._linux_files import children
from broadgauge_agent._system_tool import ask
from broadgauge_wire import WifiStandard

IW = ("iw", "phy")
LIMIT_SECONDS = 10.0

SIGNS: tuple[tuple[WifiStandard, re.Pattern[str]], ...] = (
    ("802.11be", re.compile(r"\bEHT Iftypes:.*\bmanaged\b")),
    ("802.11ax", re.compile(r"\bHE Iftypes:.*\bmanaged\b")),
    ("802.11ac", re.compile(r"\bVHT Capabilities \(")),
    ("802.11n", re.compile(r"(?m)^\s+Capabilities: 0x")),
)
"""Newest first. Extremely high, high efficiency, very high and high throughput."""


def read_wifi_standard(root: Path) -> WifiStandard | None:
    """Of the newest adapter; None without one, without iw, or for one that iw says less of."""
    if not any((each / "phy80211").exists() for each in children(root / "sys/class/net")):
        return None
    return standard_in(ask(IW, LIMIT_SECONDS))


def standard_in(said: bytes | None) -> WifiStandard | None:
    """The newest standard that the adapter has as a client."""
    told = (said or b"").decode("utf-8", "replace")
    return next((standard for standard, sign in SIGNS if sign.search(told)), None)
