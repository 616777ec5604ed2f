"""Which test servers a room is tested with: the nearest, and one beyond the school."""

import socket
import time
from collections.abc import Iterable, Sequence

from broadgauge_wire import Reflector, Segment

NEAR: tuple[Segment, ...] = ("lan", "wan")
BEYOND: tuple[Segment, ...] = ("internet", "wan")

CONNECT_SECONDS = 2.0
MAX_ASKED = 8
"""Servers of one kind whose distance is compared."""


def servers_for_a_room(reflectors: Sequence[Reflector]) -> tuple[Reflector, ...]:
    """The nearest at the school, or else in the district; then one further out, if there is one."""
    near = _of_first_kind(reflectors, NEAR)
    further = [r for r in reflectors if near is None or r.segment != near.segment]
    beyond = _of_first_kind(further, BEYOND)
    return tuple(server for server in (near, beyond) if server)


def _of_first_kind(reflectors: Sequence[Reflector], kinds: Iterable[Segment]) -> Reflector | None:
    for kind in kinds:
        if found := [r for r in reflectors if r.segment == kind][:MAX_ASKED]:
            return found[0] if len(found) == 1 else min(found, key=_connect_seconds)
    return None


def _connect_seconds(reflector: Reflector) -> float:
    began = time.perf_counter()
    try:
        socket.create_connection((reflector.host, reflector.port), CONNECT_SECONDS).close()
    except OSError:
        return float("inf")
    return time.perf_counter() - began
