"""A name service on loopback that knows some names, and says of others what it is told to say."""

import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseRequestHandler, UDPServer

from lab.hosts import Host

ADDRESS = "127.0.0.53"
HEADER = struct.Struct(">6H")
ANSWERS = 0x8180
NO_SUCH_NAME = 3
TYPE_A = 1
NAME_OF_QUESTION = 0xC00C
"""A pointer to where the question's name stands (RFC 1035, section 4.1.4)."""


class Question(BaseRequestHandler):
    """One datagram."""

    server: "NameServer"

    def handle(self) -> None:
        query, channel = self.request
        if not self.server.mute:
            channel.sendto(self.server.answer(query), self.client_address)


class NameServer(UDPServer):
    """`known` has IPv4 addresses by name; `otherwise` is given for every other name, if at all.

    While `mute` it answers nothing.
    """

    def __init__(self) -> None:
        super().__init__((ADDRESS, 53), Question)
        self.known: Mapping[str, str] = {}
        self.otherwise: str | None = None
        self.mute = False

    def answer(self, query: bytes) -> bytes:
        """RFC 1035, section 4, as far as one question needs it."""
        name, end = _name(query, HEADER.size)
        question = query[HEADER.size : end + 4]
        query_id, kind = *struct.unpack_from(">H", query), *struct.unpack_from(">H", query, end)
        address = self.known.get(name, self.otherwise)
        found = address is not None and kind == TYPE_A
        flags = ANSWERS if address is not None else ANSWERS | NO_SUCH_NAME
        head = HEADER.pack(query_id, flags, 1, int(found), 0, 0)
        if not found or address is None:
            return head + question
        record = struct.pack(">HHHIH", NAME_OF_QUESTION, TYPE_A, 1, 1, 4)
        return head + question + record + socket.inet_aton(address)


@contextmanager
def name_server(host: Host) -> Iterator[NameServer]:
    """The one that commands on a host ask."""
    folder = Path("/etc/netns", host.namespace)
    was_there = folder.parent.exists()
    folder.mkdir(parents=True)
    resolver = folder / "resolv.conf"
    resolver.write_text(f"nameserver {ADDRESS}\noptions timeout:1 attempts:1\n")
    with host.inside():
        server = NameServer()
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    try:
        yield server
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
        resolver.unlink()
        folder.rmdir()
        if not was_there:
            folder.parent.rmdir()


def _name(query: bytes, at: int) -> tuple[str, int]:
    """The name that is asked for, and where the rest of the question begins."""
    labels = []
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels).lower(), at + 1
