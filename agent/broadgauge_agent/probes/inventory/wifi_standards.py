"""Wi-Fi standards, oldest first."""

from collections.abc import Iterable
from typing import get_args

from broadgauge_wire import WifiStandard

STANDARDS: tuple[WifiStandard, ...] = get_args(WifiStandard)
"""In the order in which the type names them."""


def newest(said: Iterable[str]) -> WifiStandard | None:
    """The newest of those named; None if none is known."""
    named = set(said)
    return next((standard for standard in reversed(STANDARDS) if standard in named), None)
