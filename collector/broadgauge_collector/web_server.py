"""uvicorn in this process: bound before anything else starts, stopped by whoever started it."""

import asyncio
import errno
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from .certificates import ShownCertificate
from .errors import CannotStart, MayNotStart
from .http_protocol import BoundedHttp

SECONDS_TO_FINISH = 2
"""Requests under way get this long at a stop; the whole stop must fit into five."""

BACKLOG = 2048


class WebServer(uvicorn.Server):
    """uvicorn that says when it listens, and leaves signals to the command that runs it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Set `listens` once requests are taken."""
        await super().startup(sockets)
        self.listens.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are handled where the whole process is."""
        yield


def web_server(app: FastAPI, certificate: ShownCertificate | None) -> WebServer:
    """A server for sockets that are already bound. No access log: addresses hold login secrets."""
    config = uvicorn.Config(
        app,
        http=BoundedHttp,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
        ws_max_size=1024 * 1024,
        ssl_context_factory=None if certificate is None else lambda *_: certificate.context,
    )
    return WebServer(config)


def allow_many_connections() -> None:
    """Let this process hold as many connections as the system lets it."""
    if sys.platform != "win32":  # which has no such limit for sockets
        from ._open_files_posix import allow_as_many_as_possible

        allow_as_many_as_possible()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. CannotStart if the port is in use, MayNotStart if it isn't allowed."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        # With the protocol's number, or asyncio won't see that it is TCP and leaves Nagle's
        # algorithm on: each answer on a kept connection would wait 40 ms for an acknowledgement.
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotStart(f"{host!r} is no address of this machine ({error.strerror}).") from error
    try:
        # On Windows the option means something else: two servers on one port.
        if hasattr(socket, "SO_REUSEPORT"):
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise _bind_error(error, host, port) from error
    listening.setblocking(False)
    return listening


def _bind_error(error: OSError, host: str, port: int) -> CannotStart:
    if error.errno == errno.EADDRINUSE:
        return CannotStart(
            f"Port {port} on {host} is in use. Stop what uses it, or choose another with --port."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return MayNotStart(f"This user may not listen on port {port}. Choose one above 1023.")
    return CannotStart(f"Can't listen on {host} port {port}: {error.strerror}.")
