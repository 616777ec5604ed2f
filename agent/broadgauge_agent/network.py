"""This machine's interfaces: which one a destination goes out on, and what kind it is.

Neither hardware addresses nor this machine's IP addresses are ever logged, kept or sent.
"""

import ipaddress
import re
import socket
import sys

import psutil

from broadgauge_host.addresses import Address, look_up
from broadgauge_wire import NetworkLink, PathKind
from broadgauge_wire.fields import InterfaceKind

from .errors import UnreachableError

if sys.platform == "linux":
    from ._network_linux import describe_interface
elif sys.platform == "win32":
    from ._network_windows import describe_interface
elif sys.platform == "darwin":
    from ._network_darwin import describe_interface
else:
    from ._network_other import describe_interface

MAC_IN_NAME = re.compile(r"(?i)^([a-z]{2}x)[0-9a-f]{12}$")
"""systemd names a USB adapter after its hardware address: enx0a1b2c3d4e5f."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

ON_A_NETWORK = ("wired", "wifi")
"""Interfaces that lead to the network this machine stands on. VPNs and mobile lines lead elsewhere,
and networks inside one machine nowhere."""

PRIVATE_SUBNETS = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "169.254.0.0/16",
            "fc00::/7",
            "fe80::/10",
        ),
    )
)
"""RFC 1918, RFC 3927, RFC 4193 and RFC 4291. Carriers share 100.64.0.0/10 (RFC 6598) among
strangers, so it isn't one."""

MAX_ADDRESSES = 4
ATTEMPT_SECONDS = 1.5
"""For choosing among a name's addresses."""


def resolve(host: str, port: int, timeout_seconds: float) -> Address:
    """The address of `host` to measure to. UnreachableError if it has none in time.

    Of several, the first that takes a TCP connection: `localhost` is often ::1 and 127.0.0.1, and
    a server may listen on one of them. If none does, the first.
    """
    addresses = resolve_all(host, port, timeout_seconds)
    if len(addresses) == 1:
        return addresses[0]
    return next((a for a in addresses[:MAX_ADDRESSES] if answers(a)), addresses[0])


def resolve_all(host: str, port: int, timeout_seconds: float) -> tuple[Address, ...]:
    """Every address of `host`. UnreachableError if it has none in time."""
    answer = look_up(host, port, timeout_seconds)
    if answer.is_silent:
        raise UnreachableError(f"no answer from the name service for {host!r}")
    if not answer.addresses:
        raise UnreachableError(f"{host!r} has no address: check the test server's name")
    return answer.addresses


def canonical(ip: str) -> IPAddress:
    """The address without a zone; one that was mapped into IPv6 as the IPv4 address it is."""
    address = ipaddress.ip_address(ip.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def answers(address: Address) -> bool:
    """Whether something takes a TCP connection there."""
    with socket.socket(address.family, socket.SOCK_STREAM) as attempt:
        attempt.settimeout(ATTEMPT_SECONDS)
        return attempt.connect_ex(address.sockaddr) == 0


def is_own_address(ip: str) -> bool:
    """Whether packets to this address never leave the machine."""
    address = canonical(ip)
    # Nobody's address, 0.0.0.0, is reached on this machine.
    return (
        address.is_loopback
        or address.is_unspecified
        or any(
            address == canonical(own.address)
            for addresses in psutil.net_if_addrs().values()
            for own in addresses
            if own.family in (socket.AF_INET, socket.AF_INET6)
        )
    )


def is_private(ip: str) -> bool:
    """Whether the address means another machine on every private network."""
    address = canonical(ip)
    return any(address.version == net.version and address in net for net in PRIVATE_SUBNETS)


def interface_towards(address: Address) -> str | None:
    """Name of the interface that packets to this address leave by, or None if there is no way."""
    is_own = is_own_address(address.ip)
    source = canonical("127.0.0.1" if is_own else _source_address(address) or "0.0.0.0")  # noqa: S104
    for name, addresses in psutil.net_if_addrs().items():
        for own in addresses:
            if own.family in (socket.AF_INET, socket.AF_INET6) and (
                canonical(own.address) == source
            ):
                return str(name)
    return None


def network_link(interface: str) -> NetworkLink:
    """What is known of an interface. Its name loses a hardware address it may hold."""
    return describe_interface(interface, public_name(interface))


def path_kind(address: Address, link: NetworkLink | None) -> PathKind:
    """Whether a test to this address measures a network at all, and not by way of another.

    A mobile line in a machine is what it fails over to; one behind the school's router can't be
    seen from here.
    """
    if is_own_address(address.ip):
        return "loopback"
    kinds: dict[InterfaceKind, PathKind] = {"vpn": "vpn", "cellular": "failover"}
    return kinds.get(link.kind, "network") if link is not None else "network"


def addresses_on_networks() -> frozenset[tuple[str, IPAddress]]:
    """This machine's addresses with their interfaces, on networks it is connected to just now;
    not those of VPNs, mobile lines or its own inside. For comparing in memory alone."""
    up = {str(name) for name, facts in psutil.net_if_stats().items() if facts.isup}
    return frozenset(
        (str(name), canonical(own.address))
        for name, addresses in psutil.net_if_addrs().items()
        if name in up and network_link(str(name)).kind in ON_A_NETWORK
        for own in addresses
        if own.family in (socket.AF_INET, socket.AF_INET6)
    )


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


def _source_address(address: Address) -> str | None:
    """The address the system would send from. Connecting UDP sends nothing."""
    with socket.socket(address.family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(address.sockaddr)
        except OSError:
            return None
        return str(probe.getsockname()[0])
