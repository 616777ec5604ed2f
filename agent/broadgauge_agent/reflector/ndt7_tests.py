"""The two ndt7 tests as the server runs them."""

import time
from contextlib import suppress
from datetime import UTC, datetime

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from broadgauge_agent.ndt7.frames import binary_frames
from broadgauge_agent.ndt7.measurement import (
    ConnectionInfo,
    Measurement,
    app_info,
    bbr_info_message,
    decode_measurement,
    encode_measurement,
    tcp_info_message,
)
from broadgauge_agent.ndt7.payload import PayloadCounter
from broadgauge_agent.ndt7.sampling import sampling_gap_seconds
from broadgauge_agent.ndt7.spec import MIN_MESSAGE_BYTES, ORIGIN_SERVER, next_message_bytes
from broadgauge_agent.tcp_info import (
    congestion_control,
    limit_pacing,
    limit_unsent_bytes,
    read_bbr_info,
    read_tcp_info,
)

from .admission import Meter
from .connection import Connection
from .limits import Limits

RECEIVE_BYTES = 2**18
WORD_BYTES = 2**14
"""What is read at once of a client that sends measurements at most."""

MIN_UNSENT_BYTES = 2**14
"""What a download may have waiting in the kernel, at least: a fast path would run dry below it, and
on a slow one measurements are late by what waits before them."""

MESSAGE_SECONDS = 0.1
"""What one message of a download takes at most, at the rate so far."""

MAX_HEARD_BYTES = 2**20
"""What a client may say besides its payload: ten times the measurements that it may send."""

FRAME_COST_BYTES = 2**8
"""What reading a frame costs at least, as if it had this many bytes."""

BUDGET_WORDS = "byte limit of this server"
TALK_WORDS = "more words than measurements take"
SHREDS_WORDS = "too little data in each frame"
STOPPING_WORDS = "this server is stopping"
BINARY_WORDS = "binary data in a download"


class ServedTest:
    """One test on one connection, from its completed handshake."""

    def __init__(
        self,
        connection: Connection,
        protocol: ServerProtocol,
        name: str,
        meter: Meter,
        limits: Limits,
    ) -> None:
        self.connection = connection
        self.protocol = protocol
        self.name = name
        self.meter = meter
        self.limits = limits
        self.num_bytes = 0
        self.has_unexpected_binary = False
        self.has_shreds = False
        self._heard_bytes = 0
        self._began = time.perf_counter()
        self._due = sampling_gap_seconds()
        self._ends = _ends_of(connection, protocol)

    @property
    def is_open(self) -> bool:
        """Whether neither side has begun to close."""
        return self.protocol.state is State.OPEN

    @property
    def has_heard_enough(self) -> bool:
        """Whether the client has said far more than a client has to say."""
        return self._heard_bytes > MAX_HEARD_BYTES

    def elapsed_seconds(self) -> float:
        """Since the handshake."""
        return time.perf_counter() - self._began

    def count(self, payload_bytes: int, moved_bytes: int) -> None:
        """Payload that was moved, and all that was moved for it."""
        self.num_bytes += payload_bytes
        self.meter.take(moved_bytes)

    def seconds_to_sample(self) -> float:
        """Until the next measurement is due."""
        return self._due - self.elapsed_seconds()

    def tell_if_due(self, *, between_data: bool = False) -> None:
        """Send a measurement at its memoryless time; between data, behind what is to be sent."""
        if self.seconds_to_sample() <= 0:
            self.tell(between_data=between_data)
            self._due = self.elapsed_seconds() + sampling_gap_seconds()

    def tell(self, *, between_data: bool = False) -> None:
        """Say what this side sees now, unless the client leaves such words unread."""
        if self.is_open and (between_data or self.connection.can_send()):
            self.protocol.send_text(encode_measurement(self._measurement()))
            self.flush()

    def heed(self, data: bytes | bytearray | memoryview) -> None:
        """Let the protocol read what the client sent. What it answers waits for `flush`."""
        if self.is_open:  # what comes after the end is dropped, and there is a time limit on it
            self._heard_bytes += len(data)
        self.protocol.receive_data(bytes(data))
        for event in self.protocol.events_received():
            self._heard_bytes += FRAME_COST_BYTES
            if isinstance(event, Frame):
                self.has_unexpected_binary |= event.opcode is Opcode.BINARY
                if event.opcode is Opcode.TEXT:
                    self._listen(bytes(event.data))
        if not self.is_open:
            self.connection.hurry(self.limits.close_seconds)

    def _listen(self, words: bytes) -> None:
        """A client may ask to be sent to more slowly. What it measured is its own business."""
        with suppress(ValueError):
            if pace := decode_measurement(words).pace:
                limit_pacing(self.connection.socket, pace.bytes_per_second)

    def flush(self) -> None:
        """Send what the protocol has to say."""
        for answer in self.protocol.data_to_send():
            self.connection.send(answer)  # an empty one means the end, which is no bytes

    def close(self, code: CloseCode, words: str = "") -> None:
        """Tell a last time how it went, behind what is to be sent, and begin to close."""
        self.tell(between_data=True)
        if self.is_open:
            self.protocol.send_close(code, words)
        self.flush()

    def close_for(self, words: str | None) -> None:
        """As expected, or because of what the words say."""
        if words is None:
            self.close(CloseCode.NORMAL_CLOSURE)
        elif words == BINARY_WORDS:
            self.close(CloseCode.UNSUPPORTED_DATA, words)
        elif words == STOPPING_WORDS:
            self.close(CloseCode.GOING_AWAY, words)
        else:
            self.close(CloseCode.POLICY_VIOLATION, words)

    def fault(self) -> str | None:
        """Why the test may not go on, if it may not."""
        if self.has_unexpected_binary:
            return BINARY_WORDS
        if self.meter.is_used_up:
            return BUDGET_WORDS
        if self.has_heard_enough:
            return TALK_WORDS
        if self.has_shreds:
            return SHREDS_WORDS
        return STOPPING_WORDS if self.connection.stopping.is_set() else None

    def _measurement(self) -> Measurement:
        elapsed = self.elapsed_seconds()
        info, bbr = read_tcp_info(self.connection.socket), read_bbr_info(self.connection.socket)
        return Measurement(
            app_info=app_info(elapsed, self.num_bytes),
            connection_info=self._ends,
            tcp_info=tcp_info_message(info, elapsed) if info else None,
            bbr_info=bbr_info_message(bbr, elapsed) if bbr else None,
            origin=ORIGIN_SERVER,
            test=self.name,
        )


def serve_download(test: ServedTest, max_bytes: int | None = None) -> None:
    """Send random messages until time or bytes are used up, then close."""
    frames = binary_frames(masked=False)
    size = MIN_MESSAGE_BYTES
    while test.is_open and test.fault() is None and not _has_sent_all(test, max_bytes):
        limit_unsent_bytes(test.connection.socket, max(size, MIN_UNSENT_BYTES))
        test.tell_if_due(between_data=True)
        _send_frame(test, frames[size], size)
        _heed_what_came(test)
        test.flush()
        size = _message_bytes(size, test)
    test.close_for(test.fault())


def _message_bytes(last: int, test: ServedTest) -> int:
    """The protocol's scaling, up to what takes a short time: what is said waits for its end."""
    size = next_message_bytes(last, test.num_bytes)
    soon = MESSAGE_SECONDS * test.num_bytes / test.elapsed_seconds()
    while size > max(soon, MIN_MESSAGE_BYTES):
        size //= 2
    return size


def _has_sent_all(test: ServedTest, max_bytes: int | None) -> bool:
    is_over = test.elapsed_seconds() >= test.limits.send_seconds
    return is_over or (max_bytes is not None and test.num_bytes >= max_bytes)


def serve_upload(test: ServedTest) -> None:
    """Say what arrives, until the client closes or time or bytes are used up."""
    counter = PayloadCounter(masked=True)
    buffer = memoryview(bytearray(RECEIVE_BYTES))
    while test.is_open and test.fault() is None:
        left = test.limits.receive_seconds - test.elapsed_seconds()
        if left <= 0:
            break
        test.tell_if_due()
        received = test.connection.receive_now(buffer)
        if received is None:
            test.connection.wait(min(left, test.seconds_to_sample()))
        elif not received:
            return  # an end without a word, which the protocol lets clients do
        else:
            _take(test, counter, buffer[:received])
    test.close_for(test.fault())


def _send_frame(test: ServedTest, frame: bytes, size: int) -> None:
    """All of a message: a part of one cannot be taken back, whatever the client says meanwhile."""
    left, header_bytes = memoryview(frame), len(frame) - size
    while left:
        sent = test.connection.send_now(left)
        if not sent:
            test.connection.wait(test.limits.send_seconds, to_send=True)
            _heed_what_came(test)
            if test.has_heard_enough:  # its pings would be answered behind this message, so never
                raise ConnectionAbortedError(TALK_WORDS)
        test.count(max(0, sent - header_bytes), sent)
        header_bytes = max(0, header_bytes - sent)
        left = left[sent:]


def _heed_what_came(test: ServedTest) -> None:
    buffer = memoryview(bytearray(WORD_BYTES))
    received = test.connection.receive_now(buffer)
    if received == 0:
        raise ConnectionResetError
    if received:
        test.heed(buffer[:received])


def _take(test: ServedTest, counter: PayloadCounter, data: memoryview) -> None:
    counted = counter.num_bytes
    rest = counter.take(data)
    test.count(counter.num_bytes - counted, len(data))
    test.has_shreds = counter.has_shreds
    if counter.has_close:
        test.tell()  # the whole upload, before the close is answered
    if rest:
        test.heed(rest)
        test.flush()


def _ends_of(connection: Connection, protocol: ServerProtocol) -> ConnectionInfo:
    is_page = protocol.origin is not None  # no browser leaves it out (RFC 6455, section 4.1)
    return ConnectionInfo(
        client=None if is_page else _endpoint(connection.socket.getpeername()),
        server=_endpoint(connection.socket.getsockname()),
        uuid=str(protocol.id),
        start_time=datetime.now(UTC).isoformat(),
        congestion_control=congestion_control(connection.socket),
    )


def _endpoint(address: tuple[object, ...]) -> str:
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
