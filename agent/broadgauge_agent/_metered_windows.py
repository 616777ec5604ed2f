"""Whether the connection has a cost, as Windows knows it (Windows.Networking.Connectivity).

There is no plain function for it but a class of the Windows Runtime, which PowerShell can ask. It
tells of the connection to the Internet, whatever the interface.
"""

import os

from ._system_tool import ask

COST = (
    "[Windows.Networking.Connectivity.NetworkInformation,Windows,ContentType=WindowsRuntime] > "
    "$null; $p = [Windows.Networking.Connectivity.NetworkInformation]::"
    "GetInternetConnectionProfile(); if ($p) { $c = $p.GetConnectionCost(); "
    "'{0} {1}' -f $c.NetworkCostType, $c.Roaming }"
)
LIMIT_SECONDS = 20.0
"""PowerShell alone takes seconds to start on a slow machine."""

PAID = ("Fixed", "Variable")
"""NetworkCostType: within an allowance, or by the byte. `Unrestricted` and `Unknown` aren't."""


def is_metered(_interface: str) -> bool:
    """Whether Windows says so."""
    said = ask((powershell(), "-NoProfile", "-NonInteractive", "-Command", COST), LIMIT_SECONDS)
    return said is not None and is_metered_in(said.decode(errors="replace"))


def is_metered_in(said: str) -> bool:
    """What the script's answer says: a kind of cost, and whether it is roaming."""
    kind, _, roaming = said.strip().partition(" ")
    return kind in PAID or roaming == "True"


def powershell() -> str:
    """Windows' own, which knows the Windows Runtime; later ones don't."""
    root = os.environ.get("SystemRoot", r"C:\Windows")  # noqa: SIM112 - as Windows writes it
    return rf"{root}\System32\WindowsPowerShell\v1.0\powershell.exe"
