"""The reflector: tests over TCP and the echo over UDP, on one port number."""

import asyncio
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from broadgauge_agent.ndt7.frames import binary_frames
from broadgauge_host.service.alive import alive_until
from broadgauge_host.service.notify import service_manager

from .access import Access
from .admission import Admission, Door
from .connection import Connection
from .echo_server import EchoServer
from .limits import Limits
from .slot_book import Transfer
from .slot_log import log_to
from .sockets import open_sockets
from .tls import ReflectorTls, registration
from .visit import Visit

GRACE_SECONDS = 1.0
"""How long tests may take to end politely when the reflector stops."""

FULL_SECONDS = 0.1
"""Until another try, when the system has no room for another connection."""

DEFAULT_LIMITS = Limits()


def serve(
    host: str,
    port: int,
    *,
    limits: Limits = DEFAULT_LIMITS,
    tls: ReflectorTls | None = None,
    access_key: str | None = None,
    slot_log: Path | None = None,
) -> None:
    """Run a reflector until SIGTERM or SIGINT; says on stderr when it listens.

    PortTakenError or ConfigError if it cannot listen there, or write the list of tests.
    """
    running = running_reflector(
        host,
        port,
        limits=limits,
        tls=tls.context if tls else None,
        access_key=access_key,
        on_transfer=log_to(slot_log),
    )
    asyncio.run(_serve_until_signal(host, running, tls))


@asynccontextmanager
async def running_reflector(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    limits: Limits = DEFAULT_LIMITS,
    tls: ssl.SSLContext | None = None,
    access_key: str | None = None,
    on_transfer: Callable[[Transfer], None] = lambda _: None,
) -> AsyncIterator[int]:
    """A reflector for as long as the block runs; gives its port number. Each test under a slot is
    told to `on_transfer`, once it has ended."""
    binary_frames(masked=False)  # made before the first test, not during it
    access = Access(access_key, limits, on_transfer=on_transfer)
    tcp, udp = open_sockets(host, port)
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        stack.callback(udp.close)
        stack.callback(tcp.close)
        echo, _ = await loop.create_datagram_endpoint(lambda: EchoServer(limits), sock=udp)
        stack.callback(echo.close)
        visitors = Visitors(tls, Door(access, limits), limits)
        stack.push_async_callback(visitors.stop)
        accepting = asyncio.create_task(_accept(tcp, visitors))
        stack.callback(accepting.cancel)
        yield tcp.getsockname()[1]


class Visitors:
    """The connections, each with its thread."""

    def __init__(self, tls: ssl.SSLContext | None, door: Door, limits: Limits) -> None:
        self.tls = tls
        self.door = door
        self.limits = limits
        self.admission = Admission(limits, keeps_places=door.has_key)
        self._stopping = threading.Event()
        self._threads: set[threading.Thread] = set()

    def take(self, accepted: socket.socket, address: str) -> None:
        """Serve the connection. OSError where the system has no room for it."""
        connection = Connection(accepted, address, self._stopping, self.limits)
        self.admission.enter(connection)
        thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError as error:  # as many threads as the system allows
            self._leave(connection, thread)
            raise BlockingIOError(str(error)) from error

    async def stop(self) -> None:
        """Let tests end politely for a moment, then end them."""
        self._stopping.set()
        await asyncio.to_thread(self._wait_for_threads, GRACE_SECONDS)
        self.admission.cut_off()
        await asyncio.to_thread(self._wait_for_threads, GRACE_SECONDS)

    def _serve(self, connection: Connection) -> None:
        try:
            with suppress(OSError):  # the peer has gone, or was given all the time there is
                Visit(connection, self.admission, self.door, self.tls).serve()
        finally:
            self._leave(connection, threading.current_thread())

    def _leave(self, connection: Connection, thread: threading.Thread) -> None:
        connection.close()
        self.admission.leave(connection)
        self._threads.discard(thread)

    def _wait_for_threads(self, seconds: float) -> None:
        ends_at = time.monotonic() + seconds
        for thread in tuple(self._threads):
            thread.join(max(0.0, ends_at - time.monotonic()))


async def _accept(listener: socket.socket, visitors: Visitors) -> None:
    listener.setblocking(False)
    loop = asyncio.get_running_loop()
    while True:
        accepted: socket.socket | None = None
        try:
            accepted, peer = await loop.sock_accept(listener)
            visitors.take(accepted, str(peer[0]))
        except OSError:
            await _pause(accepted)
        except Exception as error:  # noqa: BLE001  # the next one is served all the same
            loop.call_exception_handler({"message": "a visitor was lost", "exception": error})
            await _pause(accepted)


async def _pause(accepted: socket.socket | None) -> None:
    if accepted:
        accepted.close()
    await asyncio.sleep(FULL_SECONDS)


async def _serve_until_signal(
    host: str, running: AbstractAsyncContextManager[int], tls: ReflectorTls | None
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # signal.signal, unlike add_signal_handler, exists on Windows too
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with running as bound:
        print(f"test server listening on {host} port {bound} (TCP and UDP)", file=sys.stderr)  # noqa: T201
        if tls:
            words = f"It speaks TLS. Register it on the server: {registration(tls, host, bound)}"
            print(words, file=sys.stderr)  # noqa: T201
        manager = service_manager()
        manager.ready(f"Answering tests on port {bound}.")
        await alive_until(stop, manager)
        manager.stopping("Ending the tests under way.")
