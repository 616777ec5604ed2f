"""Rates, and what they are at IP level. Pure.

A line is sold by what it carries, headers and all; a test reads payload. `line` here means IP
packets: payload, TCP and IP headers.
"""

import sys
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from broadgauge_agent.tcp_info import TcpInfo
from broadgauge_wire import NetworkLink

from .observation import LoadFacts, Observation, Sample, SenderReading

IPV4_HEADER_BYTES = 20
IPV6_HEADER_BYTES = 40
TCP_HEADER_BYTES = 20
TIMESTAMPS_BYTES = 12
ETHERNET_HEADER_BYTES = 14
ETHERNET_WIRE_BYTES = 38
"""Preamble 8, header 14, checksum 4, gap 12: what a full frame costs on the wire beside its MTU."""


def rate_bits_per_second(samples: Sequence[Sample]) -> float:
    """Average over all samples, slow start included, as ndt7 defines it."""
    return 8 * samples[-1].arrived_bytes / samples[-1].seconds


def arrived_at(samples: Sequence[Sample], seconds: float) -> float:
    """Bytes arrived by then, interpolated between samples."""
    for before, after in pairwise(samples):
        if seconds <= after.seconds:
            share = (seconds - before.seconds) / (after.seconds - before.seconds)
            return before.arrived_bytes + share * (after.arrived_bytes - before.arrived_bytes)
    return samples[-1].arrived_bytes


def rate_between(samples: Sequence[Sample], start: float, end: float) -> float:
    """Bits per second from `start` to `end`, as shares of the test's time."""
    whole = samples[-1].seconds
    bits = 8 * (arrived_at(samples, end * whole) - arrived_at(samples, start * whole))
    return bits / ((end - start) * whole)


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


def ceiling_bits_per_second(link: NetworkLink | None) -> float | None:
    """The IP rate a wired interface of known speed can carry. Wi-Fi's changes by the moment."""
    if link is None or link.kind != "wired":
        return None
    if not link.speed_bits_per_second or not link.mtu_bytes:
        return None
    return link.speed_bits_per_second * link.mtu_bytes / (link.mtu_bytes + ETHERNET_WIRE_BYTES)


def retransmit_ratio(sender: Sequence[SenderReading]) -> float | None:
    """Share of the sender's bytes that were sent again."""
    last = sender[-1].info if sender else None
    if last is None or not last.bytes_sent or last.bytes_retransmitted is None:
        return None
    return min(1.0, last.bytes_retransmitted / last.bytes_sent)


def loaded_rtt_seconds(sender: Sequence[SenderReading]) -> float | None:
    """Median of the sender's smoothed round-trip time over the second half of the test."""
    return _median(info.rtt_seconds for info in _second_half(sender))


def rtt_variation_seconds(sender: Sequence[SenderReading]) -> float | None:
    """Median of the mean deviation of the sender's round trips over the same time."""
    return _median(info.rtt_variation_seconds for info in _second_half(sender))


def _second_half(sender: Sequence[SenderReading]) -> list[TcpInfo]:
    return [r.info for r in sender if r.seconds >= sender[-1].seconds / 2]


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def cross_traffic_bits_per_second(
    facts: LoadFacts, own_bytes: int, ratio: float | None, link: NetworkLink | None
) -> float | None:
    """What else the interface moved in the test's direction, its frames' headers taken off."""
    if facts.interface_bytes is None or not ratio or link is None or not link.mtu_bytes:
        return None
    framing = (link.mtu_bytes + ETHERNET_HEADER_BYTES) / link.mtu_bytes
    others = facts.interface_bytes - own_bytes / ratio * framing
    return max(0.0, 8 * others / facts.seconds)


def own_wire_bytes(observation: Observation, direction: str) -> int:
    """Bytes the test itself put through the interface, repeated ones included."""
    own = observation.facts.own
    if direction == "upload" and own and own.bytes_sent:
        return own.bytes_sent
    return observation.last.arrived_bytes
