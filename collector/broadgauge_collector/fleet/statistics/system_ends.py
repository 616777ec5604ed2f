"""When updates of a Windows end, by Microsoft's product lifecycle pages.

Windows 11 has no end of its own: its yearly versions follow each other on the same device. Apple
publishes no end for a macOS. A device that could take Windows 11 needn't be replaced when Windows
10 ends, and no source says which could: the rule can be switched off.
"""

import re
from datetime import date
from typing import Final, NamedTuple


class SystemEnd(NamedTuple):
    """Last days with updates: free ones, and those that schools can buy."""

    free: date
    extended: date


ENDS: Final = {
    "7": SystemEnd(date(2020, 1, 14), date(2023, 1, 10)),
    "8": SystemEnd(date(2016, 1, 12), date(2016, 1, 12)),
    "8.1": SystemEnd(date(2023, 1, 10), date(2023, 1, 10)),
    "10": SystemEnd(date(2025, 10, 14), date(2028, 10, 10)),
}

BY_VERSION: Final = {"6.1": "7", "6.2": "8", "6.3": "8.1"}
FIRST_BUILD_OF_11: Final = 22000

_NAME = re.compile(r"windows\s+(7|8\.1|8|10|11)(?![\d.])")
_VERSION = re.compile(r"(\d+\.\d+)(?:\.(\d+))?")


def system_end(name: str | None, version: str | None, *, extended: bool = False) -> date | None:
    """Last day with updates. None: it has no such day, or which system it is isn't known."""
    which = _windows(name or "", version or "")
    end = ENDS.get(which or "")
    return None if end is None else end.extended if extended else end.free


def _windows(name: str, version: str) -> str | None:
    words = name.casefold()
    if "windows" not in words or "server" in words or "ltsc" in words or "ltsb" in words:
        return None
    found = _VERSION.match(version.strip())
    if found and found[1] == "10.0":
        return None if found[2] is None else "11" if int(found[2]) >= FIRST_BUILD_OF_11 else "10"
    named = _NAME.search(words)
    return named[1] if named else BY_VERSION.get(found[1]) if found else None
