"""One accepted connection. Its thread drives it with plain calls; every wait in them has an end.

A thread a connection is what makes TLS fast: OpenSSL encrypts straight into the socket, without
Python's global lock, and nothing is copied on the way.
"""

import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from broadgauge_host.senders import plain_address, sender_of

from .limits import Limits

Buffer = bytearray | memoryview
T = TypeVar("T")

NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

NOTICE_SECONDS = 0.2
"""How long a thread that waits may take to notice that the test server is stopping."""

MAX_LATE_BYTES = 2**26
"""What may still come after a test: a browser keeps up to 64 MB of an upload in a buffer."""

MAX_UNWANTED_BYTES = 2**18
"""What is read of a request that was refused, so that most clients read why."""


class Connection:
    """A socket that never blocks, and how long its peer may keep a thread waiting.

    Whatever fails raises an OSError: TimeoutError when a limit is over, ConnectionError when the
    peer has gone or the test server is stopping, ssl.SSLError when TLS is not to be had.
    """

    def __init__(
        self, accepted: socket.socket, address: str, stopping: threading.Event, limits: Limits
    ) -> None:
        accepted.setblocking(False)
        self.socket = accepted
        self.address = plain_address(address)
        self.sender = sender_of(address)
        """By whom limits count it."""

        self.moved_bytes = 0
        """Of all tests that it was used for."""

        self.stopping = stopping
        self.stall_seconds = limits.stall_seconds
        self.ends_at = time.monotonic() + limits.http_seconds

    def send_promptly(self) -> None:
        """Let no short message wait for a longer one."""
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def hurry(self, seconds: float) -> None:
        """Allow this much more time at most."""
        self.ends_at = min(self.ends_at, time.monotonic() + seconds)

    @contextmanager
    def hurrying(self, seconds: float) -> Iterator[None]:
        """Allow what is inside this much time at most."""
        before = self.ends_at
        self.ends_at = min(before, time.monotonic() + seconds)
        try:
            yield
        finally:
            self.ends_at = before

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Do the handshake as a server."""
        secured = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.socket = secured
        self._when_ready(secured.do_handshake)

    def receive(self, into: Buffer) -> int:
        """Bytes that have arrived, at least one; 0 when the peer has sent all."""
        return self._when_ready(lambda: self.socket.recv_into(into))

    def receive_now(self, into: memoryview) -> int | None:
        """The same, but None where it would have to wait. TLS comes in pieces of 16 KiB at most."""
        received = 0
        with suppress(*NOT_NOW):
            while received < len(into):
                piece = self.socket.recv_into(into[received:])
                received += piece
                if not piece or not isinstance(self.socket, ssl.SSLSocket):
                    return received
        return received or None

    def send(self, data: bytes | memoryview) -> None:
        """All of it."""
        left = memoryview(data)
        while left:
            left = left[self._when_ready(lambda: self.socket.send(left), to_send=True) :]  # noqa: B023

    def send_now(self, data: memoryview) -> int:
        """As many bytes as the socket takes without waiting."""
        sent = 0
        with suppress(*NOT_NOW):
            while sent < len(data):
                sent += self.socket.send(data[sent:])
        return sent

    def wait(self, seconds: float, *, to_send: bool = False) -> None:
        """Until something can be received (or sent, if asked), or some of the time is over."""
        left = self._seconds_left()
        if left <= 0:
            raise TimeoutError
        self._select(min(seconds, NOTICE_SECONDS, left), to_receive=True, to_send=to_send)

    def can_send(self) -> bool:
        """Whether a short message would go without waiting."""
        return self._select(0.0, to_receive=False, to_send=True)

    def cut_off(self) -> None:
        """End it now, from whatever thread."""
        with suppress(OSError):  # it may have ended already
            # SSLSocket's own would take the session away under the feet of its thread.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def finish(self, seconds: float, count: Callable[[int], None] | None = None) -> None:
        """Say that all was sent, and give the peer so long to read it and to close.

        Closed at once, with something left unread, the kernel would take back what was sent.
        After a test, what still comes is told to `count`; after anything else, little is read.
        """
        self.hurry(seconds)
        with suppress(OSError):  # it may have closed in its own way
            self._say_goodbye()
            self._drop_the_rest(count)

    def close(self) -> None:
        """Give the socket back, at once."""
        self.socket.close()

    def _drop_the_rest(self, count: Callable[[int], None] | None) -> None:
        into, left = bytearray(2**16), MAX_LATE_BYTES if count else MAX_UNWANTED_BYTES
        while left > 0 and (received := self.receive(into)):
            left -= received
            if count:
                count(received)

    def _say_goodbye(self) -> None:
        if isinstance(self.socket, ssl.SSLSocket):
            with suppress(ssl.SSLWantReadError):  # ours is sent; the peer's need not be waited for
                self.socket.unwrap()
        socket.socket.shutdown(self.socket, socket.SHUT_WR)

    def _when_ready(self, act: Callable[[], T], *, to_send: bool = False) -> T:
        now = time.monotonic()
        if now >= self.ends_at:  # a peer that always has something to say waits for nothing
            raise TimeoutError
        gives_up_at = min(self.ends_at, now + self.stall_seconds)
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                self._wait_or_fail(gives_up_at, to_send=False)
            except ssl.SSLWantWriteError:
                self._wait_or_fail(gives_up_at, to_send=True)
            except BlockingIOError:
                self._wait_or_fail(gives_up_at, to_send=to_send)

    def _wait_or_fail(self, gives_up_at: float, *, to_send: bool) -> None:
        if self.stopping.is_set() and not to_send:
            raise ConnectionAbortedError("the test server is stopping")
        left = gives_up_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._select(min(left, NOTICE_SECONDS), to_receive=not to_send, to_send=to_send)

    def _select(self, seconds: float, *, to_receive: bool, to_send: bool) -> bool:
        asked = [self.socket]
        reads, writes = asked if to_receive else [], asked if to_send else []
        return any(select.select(reads, writes, [], max(0.0, seconds)))

    def _seconds_left(self) -> float:
        return self.ends_at - time.monotonic()
