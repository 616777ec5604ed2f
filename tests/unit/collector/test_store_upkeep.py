"""What a DuckDB store does with what gets too much, too old or damaged, and loses nothing by it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from broadgauge_collector.errors import DamagedResults
from broadgauge_collector.schools.model import Agent
from broadgauge_collector.store import (
    DuckDBResults,
    duckdb_aside,
    duckdb_changes,
    duckdb_copy,
    duckdb_results,
)
from broadgauge_collector.store.duckdb_aside import MADE_ROOM
from broadgauge_collector.store.duckdb_commit import UNREADABLE
from broadgauge_collector.store.duckdb_parts import Part, read_parts
from broadgauge_collector.store.duckdb_seal import worth_merging
from broadgauge_collector.store.results import Incoming
from broadgauge_wire import new_id
from tests.collecting import NOW, an_agent, latency, throughput
from tests.contract.result_stores import all_ids, commit, incoming

JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 15, 12, tzinfo=UTC) for month in (1, 2, 3))

APRIL = datetime(2026, 4, 2, tzinfo=UTC)

SECOND = timedelta(seconds=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results" / "hot.duckdb"


@pytest.fixture
def results(path: Path) -> Iterator[DuckDBResults]:
    store = DuckDBResults.open(path)
    yield store
    store.close()


def bad(agent: Agent, sequence: int, records: int = 1) -> Incoming:
    """A batch that is refused whole."""
    return incoming(
        agent, *[b'{"n":%d}' % (sequence * 100 + n) for n in range(records)],
        sequence=sequence, received_at=NOW + sequence * SECOND,
    )  # fmt: skip


def aside(results: DuckDBResults, agent: Agent) -> list[int]:
    """The numbers of an agent's batches that have a record aside, the last received first."""
    return [record.sequence for record in results.refused(agent_id=agent.id, limit=999)]


def gone(results: DuckDBResults) -> dict[UUID, int]:
    """How many records made room, by agent."""
    tallies = results.tally_refused()
    return {tally.agent_id: tally.records for tally in tallies if tally.reason == MADE_ROOM}


@pytest.fixture
def small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_aside, "MOST_OF_ONE_AGENT", 20)
    monkeypatch.setattr(duckdb_aside, "MOST_IN_ALL", 50)


@pytest.mark.usefixtures("small_bounds")
def test_of_an_agents_refused_records_the_oldest_make_room_and_are_counted(
    results: DuckDBResults,
) -> None:
    broken, other = an_agent(), an_agent()
    commit(results, bad(other, 1), *(bad(broken, n) for n in range(1, 31)))
    assert aside(results, broken) == list(range(30, 12, -1))
    assert aside(results, other) == [1]
    for sequence in range(31, 40):
        commit(results, bad(broken, sequence))
        assert len(aside(results, broken)) <= 20
        assert aside(results, broken)[0] == sequence
        assert gone(results)[broken.id] == sequence - len(aside(results, broken))
    (room,) = [tally for tally in results.tally_refused() if tally.reason == MADE_ROOM]
    assert (room.agent_id, room.school_id, room.first_at) == (
        broken.id, broken.school_id, NOW + SECOND
    )  # fmt: skip
    left = len(results.refused(limit=999))
    assert results.expire("refused", NOW + timedelta(days=1)) == left
    assert gone(results) == {}


@pytest.mark.usefixtures("small_bounds")
def test_of_all_refused_records_the_oldest_make_room(results: DuckDBResults) -> None:
    agents = [an_agent() for _ in range(6)]
    for sequence, agent in enumerate(agents, 1):
        commit(results, bad(agent, sequence, records=9))
    assert [len(aside(results, agent)) for agent in agents] == [0, 9, 9, 9, 9, 9]
    assert gone(results) == {agents[0].id: 9}


@pytest.mark.usefixtures("small_bounds")
def test_of_an_erased_agent_not_even_a_count_is_left(results: DuckDBResults) -> None:
    broken, other = an_agent(), an_agent()
    commit(results, bad(broken, 1, 30), bad(other, 1, 30))
    results.erase(agent_ids=[broken.id])
    assert gone(results) == {other.id: 12}


@pytest.mark.usefixtures("small_bounds")
def test_what_is_refused_while_the_database_is_written_anew_is_kept_and_what_went_is_not(
    results: DuckDBResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = an_agent()
    commit(results, *(bad(agent, n) for n in range(1, 16)))
    copy, copied = duckdb_copy._copy, []

    def slowly(source: Any, target: Any, table: str, condition: str = "TRUE") -> None:
        copy(source, target, table, condition)
        if table == "refused":
            whole = condition == "TRUE"
            copied.append((whole, results._room._writing.locked()))
            if whole:
                commit(results, *(bad(agent, n) for n in range(16, 25)))

    monkeypatch.setattr(duckdb_copy, "_copy", slowly)
    duckdb_copy.rewrite(results._room)
    assert aside(results, agent) == list(range(24, 6, -1))
    assert copied == [(True, False), (False, True)]  # batches never wait for all of them


@pytest.fixture
def months(results: DuckDBResults, monkeypatch: pytest.MonkeyPatch) -> list[Incoming]:
    """Batches of three sealed months, so many that the ledger has no digests of them any more: one
    of February, and one of January and March."""
    monkeypatch.setattr(duckdb_results, "PRUNE_EVERY", 1)
    agent = an_agent()
    tests = [throughput(started_at=moment) for moment in (FEBRUARY, JANUARY, MARCH)]
    batches = [
        incoming(agent, tests[0], sequence=1, received_at=APRIL),
        incoming(agent, *tests[1:], sequence=2, received_at=APRIL),
        *(incoming(agent, latency(), sequence=n) for n in range(3, 40)),
    ]
    for each in batches:
        commit(results, each)
    assert results.seal(APRIL) >= 3
    return batches


def damage(path: Path, month: str) -> None:
    (part,) = (path.parent / "sealed").glob(f"throughput-{month}-*")
    part.write_bytes(part.read_bytes()[:-9])


def test_a_batch_with_dates_far_apart_is_looked_for_in_those_months_only(
    results: DuckDBResults, path: Path, months: list[Incoming]
) -> None:
    damage(path, "2026-02")
    assert commit(results, months[1]) == ["seen"]
    assert results.refused(limit=9) == []


def test_batches_are_taken_though_an_old_month_cannot_be_read(
    results: DuckDBResults, path: Path, months: list[Incoming]
) -> None:
    damage(path, "2026-02")
    agent = an_agent()
    new = [incoming(agent, throughput(), sequence=n) for n in (1, 2)]
    assert commit(results, new[0], months[0], months[1]) == ["stored", "seen", "seen"]
    assert commit(results, new[1], months[0]) == ["stored", "seen"]
    (kept,) = results.refused(limit=9)
    assert (kept.sequence, kept.reason) == (1, UNREADABLE)
    assert str(months[0].accepted[0].id) in kept.body


def test_other_content_is_told_though_an_old_month_cannot_be_read(
    results: DuckDBResults, path: Path, months: list[Incoming]
) -> None:
    damage(path, "2026-02")
    others = (throughput(started_at=FEBRUARY), throughput(started_at=MARCH))
    forked = replace(incoming(an_agent(), *others, received_at=APRIL), key=months[1].key)
    assert commit(results, forked) == ["conflict"]


def test_a_damaged_month_that_is_old_enough_goes(
    results: DuckDBResults, path: Path, months: list[Incoming]
) -> None:
    damage(path, "2026-02")
    assert results.expire("throughput", datetime(2026, 3, 1, tzinfo=UTC)) == 2
    assert months[1].accepted[1].id in all_ids(results)


def test_what_was_too_much_for_memory_at_a_kill_is_removed(path: Path) -> None:
    DuckDBResults.open(path).close()
    folders = [path.with_name(f"hot{name}.tmp") for name in (".duckdb", "-000001.duckdb.new")]
    for folder in folders:
        folder.mkdir()
        (folder / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"CANARY")
    DuckDBResults.open(path).close()
    assert not any(folder.exists() for folder in folders)


@pytest.fixture
def caught_up(results: DuckDBResults, monkeypatch: pytest.MonkeyPatch) -> list[list[UUID]]:
    """The ids of 30 commits, in order, most of them in two sealed months."""
    monkeypatch.setattr(duckdb_changes, "FEW_ROWS", 3)
    monkeypatch.setattr(duckdb_changes, "ROWS_AHEAD", 40)
    agent, commits = an_agent(), []
    for sequence in range(1, 31):
        moment = JANUARY if sequence < 12 else FEBRUARY if sequence < 25 else NOW
        sent = incoming(
            agent, throughput(started_at=moment), latency(started_at=moment), sequence=sequence
        )
        commit(results, sent)
        commits.append(sorted(result.id for result in sent.accepted))
    results.seal(NOW)
    return commits


def pages(
    results: DuckDBResults, after: int = 0, limit: int = 5
) -> Iterator[tuple[int, list[UUID]]]:
    while (changes := results.changes(after, limit)).tables:
        ids = [id_ for table in changes.tables.values() for id_ in table.column("id").to_pylist()]
        after = changes.upto
        yield after, sorted(map(UUID, ids))


def laid_out(path: Path) -> list[Path]:
    return list(path.parent.rglob("*.ahead"))


def test_a_follower_gets_each_commit_once_and_in_order_out_of_sealed_months(
    results: DuckDBResults, caught_up: list[list[UUID]], path: Path
) -> None:
    for limit in (1, 5, 1000):
        at = 0
        for upto, ids in pages(results, 0, limit):
            assert ids == sorted(id_ for each in caught_up[at:upto] for id_ in each)
            at = upto
        assert at == len(caught_up)
    assert len(laid_out(path)) <= 4  # two stretches of two kinds
    results.close()
    assert laid_out(path) == []


def test_a_sealed_month_is_read_once_for_many_pages(
    results: DuckDBResults, caught_up: list[list[UUID]], path: Path
) -> None:
    reading = pages(results)
    upto, _ = next(reading)
    for part in (path.parent / "sealed").glob("*-2026-01-*.parquet"):
        part.write_bytes(b"")
    while upto < 11:
        upto, ids = next(reading)
        assert set(ids) <= {id_ for each in caught_up for id_ in each}
    results._room.ahead.forget()
    with pytest.raises(DamagedResults):
        results.changes(0, 5)


def test_what_is_erased_or_expired_is_not_among_what_was_laid_out(
    results: DuckDBResults, caught_up: list[list[UUID]], path: Path
) -> None:
    next(pages(results))
    assert laid_out(path)
    results.expire("latency", FEBRUARY - timedelta(days=10))
    assert laid_out(path) == []
    found = [id_ for _, ids in pages(results) for id_ in ids]
    assert len(found) == len(set(found)) == 60 - 11
    assert laid_out(path)
    (row, *_) = results.select("latency", limit=1).to_pylist()
    results.erase(agent_ids=[UUID(row["agent_id"])])
    assert (laid_out(path), list(pages(results))) == ([], [])


def test_what_a_kill_left_laid_out_is_removed(path: Path) -> None:
    DuckDBResults.open(path).close()
    left = path.parent / "sealed" / "latency-1.ahead"
    left.write_bytes(b"CANARY")
    DuckDBResults.open(path).close()
    assert not left.exists()


def part_of(rows: int) -> Part:
    named = ("latency", "2026-01", new_id().hex, rows, rows, "", "")
    return Part._make((*named, *[NOW] * 6, 1, 1, NOW))


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=30))
def test_merging_pays_and_leaves_few_parts(sizes: list[int]) -> None:
    parts = [part_of(rows) for rows in sizes]
    several = worth_merging(parts)
    assert len(several) != 1
    if several:
        *smaller, largest = sorted(part.rows for part in several)
        assert largest <= 4 * sum(smaller)
    left = sorted([part.rows for part in parts if part not in several])
    left = sorted([*left, *([sum(part.rows for part in several)] if several else [])])
    assert all(rows > 4 * sum(left[:place]) for place, rows in enumerate(left))
    assert len(left) <= 13  # 5 ** 13 is over a thousand million


def test_a_late_result_does_not_have_its_whole_month_written_anew(results: DuckDBResults) -> None:
    agent = an_agent()
    commit(results, incoming(agent, *(latency(started_at=JANUARY) for _ in range(20))))
    results.seal(NOW)
    with results.cursor() as cursor:
        (whole,) = read_parts(cursor)
    for sequence in range(2, 8):
        commit(results, incoming(agent, latency(started_at=JANUARY), sequence=sequence))
        results.seal(NOW)
        results.compact()
        with results.cursor() as cursor:
            parts = read_parts(cursor)
        assert (whole in parts) == (sequence < 6)
        assert len(parts) == (2 if sequence != 6 else 1)
    assert len(all_ids(results)) == 26
