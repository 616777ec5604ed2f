"""The services of the system this runs on."""

import sys
from pathlib import Path
from typing import Protocol

from broadgauge_host.service.model import Plan, ServiceStatus

if sys.platform == "win32":
    from .windows import WindowsServices as Services
elif sys.platform == "darwin":
    from .launchd import LaunchdServices as Services
else:
    from broadgauge_host.service.systemd import SystemdServices as Services

INSTALLER = "broadgauge-agent service install"


class SystemServices(Protocol):
    """What each system can do. ServiceFault, with what to do, where it can't."""

    def description(self, plan: Plan) -> str:
        """What installing writes and runs."""
        ...

    def install(self, plan: Plan) -> None:
        """Install, or change, and start."""
        ...

    def remove(self, name: str) -> None:
        """Stop and remove; its files stay."""
        ...

    def status(self, name: str) -> ServiceStatus:
        """How it is doing."""
        ...

    def state_directory(self, name: str) -> Path:
        """Where it keeps its files."""
        ...


def system_services() -> SystemServices:
    """The services of this system."""
    return Services(INSTALLER)
