"""The built-in screen from the EDID that its panel tells, in /sys/class/drm.

VESA Enhanced EDID Standard, release A: the size in cm stands in the basic parameters, the one in mm
and the resolution in the first detailed timing.
"""

import re
from pathlib import Path

from broadgauge_agent._linux_files import children, text

from .facts import Screen
from .screen_size import ASPECT_RATIOS, diagonal_inches

BUILT_IN = re.compile(r"card\d+-(eDP|LVDS|DSI)-")
"""Connectors that lead to a panel in the machine itself."""

HEADER = bytes.fromhex("00ffffffffffff00")
BLOCK_BYTES = 128
SIZE_CM = slice(21, 23)
FIRST_TIMING = slice(54, 72)
MM_PER_CM = 10.0
MODE = re.compile(r"(\d+)x(\d+)")


def read_screen(root: Path) -> Screen:
    """The first panel that is connected; nothing of monitors."""
    for connector in children(root / "sys/class/drm"):
        if BUILT_IN.match(connector.name) and text(connector / "status") == "connected":
            return _screen(connector)
    return Screen()


def _screen(connector: Path) -> Screen:
    try:
        told = screen_in((connector / "edid").read_bytes())
    except OSError:
        told = Screen()
    mode = MODE.match(text(connector / "modes") or "")  # the first is what the panel prefers
    if told.width_pixels or not mode:
        return told
    return Screen(inches=told.inches, width_pixels=int(mode[1]), height_pixels=int(mode[2]))


def screen_in(edid: bytes) -> Screen:
    """What an EDID says; nothing if it is none, or damaged."""
    block = edid[:BLOCK_BYTES]
    if len(block) < BLOCK_BYTES or not block.startswith(HEADER) or sum(block) % 256:
        return Screen()
    timing = block[FIRST_TIMING]
    is_timing = timing[0] or timing[1]  # its pixel clock; else it is a text
    width, height = _pixels(timing) if is_timing else (None, None)
    size_mm = _size_mm(tuple(block[SIZE_CM]), _timing_mm(timing) if is_timing else (0, 0))
    return Screen(inches=diagonal_inches(*size_mm), width_pixels=width, height_pixels=height)


def _pixels(timing: bytes) -> tuple[int | None, int | None]:
    width = timing[2] | (timing[4] & 0xF0) << 4
    height = timing[5] | (timing[7] & 0xF0) << 4
    return width or None, height or None


def _timing_mm(timing: bytes) -> tuple[int, int]:
    return timing[12] | (timing[14] & 0xF0) << 4, timing[13] | (timing[14] & 0x0F) << 8


def _size_mm(cm: tuple[int, ...], mm: tuple[int, int]) -> tuple[float, float]:
    """In mm as the timing says, which is finer, unless the two contradict each other."""
    width_cm, height_cm = cm
    rough = (width_cm * MM_PER_CM, height_cm * MM_PER_CM)
    if cm in ASPECT_RATIOS or not all(cm):  # with one of them, EDID 1.4 says an aspect ratio
        rough = (0.0, 0.0)
    if mm in ASPECT_RATIOS or not all(mm):
        return rough
    agree = all(abs(fine - coarse) <= MM_PER_CM for fine, coarse in zip(mm, rough, strict=True))
    return mm if agree or not all(rough) else rough
