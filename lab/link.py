"""Two hosts and a shaped link between them, on one Linux machine, as root.

Each host is a network namespace; the link is a veth pair with a token bucket at both ends. No
interface that was there before is touched.
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

_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)  # os.setns exists from Python 3.12 on

ETHERNET_HEADER_BYTES = 14
"""The token bucket counts it, an IP packet doesn't (tc-tbf(8))."""


@dataclass(frozen=True)
class Host:
    """One end of the link: a namespace and its address on the link."""

    namespace: str
    interface: str
    address: str

    @property
    def _file(self) -> Path:
        return Path("/run/netns", self.namespace)

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` on this host."""
        return ["ip", "netns", "exec", self.namespace, *argv]

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

    def set_cable(self, *, plugged: bool) -> None:
        """Pull the cable out of this host, or plug it in again."""
        _ip("-n", self.namespace, "link", "set", self.interface, "up" if plugged else "down")


@dataclass(frozen=True)
class ShapedLink:
    """Two hosts and the rate, in bit/s, that each direction is held to at the Ethernet layer."""

    near: Host
    far: Host
    rate_bits_per_second: int
    mtu_bytes: int = 1500

    @property
    def line_bits_per_second(self) -> float:
        """The truth a test should find: the rate in IP packets, of full size."""
        return self.rate_bits_per_second * self.mtu_bytes / (self.mtu_bytes + ETHERNET_HEADER_BYTES)


@contextmanager
def shaped_link(rate_bits_per_second: int, queue_milliseconds: int = 50) -> Iterator[ShapedLink]:
    """Make the hosts and the link; remove them and end what still runs in them afterwards."""
    tag = f"bg{os.getpid() % 10000}{secrets.token_hex(2)}"
    hosts = (Host(f"{tag}n", f"{tag}v0", "10.77.0.1"), Host(f"{tag}f", f"{tag}v1", "10.77.0.2"))
    with ExitStack() as undo:
        for host in hosts:
            _ip("netns", "add", host.namespace)
            undo.callback(_remove_namespace, host.namespace)
        near, far = hosts
        _ip(
            *("link", "add", near.interface, "netns", near.namespace, "type", "veth"),
            *("peer", "name", far.interface, "netns", far.namespace),
        )
        for host in hosts:
            _configure(host, rate_bits_per_second, queue_milliseconds)
        yield ShapedLink(near, far, rate_bits_per_second)


def _configure(host: Host, rate_bits_per_second: int, queue_milliseconds: int) -> None:
    _ip("-n", host.namespace, "link", "set", "lo", "up")
    _ip("-n", host.namespace, "addr", "add", f"{host.address}/24", "dev", host.interface)
    _ip("-n", host.namespace, "link", "set", host.interface, "up")
    burst_bytes = max(131_072, rate_bits_per_second // 8 // 250)
    host.run(
        [
            *("tc", "qdisc", "add", "dev", host.interface, "root", "tbf"),
            *("rate", f"{rate_bits_per_second}bit", "burst", f"{burst_bytes}b"),
            *("latency", f"{queue_milliseconds}ms"),
        ]
    )


def _enter(namespace: int) -> None:
    if _LIBC.setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "could not enter the network namespace; are you root?")


def _remove_namespace(namespace: str) -> None:
    pids = subprocess.run(
        ["ip", "netns", "pids", namespace], check=False, text=True, capture_output=True
    ).stdout.split()
    if pids:
        subprocess.run(["kill", "-KILL", *pids], check=False)
    _ip("netns", "del", namespace)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
