"""`broadgauge service`: the server as a service of this system."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from broadgauge_host.exit_codes import ExitCode

from ..config import DEFAULT_PORT
from ..errors import CannotStart, MayNotStart
from .common import json_option, print_json, say

if TYPE_CHECKING:
    from broadgauge_host.service.systemd import SystemdServices

COMMAND = "broadgauge"
INSTALLER = "broadgauge service install"
HOW = "Install it where every user may read, for example: sudo make install-server"
HIGHEST_PORT = 65535
ExistingFile = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group()
def service() -> None:
    """Run the server as a service of systemd.

    \b
    Example: broadgauge service install
    """


@service.command()
@click.option(
    "--host",
    default="0.0.0.0",  # noqa: S104 - a server is there for other machines
    show_default=True,
    help="Address to listen on.",
)
@click.option(
    "--port",
    type=click.IntRange(1, HIGHEST_PORT),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port to listen on. Below 1024, the service gets the right to.",
)
@click.option("--public-url", help="Address that browsers and agents use, if it differs.")
@click.option(
    "--tls-certificate",
    type=ExistingFile,
    help="Certificate chain, PEM. Without one, the server makes its own.",
)
@click.option(
    "--tls-key", type=ExistingFile, help="Its private key, PEM; only root need be able to read it."
)
@click.option("--insecure", is_flag=True, help="Speak plain http: a proxy in front speaks TLS.")
@click.option("--dry-run", is_flag=True, help="Print what would be written and run, and end.")
def install(
    host: str,
    port: int,
    public_url: str | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
    insecure: bool,
    dry_run: bool,
) -> None:
    """Install and start the service. To change or upgrade it, install it again.

    \b
    Example: broadgauge service install --port 443 --public-url https://net.example.org
    """
    if (tls_certificate is None) != (tls_key is None):
        raise click.UsageError("--tls-certificate and --tls-key go together.")
    with _faults_as_errors():
        from broadgauge_host.service.place import (
            command_beside_python,
            refuse_where_no_service_reads,
        )

        from ..service.plan import Listening, server_plan

        listening = Listening(
            host=host,
            port=port,
            public_url=public_url,
            certificate=tls_certificate,
            key=tls_key,
            insecure=insecure,
        )
        program = command_beside_python(COMMAND)
        plan = server_plan(str(program), listening)
        if dry_run:
            click.echo(_services().description(plan))
            return
        refuse_where_no_service_reads(program, __file__, HOW)
        _services().install(plan)
        say(f"{plan.name} is installed and starts with this machine.")
        say(f"A login link: {COMMAND} login --data {_services().state_directory(plan.name)}")


@service.command()
def remove() -> None:
    """Stop and remove the service. Its data stay.

    \b
    Example: broadgauge service remove
    """
    with _faults_as_errors():
        from ..service.plan import NAME

        _services().remove(NAME)
        say(f"{NAME} is removed. Its data stay in {_services().state_directory(NAME)}.")


@service.command()
@json_option
def status(as_json: bool) -> None:
    """Say whether the service is installed, whether it runs, and since when.

    \b
    Example: broadgauge service status --json
    """
    with _faults_as_errors():
        from broadgauge_host.service.words import status_lines

        from ..service.plan import NAME

        found = _services().status(NAME)
        if as_json:
            print_json(found)
        else:
            for line in status_lines(found, INSTALLER):
                click.echo(line)
        if not found.running:
            sys.exit(ExitCode.TROUBLE)


def _services() -> "SystemdServices":
    from broadgauge_host.service.systemd import SystemdServices

    return SystemdServices(INSTALLER)


@contextmanager
def _faults_as_errors() -> Iterator[None]:
    from broadgauge_host.service.model import ServiceFault

    try:
        yield
    except ServiceFault as fault:
        kind = MayNotStart if fault.not_permitted else CannotStart
        raise kind(str(fault)) from fault
