"""The command `broadgauge-agent`. Each command imports what it needs when it runs."""

import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Literal

import click

from broadgauge_host.exit_codes import ExitCode

from . import state
from .command import (
    config_file,
    configuration,
    json_option,
    live_configuration,
    place_options,
    say,
    show,
    state_directory,
)
from .completion import completion
from .config_commands import config
from .errors import AgentError
from .service.commands import service
from .survey.commands import survey

STANDARD_INPUT = "-"
HELP = {"help_option_names": ["-h", "--help"]}
EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


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
    type=EXISTING_FILE,
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

    A token of a server with its own certificate names that certificate: whoever shows another one
    is told nothing.

    \b
    Example:
      broadgauge-agent join https://broadgauge.district.org:8484 --token - --location "Room 12"
    """
    from .join import Place, is_readable_on_the_way, join_token
    from .join import join as join_collector

    said = join_token(sys.stdin.readline() if token == STANDARD_INPUT else token)
    place = Place(location=location, name=name, school=school)
    identity = join_collector(state_directory(), url, said, place, ca=_text(ca), force=force)
    if is_readable_on_the_way(url):
        say("The key travels unencrypted to this address. Use https outside a trial.")
    say(f"Joined {identity.collector_url} for school {identity.school}.")
    if state.is_running(state_directory()):
        say("Restart the running agent: it still uses its old identity.")
    else:
        say("Next: broadgauge-agent run. If it is installed as a service, it starts by itself.")


@cli.command()
@click.option("--location", help="Room, wing or wiring closet this machine is in.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="Least serious message that is logged, instead of the configured one.",
)
@click.option(
    "--log-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Log to this file instead of stderr; it is begun anew at 1 MiB, three old ones are kept.",
)
@click.option("--wait", is_flag=True, help="If this agent has not joined yet, wait until it has.")
@place_options()
def run(location: str | None, log_level: str | None, log_file: Path | None, wait: bool) -> None:
    """Measure and send results until stopped.

    SIGHUP reads the configuration anew. SIGTERM or Ctrl-C ends it, after what waits was sent if
    that takes a moment; the rest is sent after the next start.

    \b
    Example:
      broadgauge-agent run --log-level warning
    """
    from broadgauge_host.service.notify import service_manager

    from .logs import start_logging
    from .orders import orders_by_signal
    from .resident import run_from_the_start

    orders, manager = orders_by_signal(), service_manager()
    live = live_configuration({"location": location, "log_level": log_level})
    start_logging(live.current().log_level, log_file)
    run_from_the_start(state_directory(), live, orders, manager, wait=wait)


@cli.command()
@click.option(
    "--server",
    metavar="ADDRESS",
    help="Test server: HOST, HOST:PORT or URL. Without it, the joined collector's first one. For "
    "ookla the URL of a Speedtest Mini server, else the nearest public server is looked for; for "
    "librespeed the URL of the server's folder of scripts.",
)
@click.option(
    "--ca", type=EXISTING_FILE, help="PEM certificate to trust the server by. Implies TLS."
)
@click.option("--fingerprint", help="SHA-256 of the server's own certificate. Implies TLS.")
@click.option(
    "--direction",
    type=click.Choice(["download", "upload", "both"]),
    default="both",
    show_default=True,
    help="Which way the data goes; download is towards this machine.",
)
@click.option(
    "--method",
    type=click.Choice(["ndt7", "ookla", "librespeed"]),
    default="ndt7",
    show_default=True,
    help="Protocol of the test. The other two are for other people's servers, and read low.",
)
@click.option(
    "--streams",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Most connections at once, instead of as many as the test finds it needs.",
)
@click.option(
    "--target",
    "target_mbps",
    type=click.FloatRange(0, 1e6, min_open=True),
    metavar="MBPS",
    help="Only find out whether the line carries this many Mbps, headers included. Takes fewer "
    "bytes.",
)
@json_option
@place_options()
def measure(
    server: str | None,
    ca: Path | None,
    fingerprint: str | None,
    direction: Literal["download", "upload", "both"],
    method: str,
    streams: int | None,
    target_mbps: float | None,
    as_json: bool,
) -> None:
    """Run one throughput test now. Nothing is stored or sent to a collector.

    \b
    Example:
      broadgauge-agent measure --server testserver.school.org:8485 --direction download
      broadgauge-agent measure --direction download --target 100
      broadgauge-agent measure --method librespeed --server https://speedtest.school.org/backend/
    """
    from .manual import check_reachable, manual_request, measure_elsewhere, measure_now, target_of
    from .words import throughput_lines

    name = "throughput" if method == "ndt7" else method
    if name == "throughput":
        target = target_of(state_directory(), server, ca=_text(ca), fingerprint=fingerprint)
        asked = target_mbps * 1e6 if target_mbps else None
        request = manual_request(name, configuration({}).current(), direction, streams, asked)
        check_reachable(target.reflector)
        say(f"Testing {direction} with {target.reflector.host} port {target.reflector.port} ...")
        with _own_turn():
            results = measure_now(target, request)
    else:
        if fingerprint or (ca and method == "ookla"):
            raise click.UsageError(f"--fingerprint and --ca are not for --method {method}.")
        if target_mbps:
            raise click.UsageError(f"--target is not for --method {method}.")
        request = manual_request(name, configuration({}).current(), direction, streams)
        say(f"Testing {direction} with {server or request.server_url or 'the nearest server'} ...")
        with _own_turn():
            results = measure_elsewhere(name, request, server, _text(ca))
    show(results, throughput_lines(results), as_json=as_json)
    if any(result.error or not hasattr(result, "direction") for result in results):
        sys.exit(ExitCode.TROUBLE)


@cli.command()
@json_option
@place_options()
def doctor(as_json: bool) -> None:
    """Check everything the agent needs, and say what to do.

    Takes half a minute at most. A check that depends on one that failed is skipped.

    \b
    Example:
      broadgauge-agent doctor
    """
    from broadgauge_host.diagnosis import line

    from .doctor import examine

    file, required = config_file()
    found = []
    for check in examine(state_directory(), file, required=required):
        found.append(check)
        if not as_json:
            click.echo(line(check))
    if as_json:
        show(found, (), as_json=True)
    if any(check.state == "trouble" for check in found):
        sys.exit(ExitCode.TROUBLE)


@cli.command()
@json_option
@place_options()
def status(as_json: bool) -> None:
    """Say who this agent is, what it measured and what waits.

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

    found = probe_states(state_directory(), configuration({}).current())
    show(found, map(probe_line, found), as_json=as_json)


@cli.command()
@click.option(
    "--host",
    default="0.0.0.0",  # noqa: S104  # a test server is there for other machines
    show_default=True,
    help="Address to listen on; :: is all of IPv4 and IPv6.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8485,
    show_default=True,
    help="TCP and UDP port to listen on; 0 is any free one.",
)
@click.option(
    "--tls", is_flag=True, help="Speak TLS, with a certificate made once in the state directory."
)
@click.option(
    "--tls-certificate", type=EXISTING_FILE, help="Speak TLS with this certificate chain, PEM."
)
@click.option("--tls-key", type=EXISTING_FILE, help="Its private key, PEM.")
@click.option(
    "--access-key-file",
    type=EXISTING_FILE,
    help="File with its access key from the server: whoever has no token from there may test "
    "little. Without a file, BROADGAUGE_REFLECTOR_KEY may hold the key itself.",
)
@click.option(
    "--slot-log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to add a line to for each test of an agent: which lines, when, how many bytes.",
)
@place_options()
def reflector(
    host: str,
    port: int,
    tls: bool,
    tls_certificate: Path | None,
    tls_key: Path | None,
    access_key_file: Path | None,
    slot_log: Path | None,
) -> None:
    """Be a test server: ndt7 over TCP and an echo over UDP.

    \b
    Example:
      broadgauge-agent reflector --port 8485
    """
    from .reflector.access import given_access_key
    from .reflector.server import serve
    from .reflector.tls import given_tls, own_tls

    if (tls_certificate is None) != (tls_key is None):
        raise click.UsageError("--tls-certificate and --tls-key go together.")
    access_key = given_access_key(access_key_file)
    given = given_tls(tls_certificate, tls_key) if tls_certificate and tls_key else None
    security = given or (own_tls(state_directory(), host) if tls else None)
    serve(host, port, tls=security, access_key=access_key, slot_log=slot_log)


def _own_turn() -> AbstractContextManager[None]:
    """No other test of this machine runs meanwhile."""
    from .turns import WAITING, turn

    return turn(state_directory(), lambda: False, lambda: say(WAITING))


def _text(file: Path | None) -> str | None:
    return file.read_text(encoding="utf-8", errors="replace") if file else None


cli.add_command(completion)
cli.add_command(config)
cli.add_command(service)
cli.add_command(survey)
