"""The most that one client carries: through a shaper of 2.5 Gbit/s, and with nothing between."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product

from msgspec.structs import replace

from broadgauge_agent.calibration import Calibrating
from broadgauge_agent.known_lines import KnownLines
from lab.hosts import Port, cable, hosts
from lab.link import ETHERNET_HEADER_BYTES, shaped_link
from lab.path import MTU_BYTES, TCP_PAYLOAD_BYTES

from .throughput_agent import Agent, fields_of, reflector, request_for, spool
from .throughput_cells import DIRECTIONS
from .throughput_machine import others_cores, surroundings
from .throughput_run import Part, Run

SHAPED_BITS_PER_SECOND = 2_500_000_000
SHAPED_PAYLOAD = SHAPED_BITS_PER_SECOND * TCP_PAYLOAD_BYTES / (MTU_BYTES + ETHERNET_HEADER_BYTES)
UNSHAPED_GOAL_BITS_PER_SECOND = 5e9
UNSHAPED_BYTES = 100e9
"""What a test may cost that has no line to wait for."""


@dataclass(frozen=True)
class Ceiling:
    """One link without a delay, and whether the test is encrypted."""

    is_shaped: bool
    tls: bool
    runs: int
    part: Part = "ceiling"

    @property
    def name(self) -> str:
        """Such as shaped-2500M-tls."""
        return f"{'shaped-2500M' if self.is_shaped else 'unshaped'}{'-tls' if self.tls else ''}"

    @property
    def fastest_bits_per_second(self) -> float:
        """What the machine has to carry."""
        return SHAPED_BITS_PER_SECOND if self.is_shaped else UNSHAPED_GOAL_BITS_PER_SECOND

    def measure(self, calibrating: Calibrating) -> Iterator[Run]:
        """Each test knows nothing, so each is long."""
        truth = SHAPED_PAYLOAD if self.is_shaped else UNSHAPED_GOAL_BITS_PER_SECOND
        with self._link() as (near, far), reflector(far, tls=self.tls) as server:
            for _, direction in product(range(self.runs), DIRECTIONS):
                taken = others_cores()
                with spool() as kept:
                    agent = Agent(KnownLines(kept, random.Random(0)), calibrating)
                    request = request_for(server, direction)
                    if not self.is_shaped:
                        request = replace(request, max_bytes=UNSHAPED_BYTES)
                    tested = agent.test(near, request)
                yield Run(
                    **fields_of(tested),
                    part=self.part,
                    unit=self.name,
                    truth_bits_per_second=truth,
                    path_bits_per_second=truth,
                    **surroundings(taken),
                )

    @contextmanager
    def _link(self) -> Iterator[tuple[Port, Port]]:
        if self.is_shaped:
            with shaped_link(SHAPED_BITS_PER_SECOND) as link:
                yield link.near, link.far
        else:
            with hosts("near", "far") as (near, far):
                yield cable(near, far, "10.77.0.1/24", "10.77.0.2/24")


def ceilings(runs: int) -> tuple[Ceiling, ...]:
    """Shaped without and with TLS, and unshaped likewise."""
    return tuple(
        Ceiling(is_shaped, tls, runs) for is_shaped, tls in product((True, False), (False, True))
    )
