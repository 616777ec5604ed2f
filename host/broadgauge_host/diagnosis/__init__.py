"""How both programs find out what is wrong with a machine and its network, in the same words.

Here, because neither may know the other; `doctor` of each puts its own checks together from these.
"""

from .access import ADMITTED, NOBODYS_TOKEN, REFUSED, Said, ask_for_test, check_clock
from .check import Check, Look, fault, line, once_each, side_by_side, trouble, unknown, well
from .names import Names, check_honesty
from .reach import connector
from .tls import Trust, check_tls
from .way import lead

__all__ = [
    "ADMITTED",
    "NOBODYS_TOKEN",
    "REFUSED",
    "Check",
    "Look",
    "Names",
    "Said",
    "Trust",
    "ask_for_test",
    "check_clock",
    "check_honesty",
    "check_tls",
    "connector",
    "fault",
    "lead",
    "line",
    "once_each",
    "side_by_side",
    "trouble",
    "unknown",
    "well",
]
