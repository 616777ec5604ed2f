"""Five thousand agents come back at once with three days of results, while others go on living.

    python -m benchmarks.reconnect_storm [--agents N] [--hours H] [--test-servers S]

An agent with default settings and one test server measures a latency window every 5 minutes and
tests throughput, both ways, every 4 hours, and takes an inventory once a day: in 72 hours about
864 + 36 + 3 results, in two batches. With more test servers (`--test-servers`) the windows are as
many times more.

The load generator runs on the same machine, in one process of its own. Every agent has one
connection, sends one batch at a time, and waits as long as the collector asks. Live results come
from agents beside those in the storm, before it and through it: each is timed from the moment it
is due until it is stored, waiting and sending again included.
"""

import argparse
import asyncio
import gc
import random
import re
import resource
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import psutil

from broadgauge_collector.cli.client import ServerClient, Where
from broadgauge_collector.simulate.running import Options, prepare
from broadgauge_collector.simulate.saved import Joined
from broadgauge_collector.simulate.world import World
from broadgauge_wire.settings import LatencyConfig
from tests.running import Server, running

from .recording import keep
from .storm_batches import bodies, patterns
from .storm_connection import Connection

AGENTS_A_SCHOOL = 50
LIVE_AGENTS = 200
LIVE_BATCHES = 100
"""Of each of them, one result each: enough for a quarter of an hour."""

BEFORE_SECONDS = 15.0
GOALS = {"drained_seconds": 60.0, "live_p99_seconds": 2.0, "resident_bytes": 2**30}
LATER = frozenset({429, 503, 507})


@dataclass
class Storm:
    """What happened."""

    batches: int = 0
    waits: int = 0
    broken_connections: int = 0
    live_seconds: list[float] = field(default_factory=list)
    resident_bytes: int = 0


async def deliver(connection: Connection, body: bytes, storm: Storm) -> None:
    """One batch, until it is stored."""
    pause = 1.0
    while True:
        try:
            answer = await connection.post(body)
        except (OSError, EOFError):
            storm.broken_connections += 1
            await asyncio.sleep(random.uniform(0, pause))
        else:
            if answer.status == 200:
                return
            assert answer.status in LATER, (answer.status, answer.body[:500])
            storm.waits += 1
            await asyncio.sleep(answer.retry_after_seconds + random.uniform(0, pause))
        pause = min(2 * pause, 30.0)


async def drain(connection: Connection, waiting: list[bytes], storm: Storm) -> None:
    """An agent's whole backlog, oldest first."""
    for body in waiting:
        await deliver(connection, body, storm)
        storm.batches += 1
    connection.close()


async def live(
    connections: list[tuple[Connection, list[bytes]]],
    each: float,
    storm: Storm,
    over: asyncio.Event,
) -> None:
    """A small batch every `each` seconds, from one agent after the other, whatever became of the
    one before: nobody waits for a slow collector before measuring again."""
    under_way: set[asyncio.Task[None]] = set()
    locks = {id(connection): asyncio.Lock() for connection, _ in connections}

    async def one(connection: Connection, body: bytes, due: float) -> None:
        async with locks[id(connection)]:
            await deliver(connection, body, storm)
        storm.live_seconds.append(time.monotonic() - due)

    due = time.monotonic()
    for connection, waiting in cycle(connections):
        if over.is_set() or not waiting:
            break
        due += each
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        task = asyncio.create_task(one(connection, waiting.pop(0), due))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)


async def watch(server: psutil.Process, storm: Storm, over: asyncio.Event) -> None:
    """The most memory that the collector takes."""
    while not over.is_set():
        storm.resident_bytes = max(storm.resident_bytes, server.memory_info().rss)
        await asyncio.sleep(0.25)


class Spent:
    """Processor time of the server and of this process, from now on."""

    def __init__(self, server: psutil.Process) -> None:
        self._processes = {"server": server, "load_generator": psutil.Process()}
        self._began = self._seconds()

    def since(self) -> dict[str, float]:
        """In s."""
        now = self._seconds()
        return {f"{name}_cpu_seconds": round(now[name] - self._began[name], 1) for name in now}

    def _seconds(self) -> dict[str, float]:
        times = {name: process.cpu_times() for name, process in self._processes.items()}
        return {name: spent.user + spent.system for name, spent in times.items()}


async def measured(
    address: tuple[str, int],
    agents: list[tuple[Joined, list[bytes]]],
    living: list[tuple[Joined, list[bytes]]],
    each: float,
    server: psutil.Process,
) -> dict[str, Any]:
    """Live alone, then the storm beside it."""
    calm, storm = Storm(), Storm()
    lines = [(Connection(*address, joined.key), waiting) for joined, waiting in living]
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(BEFORE_SECONDS, over.set)
    await live(lines, each, calm, over)

    over = asyncio.Event()
    spent = Spent(server)
    beside = [asyncio.create_task(live(lines, each, storm, over))]
    beside.append(asyncio.create_task(watch(server, storm, over)))
    began = time.monotonic()
    await asyncio.gather(
        *(
            drain(Connection(*address, joined.key, "backlog"), waiting, storm)
            for joined, waiting in agents
        )
    )
    drained = time.monotonic() - began
    processor = spent.since()
    over.set()
    await asyncio.gather(*beside)
    return {
        "drained_seconds": round(drained, 2),
        "batches": storm.batches,
        "batches_per_second": round(storm.batches / drained, 1),
        "waits": storm.waits,
        "broken_connections": storm.broken_connections,
        "resident_bytes": storm.resident_bytes,
        **processor,
        "live_before": spread(calm.live_seconds),
        "live": spread(storm.live_seconds),
    }


def spread(seconds: list[float]) -> dict[str, Any]:
    """Quantiles of times in s, the nearest of them."""
    ordered = sorted(seconds)
    places = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    last = len(ordered) - 1
    quantiles = {
        name: ordered[min(last, int(share * last + 0.5))] for name, share in places.items()
    }
    return {"n": len(ordered)} | {name: round(value, 4) for name, value in quantiles.items()}


def set_up(server: Server, agents: int, folder: Path) -> tuple[World, list[Joined]]:
    """Schools and agents, over the API."""
    world = World(
        seed=1,
        scale="district",
        schools=-(-(agents + LIVE_AGENTS) // AGENTS_A_SCHOOL),
        agents_per_school=AGENTS_A_SCHOOL,
        since=datetime.now(UTC).date() - timedelta(days=30),
        days=30,
    )
    with closing(ServerClient(Where(url=server.url, token=server.token))) as client:
        simulation = prepare(client, world, Options(file=folder / "simulation.json"), print)
        simulation.set_up(print)
    return world, list(simulation.saved.joined.values())


def stored(server: Server) -> int:
    """Results stored since the server's start."""
    with closing(ServerClient(Where(url=server.url, token=server.token))) as client:
        text = client.exchange("GET", "/metrics", None, {}).text
    found = re.search(r"^broadgauge_results_stored_total (\S+)", text, re.MULTILINE)
    assert found
    return round(float(found[1]))


def table(figures: dict[str, Any]) -> str:
    """The figures beside their goals, for people."""
    mib = figures["resident_bytes"] / 2**20
    rows = [
        ("drained", f"{figures['drained_seconds']:.1f} s", "60 s"),
        ("stored", f"{figures['results_per_second']:,.0f} results/s", ""),
        ("server's processor time", f"{figures['server_cpu_seconds']:.1f} s", ""),
        ("load generator's", f"{figures['load_generator_cpu_seconds']:.1f} s", ""),
        ("live, 99th percentile", f"{figures['live']['p99']:.3f} s", "2 s"),
        ("live before it, 99th percentile", f"{figures['live_before']['p99']:.3f} s", ""),
        ("collector's memory", f"{mib:,.0f} MiB", "1,024 MiB"),
        ("lost or doubled", f"{figures['lost_or_doubled']:,}", "0"),
    ]
    return "\n".join(f"{name:<34}{value:>20}{goal:>14}" for name, value, goal in rows)


def main() -> None:
    """Set up, make the batches, let the storm loose, keep the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--agents", type=int, default=5_000)
    options.add_argument("--hours", type=int, default=72)
    options.add_argument("--test-servers", type=int, default=1)
    options.add_argument("--live-batches-per-second", type=float, default=20.0)
    asked = options.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with TemporaryDirectory() as name, running(Path(name) / "data", "--no-agent") as server:
        world, joined = set_up(server, asked.agents, Path(name))
        figures = run(server, world, joined, asked)
    print(table(figures))
    keep("reconnect_storm", figures)


def run(
    server: Server, world: World, joined: list[Joined], asked: argparse.Namespace
) -> dict[str, Any]:
    """The storm of these agents, and what was stored of it."""
    windows_an_hour = round(3600 / LatencyConfig().interval_seconds) * asked.test_servers
    shapes = patterns(world, asked.hours, windows_an_hour)
    storming = joined[: asked.agents]
    waiting = [
        (agent, list(bodies(agent.agent_id, "backlog", shape)))
        for agent, shape in zip(storming, cycle(shapes))
    ]
    sent = sum(len(shape) for _, shape in zip(storming, cycle(shapes)))
    each = 1 / asked.live_batches_per_second
    living = [
        (agent, list(bodies(agent.agent_id, "live", shape[:LIVE_BATCHES], size=1)))
        for agent, shape in zip(joined[asked.agents : asked.agents + LIVE_AGENTS], cycle(shapes))
    ]
    gc.freeze()
    parts = urlsplit(server.url)
    address = (str(parts.hostname), int(parts.port or 80))
    process = psutil.Process(server.process.pid)
    before = stored(server)
    found = asyncio.run(measured(address, waiting, living, each, process))
    live_ones = found["live"]["n"] + found["live_before"]["n"]
    return {
        "goal": GOALS,
        "agents": asked.agents,
        "hours": asked.hours,
        "test_servers": asked.test_servers,
        "results_per_agent": round(sent / asked.agents, 1),
        "results": sent,
        "results_per_second": round(sent / found["drained_seconds"], 1),
        "live_batches_per_second": asked.live_batches_per_second,
        "lost_or_doubled": abs(stored(server) - before - sent - live_ones),
        **found,
    }


if __name__ == "__main__":
    main()
