"""uvicorn in this process: bound before anything else starts, stopped by whoever started it."""

import asyncio
import errno
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from msgspec import Struct

from .config import is_loopback
from .errors import CannotStart, MayNotStart
from .http_protocol import BoundedHttp

SECONDS_TO_FINISH = 2
"""Requests under way get this long at a stop; the whole stop must fit into five."""

BACKLOG = 2048


class Tls(Struct, frozen=True, kw_only=True):
    """Files of the server's certificate chain and its key, PEM."""

    certificate: Path
    key: Path


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


def web_server(app: FastAPI, tls: Tls | None) -> WebServer:
    """A server for sockets that are already bound. No access log: addresses hold login secrets.

    CannotStart if the certificate and its key can't be used.
    """
    config = uvicorn.Config(
        app,
        http=BoundedHttp,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
        ws_max_size=1024 * 1024,
        ssl_certfile=None if tls is None else tls.certificate,
        ssl_keyfile=None if tls is None else tls.key,
    )
    try:
        config.load()
    except OSError as error:  # which ssl.SSLError is
        raise CannotStart(
            f"The TLS certificate and key can't be used ({error}). "
            "Give a chain and its own key, both PEM and without a password."
        ) from error
    return WebServer(config)


def allow_many_connections() -> None:
    """Let this process hold as many connections as the system lets it."""
    if sys.platform != "win32":  # which has no such limit for sockets
        from ._open_files_posix import allow_as_many_as_possible

        allow_as_many_as_possible()


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. CannotStart if the port is in use, MayNotStart if it isn't allowed."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
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


def refuse_open_without_tls(host: str, tls: Tls | None, *, insecure: bool) -> None:
    """CannotStart if others could reach the server without TLS and nobody said that is fine."""
    if not (is_loopback(host) or tls or insecure):
        raise CannotStart(
            f"Listening on {host} without TLS would send keys and sessions in the clear. Add "
            "--insecure on a network you trust or behind a TLS proxy; "
            "'broadgauge serve' can use a certificate itself (--tls-certificate, --tls-key)."
        )


def _bind_error(error: OSError, host: str, port: int) -> CannotStart:
    if error.errno == errno.EADDRINUSE:
        return CannotStart(
            f"Port {port} on {host} is in use. Stop what uses it, or choose another with --port."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return MayNotStart(f"This user may not listen on port {port}. Choose one above 1023.")
    return CannotStart(f"Can't listen on {host} port {port}: {error.strerror}.")
