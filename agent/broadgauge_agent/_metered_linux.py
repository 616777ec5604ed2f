"""Whether a connection is metered, as NetworkManager knows or guesses it, by its own command.

Where another program manages the network, or none, nothing is known.
"""

from ._system_tool import ask

NMCLI = ("env", "LC_ALL=C", "nmcli", "-t", "-f", "GENERAL.METERED", "device", "show")
LIMIT_SECONDS = 5.0
METERED = "GENERAL.METERED:yes"
"""NMMetered in words: yes, no, unknown, or a guess: `yes (guessed)`, as for a phone's hot spot."""


def is_metered(interface: str) -> bool:
    """Whether NetworkManager says so."""
    said = ask((*NMCLI, interface), LIMIT_SECONDS)
    return said is not None and is_metered_in(said.decode(errors="replace"))


def is_metered_in(said: str) -> bool:
    """What nmcli's answer says."""
    return said.strip().startswith(METERED)
