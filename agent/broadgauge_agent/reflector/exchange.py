"""HTTP/1.1 on one connection (h11). Bodies are counted as they arrive, and never kept."""

from http import HTTPStatus
from typing import Final

import h11

from broadgauge_agent.ndt7.frames import noise

from .admission import Meter
from .answers import Answer
from .connection import Connection
from .limits import Limits

BODY_BUFFER_BYTES: Final = 2**18
HEAD_BUFFER_BYTES: Final = 2**13


class Exchange:
    """Requests and answers, one after the other. Faults of the client: h11.RemoteProtocolError."""

    def __init__(self, connection: Connection, limits: Limits) -> None:
        self.connection = connection
        self.limits = limits
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.header_bytes)
        self._seconds_to_ask = limits.handshake_seconds
        self._is_head = False
        self._uncounted_bytes = 0

    @property
    def may_go_on(self) -> bool:
        """Whether another request may follow the last answer."""
        is_idle = self._http.our_state is self._http.their_state is h11.DONE
        return is_idle and not self.connection.stopping.is_set()

    @property
    def received_beyond(self) -> bytes:
        """What came after the last request, if that is to be another protocol's."""
        return self._http.trailing_data[0]

    def next_request(self) -> h11.Request | None:
        """The head of the next one, or None if there is none."""
        if self.may_go_on:
            self._http.start_next_cycle()
        buffer = memoryview(bytearray(HEAD_BUFFER_BYTES))
        with self.connection.hurrying(self._seconds_to_ask):
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._receive(buffer)
        self._seconds_to_ask = self.limits.keep_alive_seconds
        if not isinstance(event, h11.Request):
            return None
        self._is_head = event.method == b"HEAD"
        if not _has_body(event):
            self._http.next_event()
        return event

    def take_body(self, meter: Meter) -> int | None:
        """Count the request's body; None if the meter says that it has to end.

        The meter is told of all that was received, the marks between chunks as well.
        """
        if self._http.they_are_waiting_for_100_continue:
            self._send(h11.InformationalResponse(status_code=HTTPStatus.CONTINUE, headers=[]))
        buffer = memoryview(bytearray(BODY_BUFFER_BYTES))
        num_bytes = 0
        while self._http.their_state is h11.SEND_BODY:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._receive(buffer)
            elif isinstance(event, h11.Data):
                num_bytes += len(event.data)
            self._count(meter)
            if meter.is_used_up:
                return None
        return num_bytes

    def answer(self, answer: Answer) -> None:
        """Send it, all but its noise. An unread body makes it the connection's last."""
        headers = [
            *answer.headers,
            ("Content-Type", answer.content_type),
            ("Content-Length", str(answer.noise_bytes or len(answer.body))),
        ]
        if self._http.their_state is not h11.DONE:
            headers.append(("Connection", "close"))
        self._send(h11.Response(status_code=answer.status, headers=headers))
        if answer.body and not self._is_head:
            self._send(h11.Data(data=answer.body))
        if self._is_head or not answer.noise_bytes:
            self._send(h11.EndOfMessage())

    def send_noise(self, num_bytes: int, meter: Meter) -> None:
        """The body that was announced. ConnectionAbortedError if the meter ends it."""
        left, whole = num_bytes, noise()
        while left:
            piece = whole[:left]  # which copies nothing but the last
            self._send(h11.Data(data=piece))
            left -= len(piece)
            meter.take(len(piece))
            if left and (meter.is_used_up or self.connection.stopping.is_set()):
                raise ConnectionAbortedError("this download may not go on")
        self._send(h11.EndOfMessage())

    def refuse(self, answer: Answer) -> None:
        """Answer, if an answer is still due, and let no request follow."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.answer(answer)

    def _receive(self, buffer: memoryview) -> None:
        received = self.connection.receive(buffer)
        self._uncounted_bytes += received
        self._http.receive_data(bytes(buffer[:received]))

    def _count(self, meter: Meter) -> None:
        if self._uncounted_bytes:
            meter.take(self._uncounted_bytes)
            self._uncounted_bytes = 0

    def _send(self, event: h11.Event) -> None:
        for part in self._http.send_with_data_passthrough(event) or ():
            self.connection.send(part)


def _has_body(request: h11.Request) -> bool:
    headers = dict(request.headers)
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
