"""What is known of a machine, and which answers of its firmware are none."""

import re

from msgspec import Struct
from msgspec.structs import asdict, replace

from broadgauge_wire import Battery, Disk, NetworkLink, WifiStandard
from broadgauge_wire.spec import MAX_TEXT

PLACEHOLDERS = frozenset(
    {
        "0123456789",
        "123456789",
        "1234567890",
        "default string",
        "invalid",
        "n/a",
        "na",
        "no asset tag",
        "none",
        "not applicable",
        "not available",
        "not specified",
        "o.e.m.",
        "oem",
        "system manufacturer",
        "system product name",
        "system serial number",
        "to be filled by o.e.m.",
        "type1productconfigid",
        "undefined",
        "unknown",
    }
)
"""What board makers leave in the firmware where a name belongs."""

ONE_CHARACTER_REPEATED = re.compile(r"(.)\1*")
"""0, 00000000, xxxxxxx, ......"""


class MachineFacts(Struct, frozen=True, kw_only=True):
    """Fields of an inventory result, None where unknown."""

    make: str | None = None
    model: str | None = None
    serial: str | None = None
    cpu_model: str | None = None
    cpu_cores: int | None = None
    cpu_threads: int | None = None
    memory_bytes: int | None = None
    disks: tuple[Disk, ...] | None = None
    batteries: tuple[Battery, ...] | None = None
    os_name: str | None = None
    os_version: str | None = None
    architecture: str | None = None
    interfaces: tuple[NetworkLink, ...] | None = None
    os_build: str | None = None
    os_edition: str | None = None
    manufactured_year: int | None = None
    screen_inches: float | None = None
    screen_width_pixels: int | None = None
    screen_height_pixels: int | None = None
    has_keyboard: bool | None = None
    wifi_standard: WifiStandard | None = None


class Screen(Struct, frozen=True, kw_only=True):
    """The built-in screen, None where unknown."""

    inches: float | None = None
    width_pixels: int | None = None
    height_pixels: int | None = None


def real_text(text: str | None) -> str | None:
    """The text without padding, or None if it is empty or a placeholder."""
    cleaned = " ".join((text or "").replace("\0", " ").split())[:MAX_TEXT]
    if cleaned.lower() in PLACEHOLDERS or ONE_CHARACTER_REPEATED.fullmatch(cleaned):
        return None
    return cleaned or None


def with_screen(facts: MachineFacts, screen: Screen) -> MachineFacts:
    """The facts, with the screen's."""
    return replace(
        facts,
        screen_inches=screen.inches,
        screen_width_pixels=screen.width_pixels,
        screen_height_pixels=screen.height_pixels,
    )


def filled(facts: MachineFacts, rest: MachineFacts) -> MachineFacts:
    """The facts, with those of another source where they are unknown."""
    unknown = (name for name, value in asdict(facts).items() if value is None)
    return replace(facts, **{name: getattr(rest, name) for name in unknown})
