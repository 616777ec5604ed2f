"""What pages cost over 1, 10 and 100 million results of a thousand schools and a year.

The rows are made by SQL in the store's own tables, month by month, and sealed by the store itself;
all that is read, is read by the functions behind the pages. A page that costs much is given out
again for a while (see the collector's recent.py), so each is timed worked out anew.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import numpy as np
import psutil

from broadgauge_collector import reports
from broadgauge_collector.access.agents import add_agent
from broadgauge_collector.schools import repository
from broadgauge_collector.schools.model import School
from broadgauge_collector.store import ControlStore, DuckDBResults, Stores

from .recording import keep

SCHOOLS = 1000
NOW = datetime(2026, 3, 20, 3, 0, tzinfo=UTC)
MONTHS = 12
THROUGHPUT_SHARE = 0.1
TARGET = "fcc-2014-wan"
TIMES = 20

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
    INSERT INTO throughput BY NAME
    SELECT {COMMON}, CASE WHEN n % 2 = 0 THEN 'download' ELSE 'upload' END AS direction,
        'ndt7' AS method, 4 AS streams, 'bbr' AS congestion_control,
        1e8 + 8e8 * random() AS throughput_bits_per_second,
        1.05e8 + 8.4e8 * random() AS line_bits_per_second, 0.95 AS payload_ratio,
        2.5e9 AS ceiling_bits_per_second, CAST(1e8 * random() AS BIGINT) AS bytes_transferred,
        0.02 * random() AS idle_rtt_seconds, 0.1 * random() AS loaded_rtt_seconds,
        CASE WHEN random() < 0.9 THEN 'exact' ELSE 'at_least' END AS bound,
        'path' AS limited_by, 'converged' AS stop_reason, 'agent' AS client, false AS public_server
    FROM ({MOMENTS}) ORDER BY began
"""
LATENCY = f"""
    INSERT INTO latency BY NAME
    SELECT {COMMON}, 'udp_echo' AS method, 100 AS sent, CAST(3 * random() AS BIGINT) AS lost,
        0.002 * random() AS rtt_min_seconds, 0.01 + 0.01 * random() AS rtt_p50_seconds,
        0.02 + 0.01 * random() AS rtt_p90_seconds, 0.03 + 0.1 * random() AS rtt_p99_seconds,
        0.2 * random() + 0.13 AS rtt_max_seconds, 0.001 * random() AS jitter_seconds
    FROM ({MOMENTS}) ORDER BY began
"""


@click.command()
@click.option("--millions", multiple=True, default=(1, 10, 100), type=int, show_default=True)
def cli(millions: tuple[int, ...]) -> None:
    """Time the pages over so many million results each."""
    keep("reads", {"schools": SCHOOLS, "sizes": [_size(number * 1_000_000) for number in millions]})


def _size(results: int) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory() as folder,
        _district(Path(folder)) as (stores, store, schools),
    ):
        began = time.monotonic()
        _fill(store, results)
        filled = time.monotonic() - began
        disk = sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file())
        some = iter(schools * TIMES)
        return {
            "results": results,
            "filling_seconds": round(filled),
            "bytes_a_row": round(disk / results, 1),
            "overview_30_days": _timed(lambda: reports.overview(stores, TARGET, 30, NOW)),
            "school_90_days": _timed(
                lambda: reports.school(stores, next(some).id, TARGET, 90, NOW)
            ),
            "agents": _timed(lambda: reports.agents(stores, NOW)),
            "newest_results": _timed(lambda: stores.results.select("latency", limit=1000)),
            "resident_bytes": psutil.Process().memory_info().rss,
        }


@contextmanager
def _district(folder: Path) -> Iterator[tuple[Stores, DuckDBResults, list[School]]]:
    control = ControlStore.open(folder / "control.sqlite")
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
        with results._room.writing() as connection:  # noqa: SLF001 - rows by SQL, as said above
            connection.execute("CREATE TABLE IF NOT EXISTS who(school_id UUID, agent_id UUID)")
            pairs = [(agent.school_id, agent.id) for agent in agents]
            connection.executemany("INSERT INTO who VALUES (?, ?)", pairs)
        yield Stores(control, results), results, schools
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
    month = timedelta(days=365) / MONTHS
    for number in range(MONTHS):
        since = NOW - (MONTHS - number) * month
        values = {"since": since.replace(tzinfo=None), "span": month // timedelta(microseconds=1)}
        shares = {THROUGHPUT: THROUGHPUT_SHARE, LATENCY: 1 - THROUGHPUT_SHARE}
        for statement, share in shares.items():
            each = round(size * share / MONTHS / SCHOOLS)
            with results._room.writing() as connection:  # noqa: SLF001
                connection.execute(statement, values | {"each": each})
        results.seal(since)
    results.compact()


def _timed(work: Callable[[], object]) -> dict[str, float]:
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    first, rest = seconds[0], seconds[1:]
    p50, p95 = np.percentile(rest, [50, 95])
    return {"first_seconds": first, "p50_seconds": float(p50), "p95_seconds": float(p95)}


if __name__ == "__main__":
    cli()
