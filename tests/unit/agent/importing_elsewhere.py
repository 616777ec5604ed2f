"""Imports the agent's modules as another system would: `importing_elsewhere.py win32|darwin`.

First as here, so that everything from elsewhere is loaded. Then again, without what that system's
Python lacks, and with stand-ins for what it has alone. Prints the modules as JSON, with the ones
that were chosen for that system.
"""

import importlib
import importlib.abc
import json
import os
import pkgutil
import signal
import socket
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

import broadgauge_agent

NOT_ON = {"win32": {"posix", "linux", "darwin"}, "darwin": {"windows", "linux"}}

MODULES = {
    "win32": {"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"},
    "darwin": {"spwd", "winreg", "msvcrt"},
}
STAND_INS = {
    "win32": (
        "pywintypes",
        "servicemanager",
        "win32event",
        "win32service",
        "win32serviceutil",
        "winerror",
        "winreg",
    ),
    "darwin": (),
}
"""What that system's Python has beyond this one. Nothing of it is called when modules load."""

ATTRIBUTES: dict[str, dict[ModuleType, Sequence[str]]] = {
    "win32": {
        os: (
            "chown", "fork", "geteuid", "getgid", "getloadavg", "getpgid", "getuid", "killpg",
            "mkfifo", "nice", "sched_getaffinity", "setsid", "statvfs", "uname",
        ),
        signal: ("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "SIGUSR2"),
        socket: (
            "AF_NETLINK", "AF_PACKET", "AF_UNIX", "SO_BINDTODEVICE", "SO_REUSEPORT",
            "TCP_CONGESTION", "TCP_INFO", "TCP_MAXSEG", "TCP_USER_TIMEOUT",
        ),
    },
    "darwin": {
        os: ("sched_getaffinity", "sched_setaffinity", "eventfd", "memfd_create", "pidfd_open"),
        signal: ("SIGPOLL", "SIGPWR", "SIGRTMIN", "pidfd_send_signal"),
        socket: (
            "AF_NETLINK", "AF_PACKET", "SO_BINDTODEVICE", "TCP_CONGESTION", "TCP_INFO",
            "TCP_USER_TIMEOUT",
        ),
    },
}  # fmt: skip


class Lacking(importlib.abc.MetaPathFinder):
    """Finds that these modules do not exist."""

    def __init__(self, names: set[str]) -> None:
        self._names = names

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname in self._names:
            raise ModuleNotFoundError(f"No module named {fullname!r} on this system")
        return None


class StandIn(ModuleType):
    """Has every name, each a class: to be caught, derived from, or held."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {})


def names_for(platform: str) -> list[str]:
    """The agent's modules that are for this system."""
    found = pkgutil.walk_packages(broadgauge_agent.__path__, "broadgauge_agent.")
    return [
        one.name
        for one in found
        if not NOT_ON[platform] & set(one.name.rpartition(".")[2].split("_"))
        and not one.name.endswith("__main__")
    ]


def become(platform: str) -> None:
    """Take away what the system lacks, and forget the agent's modules."""
    for name in [name for name in sys.modules if name.startswith("broadgauge_agent")]:
        del sys.modules[name]
    for name in MODULES[platform]:
        sys.modules.pop(name, None)
    sys.modules.update({name: StandIn(name) for name in STAND_INS[platform]})
    sys.meta_path.insert(0, Lacking(MODULES[platform]))
    for module, attributes in ATTRIBUTES[platform].items():
        for attribute in attributes:
            if hasattr(module, attribute):
                delattr(module, attribute)
    sys.platform = platform


def main(platform: str) -> None:
    names = names_for(platform)
    for name in names:
        importlib.import_module(name)
    become(platform)
    for name in names:
        importlib.import_module(name)
    loaded = sorted(name for name in sys.modules if name.startswith("broadgauge_agent"))
    network = importlib.import_module("broadgauge_agent.network")
    probe = importlib.import_module("broadgauge_agent.probes.inventory.probe")
    chosen = [network.describe_interface.__module__, probe.read_machine.__module__]
    sys.stdout.write(json.dumps({"loaded": loaded, "chosen": chosen}))


if __name__ == "__main__":
    main(sys.argv[1])
