"""uvicorn's HTTP, with limits on how long and how large the head of a request may be.

uvicorn limits neither before the application is asked, so that anybody could hold connections and
fill the memory with headers that never end.
"""

import asyncio

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEAD_SECONDS = 20.0
"""A head takes one round trip or two; the worst of lines is done long before this."""

MAX_HEAD_BYTES = 64 * 1024


class BoundedHttp(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # httptools' or h11's
    """One connection. It is closed when a head, or the rest of an answered body, takes too long."""

    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:
        """The first head is awaited from here on."""
        super().connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Let uvicorn read, then see whether a request has begun."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before or not (self.cycle is None or self.cycle.response_complete):
            self._stop()
            return
        self._start()
        if self.cycle is None or not self.cycle.more_body:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._give_up()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._stop()
        super().connection_lost(exc)

    def _start(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._give_up)

    def _stop(self) -> None:
        self._head_bytes = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        if self.transport.get_protocol() is self:  # and not a websocket by now
            self.transport.close()
