"""Two hosts and a shaped link between them: a veth pair with a token bucket at both ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .hosts import Port, cable, hosts

ETHERNET_HEADER_BYTES = 14
"""The token bucket counts it, an IP packet doesn't (tc-tbf(8))."""


@dataclass(frozen=True)
class ShapedLink:
    """Two ends and the rate, in bit/s, that each direction is held to at the Ethernet layer."""

    near: Port
    far: Port
    rate_bits_per_second: int
    mtu_bytes: int = 1500

    @property
    def line_bits_per_second(self) -> float:
        """The truth a test should find: the rate in IP packets, of full size."""
        return self.rate_bits_per_second * self.mtu_bytes / (self.mtu_bytes + ETHERNET_HEADER_BYTES)


@contextmanager
def shaped_link(rate_bits_per_second: int, queue_milliseconds: int = 50) -> Iterator[ShapedLink]:
    """Make the hosts and the link; remove them and end what still runs in them afterwards."""
    with hosts("near", "far") as (near, far):
        ports = cable(near, far, "10.77.0.1/24", "10.77.0.2/24")
        for port in ports:
            shape(port, rate_bits_per_second, queue_milliseconds)
        yield ShapedLink(*ports, rate_bits_per_second)


def shape(port: Port, rate_bits_per_second: int, queue_milliseconds: int = 50) -> None:
    """Hold what leaves by this end to a rate."""
    burst_bytes = max(131_072, rate_bits_per_second // 8 // 250)
    port.host.run(
        [
            *("tc", "qdisc", "add", "dev", port.interface, "root", "tbf"),
            *("rate", f"{rate_bits_per_second}bit", "burst", f"{burst_bytes}b"),
            *("latency", f"{queue_milliseconds}ms"),
        ]
    )
