"""The built-in screen from the classes of Windows' monitor driver, which tell its size in cm."""

from typing import Any

from ._windows_rows import Answers, number, rows_of, word
from .facts import Screen
from .screen_size import diagonal_inches

BUILT_IN = frozenset({6, 11, 13, 0x80000000, -0x80000000})
"""D3DKMDT_VIDEO_OUTPUT_TECHNOLOGY: LVDS, embedded DisplayPort, embedded UDI, internal."""

MM_PER_CM = 10.0


def read_screen(answers: Answers) -> Screen:
    """The first built-in screen; nothing of monitors."""
    names = (
        row.get("InstanceName")
        for row in rows_of(answers, "screen_links")
        if word(row, "VideoOutputTechnology") in BUILT_IN
    )
    name = next(names, None)
    if not isinstance(name, str):
        return Screen()
    size, mode = _row(answers, "screens", name), _row(answers, "screen_modes", name)
    return Screen(
        inches=_inches(size),
        width_pixels=number(mode.get("Width")) or None,
        height_pixels=number(mode.get("Height")) or None,
    )


def _row(answers: Answers, of: str, name: str) -> dict[str, Any]:
    found = (row for row in rows_of(answers, of) if row.get("InstanceName") == name)
    return next(found, {})


def _inches(size: dict[str, Any]) -> float | None:
    width, height = (
        number(size.get(field)) or 0 for field in ("MaxHorizontalImageSize", "MaxVerticalImageSize")
    )
    return diagonal_inches(width * MM_PER_CM, height * MM_PER_CM)
