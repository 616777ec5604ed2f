"""Whether a TCP connection comes about, and if not, what that says."""

import errno
import socket
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from broadgauge_host.addresses import Address

from .check import Check, trouble, well

SECONDS = 4.0
"""A connection that had to ask twice has come about by then; a dropped one never does."""

MAX_ADDRESSES = 3

Kind = Literal["open", "refused", "silent", "no way", "forbidden here", "other"]

KINDS: dict[int, Kind] = {
    errno.ECONNREFUSED: "refused",
    errno.ETIMEDOUT: "silent",
    errno.ENETUNREACH: "no way",
    errno.EHOSTUNREACH: "no way",
    errno.EADDRNOTAVAIL: "no way",
    errno.ENETDOWN: "no way",
    errno.EPERM: "forbidden here",
    errno.EACCES: "forbidden here",
}


class Reach(Struct, frozen=True):
    """What came of connecting to one address."""

    address: Address
    kind: Kind
    fault: str = ""


def reach(addresses: tuple[Address, ...]) -> list[Reach]:
    """Try the addresses one after the other until one takes a connection."""
    tried = []
    for address in addresses[:MAX_ADDRESSES]:
        tried.append(_try(address))
        if tried[-1].kind == "open":
            break
    return tried


def connector(address: Address) -> Callable[[], socket.socket]:
    """Makes connections to an address that was reached."""

    def connect() -> socket.socket:
        made = socket.socket(address.family, socket.SOCK_STREAM)
        made.settimeout(SECONDS)
        try:
            made.connect(address.sockaddr)
        except BaseException:
            made.close()
            raise
        return made

    return connect


def check_reach(name: str, port: int, tried: list[Reach], *, starts_it: str) -> Check:
    """Whether a server takes connections. `starts_it` says how to see that it runs."""
    last = tried[-1]
    if last.kind == "open":
        return well(name, f"{last.address.ip} port {port} takes connections", _detour(tried))
    detail, advice = _words(last, port, starts_it)
    silent = f"{last.address.ip} silent"
    return trouble(name, detail, advice, cause=silent if last.kind != "refused" else None)


def _try(address: Address) -> Reach:
    with socket.socket(address.family, socket.SOCK_STREAM) as attempt:
        attempt.settimeout(SECONDS)
        try:
            attempt.connect(address.sockaddr)
        except TimeoutError:
            return Reach(address, "silent")
        except OSError as error:
            return Reach(address, KINDS.get(error.errno or 0, "other"), error.strerror or "")
    return Reach(address, "open")


def _words(tried: Reach, port: int, starts_it: str) -> tuple[str, str]:
    where = f"{tried.address.ip} port {port}"
    if tried.kind == "refused":
        return (
            f"{where} refuses connections: the machine is there, and nothing listens on that port",
            f"Check the port, and that it runs there: {starts_it}",
        )
    if tried.kind == "silent":
        return (
            f"{where} doesn't answer within {SECONDS:g} s: packets are dropped on the way",
            f"Let TCP port {port} through the firewalls on the way. Is that machine switched on?",
        )
    if tried.kind == "no way":
        return (
            f"no way leads to {where} ({tried.fault})",
            "Check this machine's cable or Wi-Fi, its address and its default route.",
        )
    if tried.kind == "forbidden here":
        return (
            f"this machine doesn't let anything out to {where} ({tried.fault})",
            f"Let TCP port {port} out through this machine's own firewall or security software.",
        )
    return f"{where} can't be reached ({tried.fault})", "Check the address and the network."


def _detour(tried: list[Reach]) -> str | None:
    """What to know where only a later address answers: each connection waits for the first ones."""
    dead = [each.address.ip for each in tried[:-1]]
    if not dead:
        return None
    return f"{', '.join(dead)} doesn't answer: take it out of DNS, or every connection is slow."
