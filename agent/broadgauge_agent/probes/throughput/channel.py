"""One ndt7 connection: a socket this process drives itself, and websockets' protocol beside it.

The socket is ours so that every wait has a limit, each byte is counted when it arrives, and the
kernel can be asked about the connection; the protocol (Sans-I/O) does RFC 6455 for all but the
payload, which is counted and thrown away.
"""

import contextlib
import socket
import ssl
import struct
from collections import deque

from websockets.client import ClientProtocol
from websockets.exceptions import PayloadTooBig
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State

from broadgauge_agent.ndt7.measurement import Measurement, decode_measurement
from broadgauge_agent.ndt7.payload import PayloadCounter

from .failure import TestFailedError

MAX_MEASUREMENTS = 1000
"""The protocol's shortest gap between two allows 600 in a whole test."""

MAX_MEASUREMENT_BYTES = 2**14
"""Servers send a few hundred bytes to two thousand."""

RECEIVE_BYTES = 256 * 1024

RECEIVES_IN_A_ROW = 32
"""Of one connection before the others have their turn: TLS gives at most 16 KiB at a time."""

LINGER_NOT = struct.pack("ii", 1, 0)
"""A close that drops what is queued instead of sending it: it would cost bytes and tell nothing."""


class Channel:
    """An open ndt7 test. Bytes are counted from the end of the handshake on."""

    def __init__(
        self, connected: socket.socket, protocol: ClientProtocol, connect_seconds: float
    ) -> None:
        self.connect_seconds = connect_seconds
        self.answer_seconds = connect_seconds
        """Of the server to the request for the test: the way through, whoever is on it."""

        self.socket = connected
        self.protocol = protocol
        self.received_bytes = 0
        self.sent_bytes = 0
        self.measurements: list[Measurement] = []
        self._told = 0
        self.is_closed = False
        self._payload = PayloadCounter(masked=False)
        self._buffer = memoryview(bytearray(RECEIVE_BYTES))
        self._outgoing: deque[memoryview] = deque()

    @property
    def data_bytes(self) -> int:
        """Binary data received, messages that are still arriving included."""
        return self._payload.num_bytes

    @property
    def has_unsent(self) -> bool:
        """Whether data waits for the socket."""
        return bool(self._outgoing)

    @property
    def has_decrypted(self) -> bool:
        """Whether something was received that no wait for the socket will tell of."""
        return isinstance(self.socket, ssl.SSLSocket) and self.socket.pending() > 0

    @property
    def close_words(self) -> str:
        """Why the server closed, if it said so."""
        close = self.protocol.close_rcvd
        return close.reason if close else ""

    def receive(self) -> None:
        """Take what has arrived. Never waits. TestFailedError if it is not ndt7."""
        for _ in range(RECEIVES_IN_A_ROW):
            count = self._receive_now()
            if count is None:
                return
            if count == 0:
                self.is_closed = True
                return
            self.feed(self._buffer[:count])

    def feed(self, data: memoryview | bytes) -> None:
        """Count the payload; let the protocol read the rest, and answer what it wants answered."""
        self.received_bytes += len(data)
        rest = self._payload.take(data)
        if rest:
            self.protocol.receive_data(rest)
            self.take_events()

    def take_events(self) -> None:
        """Note the messages that are complete, and queue pongs and the like."""
        for event in self.protocol.events_received():
            if isinstance(event, Frame):
                self._note(event)
        for answer in self.protocol.data_to_send():
            if answer:
                self._outgoing.append(memoryview(answer))
        if isinstance(self.protocol.parser_exc, PayloadTooBig):
            raise TestFailedError("the server sent a message larger than the agreed 16 MiB")
        if self.protocol.parser_exc is not None:
            raise TestFailedError(f"the server broke the protocol: {self.protocol.parser_exc}")

    def fresh_measurements(self) -> list[Measurement]:
        """What the server said since the last time this was asked."""
        fresh = self.measurements[self._told :]
        self._told = len(self.measurements)
        return fresh

    def send(self, data: memoryview) -> None:
        """Queue data for the socket, behind what is queued already."""
        self._outgoing.append(data)

    def flush(self) -> None:
        """Hand the socket what it takes now. Never waits."""
        while self._outgoing:
            data = self._outgoing.popleft()
            count = self._send_now(data)
            if count < len(data):
                self._outgoing.appendleft(data[count:])
                return

    def say(self, words: bytes) -> None:
        """Send a text message, if the server still listens."""
        if self.protocol.state is State.OPEN and not self.is_closed:
            self.protocol.send_text(words)
            self.take_events()
            self.flush()

    def say_goodbye(self) -> None:
        """Ask the server to end. What it still says is received."""
        if self.protocol.close_sent is None and not self.is_closed:
            self.protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self.take_events()
            self.flush()

    def abort(self) -> None:
        """Close at once, whatever is under way: the protocol takes a reset for an end."""
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self.socket.close()

    def _receive_now(self) -> int | None:
        try:
            return self.socket.recv_into(self._buffer)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError:
            return 0  # a reset is an end like any other; what it means depends on when it comes

    def _send_now(self, data: memoryview) -> int:
        try:
            count = self.socket.send(data)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0
        except OSError:
            self.is_closed = True
            return 0
        self.sent_bytes += count
        return count

    def _note(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT:
            self._keep_measurement(bytes(frame.data))
        elif frame.opcode is Opcode.CLOSE:
            self.is_closed = True

    def _keep_measurement(self, text: bytes) -> None:
        if len(text) > MAX_MEASUREMENT_BYTES or len(self.measurements) >= MAX_MEASUREMENTS:
            raise TestFailedError("the server sent far more measurements than ndt7 has")
        try:
            self.measurements.append(decode_measurement(text))
        except ValueError as error:
            raise TestFailedError(
                f"the server sent text that is no ndt7 measurement: {error}"
            ) from error
