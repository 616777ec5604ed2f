"""One collector process: data directory locked, port bound, stores open, application answering."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from socket import socket as Socket  # noqa: N812 - it is a class

import structlog
from msgspec import Struct

from .app import create_app, open_services
from .children import first_of
from .config import ServerConfig
from .data_directory import admin_token, locked, note_address
from .services import Services
from .stopping import stop_event
from .web_server import Tls, allow_many_connections, bind, web_server

log = structlog.get_logger()


class ServeOptions(Struct, frozen=True, kw_only=True):
    """What `serve` and `up` need to know to listen."""

    config: ServerConfig
    host: str
    port: int
    tls: Tls | None = None


async def serve(options: ServeOptions) -> None:
    """Run the collector until a signal asks it to stop."""
    config = options.config
    with (
        locked(config.data),
        closing(bind(options.host, options.port)) as socket,
        opened(config) as services,
        stop_event() as stop,
    ):
        async with listening(socket, services, options.tls) as running:
            log.info("serving", url=config.public_url, data=str(config.data))
            await first_of(stop.wait(), asyncio.shield(running))


@contextmanager
def opened(config: ServerConfig) -> Iterator[Services]:
    """The services of a data directory that this process holds; closed at the end."""
    services = open_services(config)
    try:
        admin_token(services)
        note_address(config.data, config.public_url)
        yield services
    finally:
        services.close()


@asynccontextmanager
async def listening(
    socket: Socket, services: Services, tls: Tls | None
) -> AsyncIterator[asyncio.Task[None]]:
    """The application, answering on a bound port; requests under way may finish at the end.

    The task given ends when the server does.
    """
    allow_many_connections()
    server = web_server(create_app(services), tls)
    running = asyncio.create_task(server.serve(sockets=[socket]))
    try:
        await first_of(server.listens.wait(), asyncio.shield(running))
        if running.done():
            await running
        yield running
    finally:
        server.should_exit = True
        await running
