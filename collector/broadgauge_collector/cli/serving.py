"""`up` and `serve`: the commands that are the server."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config import DEFAULT_HOST, DEFAULT_PORT, ServerConfig, url_of
from .common import data_option, say

if TYPE_CHECKING:  # imported when a server starts, so that other commands start quickly
    from ..serve import ServeOptions
    from ..web_server import Tls

HIGHEST_PORT = 65535
Port = click.IntRange(1, HIGHEST_PORT)

host_option = click.option(
    "--host",
    envvar="BROADGAUGE_HOST",
    show_envvar=True,
    default=DEFAULT_HOST,
    show_default=True,
    help="Address to listen on.",
)
port_option = click.option(
    "--port",
    type=Port,
    envvar="BROADGAUGE_PORT",
    show_envvar=True,
    default=DEFAULT_PORT,
    show_default=True,
    help="Port to listen on.",
)
insecure_option = click.option(
    "--insecure",
    is_flag=True,
    help="Listen beyond this machine without TLS: on a network you trust, or behind a TLS proxy.",
)
public_url_option = click.option(
    "--public-url",
    envvar="BROADGAUGE_PUBLIC_URL",
    show_envvar=True,
    help="Address that browsers and agents use, if it differs from --host and --port.",
)


@click.command()
@data_option
@host_option
@port_option
@click.option("--no-agent", is_flag=True, help="Don't measure from this machine.")
@click.option("--reflector-port", type=Port, help="Port of the test server.  [default: port + 1]")
@insecure_option
def up(
    data: Path, host: str, port: int, no_agent: bool, reflector_port: int | None, insecure: bool
) -> None:
    """Run everything on this machine. That is collector, dashboard, test server and one agent.

    \b
    Example: broadgauge up --data ./data --port 8484
    """
    from ..logs import configure
    from ..up import UpOptions, reachable_host
    from ..up import up as run_up
    from ..web_server import refuse_open_without_tls

    refuse_open_without_tls(host, None, insecure=insecure)
    configure(verbose=False)
    serving = _options(data, host, port, url_of(reachable_host(host), port), None)
    reflector = reflector_port or _port_after(port)
    asyncio.run(
        run_up(UpOptions(serving=serving, reflector_port=reflector, agent=not no_agent), say)
    )


@click.command()
@data_option
@host_option
@port_option
@public_url_option
@click.option(
    "--tls-certificate",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Certificate chain, PEM.",
)
@click.option(
    "--tls-key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Its private key, PEM.",
)
@insecure_option
def serve(
    data: Path,
    host: str,
    port: int,
    public_url: str | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    insecure: bool,
) -> None:
    """Run the collector and its dashboard.

    \b
    Example: broadgauge serve --data /var/lib/broadgauge --host 0.0.0.0 \\
               --tls-certificate chain.pem --tls-key key.pem --public-url https://net.example.org
    """
    from ..logs import configure
    from ..serve import serve as run_serve
    from ..up import reachable_host
    from ..web_server import refuse_open_without_tls

    tls = _tls(tls_certificate, tls_key)
    refuse_open_without_tls(host, tls, insecure=insecure)
    configure(verbose=True)
    here = url_of(reachable_host(host), port, tls=tls is not None)
    asyncio.run(run_serve(_options(data, host, port, (public_url or here).rstrip("/"), tls)))


def _options(
    data: Path, host: str, port: int, public_url: str, tls: "Tls | None"
) -> "ServeOptions":
    from ..serve import ServeOptions

    config = ServerConfig(data=data, public_url=public_url)
    return ServeOptions(config=config, host=host, port=port, tls=tls)


def _tls(certificate: Path | None, key: Path | None) -> "Tls | None":
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise click.UsageError("--tls-certificate and --tls-key go together.")
    from ..web_server import Tls

    return Tls(certificate=certificate, key=key)


def _port_after(port: int) -> int:
    return port + 1 if port < HIGHEST_PORT else port - 1
