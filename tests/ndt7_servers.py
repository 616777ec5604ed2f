"""Test servers for the probes: our reflector, and ones that get the protocol wrong."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from uuid import uuid4

from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websocket
from websockets.typing import Subprotocol

from broadgauge_agent.ndt7.spec import SUBPROTOCOL
from broadgauge_agent.probes import ProbeRequest
from broadgauge_agent.reflector.limits import Limits
from broadgauge_agent.reflector.server import running_reflector
from broadgauge_wire import Direction, Reflector

Handler = Callable[[ServerConnection], Awaitable[None]]


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
    thread = threading.Thread(target=loop.run_forever)
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
) -> Iterator[int]:
    """Our own reflector; gives its port."""
    limits = limits or Limits()
    running = running_reflector(host, port, limits=limits, tls=tls, access_key=access_key)
    with in_thread(running) as bound:
        yield bound


@contextmanager
def websocket_server(handler: Handler, *, subprotocol: str | None = SUBPROTOCOL) -> Iterator[int]:
    """A WebSocket server that does what the handler does."""
    with in_thread(_websocket_server(handler, subprotocol)) as port:
        yield port


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
