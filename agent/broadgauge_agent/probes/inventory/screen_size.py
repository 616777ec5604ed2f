"""A built-in screen's diagonal from its width and height."""

from math import hypot

MILLIMETRES_PER_INCH = 25.4
SMALLEST_INCHES, LARGEST_INCHES = 4.0, 45.0
"""Of screens that are built into a computer, all-in-one machines included."""

ASPECT_RATIOS = frozenset({(16, 9), (16, 10), (4, 3), (160, 90), (160, 100)})
"""Makers write these where the size belongs, in whatever unit."""


def diagonal_inches(width_mm: float, height_mm: float) -> float | None:
    """To a tenth of an inch; None for what is no screen's size."""
    if width_mm <= 0 or height_mm <= 0:
        return None
    inches = hypot(width_mm, height_mm) / MILLIMETRES_PER_INCH
    return round(inches, 1) if SMALLEST_INCHES <= inches <= LARGEST_INCHES else None
