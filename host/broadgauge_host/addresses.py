"""From an address as people write it to those that sockets take."""

import socket
import threading
from typing import NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct

SECONDS = 5.0
"""The system's resolver asks again after five seconds; a name should not need it."""

PORTS = {"http": 80, "https": 443}


class Address(NamedTuple):
    """A resolved far end: what socket.socket and connect() take."""

    family: int
    sockaddr: tuple[str, int] | tuple[str, int, int, int]

    @property
    def ip(self) -> str:
        """The IP address alone, without a zone."""
        return self.sockaddr[0].partition("%")[0]


class Answer(Struct, frozen=True):
    """What the name service said: addresses, or why there are none."""

    addresses: tuple[Address, ...] = ()
    fault: str | None = None
    is_silent: bool = False


def endpoint(url: str) -> tuple[str, int]:
    """Host and port of a server's address; the host is empty if the address names none."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or PORTS.get(parts.scheme, PORTS["https"])


def look_up(host: str, port: int, seconds: float = SECONDS) -> Answer:
    """All addresses of a host, in the system's order."""
    found: list[Answer] = []
    # getaddrinfo can't be given a time limit, so it gets a thread that may be left behind.
    ask = threading.Thread(target=lambda: found.append(_ask(host, port)), daemon=True)
    ask.start()
    ask.join(seconds)
    return found[0] if found else Answer(fault=f"no answer within {seconds:g} s", is_silent=True)


def _ask(host: str, port: int) -> Answer:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return Answer(fault=error.strerror, is_silent=error.errno == socket.EAI_AGAIN)
    except (OSError, UnicodeError) as error:
        return Answer(fault=str(error))
    addresses = (Address(family, sockaddr) for family, _, _, _, sockaddr in found)  # type: ignore[arg-type]  # IPv4 and IPv6 only
    return Answer(addresses=tuple(dict.fromkeys(addresses)))
