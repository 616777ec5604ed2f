"""What is installed as a service, and how it is doing."""

from datetime import datetime
from pathlib import Path
from typing import Literal

from msgspec import Struct

Manager = Literal["systemd", "windows", "launchd"]

STATE = "{state}"
"""In a plan's command, stands for the directory where the service keeps its files."""


class ServiceFault(Exception):  # noqa: N818 each program has its own errors
    """A service can't be installed, removed or asked about; the message says what to do.

    `not_permitted` if this user may not, and another may.
    """

    def __init__(self, words: str, *, not_permitted: bool = False) -> None:
        super().__init__(words)
        self.not_permitted = not_permitted


class ServiceFile(Struct, frozen=True):
    """A file that installing writes."""

    path: Path
    text: str


class Plan(Struct, frozen=True, kw_only=True):
    """A service to be: what it is called, what it runs and what it needs."""

    name: str
    title: str
    command: tuple[str, ...]
    reloads: bool = False
    """Whether SIGHUP reads its configuration anew, rather than ending it."""

    environment: tuple[tuple[str, str], ...] = ()
    environment_file: Path | None = None
    """Variables that administrators set; it need not be there."""

    credentials: tuple[tuple[str, Path], ...] = ()
    """Files that only root can read: the service finds copies by these names."""

    low_port: bool = False
    """Whether it listens on a port below 1024."""

    open_files: int | None = None


class ServiceStatus(Struct, frozen=True, kw_only=True):
    """A service as its manager sees it. None where that can't be known."""

    name: str
    manager: Manager
    installed: bool
    running: bool | None
    starts_with_the_machine: bool | None = None
    since: datetime | None = None
    restarts: int | None = None
    watchdog_seconds: float | None = None
    says: str | None = None
    """In the service's or the manager's own words."""
    logs: str
    """The command or the file that shows what it logged."""
