"""A Mac's built-in screen from SPDisplaysDataType, which says its pixels and not its size."""

import re
from collections.abc import Iterator
from typing import Any

from ._darwin_disks import tables
from .facts import Screen

BUILT_IN = "spdisplays_internal"
PANEL, BUFFER = "spdisplays_pixelresolution", "_spdisplays_pixels"
"""The panel's own pixels as `spdisplays_2560x1600Retina`, and those that are drawn: more or fewer,
as somebody set it. The first is a word such as `spdisplays_1080p` for screens of usual sizes."""

PIXELS = re.compile(r"(\d{3,5}) ?x ?(\d{3,5})")


def screen_in(displays: list[dict[str, Any]]) -> Screen:
    """The first built-in one; nothing of monitors."""
    for said in _built_in(displays):
        found = PIXELS.search(str(said.get(PANEL))) or PIXELS.search(str(said.get(BUFFER)))
        if found:
            return Screen(width_pixels=int(found[1]), height_pixels=int(found[2]))
    return Screen()


def _built_in(displays: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for card in displays:
        for said in tables(card.get("spdisplays_ndrvs")):
            if said.get("spdisplays_connection_type") == BUILT_IN:
                yield said
