"""What a results store does in its life, in small: taken through every crash point."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import broadgauge_collector.store as store_package
from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.schools.model import Agent
from broadgauge_collector.store import DuckDBResults
from broadgauge_collector.store.results import Incoming
from broadgauge_wire import Result, encode
from tests.collecting import NOW, batch, latency, skipped, throughput

CODE = sorted(Path(store_package.__file__).parent.glob("duckdb_*.py"))
AT_ONCE = 100_000
MONTHS_AGO = (65, 40, 3)
"""Days: two months that can be sealed, and today's."""


def sent_by(agents: Iterable[Agent]) -> list[Incoming]:
    """Three batches of each agent, their results from different months, always the same."""
    return [
        _read(agent, sequence, days)
        for sequence, days in enumerate(MONTHS_AGO, 1)
        for agent in agents
    ]


def _read(agent: Agent, sequence: int, days: int) -> Incoming:
    at = NOW - timedelta(days=days)
    results: list[Result] = [
        throughput(started_at=at),
        latency(started_at=at),
        skipped(started_at=at),
    ]
    return read(agent, encode(batch(agent, *results, sequence=sequence)), None, NOW)


def ids_of(sent: Iterable[Incoming]) -> list[UUID]:
    return [result.id for incoming in sent for result in incoming.accepted]


def commit_all(
    results: DuckDBResults, sent: list[Incoming], acknowledge: Callable[[str], None]
) -> None:
    """Two batches a group, each acknowledged when the store said so; some are sent twice."""
    for start in range(0, len(sent), 2):
        group = sent[start : start + 2]
        for _ in range(2):
            results.commit(group)
        for incoming in group:
            for result in incoming.accepted:
                acknowledge(str(result.id))


def stored(results: DuckDBResults) -> Counter[UUID]:
    """How often each result is in the store, by what its followers are given."""
    found: Counter[UUID] = Counter()
    changes = results.changes(0, AT_ONCE)
    while changes.tables:
        for table in changes.tables.values():
            found.update(UUID(one) for one in table.column("id").to_pylist())
        changes = results.changes(changes.upto, AT_ONCE)
    return found


def check_kept(path: Path, acknowledged: Iterable[str], sent: list[Incoming]) -> None:
    """Conservation, no duplicates, liveness: for a store that was killed."""
    results = DuckDBResults.open(path)
    try:
        before = stored(results)
        assert not [one for one in acknowledged if before[UUID(one)] != 1]
        assert set(before.values()) <= {1}
        results.commit(sent)
        assert stored(results) == Counter(ids_of(sent))
    finally:
        results.close()
