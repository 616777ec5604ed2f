"""Many hosts behind one line: each on its own link to a router, whose line leads to a far host."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .hosts import Host, Port, cable, hosts
from .shaped import ETHERNET_HEADER_BYTES, shape


@dataclass(frozen=True)
class SharedLine:
    """The hosts that share the line, and the one at its end."""

    members: tuple[Host, ...]
    far: Port
    rate_bits_per_second: int
    mtu_bytes: int = 1500

    @property
    def line_bits_per_second(self) -> float:
        """The truth a test of all of them should find: the rate in IP packets, of full size."""
        return self.rate_bits_per_second * self.mtu_bytes / (self.mtu_bytes + ETHERNET_HEADER_BYTES)


@contextmanager
def shared_line(
    members: int, own_bits_per_second: int, line_bits_per_second: int
) -> Iterator[SharedLine]:
    """Make so many hosts with links of one rate, and the line that they share of another, between
    two routers. Removed with all that runs there afterwards.

    No host that sends holds the line's shaper: its kernel would hold back each connection by what
    of it waits there, and a new one would never get its share.
    """
    names = [f"m{number}" for number in range(members)]
    with hosts(*names, "router", "core", "far") as (*made, router, core, far):
        router.forward()
        core.forward()
        for port in cable(router, core, "10.78.255.1/24", "10.78.255.2/24"):
            shape(port, line_bits_per_second)
        _, end = cable(core, far, "10.78.0.1/24", "10.78.0.2/24")
        far.add_route("10.78.0.0/16", "10.78.0.1")
        core.add_route("10.78.0.0/16", "10.78.255.1")
        router.add_route("10.78.0.0/24", "10.78.255.2")
        for number, host in enumerate(made, start=1):
            own, other = cable(host, router, f"10.78.{number}.2/24", f"10.78.{number}.1/24")
            for port in (own, other):
                shape(port, own_bits_per_second)
            host.add_route("default", f"10.78.{number}.1")
        yield SharedLine(tuple(made), end, line_bits_per_second)
