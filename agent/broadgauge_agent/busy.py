"""Whether this machine is in use just now: by its network traffic, and by its processor.

Both are looked at from outside, as sums. What runs, for whom and with whom it speaks is not.
"""

import time
from collections.abc import Collection

from msgspec import Struct

from .cores import CoreWatch
from .network import addresses_on_networks, bytes_moved
from .own_traffic import TRAFFIC
from .probes import ProbeRequest
from .probes.far_end import far_end_of

LOOK_SECONDS = 1.0
"""Video comes in bursts with pauses of less; a longer look delays every test for little more."""

MAX_TRAFFIC_BITS_PER_SECOND = 3e6
"""Both ways together. A video call takes about four and would suffer from a test; what arrives at
any machine of a large network, and a page that lies open, is below one."""

MAX_CPU_RATIO = 0.5
"""Of all cores. A test takes about one, and school machines have two to four: where others use half
of them, the test would read low, and its machine's user would feel it."""

FRAMING = 1.1
"""Bytes on the network for each byte said to the collector, generously: TLS, TCP and IP."""

BITS = 8


class Activity(Struct, frozen=True, kw_only=True):
    """What this machine did beside the agent during a look."""

    traffic_bits_per_second: float
    cpu_ratio: float | None
    """Share of all cores together; None where the system doesn't tell."""

    @property
    def reason(self) -> str | None:
        """Why no test should run now, in words; None if one may."""
        traffic, cpu = self.traffic_bits_per_second, self.cpu_ratio or 0.0
        if traffic > MAX_TRAFFIC_BITS_PER_SECOND:
            return f"this machine was busy: its own traffic was {traffic / 1e6:.0f} Mbps"
        if cpu > MAX_CPU_RATIO:
            return f"this machine was busy: its processor was {cpu:.0%} in use"
        return None


def look(interfaces: Collection[str], seconds: float = LOOK_SECONDS) -> Activity:
    """Watch the interfaces and the processor for so long. What this process does isn't counted."""
    cores, own_cpu = CoreWatch(), time.process_time()
    moved, said, began = _bytes_moved(interfaces), TRAFFIC.said(), time.perf_counter()
    time.sleep(seconds)
    passed = time.perf_counter() - began
    own = FRAMING * TRAFFIC.said().at_most_since(said)
    others = max(0.0, _bytes_moved(interfaces) - moved - own)
    ratios = cores.ratios()
    used = sum(ratios) - (time.process_time() - own_cpu) / passed
    return Activity(
        traffic_bits_per_second=others * BITS / passed,
        cpu_ratio=max(0.0, used) / len(ratios) if ratios else None,
    )


def why_not_now(request: ProbeRequest) -> str | None:
    """Why a heavy test should not run now, in words; None if it may. Takes LOOK_SECONDS.

    A test inside this machine says nothing of a line, and is not held up.
    """
    if request.reflector is None:
        return look({name for name, _ in addresses_on_networks()}).reason
    far_end = far_end_of(request)
    if far_end is None or far_end.path_kind == "loopback" or far_end.interface is None:
        return None
    return look({far_end.interface}).reason


def _bytes_moved(interfaces: Collection[str]) -> int:
    """Both ways, since they came up."""
    moved = [bytes_moved(interface) or (0, 0) for interface in interfaces]
    return sum(received + sent for received, sent in moved)
