"""Rates, and what they are at IP level. Pure.

A line is sold by what it carries, headers and all; a test reads payload. `line` here means IP
packets: payload, TCP and IP headers.
"""

import sys

from broadgauge_agent.tcp_info import TcpInfo
from broadgauge_wire import NetworkLink

from .bound import Ceiling
from .observation import Tick

IPV4_HEADER_BYTES = 20
IPV6_HEADER_BYTES = 40
TCP_HEADER_BYTES = 20
TIMESTAMPS_BYTES = 12
ETHERNET_HEADER_BYTES = 14
ETHERNET_WIRE_BYTES = 38
"""Preamble 8, header 14, checksum 4, gap 12: what a full frame costs on the wire beside its MTU."""


def payload_ratio(
    own: TcpInfo | None, link: NetworkLink | None, *, is_ipv6: bool, platform: str = sys.platform
) -> float | None:
    """Payload share of a full IP packet: from the connection's real segment size, else the MTU."""
    headers = TCP_HEADER_BYTES + (IPV6_HEADER_BYTES if is_ipv6 else IPV4_HEADER_BYTES)
    if own and own.mss_bytes:
        headers += TIMESTAMPS_BYTES if own.has_timestamps else 0
        return own.mss_bytes / (own.mss_bytes + headers)
    if link and link.mtu_bytes:
        headers += 0 if platform == "win32" else TIMESTAMPS_BYTES  # off by default on Windows
        return max(0.0, (link.mtu_bytes - headers) / link.mtu_bytes)
    return None


def ceiling_of(
    link: NetworkLink | None, *, calibrated: float | None, per_client: float
) -> Ceiling | None:
    """The most line rate this machine could see: its interface's, its processor's as calibrated,
    or what its network lets one machine have. Wi-Fi's changes by the moment, so it isn't known."""
    nic = interface_bits_per_second(link)
    if nic is None:
        return None
    known = [Ceiling(nic, "nic")]
    if calibrated:
        known.append(Ceiling(calibrated, "cpu"))
    if per_client:
        known.append(Ceiling(per_client, "policy"))
    return min(known, key=lambda ceiling: ceiling.bits_per_second)


def interface_bits_per_second(link: NetworkLink | None) -> float | None:
    """The IP rate a wired interface of known speed can carry."""
    if link is None or link.kind != "wired":
        return None
    if not link.speed_bits_per_second or not link.mtu_bytes:
        return None
    return link.speed_bits_per_second * link.mtu_bytes / (link.mtu_bytes + ETHERNET_WIRE_BYTES)


def cross_traffic_bits_per_second(
    machine: Tick, ratio: float | None, link: NetworkLink | None
) -> float | None:
    """What else the interface moved in the test's direction, its frames' headers taken off."""
    if machine.interface_bytes is None or not ratio or link is None or not link.mtu_bytes:
        return None
    framing = (link.mtu_bytes + ETHERNET_HEADER_BYTES) / link.mtu_bytes
    others = machine.interface_bytes - machine.own_bytes / ratio * framing
    return max(0.0, 8 * others / machine.seconds)
