"""The reflector: ndt7 over TCP and the echo over UDP, on one port number, in one event loop."""

import asyncio
import functools
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection
from websockets.asyncio.server import serve as serve_websocket
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from broadgauge_agent.ndt7.frames import binary_frames
from broadgauge_agent.ndt7.spec import SUBPROTOCOL, UPLOAD_PATH
from broadgauge_host.service.alive import alive_until
from broadgauge_host.service.notify import service_manager

from .admission import Admission, CountedConnection
from .echo_server import EchoServer
from .limits import Limits
from .ndt7_tests import serve_download, serve_upload
from .payload import PayloadCounter
from .requests import plain_answer
from .sockets import open_sockets
from .tls import ReflectorTls, registration

MAX_KEPT_MESSAGE_BYTES = 2**16
"""A client's measurement takes hundreds of bytes; its binary messages are counted, not kept."""

QUEUED_MESSAGES = 2
"""Messages taken off the socket ahead of being read."""

GRACE_SECONDS = 1.0
"""How long tests may take to end politely when the reflector stops."""

DEFAULT_LIMITS = Limits()


def serve(
    host: str, port: int, *, limits: Limits = DEFAULT_LIMITS, tls: ReflectorTls | None = None
) -> None:
    """Run a reflector until SIGTERM or SIGINT; says on stderr when it listens.

    PortTakenError or ConfigError if it cannot listen there.
    """
    asyncio.run(_serve_until_signal(host, port, limits, tls))


@asynccontextmanager
async def running_reflector(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    limits: Limits = DEFAULT_LIMITS,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """A reflector in this event loop for as long as the block runs; gives its port number."""
    binary_frames(masked=False)  # made before the first test, not during it
    tcp, udp = open_sockets(host, port)
    loop = asyncio.get_running_loop()
    admission = Admission(limits)
    async with AsyncExitStack() as stack:
        stack.callback(udp.close)
        stack.callback(tcp.close)
        echo, _ = await loop.create_datagram_endpoint(lambda: EchoServer(limits), sock=udp)
        stack.callback(echo.close)
        server = await _ndt7_server(admission, limits, tcp, tls)
        stack.push_async_callback(_stop, server, admission)
        yield tcp.getsockname()[1]


def _ndt7_server(
    admission: Admission, limits: Limits, listener: socket.socket, tls: ssl.SSLContext | None
) -> Server:
    return serve_websocket(
        functools.partial(_handle, limits=limits),
        process_request=_admit,
        create_connection=functools.partial(  # type: ignore[arg-type]  # any factory will do
            CountedConnection, admission=admission
        ),
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,  # random data only grows, and TCP should carry what was counted
        open_timeout=limits.handshake_seconds,
        close_timeout=limits.close_seconds,
        ping_interval=None,  # the test's own limits tell a dead peer, without pings beside the data
        max_size=MAX_KEPT_MESSAGE_BYTES,
        max_queue=QUEUED_MESSAGES,
        sock=listener,
        ssl=tls,
    )


def _admit(connection: ServerConnection, request: Request) -> Response | None:
    assert isinstance(connection, CountedConnection)  # noqa: S101 - made by no other factory
    if not connection.is_admitted:
        return connection.respond(
            HTTPStatus.SERVICE_UNAVAILABLE, "Too many tests at once. Try again in a minute.\n"
        )
    answer = plain_answer(request)
    if answer:
        return connection.respond(*answer)
    if request.path.partition("?")[0] == UPLOAD_PATH:
        connection.upload = PayloadCounter()
    return None


async def _handle(connection: ServerConnection, limits: Limits) -> None:
    assert isinstance(connection, CountedConnection)  # noqa: S101 - made by no other factory
    try:
        async with asyncio.timeout(limits.total_seconds):
            if connection.upload is None:
                await serve_download(connection, limits)
            else:
                await serve_upload(connection, connection.upload, limits)
    except (TimeoutError, ConnectionClosed):
        connection.transport.abort()


async def _stop(server: Server, admission: Admission) -> None:
    server.close()
    try:
        async with asyncio.timeout(GRACE_SECONDS):
            await server.wait_closed()
    except TimeoutError:
        admission.cut_off()
        await server.wait_closed()


async def _serve_until_signal(
    host: str, port: int, limits: Limits, tls: ReflectorTls | None
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # signal.signal, unlike add_signal_handler, exists on Windows too
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    context = tls.context if tls else None
    async with running_reflector(host, port, limits=limits, tls=context) as bound:
        print(f"test server listening on {host} port {bound} (TCP and UDP)", file=sys.stderr)  # noqa: T201
        if tls:
            words = f"It speaks TLS. Register it on the server: {registration(tls, host, bound)}"
            print(words, file=sys.stderr)  # noqa: T201
        manager = service_manager()
        manager.ready(f"Answering tests on port {bound}.")
        await alive_until(stop, manager)
        manager.stopping("Ending the tests under way.")
