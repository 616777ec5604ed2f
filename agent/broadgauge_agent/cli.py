"""The command `broadgauge-agent`. Each command imports what it needs when it runs."""

import sys
from pathlib import Path
from typing import Literal

import click

from . import state
from .command import (
    config_file,
    configuration,
    json_option,
    place_options,
    say,
    show,
    state_directory,
)
from .errors import AgentError

TROUBLE = 1
STANDARD_INPUT = "-"
HELP = {"help_option_names": ["-h", "--help"]}


def main() -> None:
    """Run the command and end with its exit code."""
    try:
        cli()
    except AgentError as error:
        click.echo(f"broadgauge-agent: {error}", err=True)
        sys.exit(error.exit_code)


@click.group(context_settings=HELP)
@place_options(environment=True)
@click.version_option(package_name="broadgauge-agent")
def cli() -> None:
    """Measure this machine and its network for broadgauge.

    \b
    Example:
      broadgauge-agent join https://broadgauge.district.org:8484 --token -
      broadgauge-agent run

    Exit codes: 0 well, 1 measured trouble, 2 usage, 3 configuration, 4 unreachable,
    5 not permitted.
    """


@cli.command()
@click.argument("url")
@click.option(
    "--token",
    envvar="BROADGAUGE_TOKEN",
    show_envvar=True,
    required=True,
    help="Join token; - reads it from standard input. Other users can see arguments.",
)
@click.option("--location", help="Room, wing or wiring closet this machine is in.")
@click.option("--name", help="What to call this agent. The host's name is never sent.")
@click.option("--school", help="Refuse the token if it is for another school.")
@click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM certificate to trust the collector by, if this system doesn't.",
)
@click.option("--force", is_flag=True, help="Join although this agent has joined before.")
@place_options()
def join(
    url: str,
    token: str,
    location: str | None,
    name: str | None,
    school: str | None,
    ca: Path | None,
    force: bool,
) -> None:
    """Join the collector at URL with a token from its Agents page.

    \b
    Example:
      broadgauge-agent join https://broadgauge.district.org:8484 --token - --location "Room 12"
    """
    from .join import is_readable_on_the_way, join_request
    from .join import join as join_collector

    secret = sys.stdin.readline().strip() if token == STANDARD_INPUT else token
    request = join_request(secret, location=location, name=name, school=school)
    authority = ca.read_text(encoding="utf-8", errors="replace") if ca else None
    identity = join_collector(state_directory(), url, request, ca=authority, force=force)
    if is_readable_on_the_way(url):
        say("The key travels unencrypted to this address. Use https outside a trial.")
    say(f"Joined {identity.collector_url} for school {identity.school}.")
    if state.is_running(state_directory()):
        say("Restart the running agent: it still uses its old identity.")
    else:
        say("Next: broadgauge-agent run")


@cli.command()
@click.option("--location", help="Room, wing or wiring closet this machine is in.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))
@place_options()
def run(location: str | None, log_level: str | None) -> None:
    """Measure and send results until stopped.

    \b
    Example:
      broadgauge-agent run --log-level warning
    """
    from .identity import load_identity
    from .logs import start_logging
    from .resident import run_agent

    config = configuration({"location": location, "log_level": log_level})
    start_logging(config.log_level)
    run_agent(state_directory(), config, load_identity(state_directory()))


@cli.command()
@click.option(
    "--server",
    metavar="ADDRESS",
    help="Test server: HOST, HOST:PORT or URL. Without it, the joined collector's first one.",
)
@click.option("--direction", type=click.Choice(["download", "upload", "both"]), default="both")
@click.option("--method", type=click.Choice(["ndt7"]), default="ndt7", show_default=True)
@json_option
@place_options()
def measure(
    server: str | None,
    direction: Literal["download", "upload", "both"],
    method: str,
    as_json: bool,
) -> None:
    """Run one throughput test now. Nothing is stored or sent to a collector.

    \b
    Example:
      broadgauge-agent measure --server testserver.school.org:8485 --direction download
    """
    from .manual import check_reachable, known_server, measure_now, parse_server
    from .words import throughput_line

    del method  # there is one; the option is there for scripts that name it
    reflector = parse_server(server) if server else known_server(state_directory())
    max_seconds = configuration({}).probes.throughput.max_seconds
    check_reachable(reflector)
    say(f"Testing {direction} with {reflector.host} port {reflector.port} ...")
    results = measure_now(reflector, direction, max_seconds)
    show(results, map(throughput_line, results), as_json=as_json)
    if any(result.error or not hasattr(result, "direction") for result in results):
        sys.exit(TROUBLE)


@cli.command()
@json_option
@place_options()
def doctor(as_json: bool) -> None:
    """Check everything the agent needs, and say what to do where something is wrong.

    \b
    Example:
      broadgauge-agent doctor
    """
    from .doctor import examine
    from .words import check_line

    file, required = config_file()
    checks = tuple(examine(state_directory(), file, required=required))
    show(checks, map(check_line, checks), as_json=as_json)
    if not all(check.ok for check in checks):
        sys.exit(TROUBLE)


@cli.command()
@json_option
@place_options()
def status(as_json: bool) -> None:
    """Say who this agent is, what it measured last and what waits to be sent.

    \b
    Example:
      broadgauge-agent status --json
    """
    from .report import status as look
    from .words import status_lines

    found = look(state_directory())
    show(found, status_lines(found), as_json=as_json)


@cli.command()
@json_option
@place_options()
def probes(as_json: bool) -> None:
    """List the probes and whether each can run here, with reasons.

    \b
    Example:
      broadgauge-agent probes
    """
    from .report import probe_states
    from .words import probe_line

    found = probe_states(state_directory(), configuration({}))
    show(found, map(probe_line, found), as_json=as_json)


@cli.command()
@click.option(
    "--host",
    default="0.0.0.0",  # noqa: S104  # a test server is there for other machines
    show_default=True,
    help="Address to listen on; :: is all of IPv4 and IPv6.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8485, show_default=True)
def reflector(host: str, port: int) -> None:
    """Be a test server: ndt7 over TCP and an echo over UDP, on one port number.

    \b
    Example:
      broadgauge-agent reflector --port 8485
    """
    from .reflector.server import serve

    serve(host, port)
