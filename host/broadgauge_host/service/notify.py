"""Telling systemd how the service is, as sd_notify(3) does; silent where no systemd listens."""

import contextlib
import os
import socket
import time
from collections.abc import MutableMapping

PINGS_PER_WATCHDOG = 4
"""Two lost ones still do not end a service that is well."""

SEND_SECONDS = 1.0
ABSTRACT = "@"


class ServiceManager:
    """Whoever started this process as a service, if anybody did."""

    def __init__(self, address: str | None = None, watchdog_seconds: float | None = None) -> None:
        """`address` is a path, or an abstract name after @. Without it nothing is ever sent."""
        self._address = address
        self.watchdog_seconds = watchdog_seconds
        self._ping_due = 0.0

    @property
    def listens(self) -> bool:
        """Whether somebody is told anything."""
        return self._address is not None

    def ready(self, words: str) -> None:
        """The service does its work; `words` are what `systemctl status` shows."""
        self._say("READY=1", f"STATUS={words}")

    def status(self, words: str) -> None:
        """What the service does now."""
        self._say(f"STATUS={words}")

    def reloading(self) -> None:
        """The configuration is read anew; `ready` says when that is done."""
        self._say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, words: str) -> None:
        """The service is about to end."""
        self._say("STOPPING=1", f"STATUS={words}")

    def alive(self) -> None:
        """Everything works. Call it often; it passes on what the watchdog needs."""
        now = time.monotonic()
        if self.watchdog_seconds and now >= self._ping_due:
            self._ping_due = now + self.watchdog_seconds / PINGS_PER_WATCHDOG
            self._say("WATCHDOG=1")

    def _say(self, *lines: str) -> None:
        if self._address is None or not hasattr(socket, "AF_UNIX"):
            return
        name = self._address
        if name.startswith(ABSTRACT):
            name = "\0" + name[1:]
        # A manager that does not listen now must not end a service that works.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.settimeout(SEND_SECONDS)
            out.sendto("\n".join(lines).encode(), name)


def service_manager(environment: MutableMapping[str, str] | None = None) -> ServiceManager:
    """The manager that the environment names. Takes it out, so that no child speaks for us."""
    variables = os.environ if environment is None else environment
    address = variables.pop("NOTIFY_SOCKET", None)
    microseconds = variables.pop("WATCHDOG_USEC", "")
    for_process = variables.pop("WATCHDOG_PID", str(os.getpid()))
    watched = microseconds.isdigit() and for_process == str(os.getpid())
    return ServiceManager(address or None, int(microseconds) / 1e6 if watched else None)
