"""Limits of the near host itself: its network card, its receive window, its processor's time."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from .control_groups import processor_group
from .errors import lacking
from .hosts import Host, Port, ip
from .path import TCP_PAYLOAD_BYTES

ETHERNET_FRAME_BYTES = 1538
"""What a full packet takes on a cable, with header, checksum, preamble and gap (IEEE 802.3)."""

OVERHEAD_BYTES = ETHERNET_FRAME_BYTES - 1514
"""Of those, what the kernel doesn't count."""

CARD_BURST_BYTES = 16_000
CARD_QUEUE_MILLISECONDS = 50
NO_BUCKET = (
    "the lab can't slow a network card here: this kernel has no token bucket, sch_tbf, or no size "
    "table, stab, for it"
)
_RECEIVE_BUFFER = "net/ipv4/tcp_rmem"


def card_payload(speed_bits_per_second: float) -> float:
    """The truth that a TCP test should find if the network card is the narrowest."""
    return speed_bits_per_second * TCP_PAYLOAD_BYTES / ETHERNET_FRAME_BYTES


def window_payload(window_bytes: float, rtt_seconds: float) -> float:
    """The most that one TCP connection carries with this receive window."""
    return window_bytes * 8 / rtt_seconds


@contextmanager
def card_speed(port: Port, gateway: Port, speed_bits_per_second: float) -> Iterator[Port]:
    """The port with a slower card: it reports its speed, in whole Mbit/s, and is held to it.

    What the yielded port's `host.command` runs in the block reads it in /sys/class/net: `ip netns
    exec` gives each program a /sys of its own. The card stays as slow as long as its host lives.
    LabError where the kernel can't hold it.
    """
    ip("-n", port.host.namespace, "link", "set", port.interface, "gso_max_segs", "1")
    for end in (port, gateway):
        _hold(end, speed_bits_per_second)
    with tempfile.NamedTemporaryFile("w", prefix="lab-speed-") as file:
        file.write(f"{round(speed_bits_per_second / 1e6)}\n")
        file.flush()
        bind = f'mount --bind {file.name} /sys/class/net/{port.interface}/speed && exec "$@"'
        within = (*port.host.within, "sh", "-c", bind, "sh")
        yield replace(port, host=replace(port.host, within=within))


def _hold(port: Port, speed_bits_per_second: float) -> None:
    with lacking(NO_BUCKET):
        port.host.run(
            [
                *("tc", "qdisc", "add", "dev", port.interface, "root"),
                *("stab", "overhead", str(OVERHEAD_BYTES), "linklayer", "ethernet"),
                *("tbf", "rate", f"{round(speed_bits_per_second)}bit"),
                *("burst", f"{CARD_BURST_BYTES}b", "latency", f"{CARD_QUEUE_MILLISECONDS}ms"),
            ]
        )


@contextmanager
def receive_window(host: Host, window_bytes: float) -> Iterator[None]:
    """Let no TCP connection to this host, begun in the block, have more than about this underway.

    The kernel counts half of a receive buffer as its window (tcp(7)).
    """
    buffer = round(2 * window_bytes)
    before = host.kernel(_RECEIVE_BUFFER)
    host.set_kernel(_RECEIVE_BUFFER, f"{min(buffer, 4096)} {buffer} {buffer}")
    try:
        yield
    finally:
        host.set_kernel(_RECEIVE_BUFFER, before)


@contextmanager
def processor_share(host: Host, share: float) -> Iterator[Host]:
    """The host with so much of one processor for all that the yielded host's `command` runs.

    It ends with the block. LabError where control groups can't be made.
    """
    with processor_group(share) as group:
        join = f'echo $$ > {group}/cgroup.procs && exec "$@"'
        yield replace(host, before=(*host.before, "sh", "-c", join, "sh"))
