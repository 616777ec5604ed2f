"""`up` and `serve`: the commands that are the server."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from ..config import DEFAULT_HOST, DEFAULT_PORT, ServerConfig, is_loopback, url_of
from ..errors import CannotStart
from .common import Command, data_option_with, say
from .database_urls import DatabaseUrl, refuse_password
from .settings_file import defaults_from_file

if TYPE_CHECKING:  # imported when a server starts, so that other commands start quickly
    from ..certificates import Tls
    from ..serve import ServeOptions

HIGHEST_PORT = 65535
CONTROL_EXAMPLE = "postgresql://USER@HOST/DATABASE"
RESULTS_EXAMPLE = "clickhouse://USER@HOST:8123/DATABASE"
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
Port = click.IntRange(1, HIGHEST_PORT)


def setting(flag: str, **details: Any) -> Callable[[Command], Command]:
    """An option that the environment and server.toml may also give, by the same name."""
    variable = "BROADGAUGE_" + flag.strip("-").replace("-", "_").upper()
    return click.option(flag, envvar=variable, show_envvar=True, **details)


settings_option = data_option_with(is_eager=True, callback=defaults_from_file)
host_option = setting(
    "--host",
    default=DEFAULT_HOST,
    show_default=True,
    help="Address to listen on.",
)
port_option = setting(
    "--port",
    type=Port,
    default=DEFAULT_PORT,
    show_default=True,
    help="Port to listen on.",
)
insecure_option = setting(
    "--insecure",
    is_flag=True,
    help="Listen beyond this machine without TLS: behind a proxy that speaks it, or for a trial.",
)
public_url_option = setting(
    "--public-url",
    help="Address that browsers and agents use, if it differs from --host and --port.",
)


@click.command()
@settings_option
@host_option
@port_option
@setting("--no-agent", is_flag=True, help="Don't measure from this machine.")
@setting("--reflector-port", type=Port, help="Port of the test server.  [default: port + 1]")
@insecure_option
def up(
    data: Path, host: str, port: int, no_agent: bool, reflector_port: int | None, insecure: bool
) -> None:
    """Run everything on this machine. That is collector, dashboard, test server and one agent.

    \b
    Example: broadgauge up --data ./data --port 8484
    """
    from ..logs import configure
    from ..up import UpOptions
    from ..up import up as run_up

    configure(verbose=False)
    serving = _options(data, host, port, insecure=insecure)
    reflector = reflector_port or _port_after(port)
    asyncio.run(
        run_up(UpOptions(serving=serving, reflector_port=reflector, agent=not no_agent), say)
    )


@click.command()
@settings_option
@host_option
@port_option
@public_url_option
@setting(
    "--tls-certificate",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Certificate chain, PEM.",
)
@setting(
    "--tls-key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Its private key, PEM.",
)
@insecure_option
@setting(
    "--control-url",
    type=DatabaseUrl(("postgresql", "postgresql+psycopg"), CONTROL_EXAMPLE),
    callback=refuse_password,
    help="PostgreSQL database for schools, agents and users, which several collectors may share: "
    f"{CONTROL_EXAMPLE}.  [default: a file in --data]",
)
@setting(
    "--results-url",
    type=DatabaseUrl(("clickhouse", "clickhouses"), RESULTS_EXAMPLE),
    callback=refuse_password,
    help="ClickHouse database for results, which several collectors may share, if they share "
    f"--control-url too: {RESULTS_EXAMPLE}; clickhouses:// speaks TLS.  [default: files in --data]",
)
def serve(
    data: Path,
    host: str,
    port: int,
    public_url: str | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    insecure: bool,
    control_url: str | None,
    results_url: str | None,
) -> None:
    """Run the collector and its dashboard.

    Beyond this machine it speaks TLS: with the certificate given, else with one that it makes
    once in its data directory and that join tokens vouch for.

    \b
    Example: broadgauge serve --data /var/lib/broadgauge --host 0.0.0.0 \\
               --tls-certificate chain.pem --tls-key key.pem --public-url https://net.example.org
    """
    from ..logs import configure
    from ..serve import serve as run_serve

    tls = _tls(tls_certificate, tls_key)
    configure(verbose=True)
    options = _options(
        data,
        host,
        port,
        insecure=insecure,
        tls=tls,
        public_url=public_url,
        control_url=control_url,
        results_url=results_url,
    )
    asyncio.run(run_serve(options, say))


def _options(
    data: Path,
    host: str,
    port: int,
    *,
    insecure: bool,
    tls: "Tls | None" = None,
    public_url: str | None = None,
    control_url: str | None = None,
    results_url: str | None = None,
) -> "ServeOptions":
    from ..serve import ServeOptions
    from ..up import reachable_host

    makes_its_own = not (tls or insecure or is_loopback(host))
    here = url_of(reachable_host(host), port, tls=makes_its_own or tls is not None)
    url = (public_url or here).rstrip("/")
    if makes_its_own and urlsplit(url).scheme == "http":
        raise CannotStart(
            f"The server speaks TLS, so --public-url can't be {url}. Write https://, or add "
            "--insecure if a proxy in front speaks TLS."
        )
    return ServeOptions(
        config=ServerConfig(
            data=data, public_url=url, control_url=control_url, results_url=results_url
        ),
        host=host,
        port=port,
        tls=tls,
        certificate_names=_names(host, url) if makes_its_own else (),
    )


def _names(host: str, url: str) -> tuple[str, ...]:
    """What browsers may find the server under."""
    public = urlsplit(url).hostname or ""
    return tuple(name for name in (public, host) if name not in ("", *WILDCARDS))


def _tls(certificate: Path | None, key: Path | None) -> "Tls | None":
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise click.UsageError("--tls-certificate and --tls-key go together.")
    from ..certificates import Tls

    return Tls(certificate=certificate, key=key)


def _port_after(port: int) -> int:
    return port + 1 if port < HIGHEST_PORT else port - 1
