"""What an agent costs while it has nothing to do, beside Debian's node exporter and collectd.

All three run on one host (a network namespace) with their defaults. The agent has joined a
collector on another host over TLS, trusts its certificate by fingerprint, and has done its first
tests. The node exporter is scraped once a minute, as Prometheus does unless told otherwise.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from lab.hosts import Host, cable, hosts
from tests.running import BIN, Server, eventually, running

from .recording import ROOT, keep

WINDOW_SECONDS = 60.0
SETTLE_SECONDS = 10.0
STEP_SECONDS = 0.005
RIVALS = ROOT / ".venv" / "tools" / "rivals" / "usr"
SCRAPE = "http://127.0.0.1:9100/metrics"
COLLECTD = """
Interval 10
BaseDir "{folder}"
PIDFile "{folder}/pid"
PluginDir "{plugins}"
TypesDB "{types}"
LoadPlugin csv
LoadPlugin cpu
LoadPlugin df
LoadPlugin disk
LoadPlugin interface
LoadPlugin load
LoadPlugin memory
<Plugin csv>
  DataDir "{folder}/csv"
</Plugin>
"""
"""Debian's own choice of plugins, as far as they make sense here, written to files."""


@dataclass
class Watched:
    """A program that runs, and how long it took until its first value was handed over."""

    name: str
    process: psutil.Process
    first_value_seconds: float

    def cpu_seconds(self) -> float:
        """So far, with children that have ended."""
        used = self.process.cpu_times()
        return float(used.user + used.system + used.children_user + used.children_system)

    def resident_bytes(self) -> int:
        """Now, with its children."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(member.memory_info().rss for member in family)


@contextmanager
def started(
    name: str, command: list[str], host: Host, is_first_value: Callable[[], object]
) -> Iterator[Watched]:
    """A program on a host, from its start to its first value and beyond."""
    began = time.monotonic()
    with subprocess.Popen(
        host.command(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            while not is_first_value():
                assert process.poll() is None, f"{name} ended by itself"
                time.sleep(STEP_SECONDS)
            yield Watched(name, psutil.Process(process.pid), time.monotonic() - began)
        finally:
            process.terminate()


@contextmanager
def agent(server: Server, host: Host, folder: Path) -> Iterator[Watched]:
    """An agent with default settings, when its first tests are over."""
    (school,) = server.get("/api/v1/schools")
    token = server.post("/api/v1/tokens", {"school": school["id"]})["token"]
    command = [str(BIN / "broadgauge-agent"), "--state", str(folder / "agent")]
    subprocess.run(
        host.command([*command, "join", server.url]),
        env={**os.environ, "BROADGAUGE_TOKEN": token}, check=True,
    )  # fmt: skip
    first = lambda: server.get("/api/v1/results?kind=inventory")["results"]  # noqa: E731
    with started("broadgauge-agent", [*command, "run"], host, first) as watched:
        tests = lambda: len(server.get("/api/v1/results?kind=throughput")["results"]) >= 2  # noqa: E731
        eventually(tests, "the first throughput test")
        yield watched


@contextmanager
def node_exporter(host: Host) -> Iterator[Watched]:
    """Its first value is handed over when it is first scraped."""
    command = [str(RIVALS / "bin/prometheus-node-exporter"), "--web.listen-address=127.0.0.1:9100"]
    with started("prometheus-node-exporter", command, host, lambda: scrape(host)) as watched:
        yield watched


@contextmanager
def collectd(host: Host, folder: Path) -> Iterator[Watched]:
    """Its first value is handed over when it is in a file."""
    file = folder / "collectd.conf"
    words = COLLECTD.format(
        folder=folder, plugins=RIVALS / "lib/collectd", types=RIVALS / "share/collectd/types.db"
    )
    file.write_text(words)
    command = [str(RIVALS / "sbin/collectd"), "-f", "-C", str(file)]
    first = lambda: any(file.is_file() for file in (folder / "csv").rglob("*"))  # noqa: E731
    with started("collectd", command, host, first) as watched:
        yield watched


def scrape(host: Host) -> bool:
    """Ask the node exporter for its values, on its own host."""
    with host.inside():
        try:
            with urlopen(SCRAPE) as answer:
                return b"node_memory" in answer.read()
        except URLError:
            return False


def measured(programs: list[Watched], host: Host) -> list[dict[str, Any]]:
    """Memory and processor time of each over one window, the same for all."""
    before = [program.cpu_seconds() for program in programs]
    began = time.monotonic()
    peaks = [0] * len(programs)
    scraped = False
    while (elapsed := time.monotonic() - began) < WINDOW_SECONDS:
        if not scraped and elapsed > WINDOW_SECONDS / 2:
            scraped = scrape(host)
        sizes = [program.resident_bytes() for program in programs]
        peaks = [max(pair) for pair in zip(peaks, sizes, strict=True)]
        time.sleep(1)
    return [
        {
            "program": program.name,
            "resident_bytes": program.resident_bytes(),
            "peak_resident_bytes": peak,
            "cpu_seconds": round(program.cpu_seconds() - used, 4),
            "cpu_share_of_a_core": round((program.cpu_seconds() - used) / elapsed, 6),
            "first_value_seconds": round(program.first_value_seconds, 3),
        }
        for program, used, peak in zip(programs, before, peaks, strict=True)
    ]


def main() -> None:
    """Run everything, measure, keep."""
    with TemporaryDirectory() as name, hosts("server", "machine") as (far, near), ExitStack() as up:
        folder = Path(name)
        port, _ = cable(far, near, "10.20.1.1/24", "10.20.1.2/24")
        with far.inside():
            server = up.enter_context(running(folder / "data", "--no-agent", host=port.address))
            programs = [up.enter_context(agent(server, near, folder))]
            programs.append(up.enter_context(node_exporter(near)))
            programs.append(up.enter_context(collectd(near, folder)))
            time.sleep(SETTLE_SECONDS)
            latencies = len(server.get("/api/v1/results?kind=latency")["results"])
            found = measured(programs, near)
            runs = len(server.get("/api/v1/results?kind=latency")["results"]) - latencies
    ours, *rivals = found
    keep(
        "idle_agent",
        {
            "window_seconds": WINDOW_SECONDS,
            "latency_runs_in_window": runs,
            "goal": {"resident_bytes": 45 * 2**20, "cpu_share_of_a_core": 0.001},
            "programs": found,
            "resident_ratio_to": {
                rival["program"]: round(ours["resident_bytes"] / rival["resident_bytes"], 3)
                for rival in rivals
            },
        },
    )


if __name__ == "__main__":
    main()
