"""Whether macOS spares a connection: in Low Data Mode, or because it is a phone's.

The system writes both on the interface itself, as `ifconfig -v` shows: EXPENSIVE among the extended
flags, CONSTRAINED among those after them.
"""

import re

from ._system_tool import ask

IFCONFIG = ("/sbin/ifconfig", "-v")
LIMIT_SECONDS = 5.0
FLAGS = re.compile(r"^\s+[ex]flags=\w*<([^>]*)>", re.MULTILINE)
SPARED = {"EXPENSIVE", "CONSTRAINED"}


def is_metered(interface: str) -> bool:
    """Whether the system says so."""
    said = ask((*IFCONFIG, interface), LIMIT_SECONDS)
    return said is not None and is_metered_in(said.decode(errors="replace"))


def is_metered_in(said: str) -> bool:
    """What ifconfig's answer for one interface says."""
    flags = {flag for found in FLAGS.findall(said) for flag in found.split(",")}
    return bool(flags & SPARED)
