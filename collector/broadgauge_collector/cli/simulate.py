"""`simulate`: a made-up district, state or nation of agents, at a running server."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from msgspec import Struct

from .client import ServerClient
from .common import json_option, print_json, say, talks_to_server

FILE = "simulation.json"
YEAR = 365


class Simulated(Struct, frozen=True, kw_only=True):
    """What was made up, and how quickly the server took it."""

    schools: int
    agents: int
    results: int
    batches: int
    seconds: float
    results_per_second: float
    waits: int


@click.command()
@click.option(
    "--scale",
    type=click.Choice(["district", "state", "nation"]),
    default="district",
    show_default=True,
    help="40, 2,000 or 98,469 schools; a district's share one line to the Internet.",
)
@click.option("--schools", type=click.IntRange(1, 200_000), help="Another number of schools.")
@click.option(
    "--agents-per-school",
    type=click.IntRange(1, 50),
    default=2,
    show_default=True,
    help="Agents in each school: the first on a cable, the others laptops on Wi-Fi.",
)
@click.option(
    "--days",
    type=click.IntRange(0, 3650),
    default=YEAR,
    show_default=True,
    help="Days of history, up to now.",
)
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), help="First day of history, in place of --days."
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32),
    default=1,
    show_default=True,
    help="The same seed makes the same schools and the same results.",
)
@click.option(
    "--rate",
    "results_per_second",
    type=click.FloatRange(min=0, min_open=True),
    help="Results a second to send history with.  [default: as fast as the server takes them]",
)
@click.option(
    "--connections",
    type=click.IntRange(1, 64),
    default=8,
    show_default=True,
    help="Batches on their way at once.",
)
@click.option(
    "--encoding",
    type=click.Choice(["gzip", "zstd"]),
    default="gzip",
    show_default=True,
    help="How batches are compressed.",
)
@click.option("--live", is_flag=True, help="Then go on with new results as time goes by.")
@click.option(
    "--beside-real-data", is_flag=True, help="Simulate in a server that has schools of its own."
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File that a later run goes on from.  [default: simulation.json in --data]",
)
@json_option
@talks_to_server
def simulate(
    client: ServerClient,
    as_json: bool,
    live: bool,
    state: Path | None,
    **given: Any,
) -> None:
    """Fill a server with a made-up district, state or nation. Schools, agents and results are made
    over the same API that people and agents use, and all of it is marked as simulated, wherever it
    is shown. A district has an inventory with repairs, too. A run that was cut off goes on where it
    was.

    \b
    Example: broadgauge simulate --schools 40 --days 365 --seed 1
    """
    from ..simulate.running import now, prepare

    options = _options(state or click.get_current_context().params["data"] / FILE, given)
    simulation = prepare(client, _world(given), options, say)
    simulation.set_up(say)
    simulation.bring_inventory(say)
    simulation.send_history(now(), say)
    done = _done(simulation)
    say(f"{done.results:,} results in {done.seconds:.0f} s, marked as simulated on every page.")
    if as_json:
        print_json(done)
    if live:
        with suppress(KeyboardInterrupt):
            simulation.go_live(say, threading.Event())


def _world(given: dict[str, Any]) -> Any:
    from ..simulate.world import SCHOOLS, World

    today = datetime.now(UTC).date()
    since = given["since"].date() if given["since"] else today - timedelta(days=given["days"])
    if since > today:
        raise click.BadParameter("history can't begin in the future.", param_hint="--since")
    return World(
        seed=given["seed"],
        scale=given["scale"],
        schools=given["schools"] or SCHOOLS[given["scale"]],
        agents_per_school=given["agents_per_school"],
        since=since,
        days=(today - since).days,
    )


def _options(file: Path, given: dict[str, Any]) -> Any:
    from ..simulate.running import Options

    names = ("beside_real_data", "connections", "results_per_second", "encoding")
    return Options(file=file, **{name: given[name] for name in names})


def _done(simulation: Any) -> Simulated:
    from ..simulate.agents import agents_in_all

    progress = simulation.progress
    return Simulated(
        schools=simulation.world.schools,
        agents=agents_in_all(simulation.world),
        results=progress.results,
        batches=progress.batches,
        seconds=round(progress.seconds, 1),
        results_per_second=round(progress.results / max(progress.seconds, 0.001), 1),
        waits=progress.waits,
    )
