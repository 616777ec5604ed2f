"""One ndt7 connection: a socket this process drives itself, and websockets' protocol beside it.

The socket is ours so that every wait has a limit, each byte is counted when it arrives, and the
kernel can be asked about the connection; the protocol (Sans-I/O) does all of RFC 6455.
"""

import select
import socket
import ssl
import time
from collections import deque

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, PayloadTooBig
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from broadgauge_agent.ndt7.measurement import Measurement, decode_measurement
from broadgauge_agent.ndt7.spec import MAX_MESSAGE_BYTES, SUBPROTOCOL
from broadgauge_agent.trust import described
from broadgauge_host.addresses import Address
from broadgauge_host.certificates import WrongCertificateError

from .failure import TestFailedError

CONNECT_SECONDS = 7.0
"""The protocol asks clients to allow five to ten seconds."""

CLOSE_SECONDS = 2.0
"""How long the server may take to close once asked."""

MAX_MEASUREMENTS = 1000
"""The protocol's shortest gap between two allows 600 in a whole test."""

MAX_MEASUREMENT_BYTES = 2**14
"""Servers send a few hundred bytes to two thousand."""

RECEIVE_BYTES = 256 * 1024

NOT_NOW = (429, 503)
"""What a test server that is busy answers. Others have no tests at all."""


class Channel:
    """An open ndt7 test. Bytes are counted as they arrive, from the end of the handshake on."""

    def __init__(self, connected: socket.socket, protocol: ClientProtocol) -> None:
        self.socket = connected
        self.protocol = protocol
        self.received_bytes = 0
        self.sent_bytes = 0
        self.message_bytes = 0
        self.has_binary = False
        self.measurements: list[Measurement] = []
        self.is_closed = False
        self._outgoing: deque[memoryview] = deque()

    def wait(self, seconds: float, *, to_send: bool = False) -> None:
        """Until something can be received (or sent, if asked), or the time is over."""
        if isinstance(self.socket, ssl.SSLSocket) and self.socket.pending():
            return
        wants = [self.socket] if to_send or self._outgoing else []
        select.select([self.socket], wants, [], max(0.0, seconds))

    def receive(self) -> None:
        """Take what has arrived. Never waits. TestFailedError if it is not ndt7."""
        try:
            data = self.socket.recv(RECEIVE_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            data = b""  # a reset is an end like any other; what it means depends on when it comes
        if not data:
            self.is_closed = True
            return
        self.received_bytes += len(data)
        self.feed(data)

    def feed(self, data: bytes) -> None:
        """Let the protocol read, and answer what it wants answered."""
        self.protocol.receive_data(data)
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

    def send(self, data: memoryview) -> None:
        """Queue data for the socket, behind what is queued already."""
        self._outgoing.append(data)

    def flush(self) -> int:
        """Hand the socket what it takes now. Returns the bytes it took. Never waits."""
        taken = 0
        while self._outgoing:
            data = self._outgoing.popleft()
            count = self._send_now(data)
            taken += count
            if count < len(data):
                self._outgoing.appendleft(data[count:])
                break
        return taken

    @property
    def data_bytes(self) -> int:
        """Binary data received, messages that are still arriving included."""
        return self.received_bytes - self.message_bytes

    @property
    def has_unsent(self) -> bool:
        """Whether data waits for the socket."""
        return bool(self._outgoing)

    def finish(self) -> None:
        """Say goodbye and wait for the server to close, a short while."""
        deadline = time.perf_counter() + CLOSE_SECONDS
        if self.has_unsent:
            return  # a close inside a message would be part of it
        if self.protocol.close_sent is None and not self.is_closed:
            self.protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self.take_events()
        while not self.is_closed and (left := deadline - time.perf_counter()) > 0:
            self.wait(left)
            self.flush()
            self.receive()

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
        if frame.opcode in (Opcode.BINARY, Opcode.CONT):
            self.has_binary = True
            return
        self.message_bytes += frame_bytes(len(frame.data))
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


def frame_bytes(payload_bytes: int) -> int:
    """Length of a frame without a mask (RFC 6455 section 5.2)."""
    if payload_bytes < 126:
        return payload_bytes + 2
    return payload_bytes + (4 if payload_bytes < 2**16 else 10)


def open_channel(url: str, address: Address, tls: ssl.SSLContext | None) -> tuple[Channel, float]:
    """A connection with its handshake done, and how long TCP took to connect, in seconds.

    TestFailedError, within CONNECT_SECONDS, if there is no ndt7 server at the other end.
    """
    deadline = time.perf_counter() + CONNECT_SECONDS
    opened = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        connect_seconds = _connect(opened, address, deadline)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        uri = parse_uri(url)
        if tls is not None:
            opened.settimeout(_left(deadline))
            opened = tls.wrap_socket(opened, server_hostname=uri.host)
        protocol = ClientProtocol(
            uri, subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=MAX_MESSAGE_BYTES
        )
        channel = Channel(opened, protocol)
        _shake_hands(channel, deadline)
    except BaseException as error:
        opened.close()
        raise _explained(error) from error
    opened.setblocking(False)
    return channel, connect_seconds


def _connect(opened: socket.socket, address: Address, deadline: float) -> float:
    opened.settimeout(_left(deadline))
    began = time.perf_counter()
    opened.connect(address.sockaddr)
    return time.perf_counter() - began


def _shake_hands(channel: Channel, deadline: float) -> None:
    protocol = channel.protocol
    protocol.send_request(protocol.connect())
    channel.socket.settimeout(_left(deadline))
    channel.socket.sendall(b"".join(protocol.data_to_send()))
    response = _response(channel, deadline)
    if protocol.handshake_exc is not None:
        raise _refused(response, protocol.handshake_exc)
    if protocol.subprotocol != SUBPROTOCOL:
        raise TestFailedError("the server does not speak ndt7: it named another subprotocol")


def _response(channel: Channel, deadline: float) -> Response | None:
    protocol = channel.protocol
    head = b""
    while True:
        channel.socket.settimeout(_left(deadline))
        data = channel.socket.recv(RECEIVE_BYTES)
        head += data
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
        events = protocol.events_received()
        if events and isinstance(response := events[0], Response):
            protocol.events[:0] = events[1:]
            channel.received_bytes = len(head) - (head.find(b"\r\n\r\n") + 4)
            channel.take_events()
            return response
        if not data or protocol.handshake_exc is not None:
            return None


def _refused(response: Response | None, error: Exception) -> TestFailedError:
    if isinstance(error, InvalidStatus) and response is not None:
        said = bytes(response.body or b"")[:200].decode("utf-8", "replace").strip()
        answer = f"HTTP {response.status_code} {said}".rstrip()
        if response.status_code in NOT_NOW:
            return TestFailedError(f"the server refused the test: {answer}")
        return TestFailedError(f"that is not a test server: it answered {answer}")
    return TestFailedError(f"the server does not speak ndt7: {error}")


def _left(deadline: float) -> float:
    left = deadline - time.perf_counter()
    if left <= 0:
        raise TimeoutError
    return left


def _explained(error: BaseException) -> BaseException:
    if isinstance(error, TimeoutError):
        return TestFailedError(f"the server did not answer within {CONNECT_SECONDS:.0f} seconds")
    if isinstance(error, WrongCertificateError):
        return TestFailedError(
            f"the server shows another certificate ({described(error.shown)}) than the one "
            "registered for it; nothing was sent"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return TestFailedError(f"the server's certificate is not trusted: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        return TestFailedError(f"the server speaks no TLS we understand: {error.reason or error}")
    if isinstance(error, ConnectionRefusedError):
        return TestFailedError("nothing listens there: the test server is not running")
    if isinstance(error, OSError):
        return TestFailedError(f"the server cannot be reached: {error.strerror or error}")
    return error
