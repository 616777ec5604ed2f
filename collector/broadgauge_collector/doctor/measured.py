"""What agents' latest results say of clocks and of the ways to test servers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import msgspec
from msgspec import Struct

from broadgauge_wire import LatencyMethod

from ..cli.client import ServerClient
from ..store.duckdb_generations import newest

LOOKED_BACK = timedelta(days=1)
MOST_RESULTS = 5000

LATEST = """
SELECT agent_id, school_id, server, method, clock_offset_seconds FROM latency
WHERE started_at >= ? AND error IS NULL ORDER BY started_at DESC LIMIT ?
"""


class Seen(Struct, frozen=True):
    """What one latency window says beside its round trips."""

    agent_id: UUID
    school_id: UUID
    server: str
    method: LatencyMethod
    clock_offset_seconds: float | None = None


class Page(Struct, frozen=True):
    """The part of the API's answer that is read here."""

    results: list[dict[str, Any]]


def seen_by_server(client: ServerClient) -> list[Seen]:
    """The last day's windows, newest first, from a running server."""
    since = (datetime.now(UTC) - LOOKED_BACK).isoformat()
    asked = {"kind": "latency", "since": since, "limit": MOST_RESULTS}
    page = msgspec.json.decode(client.raw("GET", "/results", parameters=asked).content, type=Page)
    return [
        msgspec.convert(row, Seen, strict=False) for row in page.results if row["error"] is None
    ]


def seen_in_file(data: Path) -> list[Seen]:
    """The same from the results database of a server that doesn't run."""
    since = (datetime.now(UTC) - LOOKED_BACK).replace(tzinfo=None)
    file = newest(data / "results" / "hot.duckdb")
    with duckdb.connect(str(file), read_only=True) as connection:
        rows = connection.execute(LATEST, [since, MOST_RESULTS]).fetchall()
    return [Seen(*row) for row in rows]
