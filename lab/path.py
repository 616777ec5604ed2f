"""Hosts, and a path of known rate, delay, loss and queue between them, made on one Linux machine.

near and its siblings -- veth -- router == line == router ... == line == router -- veth -- far

The measuring hosts have a wired interface each; what is emulated lies between routers, as a
school's line does, where neither host can see it.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import IO

from .emulator import line_between, need_root_and_tun, write_states
from .errors import lacking
from .hosts import Host, Port, cable, hosts, ip

MTU_BYTES = 1500
TCP_PAYLOAD_BYTES = 1448
"""Of a full packet: IPv4 and TCP headers and TCP's timestamps take the rest."""

QUEUE_SECONDS = 0.02
"""A queue holds what the line carries in its round trip, and in this at least."""

TUN_QUEUE_PACKETS = 5000
"""What waits while the emulator is held up by a busy machine."""

NEAR_SIDE = "10.78.0.0/16"


@dataclass(frozen=True)
class State:
    """What a line is like, in both directions, from `since_seconds` after the plan's start on.

    Rates and sizes count IP packets. With a burst, so many bytes pass at the peak rate (0: at once)
    whenever they have been saved up.
    """

    rate_bits_per_second: float
    rtt_seconds: float = 0.0
    loss_ratio: float = 0.0
    queue_bytes: float | None = None
    burst_bytes: float = 0.0
    peak_bits_per_second: float = 0.0
    since_seconds: float = 0.0

    @property
    def payload_bits_per_second(self) -> float:
        """The truth that a TCP test should find."""
        return payload(self.rate_bits_per_second)

    def payload_beside(self, load_bits_per_second: float) -> float:
        """The truth beside a constant rate of others, in IP packets, that yields to nobody."""
        return payload(max(0.0, self.rate_bits_per_second - load_bits_per_second))

    @property
    def queue(self) -> float:
        """Bytes that may wait for their turn: as given, else what a router well set up has."""
        if self.queue_bytes is not None:
            return self.queue_bytes
        wait_seconds = max(self.rtt_seconds, QUEUE_SECONDS)
        return max(self.rate_bits_per_second / 8 * wait_seconds, 20 * MTU_BYTES)

    def line(self) -> str:
        """As path.c reads it."""
        one_way_nanoseconds = self.rtt_seconds / 2 * 1e9
        return (
            f"{self.since_seconds} {self.rate_bits_per_second} {one_way_nanoseconds} "
            f"{self.loss_ratio} {self.queue} {self.burst_bytes} {self.peak_bits_per_second}\n"
        )


def payload(rate_bits_per_second: float) -> float:
    """What TCP carries for its user where IP packets of full size pass at this rate."""
    return rate_bits_per_second * TCP_PAYLOAD_BYTES / MTU_BYTES


@dataclass(frozen=True)
class Hop:
    """One emulated line, the routers at its ends, and the states it goes through."""

    before: Host
    after: Host
    after_address: str
    plan: tuple[State, ...]
    states: IO[str]

    def begin(self) -> None:
        """Start the plan (again): `since_seconds` count from now on."""
        write_states(self.states, (state.line() for state in self.plan))

    def set_state(self, state: State) -> None:
        """Be like this from now on. The plan has ended."""
        write_states(self.states, [replace(state, since_seconds=0.0).line()])


@dataclass(frozen=True)
class Path:
    """Both ends, the router's port to near, further hosts there, and the hops from near to far."""

    near: Port
    gateway: Port
    far: Port
    siblings: tuple[Port, ...]
    hops: tuple[Hop, ...]

    @property
    def rtt_seconds(self) -> float:
        """The round trip of an empty path, by the first state of each hop."""
        return sum(hop.plan[0].rtt_seconds for hop in self.hops)

    @property
    def payload_bits_per_second(self) -> float:
        """The truth that a TCP test should find: of the narrowest hop, by its first state."""
        return min(hop.plan[0].payload_bits_per_second for hop in self.hops)

    @property
    def routers(self) -> tuple[Port, ...]:
        """The routers between two hops, each with the address under which `near` reaches it."""
        return tuple(Port(hop.after, f"hop{i}", hop.after_address)
                     for i, hop in enumerate(self.hops[:-1]))  # fmt: skip

    def begin(self) -> None:
        """Start every hop's plan (again): `since_seconds` count from now on."""
        for hop in self.hops:
            hop.begin()

    def set_state(self, state: State, hop: int = 0) -> None:
        """Let a hop be like this from now on. Its plan has ended."""
        self.hops[hop].set_state(state)


@contextmanager
def path(*plan: State, siblings: int = 0, tcp: str = "cubic") -> Iterator[Path]:
    """A path of one hop that goes through these states, the first from 0 s on."""
    with chain(plan, siblings=siblings, tcp=tcp) as made:
        yield made


@contextmanager
def chain(*plans: Sequence[State], siblings: int = 0, tcp: str = "cubic") -> Iterator[Path]:
    """A path of several hops, from near to far, each with its own states.

    `tcp` is the hosts' congestion control, so that machines with other defaults find the same.
    """
    need_root_and_tun()
    for plan in plans:
        _check(plan)
    names = [
        *("near", "far"),
        *(f"sibling{number}" for number in range(siblings)),
        *(f"router{number}" for number in range(len(plans) + 1)),
    ]
    with hosts(*names) as (near, far, *others), ExitStack() as undo:
        beside, routers = others[:siblings], others[siblings:]
        for router in routers:
            router.forward()
        hops = [
            undo.enter_context(_hop(number, (one, other), tuple(plan)))
            for number, (one, other, plan) in enumerate(
                zip(routers, routers[1:], plans, strict=False)
            )
        ]
        near_port, gateway = _behind(near, routers[0], "10.78.0", tcp)
        far_port, _ = _behind(far, routers[-1], "10.79.0", tcp)
        siblings_ports = tuple(
            _behind(host, routers[0], f"10.78.{number}", tcp)[0]
            for number, host in enumerate(beside, start=1)
        )
        yield Path(near_port, gateway, far_port, siblings_ports, tuple(hops))


def _check(plan: Sequence[State]) -> None:
    times = [state.since_seconds for state in plan]
    if not times or times[0] != 0 or times != sorted(times):
        raise ValueError("the first state of a hop is in force from 0 s on, and the others follow")


@contextmanager
def _hop(number: int, ends: tuple[Host, Host], plan: tuple[State, ...]) -> Iterator[Hop]:
    device = f"hop{number}"
    with line_between(*ends, device) as states:
        addresses = (f"10.80.{number}.1", f"10.80.{number}.2")
        for host, address in zip(ends, addresses, strict=True):
            host.add_address(f"{address}/24", device)
            queue = ("txqueuelen", str(TUN_QUEUE_PACKETS))
            ip("-n", host.namespace, "link", "set", device, "mtu", str(MTU_BYTES), *queue, "up")
        ends[0].add_route("default", via=addresses[1])
        ends[1].add_route(NEAR_SIDE, via=addresses[0])
        hop = Hop(*ends, addresses[1], plan, states)
        hop.begin()
        yield hop


def _behind(host: Host, router: Host, subnet: str, tcp: str) -> tuple[Port, Port]:
    """The ends of a cable to a host's router, by which it reaches everything."""
    port, gateway = cable(host, router, f"{subnet}.2/24", f"{subnet}.1/24")
    with lacking(f"this kernel has no congestion control {tcp!r} for TCP"):
        host.add_route("default", via=gateway.address, tcp=tcp)
    return port, gateway
