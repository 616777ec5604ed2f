"""An interface's facts from `ifconfig -v`, which needs no rights and answers in milliseconds.

The verbose form alone tells Wi-Fi from Ethernet, and what the system holds to be a mobile line.
Its words are the same in every language. Addresses in it are passed over.
"""

import re
import time
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from broadgauge_wire import NetworkLink
from broadgauge_wire.fields import InterfaceKind

from ._system_tool import ask

IFCONFIG = ("/sbin/ifconfig", "-v", "-a")
LIMIT_SECONDS = 5.0
FRESH_SECONDS = 5
"""Every interface in turn is asked for, and one answer has them all."""

HEADER = re.compile(r"^(?P<name>\S+): flags=\w*<(?P<flags>[^>]*)>.*?\bmtu (?P<mtu>\d+)")
EXTENDED_FLAGS = re.compile(r"^\s+eflags=\w*<([^>]*)>")
DETAIL = re.compile(r"^\s+(?P<key>media|type): (?P<value>.*)")
MEDIUM = re.compile(r"\((?P<number>\d+)(?P<giga>G?)base", re.IGNORECASE)
"""1000baseT, 2500Base-T, 10Gbase-T: the name of an Ethernet medium starts with its Mbit/s."""

BITS_PER_MEGABIT = 1_000_000
TUNNELS = ("gpd", "ipsec", "ppp", "tap", "tun", "utun")
CARDS = "en"
"""Network cards, built in or plugged in. The rest are the system's own and its guests'."""

KINDS: dict[str, InterfaceKind] = {"Ethernet": "wired", "Wi-Fi": "wifi", "Cellular": "cellular"}


class Interface(Struct, frozen=True, kw_only=True):
    """What ifconfig says of one interface."""

    name: str
    flags: frozenset[str]
    extended_flags: frozenset[str] = frozenset()
    mtu_bytes: int
    media: str = ""
    type: str = ""


def describe_interface(name: str, public_name: str) -> NetworkLink:
    """What the system says of the interface; what it does not say is None."""
    said = _asked(int(time.monotonic() / FRESH_SECONDS))
    return link_of(name, public_name, said)


def link_of(name: str, public_name: str, said: str) -> NetworkLink:
    """The facts of the interface with this name in ifconfig's words."""
    interface = next((one for one in interfaces_in(said) if one.name == name), None)
    if interface is None:
        return NetworkLink(name=public_name)
    kind = interface_kind(interface)
    return NetworkLink(
        name=public_name,
        kind=kind,
        speed_bits_per_second=_speed(interface.media) if kind == "wired" else None,
        mtu_bytes=interface.mtu_bytes or None,
    )


def interface_kind(interface: Interface) -> InterfaceKind:
    """EXPENSIVE is the system's word for a mobile line, also behind a phone's Wi-Fi or cable."""
    if "LOOPBACK" in interface.flags:
        return "loopback"
    if interface.name.rstrip("0123456789") in TUNNELS:
        return "vpn"
    if "EXPENSIVE" in interface.extended_flags or interface.type == "Cellular":
        return "cellular"
    return KINDS.get(interface.type, "other") if interface.name.startswith(CARDS) else "other"


def interfaces_in(said: str) -> Iterator[Interface]:
    """The interfaces that an output of `ifconfig -v` tells of."""
    lines: list[str] = []
    for line in said.splitlines():
        if HEADER.match(line) and lines:
            yield from _interface(lines)
            lines = []
        lines.append(line)
    yield from _interface(lines)


def _interface(lines: list[str]) -> Iterator[Interface]:
    head = HEADER.match(lines[0]) if lines else None
    if not head:
        return
    details = {found["key"]: found["value"] for found in map(DETAIL.match, lines) if found}
    flags = next((found[1] for found in map(EXTENDED_FLAGS.match, lines) if found), "")
    yield Interface(
        name=head["name"],
        flags=frozenset(head["flags"].split(",")),
        extended_flags=frozenset(flags.split(",")),
        mtu_bytes=int(head["mtu"]),
        **details,
    )


def _speed(media: str) -> float | None:
    found = MEDIUM.search(media)
    if not found:
        return None
    return int(found["number"]) * (1000 if found["giga"] else 1) * float(BITS_PER_MEGABIT)


@lru_cache(maxsize=1)
def _asked(_period: int) -> str:
    return (ask(IFCONFIG, LIMIT_SECONDS) or b"").decode("utf-8", "replace")
