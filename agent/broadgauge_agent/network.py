"""This machine's interfaces: which one a destination goes out on, and what kind it is.

Neither hardware addresses nor IP addresses leave this module.
"""

import ipaddress
import re
import socket
import sys
import threading
from typing import NamedTuple

import psutil

from broadgauge_wire import NetworkLink, PathKind

from .errors import UnreachableError

if sys.platform == "linux":
    from ._network_linux import describe_interface
else:
    from ._network_other import describe_interface

MAC_IN_NAME = re.compile(r"(?i)^([a-z]{2}x)[0-9a-f]{12}$")
"""systemd names a USB adapter after its hardware address: enx0a1b2c3d4e5f."""

MAX_ADDRESSES = 4
ATTEMPT_SECONDS = 1.5
"""For choosing among a name's addresses."""


class Address(NamedTuple):
    """A resolved far end: what socket.socket and connect() take."""

    family: int
    sockaddr: tuple[str, int] | tuple[str, int, int, int]

    @property
    def ip(self) -> str:
        """The IP address alone, without a zone."""
        return self.sockaddr[0].partition("%")[0]


def resolve(host: str, port: int, timeout_seconds: float) -> Address:
    """The address of `host` to measure to. UnreachableError if it has none in time.

    Of several, the first that takes a TCP connection: `localhost` is often ::1 and 127.0.0.1, and
    a server may listen on one of them. If none does, the first.
    """
    addresses = _all_addresses(host, port, timeout_seconds)
    if len(addresses) == 1:
        return addresses[0]
    return next((a for a in addresses[:MAX_ADDRESSES] if _answers(a)), addresses[0])


def is_own_address(ip: str) -> bool:
    """Whether packets to this address never leave the machine."""
    address = _canonical(ip)
    # Nobody's address, 0.0.0.0, is reached on this machine.
    return (
        address.is_loopback
        or address.is_unspecified
        or any(
            address == _canonical(own.address)
            for addresses in psutil.net_if_addrs().values()
            for own in addresses
            if own.family in (socket.AF_INET, socket.AF_INET6)
        )
    )


def interface_towards(address: Address) -> str | None:
    """Name of the interface that packets to this address leave by, or None if there is no way."""
    is_own = is_own_address(address.ip)
    source = _canonical("127.0.0.1" if is_own else _source_address(address) or "0.0.0.0")  # noqa: S104
    for name, addresses in psutil.net_if_addrs().items():
        for own in addresses:
            if own.family in (socket.AF_INET, socket.AF_INET6) and (
                _canonical(own.address) == source
            ):
                return str(name)
    return None


def network_link(interface: str) -> NetworkLink:
    """What is known of an interface. Its name loses a hardware address it may hold."""
    return describe_interface(interface, public_name(interface))


def path_kind(address: Address, link: NetworkLink | None) -> PathKind:
    """Whether a test to this address measures a network at all."""
    if is_own_address(address.ip):
        return "loopback"
    return "vpn" if link is not None and link.kind == "vpn" else "network"


def interfaces() -> tuple[NetworkLink, ...]:
    """Every interface but the loopback, by name."""
    links = (network_link(str(name)) for name in sorted(psutil.net_if_stats()))
    return tuple(link for link in links if link.kind != "loopback")


def public_name(interface: str) -> str:
    """The interface's name without a hardware address: enx0a1b2c3d4e5f becomes enx."""
    return MAC_IN_NAME.sub(r"\1", interface)


def bytes_moved(interface: str | None) -> tuple[int, int] | None:
    """Bytes the interface (received, sent) since it came up, or None where unknown."""
    counters = psutil.net_io_counters(pernic=True).get(interface) if interface else None
    return (counters.bytes_recv, counters.bytes_sent) if counters else None


def _all_addresses(host: str, port: int, timeout_seconds: float) -> list[Address]:
    found: list[list[Address]] = []
    # getaddrinfo cannot be given a time limit, so it gets a thread that may be left behind
    thread = threading.Thread(target=_look_up, args=(host, port, found), daemon=True)
    thread.start()
    thread.join(timeout_seconds)
    if not found:
        raise UnreachableError(f"no answer from the name service for {host!r}")
    if not found[0]:
        raise UnreachableError(f"{host!r} has no address: check the test server's name")
    return found[0]


def _look_up(host: str, port: int, found: list[list[Address]]) -> None:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        answers = []
    found.append([Address(family, sockaddr) for family, _, _, _, sockaddr in answers])  # type: ignore[arg-type]  # IPv4 and IPv6 only


def _answers(address: Address) -> bool:
    with socket.socket(address.family, socket.SOCK_STREAM) as attempt:
        attempt.settimeout(ATTEMPT_SECONDS)
        return attempt.connect_ex(address.sockaddr) == 0


def _source_address(address: Address) -> str | None:
    """The address the system would send from. Connecting UDP sends nothing."""
    with socket.socket(address.family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(address.sockaddr)
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _canonical(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = ipaddress.ip_address(ip.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
