"""Test servers for the probes: our reflector, and ones that get the protocol wrong."""

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from uuid import uuid4

from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websocket
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from broadgauge_agent.ndt7.spec import SUBPROTOCOL
from broadgauge_agent.probes import ProbeRequest
from broadgauge_agent.reflector.limits import Limits
from broadgauge_agent.reflector.server import running_reflector
from broadgauge_agent.reflector.slot_book import Transfer
from broadgauge_wire import Direction, Reflector

Handler = Callable[[ServerConnection], Awaitable[None]]

BY_KERNEL = '{"TCPInfo":{"BytesReceived":%d,"ElapsedTime":%d},"Origin":"server","Test":"upload"}'
BY_PROGRAM = '{"AppInfo":{"NumBytes":%d,"ElapsedTime":%d},"Origin":"server","Test":"upload"}'
"""How a server says so many bytes of an upload arrived, after so many microseconds."""

SLOW_BYTES_PER_SECOND = 4e6
SMALL_BUFFER_BYTES = 2**16


def request_to(
    port: int,
    *directions: Direction,
    host: str = "127.0.0.1",
    max_seconds: float = 0.5,
    tls: bool = False,
) -> ProbeRequest:
    """A short test to a server on this machine."""
    return ProbeRequest(
        reflector=Reflector(id=uuid4(), name="Test", host=host, port=port, segment="lan", tls=tls),
        directions=directions or ("download",),
        max_seconds=max_seconds,
    )


@contextmanager
def in_thread(server: AbstractAsyncContextManager[int]) -> Iterator[int]:
    """Run an asynchronous server in a thread of its own; gives its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(10)
        asyncio.run_coroutine_threadsafe(_end_the_rest(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end_the_rest() -> None:
    """Of a handshake, say, whose other side has gone."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


@contextmanager
def reflector(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    limits: Limits | None = None,
    access_key: str | None = None,
    on_transfer: Callable[[Transfer], None] = lambda _: None,
) -> Iterator[int]:
    """Our own reflector; gives its port."""
    running = running_reflector(
        host,
        port,
        limits=limits or Limits(),
        tls=tls,
        access_key=access_key,
        on_transfer=on_transfer,
    )
    with in_thread(running) as bound:
        yield bound


@contextmanager
def websocket_server(handler: Handler, *, subprotocol: str | None = SUBPROTOCOL) -> Iterator[int]:
    """A WebSocket server that does what the handler does."""
    with in_thread(_websocket_server(handler, subprotocol)) as port:
        yield port


def counting_late(counts: str) -> Handler:
    """Takes an upload slowly, and has counted a tenth of it: the rest waits somewhere."""

    async def count(connection: ServerConnection) -> None:
        opened: socket.socket = connection.transport.get_extra_info("socket")
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
        began, taken = time.perf_counter(), 0
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                taken += len(message)
                await asyncio.sleep(began + taken / SLOW_BYTES_PER_SECOND - time.perf_counter())
                elapsed = time.perf_counter() - began
                await connection.send(counts % (taken // 10, round(1e6 * elapsed)))

    return count


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def banner_server(banner: bytes) -> Iterator[int]:
    """Answers whatever it is asked with the banner, once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_say, args=(listener, banner))
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def _say(listener: socket.socket, banner: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(banner)


def free_port() -> int:
    """A port nobody listens on, over TCP or UDP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@asynccontextmanager
async def _websocket_server(handler: Handler, subprotocol: str | None) -> AsyncIterator[int]:
    offered = None if subprotocol is None else [Subprotocol(subprotocol)]
    async with serve_websocket(
        handler,
        "127.0.0.1",
        0,
        subprotocols=offered,
        select_subprotocol=None if offered is None else lambda *_: offered[0],
        compression=None,
        max_size=None,
        close_timeout=0.5,
    ) as server:
        yield next(iter(server.sockets)).getsockname()[1]
