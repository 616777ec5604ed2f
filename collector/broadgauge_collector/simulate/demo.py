"""`make demo`: a server of its own with a made-up district and a year of history, then live.

python -m broadgauge_collector.simulate.demo [--data DIR] [--port P] [--schools N] [--days D]
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import click

from ..api.tokens import LoginLink
from ..cli.client import ServerClient, Where, find_server
from ..cli.common import say
from ..config import DEFAULT_PORT, url_of
from ..errors import CannotStart, CollectorError
from .running import Options, Simulation, now, prepare
from .world import World

COMMAND = Path(sys.executable).with_name("broadgauge")
HOST = "127.0.0.1"
LOG = "server.log"
START_SECONDS = 60.0
STOP_SECONDS = 30.0


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Data directory, of the demonstration alone.",
)
@click.option("--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True,
              help="Port to listen on.")  # fmt: skip
@click.option("--schools", type=click.IntRange(1, 400), default=40, show_default=True,
              help="Schools of the district.")  # fmt: skip
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True,
              help="Days of history.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**32), default=1, show_default=True,
              help="The same seed makes the same district.")  # fmt: skip
@click.option("--no-live", is_flag=True, help="End once the history is there.")
def demo(data: Path, port: int, schools: int, days: int, seed: int, no_live: bool) -> None:
    """Show broadgauge with a made-up district, marked as simulated wherever it is shown."""
    began = time.monotonic()
    world = World(
        seed=seed,
        scale="district",
        schools=schools,
        agents_per_school=2,
        since=now().date() - timedelta(days=days),
        days=days,
    )
    with server(data, port) as client:
        simulation = prepare(client, world, Options(file=data / "simulation.json"), say)
        simulation.set_up(say)
        simulation.bring_inventory(say)
        simulation.send_history(now(), say)
        say(greeting(client, data, simulation, time.monotonic() - began))
        if not no_live:
            with suppress(KeyboardInterrupt):
                simulation.go_live(say, threading.Event())


@contextmanager
def server(data: Path, port: int) -> Iterator[ServerClient]:
    """A collector with its dashboard in a process of its own; stopped at the end."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    argv = [str(COMMAND), "serve", "--data", str(data), "--host", HOST, "--port", str(port)]
    with (data / LOG).open("ab") as log:
        # A session of its own: Ctrl-C reaches this process, which stops the server in its turn.
        running = subprocess.Popen(argv, stdout=log, stderr=log, start_new_session=True)
    try:
        with closing(ServerClient(_ready(running, data, port))) as client:
            yield client
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()


def _ready(running: "subprocess.Popen[bytes]", data: Path, port: int) -> Where:
    """Where the server is, once it can be used. CannotStart if it ends, or takes too long."""
    ends = time.monotonic() + START_SECONDS
    while running.poll() is None and time.monotonic() < ends:
        with suppress(CollectorError):  # until it has written its address, and listens
            where = find_server(url_of(HOST, port), None, data)
            with closing(ServerClient(where)) as client:
                if client.exchange("GET", "/readyz", None, {}).is_success:
                    return where
        time.sleep(0.2)
    words = (data / LOG).read_text(errors="replace").strip().splitlines()[-3:]
    raise CannotStart("The demonstration's server doesn't start:\n" + "\n".join(words))


def greeting(client: ServerClient, data: Path, simulation: Simulation, seconds: float) -> str:
    """What there is to see, and where."""
    link = client.send("POST", "/login-links", LoginLink)
    results = simulation.progress.results
    return f"""
A made-up district is ready after {seconds:.0f} s: {simulation.world.schools} schools, \
{results:,} new results. Nothing of it was measured, and every page says so.
Open this address; it signs you in once, within 15 minutes:

    {client.where.url}{link.path}

Another login link:   {COMMAND} login --data {data}
Data:                 {data.resolve()} (remove it to start anew)
Stop:                 Ctrl-C. The next start goes on with the same district.
"""


def main() -> None:
    """Run it and end with its exit code; a request to end stops the server, too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        demo()
    except CollectorError as error:
        say(f"broadgauge: {error}")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
