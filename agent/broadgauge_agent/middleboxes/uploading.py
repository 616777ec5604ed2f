"""A proxy that swallows an upload: what our side got rid of runs ahead of what arrived. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from broadgauge_wire import Reflector

from .finding import SEEN, Finding, finding

HELD_BYTES = 256 * 1024
"""An acknowledged byte has arrived, so kernels' counts need no allowance; this one is for the
messages around the test and for what TLS and WebSocket add on one side of a proxy alone."""

UNKNOWN_HELD_BYTES = 16 * 1024 * 1024
"""Where either count is a program's: the largest buffers a system gives a connection by itself.
Linux has 4 MiB to send and 6 MiB to receive (tcp(7)); Windows tunes the latter up to 16 MiB."""

SLACK_SECONDS = 0.1
"""Between two clocks' zero, both at the end of one handshake, beside the round trip."""

ENOUGH_READINGS = 2


class CountAt(NamedTuple):
    """All bytes up to a moment, in seconds since the handshake."""

    seconds: float
    total_bytes: float


def recognise_upload(
    taken: Sequence[CountAt],
    counted: Sequence[CountAt],
    reflector: Reflector,
    *,
    round_trip_seconds: float,
    held_bytes: float = HELD_BYTES,
) -> Finding | None:
    """Name a proxy that takes more than it passes on.

    `taken` is what our kernel says was acknowledged (TCP_INFO's bytes_acked) of one connection,
    `counted` what the server says arrived on it. Where either is a program's count instead,
    `held_bytes` is UNKNOWN_HELD_BYTES. `round_trip_seconds` is the one through to the server, as
    the handshake took, not the one that our kernel sees.
    """
    excess = excess_bytes(taken, counted, SLACK_SECONDS + round_trip_seconds)
    beyond = [each for each in excess if each > held_bytes]
    if len(beyond) < ENOUGH_READINGS:
        return None
    seen = f"{SEEN['upload_buffering']} (up to {max(beyond) / 1e6:.1f} MB ahead of it)"
    return finding("upload_buffering", seen, reflector)


def excess_bytes(
    taken: Sequence[CountAt], counted: Sequence[CountAt], slack_seconds: float
) -> list[float]:
    """By how much, at least, each reading of ours is above what the server had, the slack later.

    Arrivals come in jumps, so nothing is interpolated: the server's next count is the most that it
    can have had.
    """
    later = list(counted)
    excess = []
    for at in taken:
        while later and later[0].seconds < at.seconds + slack_seconds:
            later.pop(0)
        if not later:
            break  # the server said nothing of that time
        excess.append(at.total_bytes - later[0].total_bytes)
    return excess
