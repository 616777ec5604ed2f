"""An interface's facts where psutil is the only source: its speed, but not its kind."""

import psutil

from broadgauge_wire import NetworkLink

BITS_PER_MEGABIT = 1_000_000
LOOPBACK_FLAG = "loopback"


def describe_interface(name: str, public_name: str) -> NetworkLink:
    """What psutil says. A speed of 0 is its word for unknown."""
    stats = psutil.net_if_stats().get(name)
    if stats is None:
        return NetworkLink(name=public_name)
    return NetworkLink(
        name=public_name,
        kind="loopback" if LOOPBACK_FLAG in stats.flags.split(",") else "other",
        speed_bits_per_second=stats.speed * float(BITS_PER_MEGABIT) if stats.speed else None,
        mtu_bytes=stats.mtu or None,
    )
