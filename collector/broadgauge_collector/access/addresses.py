"""Whom a limit by address counts as one."""

from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network

SITE_BITS = 64
"""Of an IPv6 address: one machine may have all addresses that share them."""


def counted_as(address: str) -> str:
    """An IPv4 address as it is, however it is written; of an IPv6 address its /64."""
    try:
        ip = IPv6Address(address)
    except AddressValueError:
        return address
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ip) if ip.is_loopback else str(IPv6Network((int(ip), SITE_BITS), strict=False))


def is_own_machine(counted: str) -> bool:
    """Whether it is this machine: a person on it, or a proxy in front that speaks for everybody."""
    try:
        return IPv4Address(counted).is_loopback
    except AddressValueError:
        return counted == "::1"
