"""One collector process: data directory locked, port bound, stores open, application answering."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from socket import socket as Socket  # noqa: N812 - it is a class

import structlog
from msgspec import Struct
from msgspec.structs import replace

from broadgauge_host.service.alive import alive_until
from broadgauge_host.service.notify import service_manager

from .app import create_app, open_services
from .certificates import ShownCertificate, Tls, browser_words, own_tls
from .children import Say, first_of
from .config import ServerConfig
from .data_directory import admin_token, locked, note_address
from .garbage import collect_seldom
from .services import Services
from .sinks.followers import following
from .stopping import on_hangup, stop_event
from .upkeep.restoring import finish_restore
from .web_server import allow_many_connections, bind, web_server

log = structlog.get_logger()


class ServeOptions(Struct, frozen=True, kw_only=True):
    """What `serve` and `up` need to know to listen.

    `certificate_names` are for a certificate that the server makes itself; empty if it doesn't.
    """

    config: ServerConfig
    host: str
    port: int
    tls: Tls | None = None
    certificate_names: tuple[str, ...] = ()


async def serve(options: ServeOptions, say: Say) -> None:
    """Run the collector until a signal asks it to stop. SIGHUP: read its certificate again."""
    with locked(options.config.data), closing(bind(options.host, options.port)) as socket:
        finish_restore(options.config.data)
        options = vouched_for(options)
        certificate = shown_certificate(options)
        with (
            opened(options.config) as services,
            stop_event() as stop,
            on_hangup(certificate.read_again if certificate else _nothing_to_read),
        ):
            async with listening(socket, services, certificate) as running:
                collect_seldom()
                _say_what_runs(options.config, say)
                manager = service_manager()
                manager.ready(f"Serving at {options.config.public_url}")
                await first_of(alive_until(stop, manager), asyncio.shield(running))
                manager.stopping("Finishing the requests under way.")


def vouched_for(options: ServeOptions) -> ServeOptions:
    """The options with the server's own certificate, if it is to have one: made now, or before."""
    if not options.certificate_names:
        return options
    tls = own_tls(options.config.data, options.certificate_names)
    return replace(options, tls=tls, config=replace(options.config, fingerprint=tls.fingerprint))


def shown_certificate(options: ServeOptions) -> ShownCertificate | None:
    """What connections are shown; None for plain http."""
    return ShownCertificate(options.tls) if options.tls else None


@contextmanager
def opened(config: ServerConfig) -> Iterator[Services]:
    """The services of a data directory that this process holds; closed at the end."""
    services = open_services(config)
    try:
        admin_token(services)
        note_address(config)
        with following(services.stores):
            yield services
    finally:
        services.close()


@asynccontextmanager
async def listening(
    socket: Socket, services: Services, certificate: ShownCertificate | None
) -> AsyncIterator[asyncio.Task[None]]:
    """The application, answering on a bound port; requests under way may finish at the end.

    The task given ends when the server does.
    """
    allow_many_connections()
    services.metrics.certificate = certificate
    app = create_app(services)
    server = web_server(app, certificate)
    running = asyncio.create_task(server.serve(sockets=[socket]))
    upkeep = asyncio.create_task(app.state.upkeep.live())
    imports = asyncio.create_task(app.state.imports.live())
    try:
        await first_of(server.listens.wait(), asyncio.shield(running))
        if running.done():
            await running
        yield running
    finally:
        upkeep.cancel()
        imports.cancel()
        server.should_exit = True
        await running


def _say_what_runs(config: ServerConfig, say: Say) -> None:
    log.info("serving", url=config.public_url, data=str(config.data))
    if config.fingerprint:
        say(browser_words(config.fingerprint))


def _nothing_to_read() -> None:
    log.info("nothing_to_read", why="this server speaks plain http")
