"""`broadgauge-agent service`: the agent, or a test server, as a service of this system."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from broadgauge_agent.command import json_option, say, show
from broadgauge_agent.errors import ServiceError, ServiceNotPermittedError
from broadgauge_host.exit_codes import ExitCode

LOWEST_FREE_PORT = 1024
HIGHEST_PORT = 65535
COMMAND = "broadgauge-agent"
HOW = "Install it where every user may read, for example: sudo make install-agent"

which_option = click.option(
    "--reflector", is_flag=True, help="The test server on this machine, not the agent."
)


@click.group()
def service() -> None:
    """Run the agent as a service, whoever is signed in.

    \b
    Example:
      broadgauge-agent service install
      broadgauge-agent service status
    """


@service.command()
@which_option
@click.option(
    "--host",
    default="0.0.0.0",  # noqa: S104  # a test server is there for other machines
    show_default=True,
    help="Address the test server listens on.",
)
@click.option(
    "--port",
    type=click.IntRange(LOWEST_FREE_PORT, HIGHEST_PORT),
    default=8485,
    show_default=True,
    help="Port the test server listens on.",
)
@click.option("--tls", is_flag=True, help="The test server speaks TLS, with its own certificate.")
@click.option(
    "--access-key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The test server's access key. Only root needs to be able to read the file.",
)
@click.option("--dry-run", is_flag=True, help="Print what would be written and run, and end.")
def install(
    reflector: bool,
    host: str,
    port: int,
    tls: bool,
    access_key_file: Path | None,
    dry_run: bool,
) -> None:
    """Install and start the service. To change or upgrade it, install it again.

    The agent's may be installed before this machine joins: it waits until it has.

    \b
    Example:
      broadgauge-agent service install
      broadgauge-agent service install --reflector --tls
    """
    with _faults_as_errors():
        from broadgauge_host.service.place import (
            command_beside_python,
            refuse_where_no_service_reads,
        )

        from .plans import agent_plan, reflector_plan
        from .system import system_services

        program, services = command_beside_python(COMMAND), system_services()
        plan = (
            reflector_plan(str(program), host=host, port=port, tls=tls, access_key=access_key_file)
            if reflector
            else agent_plan(str(program))
        )
        if dry_run:
            click.echo(services.description(plan))
            return
        refuse_where_no_service_reads(program, __file__, HOW)
        services.install(plan)
        say(f"{plan.name} is installed and starts with this machine.")
        say(f"What it says: {services.status(plan.name).logs}")


@service.command()
@which_option
def remove(reflector: bool) -> None:
    """Stop and remove the service. What it measured and its identity stay.

    \b
    Example:
      broadgauge-agent service remove
    """
    with _faults_as_errors():
        from .plans import service_name
        from .system import system_services

        services, name = system_services(), service_name(reflector=reflector)
        services.remove(name)
        say(f"{name} is removed. Its files stay in {services.state_directory(name)}.")


@service.command()
@which_option
@json_option
def status(reflector: bool, as_json: bool) -> None:
    """Say whether the service is installed, whether it runs, and since when.

    \b
    Example:
      broadgauge-agent service status --json
    """
    with _faults_as_errors():
        from broadgauge_host.service.words import status_lines

        from .plans import service_name
        from .system import INSTALLER, system_services

        found = system_services().status(service_name(reflector=reflector))
        installer = f"{INSTALLER} --reflector" if reflector else INSTALLER
        show(found, status_lines(found, installer), as_json=as_json)
        if not found.running:
            sys.exit(ExitCode.TROUBLE)


@contextmanager
def _faults_as_errors() -> Iterator[None]:
    from broadgauge_host.service.model import ServiceFault

    try:
        yield
    except ServiceFault as fault:
        kind = ServiceNotPermittedError if fault.not_permitted else ServiceError
        raise kind(str(fault)) from fault
