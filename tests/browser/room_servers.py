"""What a page in a room may meet where its test server should be."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from broadgauge_agent.reflector.limits import Limits
from broadgauge_agent.reflector.server import running_reflector
from tests.ndt7_servers import Handler, free_port, in_thread, reflector, websocket_server
from tests.tls import own

Scene = Callable[[Path], AbstractContextManager[tuple[int, bool]]]
"""Given a folder: the port, and whether it speaks TLS."""

Arrived = Callable[[float], float]
"""Bits that have passed a line so many seconds after a test began."""

LINE_MBPS, BURST_MBPS, BURST_SECONDS = 10.0, 40.0, 3.0

TICK_SECONDS = 0.02
TICKS_A_COUNT = 5
MESSAGE = bytes(8192)


@contextmanager
def nobody(_: Path) -> Iterator[tuple[int, bool]]:
    yield free_port(), False


@contextmanager
def own_certificate(folder: Path) -> Iterator[tuple[int, bool]]:
    with reflector(tls=own(folder).context) as port:
        yield port, True


@contextmanager
def web_pages_alone(_: Path) -> Iterator[tuple[int, bool]]:
    """A filter: whatever is asked, it answers with a page of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _BlockPage)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1], False
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def nothing_left(_: Path) -> Iterator[tuple[int, bool]]:
    """A test server with an access key, and no place for anybody without a token."""
    limits = Limits(open_testers=0)
    with in_thread(running_reflector(limits=limits, access_key="k" * 43)) as port:
        yield port, False


@contextmanager
def cut_short(_: Path) -> Iterator[tuple[int, bool]]:
    async def close_at_once(connection: ServerConnection) -> None:
        await connection.send(b"x" * 8192)

    with websocket_server(close_at_once) as port:
        yield port, False


@contextmanager
def cut_after_three_seconds(_: Path) -> Iterator[tuple[int, bool]]:
    """Politely, with a close frame, while all was well."""
    with websocket_server(line(lambda seconds: 8e6 * seconds, lasts_seconds=3.0)) as port:
        yield port, False


@contextmanager
def line_with_a_burst(_: Path) -> Iterator[tuple[int, bool]]:
    """A token bucket: fast for three seconds, then at the rate that lasts."""
    with websocket_server(line(_bucket)) as port:
        yield port, False


@contextmanager
def nonsense(_: Path) -> Iterator[tuple[int, bool]]:
    async def talk(connection: ServerConnection) -> None:
        await connection.send("no measurement")
        with suppress(ConnectionClosed):
            async for _ in connection:
                pass  # what is left unread would hold up the client's goodbye

    with websocket_server(talk) as port:
        yield port, False


@contextmanager
def stalled(_: Path) -> Iterator[tuple[int, bool]]:
    """Too unsteady to settle, and then nothing passes any more, two seconds before the end."""
    unsteady = line(_wavering, lasts_seconds=6.0)

    async def stall_a_download(connection: ServerConnection) -> None:
        if _is_download(connection):
            await unsteady(connection)
            await asyncio.wait_for(connection.wait_closed(), 60)

    with websocket_server(stall_a_download) as port:
        yield port, False


@contextmanager
def another_protocol(_: Path) -> Iterator[tuple[int, bool]]:
    async def wait(connection: ServerConnection) -> None:
        await asyncio.wait_for(connection.wait_closed(), 60)

    with websocket_server(wait, subprotocol=None) as port:
        yield port, False


def line(arrived: Arrived, lasts_seconds: float = 10.0) -> Handler:
    """A test server behind a line that lets so much pass."""

    async def serve(connection: ServerConnection) -> None:
        pass_on = _Sender(connection) if _is_download(connection) else _Receiver(connection)
        began = time.monotonic()
        with suppress(ConnectionClosed):
            while (seconds := time.monotonic() - began) < lasts_seconds:
                await pass_on(seconds, int(arrived(seconds) / 8))
                await asyncio.sleep(TICK_SECONDS)

    return serve


class _Sender:
    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._sent = 0

    async def __call__(self, _: float, due_bytes: int) -> None:
        while self._sent < due_bytes:
            await self._connection.send(MESSAGE)
            self._sent += len(MESSAGE)


class _Receiver:
    """Takes no more than passed, and says so ten times a second."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._taken = 0
        self._ticks = 0

    async def __call__(self, seconds: float, due_bytes: int) -> None:
        while self._taken < due_bytes:
            self._taken += len(await self._connection.recv())
        self._ticks += 1
        if self._ticks % TICKS_A_COUNT == 0:
            counted = {"NumBytes": due_bytes, "ElapsedTime": int(seconds * 1e6)}
            await self._connection.send(json.dumps({"AppInfo": counted}))


def _bucket(seconds: float) -> float:
    burst = min(seconds, BURST_SECONDS)
    return 1e6 * (BURST_MBPS * burst + LINE_MBPS * (seconds - burst))


def _wavering(seconds: float) -> float:
    whole, part = divmod(seconds, 1.0)
    return 1e6 * (8 * whole + 12 * min(part, 0.5) + 4 * max(part - 0.5, 0.0))


def _is_download(connection: ServerConnection) -> bool:
    return connection.request is not None and "download" in connection.request.path


class _BlockPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(403)
        self.end_headers()
        self.wfile.write(b"This site is blocked by your school.")

    def log_message(self, *_: Any) -> None:
        pass
