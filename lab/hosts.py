"""Hosts on one Linux machine, as root: network namespaces, and cables between them.

No interface that was there before is touched, and nothing is left behind.
"""

import ctypes
import os
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import LabError, lacking

_CLONE_NEWNET = 0x40000000
_NO_NAMESPACES = (
    "this machine lets nobody make network namespaces; a container needs CAP_SYS_ADMIN for that"
)
_NO_CABLES = "this kernel has no cables between namespaces, veth"
_LIBC = ctypes.CDLL(None, use_errno=True)  # os.setns exists from Python 3.12 on


@dataclass(frozen=True)
class Host:
    """A network namespace, with its loopback up.

    What starts its programs (see lab/limits.py) stands `before` the entry into it, or `within` it.
    """

    namespace: str
    before: tuple[str, ...] = ()
    within: tuple[str, ...] = ()

    @property
    def _file(self) -> Path:
        return Path("/run/netns", self.namespace)

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` on this host."""
        return [*self.before, "ip", "netns", "exec", self.namespace, *self.within, *argv]

    def run(self, argv: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run `argv` on this host to its end; a failure raises CalledProcessError."""
        return subprocess.run(
            self.command(argv), check=True, text=True, capture_output=True, **options
        )

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Let this thread, and what it starts, stand on this host for a while."""
        with Path("/proc/thread-self/ns/net").open() as home, self._file.open() as host:
            _enter(host.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    def add_address(self, address: str, interface: str = "lo") -> None:
        """One more address, in CIDR notation."""
        ip("-n", self.namespace, "addr", "add", address, "dev", interface)

    def add_route(self, subnet: str, via: str, tcp: str | None = None) -> None:
        """A way to a subnet; `default` is everywhere. Replaces the one there was.

        `tcp` is the congestion control of this host on that way.
        """
        chosen = () if tcp is None else ("congctl", tcp)
        ip("-n", self.namespace, "route", "replace", subnet, "via", via, *chosen)

    def forward(self) -> None:
        """Be a router."""
        self.set_kernel("net/ipv4/ip_forward", "1")

    def kernel(self, name: str) -> str:
        """A setting of this host's network, by its name below /proc/sys."""
        with self.inside():
            return Path("/proc/sys", name).read_text().strip()

    def set_kernel(self, name: str, value: str) -> None:
        """Change such a setting, on this host alone. LabError where that may not be."""
        with self.inside():
            try:
                Path("/proc/sys", name).write_text(value)
            except OSError as error:
                raise LabError(
                    f"the lab may not set {name} of a host here ({error.strerror}); containers "
                    "often have no /proc/sys to write to"
                ) from error


@dataclass(frozen=True)
class Port:
    """One end of a cable: a host's interface and its address on it."""

    host: Host
    interface: str
    address: str

    def count(self, statistic: str) -> int:
        """A counter of the interface, such as tx_packets."""
        file = f"/sys/class/net/{self.interface}/statistics/{statistic}"
        return int(self.host.run(["cat", file]).stdout)

    def set_cable(self, *, plugged: bool) -> None:
        """Pull the cable out of this host, or plug it in again."""
        state = "up" if plugged else "down"
        ip("-n", self.host.namespace, "link", "set", self.interface, state)


@contextmanager
def hosts(*names: str) -> Iterator[tuple[Host, ...]]:
    """Hosts that go when the block ends, with whatever still runs on them. LabError where nobody
    may make any."""
    tag = f"bg{os.getpid() % 10000}{secrets.token_hex(2)}"
    with ExitStack() as undo:
        made = []
        for name in names:
            host = Host(f"{tag}-{name}")
            with lacking(_NO_NAMESPACES):
                ip("netns", "add", host.namespace)
            undo.callback(_remove, host.namespace)
            ip("-n", host.namespace, "link", "set", "lo", "up")
            made.append(host)
        yield tuple(made)


def cable(one: Host, other: Host, address: str, other_address: str) -> tuple[Port, Port]:
    """Join two hosts by a cable; addresses are in CIDR notation. It goes when its hosts do.
    LabError where the kernel has none."""
    tag = secrets.token_hex(3)
    ports = (_port(one, f"bg{tag}a", address), _port(other, f"bg{tag}b", other_address))
    with lacking(_NO_CABLES):
        ip(
            *("link", "add", ports[0].interface, "netns", one.namespace, "type", "veth"),
            *("peer", "name", ports[1].interface, "netns", other.namespace),
        )
    for port, cidr in zip(ports, (address, other_address), strict=True):
        port.host.add_address(cidr, port.interface)
        port.set_cable(plugged=True)
    return ports


def ip(*arguments: str) -> None:
    """iproute2."""
    subprocess.run(["ip", *arguments], check=True)


def _port(host: Host, interface: str, cidr: str) -> Port:
    return Port(host, interface, cidr.partition("/")[0])


def _enter(namespace: int) -> None:
    if _LIBC.setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "could not enter the network namespace; are you root?")


def _remove(namespace: str) -> None:
    pids = subprocess.run(
        ["ip", "netns", "pids", namespace], check=False, text=True, capture_output=True
    ).stdout.split()
    if pids:
        subprocess.run(["kill", "-KILL", *pids], check=False)
    ip("netns", "del", namespace)
