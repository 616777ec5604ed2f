"""Names to addresses, and whether the name service tells the truth."""

import ipaddress
import secrets
import socket

from msgspec import Struct

from broadgauge_host.addresses import SECONDS, Address, Answer, look_up

from .check import Check, trouble, unknown, well

NAME_SERVICE = "name service"
NO_ANSWER = "no answer"


class Names(Struct, frozen=True):
    """The addresses given for a name that must not exist: none, if the name service is honest."""

    trap: frozenset[str] = frozenset()


def is_address(host: str) -> bool:
    """Whether this needs no name service."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost"
    return True


def check_honesty(hosts: list[str]) -> tuple[Check, Names]:
    """Ask for a name that must not exist (RFC 6761, section 6.4)."""
    if all(is_address(host) for host in hosts):
        return well(NAME_SERVICE, "not needed: everything is known by its address"), Names()
    answer = look_up(f"broadgauge-{secrets.token_hex(6)}.invalid", 443, SECONDS / 2)
    if answer.is_silent:
        return unknown(NAME_SERVICE, answer.fault or NO_ANSWER), Names()
    if not answer.addresses:
        return well(NAME_SERVICE, "says so when there is no such name"), Names()
    trap = frozenset(address.ip for address in answer.addresses)
    return _dishonest(trap), Names(trap)


def check_name(name: str, host: str, answer: Answer, names: Names) -> Check:
    """Whether a host's name leads to it."""
    if answer.is_silent:
        return trouble(
            name,
            f"{host}: {answer.fault}",
            "Check this machine's network and the DNS servers it is given; its DNS server must be "
            "reachable on port 53.",
            cause="name service silent",
        )
    if answer.fault:
        return trouble(
            name,
            f"there is no name {host} ({answer.fault})",
            "Check how it is spelled, and that the DNS server this machine uses knows the "
            "district's own names.",
            cause=f"no name {host}",
        )
    if any(address.ip in names.trap for address in answer.addresses):
        return _trapped(name, host)
    return well(name, _words(host, answer.addresses))


def _dishonest(trap: frozenset[str]) -> Check:
    return trouble(
        NAME_SERVICE,
        f"it gives an address ({', '.join(sorted(trap))}) for a name that doesn't exist",
        "A content filter or a sign-in page answers for every name. Sign in to this network, or "
        "exempt this machine from the filter's DNS.",
        cause="name service lies",
    )


def _trapped(name: str, host: str) -> Check:
    return trouble(
        name,
        f"{host} leads to the address that is given for names that don't exist",
        "Have the filter or the DNS server give this name's real address.",
        cause="name service lies",
    )


def _words(host: str, addresses: tuple[Address, ...]) -> str:
    shown = [
        f"{address.ip} ({'IPv6' if address.family == socket.AF_INET6 else 'IPv4'})"
        for address in addresses
    ]
    return f"{host} is {', '.join(shown)}"
