"""Whose an address is: as people write it, and as limits count it."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

NETWORK_BITS = 64
"""One machine may take its addresses from a whole IPv6 network of this length (RFC 7421)."""


def plain_address(address: str) -> str:
    """The address as people write it, where an IPv6 socket has taken an IPv4 connection."""
    return str(_parsed(address) or address)


def sender_of(address: str) -> str:
    """Whom limits count: an IPv4 address, or the network of an IPv6 address; this machine by its
    own."""
    if ":" not in address:
        return address
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address) and not parsed.is_loopback:
        return str(IPv6Network((int(parsed), NETWORK_BITS), strict=False))
    return str(parsed or address)


def is_own_machine(sender: str) -> bool:
    """Whether it is this machine: a person on it, or a proxy in front that speaks for everybody."""
    parsed = _parsed(sender)
    return parsed is not None and parsed.is_loopback


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
