from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.schools.model import Agent
from broadgauge_collector.store import DuckDBResults
from broadgauge_collector.store.results import Changes
from broadgauge_wire import Result, encode
from tests.collecting import NOW, an_agent, batch, latency, skipped, throughput


@pytest.fixture
def results(tmp_path: Path) -> Iterator[DuckDBResults]:
    store = DuckDBResults.open(tmp_path / "hot.duckdb")
    yield store
    store.close()


def commit(results: DuckDBResults, *agents_records: tuple[Agent, list[Result]]) -> None:
    group = [read(agent, encode(batch(agent, *sent)), None, NOW) for agent, sent in agents_records]
    results.commit(group)


def ids(changes: Changes) -> dict[str, list[UUID]]:
    return {
        kind: [UUID(text) for text in table.column("id").to_pylist()]
        for kind, table in changes.tables.items()
    }


def test_nothing_committed_is_no_change(results: DuckDBResults) -> None:
    assert results.changes(0, 100) == Changes(0, {})


def test_changes_come_commit_by_commit_and_each_once(results: DuckDBResults) -> None:
    sent = [throughput() for _ in range(6)]
    for one in sent:
        commit(results, (an_agent(), [one]))
    seen, at = [], 0
    while (changes := results.changes(at, 2)).tables:
        seen += ids(changes)["throughput"]
        at = changes.upto
    assert seen == [one.id for one in sent]


def test_a_commit_is_never_divided(results: DuckDBResults) -> None:
    big: list[Result] = [throughput(), latency(), skipped()]
    commit(results, (an_agent(), big))
    commit(results, (an_agent(), [throughput()]))
    changes = results.changes(0, 1)
    assert sorted(found for kind in ids(changes).values() for found in kind) == sorted(
        one.id for one in big
    )
    assert len(ids(results.changes(changes.upto, 1))["throughput"]) == 1


def test_batches_of_one_group_are_one_commit(results: DuckDBResults) -> None:
    commit(results, (an_agent(), [throughput()]), (an_agent(), [latency()]))
    assert set(results.changes(0, 1).tables) == {"throughput", "latency"}


def test_numbers_go_on_after_the_store_was_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "again.duckdb"
    for _ in range(2):
        results = DuckDBResults.open(path)
        commit(results, (an_agent(), [throughput()]))
        results.close()
    results = DuckDBResults.open(path)
    assert results.changes(0, 100).upto == 2
    results.close()
