"""Agents, results and batches for tests of what the collector takes in."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Raw
from msgspec.structs import replace

from broadgauge_collector.schools.model import Agent
from broadgauge_collector.store import DuckDBResults
from broadgauge_wire import (
    RESULT_KINDS,
    Batch,
    LatencyResult,
    Result,
    SkippedResult,
    ThroughputResult,
    encode,
    new_id,
)

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def an_agent() -> Agent:
    """An agent that joined a school."""
    return Agent(
        id=new_id(),
        name="Library desk",
        school_id=new_id(),
        location="Library",
        version="0.1.0",
        joined_at=NOW - timedelta(days=30),
        last_seen_at=None,
        spooled_results=None,
        revoked_at=None,
    )


def throughput(**changes: Any) -> ThroughputResult:
    """A full reading of 470 Mbps."""
    result = ThroughputResult(
        id=new_id(),
        started_at=NOW - timedelta(minutes=5),
        duration_seconds=10.0,
        agent_version="0.1.0",
        segment="lan",
        path_kind="network",
        direction="download",
        method="ndt7",
        server="10.1.0.2",
        throughput_bits_per_second=453.7e6,
        line_bits_per_second=470e6,
        payload_ratio=1448 / 1500,
        ceiling_bits_per_second=940e6,
        bytes_transferred=567_000_000,
        bound="exact",
        stop_reason="deadline",
    )
    return replace(result, **changes)


def latency(**changes: Any) -> LatencyResult:
    """A window of 100 echoes, one of which got lost."""
    result = LatencyResult(
        id=new_id(),
        started_at=NOW - timedelta(minutes=4),
        duration_seconds=10.0,
        agent_version="0.1.0",
        segment="lan",
        path_kind="network",
        method="udp_echo",
        server="10.1.0.2",
        sent=100,
        lost=1,
        rtt_min_seconds=0.001,
        rtt_p50_seconds=0.002,
        rtt_p90_seconds=0.004,
        rtt_p99_seconds=0.009,
        rtt_max_seconds=0.012,
        jitter_seconds=0.0004,
    )
    return replace(result, **changes)


def skipped(**changes: Any) -> SkippedResult:
    """A test that was due and did not run."""
    result = SkippedResult(
        id=new_id(),
        started_at=NOW - timedelta(minutes=3),
        duration_seconds=0.0,
        agent_version="0.1.0",
        probe="throughput",
        reason="the battery is low",
    )
    return replace(result, **changes)


def batch(agent: Agent, *records: Result | bytes, **changes: Any) -> Batch:
    """Records as an agent sends them; bytes go as they are."""
    raw = tuple(Raw(record if isinstance(record, bytes) else encode(record)) for record in records)
    made = Batch(
        agent_id=agent.id, epoch=agent.id, lane="live", sequence=1, sent_at=NOW, results=raw
    )
    return replace(made, **changes)


def stored_ids(results: DuckDBResults) -> list[UUID]:
    """The ids of all stored results, each as often as it is stored."""
    queries = " UNION ALL ".join(f'SELECT id FROM "{kind}"' for kind in RESULT_KINDS)
    with results.cursor() as cursor:
        return sorted(row[0] for row in cursor.execute(queries).fetchall())
