"""The same results, as points, into VictoriaMetrics and InfluxDB by influxdb-client.

Neither says of a point it took that it is on the disk. So the servers are killed right after the
last acknowledgement, started again, and asked what they have; and VictoriaMetrics is timed again
until a snapshot was made, which is its barrier.
"""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import UUID

from influxdb_client import InfluxDBClient
from influxdb_client import Point as LinePoint
from influxdb_client.client.write_api import SYNCHRONOUS

from broadgauge_collector.sinks.points import MEASUREMENT, Names, Point, point_of
from broadgauge_wire import decode_result, kind_of, new_id
from tests.running import free_ports
from tests.victoria_metrics import VictoriaMetrics

from .recording import ROOT

INFLUXD = ROOT / ".venv" / "tools" / "rivals" / "usr" / "bin" / "influxd"
POINTS_AT_ONCE = 5000
"""What influxdb-client's documentation gives for its batches."""

PATIENCE_SECONDS = 60.0
NOBODY = Names("District", {}, {}, lambda *_: None)
SCHOOL = new_id()


def lines_of(results: list[bytes], agents: list[UUID], count: int) -> tuple[list[str], float]:
    """Line protocol of so many points, each agent's results at moments of their own; and how many
    numbers a point has on average, true and false among them."""
    made: list[str] = []
    numbers = 0
    began = datetime.now(UTC) - timedelta(days=20)
    parsed = [decode_result(body) for body in results]
    while len(made) < count:
        turn, place = divmod(len(made), len(parsed))
        result = parsed[place]
        row = {name: getattr(result, name) for name in result.__struct_fields__}
        moment = began + timedelta(seconds=turn * len(parsed) + place)
        agent = agents[place % len(agents)]
        row |= {"id": new_id(), "agent_id": agent, "school_id": SCHOOL, "started_at": moment}
        if "batteries" in row:
            row["batteries"] = None
        point = point_of(kind_of(result), row, NOBODY)
        made.append(_line(point))
        numbers += sum(isinstance(value, int | float) for value in point.fields.values())
    return made, numbers / count


def _line(point: Point) -> str:
    said = LinePoint.from_dict(
        {"measurement": MEASUREMENT, "tags": point.tags, "fields": point.fields,
         "time": point.time_ns}
    )  # fmt: skip
    return str(said.to_line_protocol())


def victoria_metrics_figures(folder: Path, lines: list[str]) -> dict[str, Any]:
    """Points a second as they are acknowledged, and until they are durable; then a kill."""
    (port,) = free_ports(1)
    server = VictoriaMetrics(folder, port)
    server.start()
    half = len(lines) // 2
    try:
        with InfluxDBClient(url=server.url, token="", org="-", enable_gzip=True) as client:
            began = time.perf_counter()
            _write(client, lines[:half])
            taken = time.perf_counter() - began
            server.ask("/snapshot/create")
            durable = time.perf_counter() - began
            _write(client, lines[half:])
        server.kill()
        server.start()
        kept = _samples(server)
    finally:
        server.stop()
    return {
        "points": half,
        "points_per_second": round(half / taken),
        "durable_points_per_second": round(half / durable),
        "acknowledged_points": len(lines),
        "lost_points_after_kill": len(lines) - kept,
    }


def _samples(server: VictoriaMetrics) -> int:
    """Points there are: every result has a duration."""
    body = server.ask("/api/v1/export", **{"match[]": f"{MEASUREMENT}_duration_seconds"})
    return sum(len(json.loads(line)["values"]) for line in body.splitlines())


def influxdb_figures(folder: Path, lines: list[str]) -> dict[str, Any]:
    """The same for InfluxDB 1.6, which acknowledges what its write-ahead log has."""
    (port, rpc) = free_ports(2)
    url = f"http://127.0.0.1:{port}"
    with _influxd(folder, port, rpc):
        _ask(url, "/query", "POST", q="CREATE DATABASE broadgauge")
        began = time.perf_counter()
        for start in range(0, len(lines), POINTS_AT_ONCE):
            body = "\n".join(lines[start : start + POINTS_AT_ONCE]).encode()
            _ask(url, "/write", "POST", body, db="broadgauge", precision="ns")
        taken = time.perf_counter() - began
    with _influxd(folder, port, rpc):
        question = f'SELECT count("duration_seconds") FROM "{MEASUREMENT}"'
        said = json.loads(_ask(url, "/query", "GET", db="broadgauge", q=question))
    found = said["results"][0].get("series")
    kept = found[0]["values"][0][1] if found else 0
    return {
        "points": len(lines),
        "points_per_second": round(len(lines) / taken),
        "acknowledged_points": len(lines),
        "lost_points_after_kill": len(lines) - kept,
    }


def _write(client: InfluxDBClient, lines: list[str]) -> None:
    api = client.write_api(write_options=SYNCHRONOUS)
    for start in range(0, len(lines), POINTS_AT_ONCE):
        some = lines[start : start + POINTS_AT_ONCE]
        api.write(bucket="broadgauge", record="\n".join(some), write_precision="ns")


@contextmanager
def _influxd(folder: Path, port: int, rpc: int) -> Iterator[None]:
    """A server that is killed at the end."""
    folder.mkdir(exist_ok=True)
    config = folder / "influxdb.conf"
    config.write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{rpc}"\n'
        f'[meta]\n dir = "{folder}/meta"\n'
        f'[data]\n dir = "{folder}/data"\n wal-dir = "{folder}/wal"\n max-series-per-database = 0\n'
        f" max-values-per-tag = 0\n query-log-enabled = false\n"
        f'[http]\n bind-address = "127.0.0.1:{port}"\n log-enabled = false\n'
    )
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(
            [str(INFLUXD), "run", "-config", str(config)], stdout=log, stderr=log
        )
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while not _answers(f"http://127.0.0.1:{port}"):
            assert time.monotonic() < end, "InfluxDB never answered"
            time.sleep(0.05)
        yield
    finally:
        server.kill()
        server.wait()


def _answers(url: str) -> bool:
    try:
        _ask(url, "/ping", "GET")
    except OSError:
        return False
    return True


def _ask(url: str, path: str, method: str, body: bytes | None = None, **asked: str) -> bytes:
    request = Request(f"{url}{path}?{urlencode(asked)}", method=method, data=body)
    with urlopen(request, timeout=120) as answer:
        said: bytes = answer.read()
        return said
