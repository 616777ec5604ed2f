"""Which subnets may stand for a school network. Each refusal says what to write."""

from ipaddress import (
    AddressValueError,
    IPv4Network,
    IPv6Network,
    NetmaskValueError,
    ip_address,
    ip_network,
)

from broadgauge_wire.spec import WIDEST_PREFIX

from ..errors import Invalid

Network = IPv4Network | IPv6Network

USUAL_PREFIX = {4: 24, 6: 64}
"""In bits: of one LAN, for the example in a refusal."""

NOWHERE = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    "link-local": ("169.254.0.0/16", "fe80::/10"),
    "multicast": ("224.0.0.0/4", "ff00::/8"),
    "reserved": ("0.0.0.0/8", "240.0.0.0/4"),
}
"""Ranges that every network has, or none: they tell nothing about where a machine is."""

ASSIGNED_V6 = (IPv6Network("2000::/3"), IPv6Network("fc00::/7"))
"""Global unicast (RFC 4291) and unique local (RFC 4193): what machines on networks have."""

ELSEWHERE_TOO = (
    ("192.168.0.0/16", "most home routers"),
    ("10.0.0.0/23", "many home routers"),
    ("10.1.10.0/24", "many cable modems"),
    ("172.20.10.0/28", "phone hotspots"),
    ("172.16.0.0/24", "some home routers"),
    ("172.17.0.0/16", "computers that run containers"),
    ("100.64.0.0/10", "mobile carriers"),
)
"""Factory settings found in homes, on phones and inside single computers."""


def check_subnet(text: str) -> Network:
    """The subnet that is written. Invalid, with what to write, if it can't be a school network."""
    network = _parse(text.strip())
    widest = WIDEST_PREFIX[network.version]
    if network.prefixlen < widest:
        raise Invalid(
            f"{network} is too wide: it holds others' networks too. Write /{widest} or narrower."
        )
    for kind, ranges in NOWHERE.items():
        if any(overlap(network, ip_network(each)) for each in ranges):
            raise Invalid(f"{network} is {kind}: such addresses say nothing about a network.")
    if network.version == 6 and not any(network.subnet_of(range_) for range_ in ASSIGNED_V6):
        raise Invalid(f"{network} holds no addresses that machines on a network have.")
    return network


def caution(network: Network) -> str | None:
    """Who else has such addresses, and what that means. None if nobody is known to."""
    found = [(each, who) for each, who in ELSEWHERE_TOO if overlap(network, ip_network(each))]
    if not found:
        return None
    who = " and ".join(f"{who} ({each})" for each, who in found[:2])
    return (
        f"Addresses of {network} are also given out by {who}. An agent taken to such a place would "
        "measure there: list other or narrower subnets, where you can."
    )


def overlap(one: Network, other: Network) -> bool:
    """Whether two subnets share an address."""
    if isinstance(one, IPv4Network) and isinstance(other, IPv4Network):
        return one.overlaps(other)
    if isinstance(one, IPv6Network) and isinstance(other, IPv6Network):
        return one.overlaps(other)
    return False


def _parse(text: str) -> Network:
    if "%" in text:  # an interface of one machine, which ipaddress takes as part of an address
        raise Invalid(_no_subnet(text))
    if "/" not in text:
        raise Invalid(_without_size(text))
    try:
        return ip_network(text)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise Invalid(_not_a_subnet(text)) from error


def _without_size(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return _no_subnet(text)
    usual = ip_network(f"{address}/{USUAL_PREFIX[address.version]}", strict=False)
    return f"{text} is one address: write the subnet with its size, like {usual}."


def _not_a_subnet(text: str) -> str:
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        return _no_subnet(text)
    return f"{text} is an address inside a subnet: the subnet is {meant}."


def _no_subnet(text: str) -> str:
    return f"{text!r} is no subnet: write it like 10.20.0.0/16 or 2001:db8:20::/48."
