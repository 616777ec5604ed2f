"""What others read of the same line: iperf3, speedtest-cli and the npm client of ndt7."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from broadgauge_wire import Direction
from lab.hosts import Port
from lab.path import Path
from lab.waiting import listens, until
from tests.conftest import tool
from tests.npm_packages import npm_package

from .recording import ROOT
from .throughput_agent import NUMBER, UNDER_WAY_SECONDS, interface_bytes
from .throughput_machine import others_cores
from .throughput_run import FLOOD_SECONDS, IPERF3, IPERF3_STREAMS, NDT7, SPEEDTEST

IPERF3_NUMBER = 5201
STREAMS = 8
"""Enough for their windows to fill the fastest and longest line."""

OMITTED_SECONDS = 2
LIMIT_SECONDS = 120.0
IN_NODE = ROOT / "tests" / "integration" / "ndt7_in_node.cjs"


@dataclass(frozen=True)
class Reading:
    """What one tool read of one direction, and what that cost."""

    tool: str
    direction: Direction
    bits_per_second: float | None = None
    streams: int | None = None
    test_seconds: float | None = None
    interface_bytes: int | None = None
    error: str | None = None


def rival_readings(made: Path) -> Iterator[tuple[float, Reading]]:
    """One run of each, both ways, with what others took of the machine just before. iperf3 runs
    with its defaults, and with several streams and its start not counted."""
    for direction in _both():
        yield from _measured(made, partial(_alone, made, direction, None))
        yield from _measured(made, partial(_alone, made, direction, STREAMS))
    yield from _measured(made, lambda: _speedtest(made.near, made.far))
    yield from _measured(made, lambda: _ndt7(made.near, made.far))


def _measured(made: Path, run: Callable[[], list[Reading]]) -> Iterator[tuple[float, Reading]]:
    taken = others_cores()
    before = interface_bytes(made.near)
    readings = run()
    time.sleep(UNDER_WAY_SECONDS)
    received, sent = (
        now - then for now, then in zip(interface_bytes(made.near), before, strict=True)
    )
    by_direction = {"download": received, "upload": sent}
    for reading in readings:
        moved = received + sent if len(readings) == 1 else by_direction[reading.direction]
        yield taken, replace(reading, interface_bytes=moved)


def _alone(made: Path, direction: Direction, streams: int | None) -> list[Reading]:
    return [iperf3(made, direction, streams)]


def iperf3(made: Path, direction: Direction, streams: int | None = None) -> Reading:
    """By default, or with so many streams and its start not counted."""
    server = made.far.host.command([tool("iperf3"), "--server", "--one-off"])
    options = ["--time", f"{FLOOD_SECONDS:g}"]
    if streams:
        counted = FLOOD_SECONDS - OMITTED_SECONDS
        options = ["--parallel", f"{streams}", "--omit", f"{OMITTED_SECONDS}", "-t", f"{counted:g}"]
    if direction == "download":
        options.append("--reverse")
    began = time.perf_counter()
    with subprocess.Popen(server, stdout=subprocess.DEVNULL) as process:
        try:
            until(lambda: listens(made.far.host, IPERF3_NUMBER), process, "iperf3")
            began = time.perf_counter()
            client = ["iperf3", "--client", made.far.address, "--json", *options]
            said = json.loads(made.near.host.run(client, timeout=LIMIT_SECONDS).stdout)
        finally:
            process.kill()
    return Reading(
        IPERF3_STREAMS if streams else IPERF3,
        direction,
        bits_per_second=said["end"]["sum_received"]["bits_per_second"],
        streams=streams or 1,
        test_seconds=time.perf_counter() - began,
    )


def _speedtest(near: Port, far: Port) -> list[Reading]:
    """In a process of its own, against the Speedtest Mini pages of our test server."""
    where = f"http://{far.address}:{NUMBER}/"
    said = _said(near, [sys.executable, "-m", "benchmarks.speedtest_mini", where])
    if isinstance(said, str):
        return _failed(SPEEDTEST, said)
    return [
        Reading(
            SPEEDTEST,
            direction,
            bits_per_second=said[direction]["bits_per_second"],
            streams=said[direction]["streams"],
            test_seconds=said[direction]["seconds"],
        )
        for direction in _both()
    ]


def _ndt7(near: Port, far: Port) -> list[Reading]:
    """An upload's rate is the server's count, as the protocol has it."""
    began = time.perf_counter()
    command = [tool("node"), "--experimental-websocket", "--no-warnings", str(IN_NODE)]
    said = _said(near, [*command, str(npm_package("@m-lab/ndt7")), f"{far.address}:{NUMBER}"])
    seconds = (time.perf_counter() - began) / 2
    if isinstance(said, str):
        return _failed(NDT7, said)
    down = said["download"]["LastClientMeasurement"]["MeanClientMbps"] * 1e6
    up = said["upload"]["LastServerMeasurement"]["TCPInfo"]
    rates = {"download": down, "upload": 8e6 * up["BytesReceived"] / up["ElapsedTime"]}
    return [Reading(NDT7, way, rates[way], streams=1, test_seconds=seconds) for way in _both()]


def _said(near: Port, argv: list[str]) -> Any:
    """What it printed, as JSON; in words what went wrong."""
    try:
        return json.loads(near.host.run(argv, timeout=LIMIT_SECONDS, cwd=ROOT).stdout)
    except subprocess.TimeoutExpired:
        return f"did not end within {LIMIT_SECONDS:.0f} s"
    except (subprocess.CalledProcessError, ValueError) as error:
        return str(getattr(error, "stderr", error)).strip()[-200:] or str(error)


def _failed(name: str, why: str) -> list[Reading]:
    return [Reading(name, direction, error=why) for direction in _both()]


def _both() -> tuple[Direction, Direction]:
    return "download", "upload"
