"""What a server's pages and figures cost over 1, 10 and 100 million results of a thousand schools
and a year.

    python -m benchmarks.reads [--millions N ...]

The rows are made by SQL, a closed month straight into a part as the store writes it, this month's
into the hot database. Then a real `broadgauge serve` is asked over HTTP: what is timed is what a
browser waits for its data. Ingest is timed alone, and while percentiles are worked out.
"""

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import click
import numpy as np
import psutil

from broadgauge_collector.access.agents import add_agent
from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.access.users import create_user_token
from broadgauge_collector.config import CONTROL_FILE
from broadgauge_collector.schools import repository
from broadgauge_collector.schools.model import School
from broadgauge_collector.store import ControlStore, DuckDBResults
from broadgauge_collector.store.duckdb_storeroom import exchange
from broadgauge_collector.store.schema import naive_utc
from broadgauge_wire import JoinAnswer

from .ingest import KEPT_AT, finished, loaded, made_ready, serving
from .recording import keep

SCHOOLS = 1000
NOW = datetime.now(UTC)
MONTHS = 12
THROUGHPUT_SHARE = 0.1
TARGET = "fcc-2014-wan"
TIMES = 20
AGENTS, BATCH, SENT = 16, 100, 200_000
"""What is sent while percentiles are worked out."""

PROPERTIES = {
    "refresh": "n_intervals", "change-marked": "children", "change-removed": "children",
}  # fmt: skip
"""Of what a page's callbacks hear that isn't a control."""

GOALS = {
    "overview_p95_seconds": 0.3,
    "school_p95_seconds": 0.3,
    "percentiles_seconds": 5.0,
    "resident_bytes": 3 * 2**30,
}

MOMENTS = """
    SELECT who.school_id, who.agent_id, n,
        $since + to_microseconds(CAST(random() * $span AS BIGINT)) AS began
    FROM range($each) AS times(n), who
"""
COMMON = """
    uuidv7() AS id, began AS started_at, 1.5 AS duration_seconds, 0.01 AS clock_offset_seconds,
    CASE WHEN n % 3 = 0 THEN 'lan' ELSE 'wan' END AS segment, 'Room ' || (n % 5) AS location,
    'network' AS path_kind, 'planned' AS trigger, '0.1.0' AS agent_version, true AS simulated,
    '10.0.0.1:8485' AS server, agent_id, school_id, began AS received_at, 1 AS commit_number
"""
THROUGHPUT = f"""
    SELECT {COMMON}, CASE WHEN n % 2 = 0 THEN 'download' ELSE 'upload' END AS direction,
        'ndt7' AS method, 4 AS streams, 'bbr' AS congestion_control,
        1e8 + 8e8 * random() AS throughput_bits_per_second,
        1.05e8 + 8.4e8 * random() AS line_bits_per_second, 0.95 AS payload_ratio,
        2.5e9 AS ceiling_bits_per_second, CAST(1e8 * random() AS BIGINT) AS bytes_transferred,
        0.02 * random() AS idle_rtt_seconds, 0.1 * random() AS loaded_rtt_seconds,
        CASE WHEN random() < 0.9 THEN 'exact' ELSE 'at_least' END AS bound,
        'path' AS limited_by, 'converged' AS stop_reason, 'agent' AS client, false AS public_server
    FROM ({MOMENTS})
"""
LATENCY = f"""
    SELECT {COMMON}, 'udp_echo' AS method, 100 AS sent, CAST(3 * random() AS BIGINT) AS lost,
        0.002 * random() AS rtt_min_seconds, 0.01 + 0.01 * random() AS rtt_p50_seconds,
        0.02 + 0.01 * random() AS rtt_p90_seconds, 0.03 + 0.1 * random() AS rtt_p99_seconds,
        0.2 * random() + 0.13 AS rtt_max_seconds, 0.001 * random() AS jitter_seconds
    FROM ({MOMENTS})
"""


SHARES = {
    "throughput": (THROUGHPUT, THROUGHPUT_SHARE),
    "latency": (LATENCY, 1 - THROUGHPUT_SHARE),
}


@click.command()
@click.option("--millions", multiple=True, default=(1, 10, 100), type=int, show_default=True)
def cli(millions: tuple[int, ...]) -> None:
    """Time what is asked of so many million results each."""
    KEPT_AT.mkdir(exist_ok=True)
    sizes = [_size(number * 1_000_000) for number in millions]
    print(table(sizes))
    keep("reads", {"goal": GOALS, "schools": SCHOOLS, "sizes": sizes})


def _size(results: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=KEPT_AT) as name:
        folder = Path(name)
        began = time.monotonic()
        token, schools = _filled(folder, results)
        figures = {"results": results, "filling_seconds": round(time.monotonic() - began)}
        stored = sum(f.stat().st_size for f in (folder / "results").rglob("*") if f.is_file())
        joined = made_ready(folder, AGENTS)
        with serving(folder) as (address, server):
            figures |= _asked(Asking(address, token), schools, server)
            figures |= _with_ingest(Asking(address, token), address, joined)
        return figures | {"bytes_a_row": round(stored / results, 1)}


class Asking:
    """Somebody with a token, who asks the server."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self._base = f"http://{address[0]}:{address[1]}"
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Sec-Fetch-Site": "same-origin",
        }

    def get(self, path: str, **asked: str) -> bytes:
        """A GET of the API."""
        return self._answer(f"/api/v1/{path}?{urlencode(asked)}", None)

    def page(self, output: str, state: tuple[Any, ...] = (), **inputs: Any) -> bytes:
        """What a page asks for when it is opened."""
        question = {
            "output": f"{output}.children",
            "outputs": {"id": output, "property": "children"},
            "inputs": [
                {"id": name, "property": PROPERTIES.get(name, "value"), "value": value}
                for name, value in inputs.items()
            ],
            "state": list(state),
            "changedPropIds": [],
        }
        return self._answer("/_dash-update-component", json.dumps(question).encode())

    def _answer(self, path: str, body: bytes | None) -> bytes:
        asked = Request(self._base + path, body, self._headers)
        with urlopen(asked, timeout=300) as answer:
            said: bytes = answer.read()
        return said


def _asked(asking: Asking, schools: list[School], server: psutil.Process) -> dict[str, Any]:
    since = {"since": (NOW - timedelta(days=365)).isoformat()}
    some = cycle(schools)

    def school() -> None:
        state = {"id": "school-id", "property": "data", "value": str(next(some).id)}
        nothing = {"change-marked": None, "change-removed": None}
        asking.page("school-body", (state,), target=TARGET, days="90", refresh=0, **nothing)

    pages: dict[str, tuple[Callable[[], object], int]] = {
        "overview_data": (lambda: asking.get("verdicts", target=TARGET, days="30"), TIMES),
        "overview_page": (
            lambda: asking.page(
                "overview-body", target=TARGET, days="30", sort="attention", show="all", text="",
                refresh=0,
            ),
            TIMES,
        ),
        "school_page_90_days": (school, TIMES),
        "percentiles_of_throughput": (lambda: asking.get("percentiles", **since), 3),
        "percentiles_of_latency": (
            lambda: asking.get("percentiles", metric="round_trip", **since), 3,
        ),
        "newest_results": (lambda: asking.get("results", kind="latency"), TIMES),
    }  # fmt: skip
    figures, resident = {}, 0
    for name, (ask, times) in pages.items():
        figures[name] = _timed(ask, times)
        resident = max(resident, server.memory_info().rss)
    return figures | {"resident_bytes": resident}


def _with_ingest(
    asking: Asking, address: tuple[str, int], joined: list[JoinAnswer]
) -> dict[str, Any]:
    """Latencies of ingest alone, and while percentiles are worked out again and again."""
    alone = finished(loaded(address, joined[: AGENTS // 2], BATCH, SENT))
    over = threading.Event()
    times = []

    def read() -> None:
        while not over.is_set():
            began = time.perf_counter()
            asking.get("percentiles", metric="round_trip")
            times.append(time.perf_counter() - began)

    load = loaded(address, joined[AGENTS // 2 :], BATCH, SENT)
    reader = threading.Thread(target=read)
    reader.start()
    meanwhile = finished(load)
    over.set()
    reader.join()
    return {
        "ingest_alone": _latencies(alone),
        "ingest_while_reading": _latencies(meanwhile) | {"percentiles_meanwhile": len(times)},
    }


def _latencies(sent: dict[str, Any]) -> dict[str, Any]:
    p50, p99 = np.percentile(sent["latencies"], [50, 99])
    return {
        "results_per_second": round(sent["acknowledged"] * BATCH / sent["seconds"]),
        "p50_seconds": round(float(p50), 4),
        "p99_seconds": round(float(p99), 4),
        "other_answers": sorted(set(sent["others"])),
    }


def _filled(folder: Path, size: int) -> tuple[str, list[School]]:
    """A token to read with, and the schools."""
    (folder / "results").mkdir()
    with _district(folder) as (token, store, schools):
        _fill(store, size)
    return token, schools


@contextmanager
def _district(folder: Path) -> Iterator[tuple[str, DuckDBResults, list[School]]]:
    control = ControlStore.open(folder / CONTROL_FILE)
    results = DuckDBResults.open(folder / "results" / "hot.duckdb")
    try:
        with control.begin() as c:
            schools = [_school(c, number) for number in range(SCHOOLS)]
            agents = [
                add_agent(
                    c, school_id=s.id, name=f"Agent of {s.name}", location=None, version="0.1.0",
                    now=NOW,
                )[0]
                for s in schools
            ]  # fmt: skip
            token = create_user_token(c, name="benchmark", permissions=[Permission.READ], now=NOW)
        with results._room.writing() as connection:  # noqa: SLF001 - rows by SQL
            connection.execute("CREATE TABLE IF NOT EXISTS who(school_id UUID, agent_id UUID)")
            pairs = [(agent.school_id, agent.id) for agent in agents]
            connection.executemany("INSERT INTO who VALUES (?, ?)", pairs)
        yield token, results, schools
    finally:
        results.close()
        control.close()


def _school(connection: Any, number: int) -> School:
    made = repository.add_school(
        connection, name=f"School {number:04}", timezone="America/Chicago",
        students=300 + number % 700,
    )  # fmt: skip
    for segment in ("lan", "wan"):
        repository.add_link(
            connection, name=f"{segment} of {made.name}", segment=segment, school_ids=[made.id]
        )
    return made


def _fill(results: DuckDBResults, size: int) -> None:
    ends = _months()
    for since, until in pairwise(ends):
        span = (until - since) // timedelta(microseconds=1)
        for kind, (statement, share) in SHARES.items():
            each = round(size * share / MONTHS / SCHOOLS)
            _month(results, kind, statement, {"since": since, "span": span, "each": each})


def _months() -> list[datetime]:
    """The beginnings of the last months, and now."""
    ends, month = [naive_utc(NOW)], naive_utc(NOW).replace(day=1, hour=0, minute=0, second=0)
    for _ in range(MONTHS):
        ends.append(month)
        month = (month - timedelta(days=1)).replace(day=1)
    return ends[::-1]


def _month(results: DuckDBResults, kind: str, rows: str, values: dict[str, Any]) -> None:
    room, since = results._room, values["since"]  # noqa: SLF001
    if (since.year, since.month) == (NOW.year, NOW.month):
        with room.writing() as connection:
            connection.execute(f"INSERT INTO {kind} BY NAME {rows}", values)
        return
    whole = f"SELECT * FROM main.{kind} WHERE false UNION ALL BY NAME ({rows})"
    with room.reading() as sources:
        part = room.write_part(sources, kind, f"{since:%Y-%m}", whole, values)
    with room.writing() as connection:
        exchange(connection, (), (part,))


def _timed(work: Callable[[], object], times: int) -> dict[str, float]:
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    first, rest = seconds[0], seconds[1:]
    p50, p95 = np.percentile(rest, [50, 95])
    figures = {"first_seconds": first, "p50_seconds": float(p50), "p95_seconds": float(p95)}
    return {name: round(value, 4) for name, value in figures.items()}


def table(sizes: list[dict[str, Any]]) -> str:
    """How everything grows, for people: p95 of what is read, p99 of what is sent."""
    rows = [["", *(f"{size['results'] / 1e6:g} million" for size in sizes)]]
    named = [name for name in sizes[0] if name != "results"]
    rows += [[name.replace("_", " "), *(_cell(size[name]) for size in sizes)] for name in named]
    return "\n".join(
        f"{name:<28}" + "".join(f"{cell:>16}" for cell in cells) for name, *cells in rows
    )


def _cell(figure: Any) -> str:
    if isinstance(figure, dict):
        seconds = figure["p95_seconds" if "p95_seconds" in figure else "p99_seconds"]
        return f"{seconds * 1000:.0f} ms"
    return f"{figure / 2**20:.0f} MiB" if figure > 2**20 else f"{figure:g}"


if __name__ == "__main__":
    cli()
