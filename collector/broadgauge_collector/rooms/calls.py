"""How many video calls a room can carry: what a rate means to people who don't count in Mbps."""

CALL_BITS_PER_SECOND = 4_000_000
"""Of one call in HD, each way: what Google asks for Meet with ten people in the call (4.0 Mbps
down, 3.2 up), and more than Zoom asks for a group call in 1080p (3.0 down, 3.8 up)."""


def calls(bits_per_second: float) -> int:
    """Calls at once, by the payload rate of the slower direction."""
    return int(bits_per_second / CALL_BITS_PER_SECOND)
