"""How many results a second are taken over HTTP, and are durable when that is said.

    python -m benchmarks.ingest [--results N] [--agents N] [--without-rivals]

A real `broadgauge serve` and a load generator in a process of its own share the machine. Every
agent has a key and one connection, over which it sends one gzipped batch after the other; each
batch is authenticated, decompressed, validated record by record, and acknowledged after its commit.
At the end of each run the server is killed, and what it acknowledged is looked for in its store.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen
from uuid import UUID

import psutil

from broadgauge_collector.access.join import create_join_token, join
from broadgauge_collector.app import open_services
from broadgauge_collector.config import ServerConfig
from broadgauge_collector.schools.repository import add_school
from broadgauge_collector.store import DuckDBResults
from broadgauge_wire import RESULT_KINDS, JoinAnswer, JoinRequest
from tests.running import free_ports

from .ingest_results import day_of_results, values_of
from .ingest_rivals import INFLUXD, influxdb_figures, lines_of, victoria_metrics_figures
from .recording import ROOT, keep

SIZES = (100, 500)
GOALS = {"results_per_second": 100_000, "p99_seconds": 0.2}
RIVAL_POINTS = 500_000
KEPT_AT = ROOT / ".bench"
PATIENCE_SECONDS = 120.0


def main() -> None:
    """Each size of batch, then the rivals; printed and kept."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--results", type=int, default=1_000_000)
    options.add_argument("--agents", type=int, default=32)
    options.add_argument("--without-rivals", action="store_true")
    asked = options.parse_args()
    results = day_of_results()
    values, numbers = values_of(results)
    figures: dict[str, Any] = {
        "goal": GOALS,
        "agents": asked.agents,
        "values_per_result": round(values, 1),
        "numbers_per_result": round(numbers, 1),
        "broadgauge": {},
        "rivals": {},
    }
    # On the disk of the tree: where temporary files are kept in memory, nothing is durable.
    KEPT_AT.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=KEPT_AT) as name:
        for size in SIZES:
            folder = Path(name) / f"batches-of-{size}"
            figures["broadgauge"][f"batches_of_{size}"] = _with_values(
                ours(folder, size, asked.results, asked.agents), values, numbers
            )
        if not asked.without_rivals:
            figures["rivals"] = rivals(Path(name), results)
    print(table(figures))
    keep("ingest", figures)


def ours(folder: Path, size: int, results: int, agents: int) -> dict[str, Any]:
    """One run with batches of a size, and what is there after a kill."""
    joined = made_ready(folder, agents)
    with serving(folder) as (address, server):
        load = loaded(address, joined, size, results)
        spent = server.cpu_times()
        figures = finished(load)
        now = server.cpu_times()
        resident = server.memory_info().rss
        server.send_signal(signal.SIGKILL)
    acknowledged = figures["acknowledged"] * size
    latencies = figures["latencies"]
    return {
        "results": acknowledged,
        "seconds": round(figures["seconds"], 2),
        "results_per_second": round(acknowledged / figures["seconds"]),
        "p50_seconds": round(latencies[len(latencies) // 2], 4),
        "p99_seconds": round(latencies[int(len(latencies) * 0.99)], 4),
        "max_seconds": round(latencies[-1], 4),
        "other_answers": sorted(set(figures["others"])),
        "server_cores": round(
            (now.user + now.system - spent.user - spent.system) / figures["seconds"], 2
        ),
        "load_generator_cores": round(figures["processor_seconds"] / figures["seconds"], 2),
        "resident_bytes": resident,
        "lost_results_after_kill": acknowledged - stored(folder),
        "stored_bytes_per_result": round(_size(folder / "results") / acknowledged, 1),
    }


def made_ready(folder: Path, agents: int) -> list[JoinAnswer]:
    """A data directory with a school and so many agents."""
    services = open_services(ServerConfig(data=folder))
    now = services.now()
    with services.stores.control.begin() as c:
        school = add_school(c, name="Lincoln Elementary", timezone="America/Chicago")
        token = create_join_token(
            c, school_id=school.id, lifetime=timedelta(days=1), uses=agents, now=now
        )
        joined = [join(c, JoinRequest(token=token, agent_version="0"), now) for _ in range(agents)]
    services.close()
    return joined


@contextmanager
def serving(folder: Path) -> Iterator[tuple[tuple[str, int], psutil.Process]]:
    """`broadgauge serve`, killed at the end if it still runs."""
    (port,) = free_ports(1)
    command = [str(Path(sys.executable).parent / "broadgauge"), "serve", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--data", str(folder)], stdout=log, stderr=log, env=os.environ
        )
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while not _is_ready(port):
            assert time.monotonic() < end, (folder / "log").read_text()[-2000:]
            assert process.poll() is None, (folder / "log").read_text()[-2000:]
            time.sleep(0.1)
        yield ("127.0.0.1", port), psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


def loaded(
    address: tuple[str, int], joined: list[JoinAnswer], size: int, results: int
) -> subprocess.Popen[str]:
    """A load generator that has made its batches."""
    command = [sys.executable, "-m", "benchmarks.ingest_load", *map(str, address)]
    process = subprocess.Popen(
        [*command, str(size), str(results // size)],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    for agent in joined:
        said = {"agent_id": str(agent.agent_id), "key": agent.key}
        process.stdin.write(json.dumps(said) + "\n")
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "ready\n"
    return process


def finished(load: subprocess.Popen[str]) -> dict[str, Any]:
    """What the load generator says once it has sent everything."""
    said, _ = load.communicate("go\n")
    figures: dict[str, Any] = json.loads(said)
    return figures


def stored(folder: Path) -> int:
    """Results in the store, each counted once."""
    results = DuckDBResults.open(folder / "results" / "hot.duckdb")
    ids = " UNION ALL ".join(f'SELECT id FROM "{kind}"' for kind in RESULT_KINDS)
    with results.cursor() as cursor:
        found = cursor.execute(f"SELECT count(*), count(DISTINCT id) FROM ({ids})").fetchall()
    results.close()
    rows, different = found[0]
    assert rows == different, f"{rows - different} results are stored twice"
    return int(rows)


def rivals(folder: Path, results: list[bytes]) -> dict[str, Any]:
    """Those that are there."""
    lines, numbers = lines_of(results, [UUID(int=n) for n in range(32)], RIVAL_POINTS)
    said = {"victoria_metrics": victoria_metrics_figures(folder / "victoria", lines)}
    if INFLUXD.exists():
        said["influxdb"] = influxdb_figures(folder / "influxdb", lines)
    for figures in said.values():
        figures["numbers_per_point"] = round(numbers, 1)
        rate = figures.get("durable_points_per_second", figures["points_per_second"])
        figures["numbers_per_second"] = round(rate * numbers)
    return said


def _with_values(figures: dict[str, Any], values: float, numbers: float) -> dict[str, Any]:
    rate = figures["results_per_second"]
    return figures | {
        "values_per_second": round(rate * values),
        "numbers_per_second": round(rate * numbers),
    }


def table(figures: dict[str, Any]) -> str:
    """The figures side by side, for people."""
    rows = [("", "rows/s", "p50", "p99", "numbers/s", "lost after kill")]
    for name, each in figures["broadgauge"].items():
        rows.append(
            (
                f"broadgauge, {name.replace('_', ' ')}",
                f"{each['results_per_second']:,}",
                f"{each['p50_seconds'] * 1000:.0f} ms",
                f"{each['p99_seconds'] * 1000:.0f} ms",
                f"{each['numbers_per_second']:,}",
                f"{each['lost_results_after_kill']:,}",
            )
        )
    for name, each in figures["rivals"].items():
        rate = each.get("durable_points_per_second", each["points_per_second"])
        lost = f"{each['lost_points_after_kill']:,}"
        rows.append((name, f"{rate:,}", "", "", f"{each['numbers_per_second']:,}", lost))
    return "\n".join(
        f"{name:<34}" + "".join(f"{cell:>16}" for cell in cells) for name, *cells in rows
    )


def _is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    main()
