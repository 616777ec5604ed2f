"""When updates of an operating system end, where no source says it: looked up in tables.

Windows: Microsoft's lifecycle pages and release information (Windows 10 and 11, Home and Pro;
Enterprise and Education; Enterprise LTSC and IoT Enterprise LTSC). A version's day is the one of
its last monthly update. Ubuntu: Canonical's release cycle, standard support of LTS releases; where
it names a month, its last day. Debian: the project's LTS. macOS: Apple publishes no day; its habit
is to mend the newest three, so a version ends on the day the third after it came. Where that one
hasn't come, or isn't in the table, it is taken to come in mid-September: an estimate.

ChromeOS isn't here: a Chromebook's end is its model's, and comes with imports. What was still being
decided, or told by one source alone, when the tables were made is left out.
"""

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from .support_tables import DEBIAN, MACOS, OLD_WINDOWS, UBUNTU, WINDOWS, WindowsRelease

SUPPORT_TABLE: Final = "support table"
SUPPORT_ESTIMATE: Final = "support table, estimated"
"""What stands where a source would: who says so."""

Channel = Literal["home_pro", "enterprise", "ltsc", "iot_ltsc"]

NEWEST_MENDED: Final = 3
FIRST_BUILD_OF_11: Final = 22000

_BUILD = re.compile(r"(?:10\.0\.)?(\d{5})(?!\d)")
_LABEL = re.compile(r"\b(\d\dH[12]|1[5-9]0[3-9]|1511|1[67]09|2004)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class SupportEnd(NamedTuple):
    """A last day with updates, and where it is from."""

    day: date
    origin: str


@lru_cache(4096)
def support_end(
    name: str | None, version: str | None, build: str | None = None, edition: str | None = None
) -> SupportEnd | None:
    """Of a system by its name, version, build and edition, as sources word them. None: it isn't in
    the tables, or its end depends on an edition that isn't known."""
    words = (name or "").casefold()
    if "windows" in words:
        return _tabled(_windows(words, version or "", build or "", edition or ""))
    if "macos" in words or "mac os" in words:
        return _macos(version or "")
    if "ubuntu" in words:
        return _tabled(UBUNTU.get(_first(version, words, two=True) or ""))
    if words.startswith("debian"):
        return _tabled(DEBIAN.get(_first(version, words) or ""))
    return None


def _tabled(day: date | None) -> SupportEnd | None:
    return SupportEnd(day, SUPPORT_TABLE) if day else None


def _windows(name: str, version: str, build: str, edition: str) -> date | None:
    if "server" in name:
        return None
    if (old := OLD_WINDOWS.get(".".join(version.split(".")[:2]))) is not None:
        return old
    release = _release(name, version, build)
    if release is None:
        return None
    channel = _channel(edition) or _channel(name)
    ends = {getattr(release, channel)} if channel else set(_ends(release))
    return ends.pop() if len(ends) == 1 else None


def _release(name: str, version: str, build: str) -> WindowsRelease | None:
    for said in (build, version):
        if found := _BUILD.match(said.strip()):
            return WINDOWS.get(int(found[1]))
    label = _LABEL.search(version) or _LABEL.search(name)
    is_11 = "windows 11" in name or version.startswith("11")
    if label is None or not (is_11 or "windows 10" in name or version.startswith("10")):
        return None
    same = (r for b, r in WINDOWS.items() if (b >= FIRST_BUILD_OF_11) is is_11)
    return next((r for r in same if r.label == label[1].upper()), None)


def _channel(said: str) -> Channel | None:
    """The row of Microsoft's tables that an edition goes by: its own id, or words. Pro Education
    goes with Pro."""
    words = re.sub(r"[^a-z]", "", said.casefold())
    iot = "iot" in words
    if "ltsc" in words or "ltsb" in words or re.fullmatch(r"(iot)?enterprises(n|k)?", words):
        return "iot_ltsc" if iot else "ltsc"
    if "pro" in words or "home" in words or words.startswith(("core", "cloudedition")):
        return "home_pro"
    return "enterprise" if "enterprise" in words or "education" in words else None


def _ends(release: WindowsRelease) -> Iterator[date | None]:
    yield from (release.home_pro, release.enterprise)
    yield from (end for end in (release.ltsc, release.iot_ltsc) if end is not None)


def _macos(version: str) -> SupportEnd | None:
    major = _first(version, "", two=version.strip().startswith("10."))
    if major not in MACOS:
        return None
    came = list(MACOS.values())
    next_place = list(MACOS).index(major) + NEWEST_MENDED
    if next_place < len(came):
        return SupportEnd(came[next_place], SUPPORT_ESTIMATE)
    day = date(came[-1].year + 1 + next_place - len(came), 9, 15)
    return SupportEnd(day, SUPPORT_ESTIMATE)


def _first(version: str | None, name: str, *, two: bool = False) -> str | None:
    """The first number of a version, or of a name that has it; of `two` parts, such as 22.04."""
    found = _NUMBER.search(version or "") or _NUMBER.search(name)
    return (found[0] if two else found[0].split(".")[0]) if found else None
