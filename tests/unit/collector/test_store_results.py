import hashlib
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.schools.model import Agent
from broadgauge_collector.store import DuckDBResults
from broadgauge_collector.store.duckdb_results import PRUNE_EVERY
from broadgauge_collector.store.ledger import KEEP
from broadgauge_collector.store.results import Incoming
from broadgauge_wire import RESULT_KINDS, encode, new_id
from broadgauge_wire.catalogue import fields_of
from tests.collecting import NOW, an_agent, batch, latency, skipped, stored_ids, throughput
from tests.contract.result_stores import commit, incoming


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results" / "hot.duckdb"


@pytest.fixture
def results(path: Path) -> Iterator[DuckDBResults]:
    store = DuckDBResults.open(path)
    yield store
    store.close()


def count(results: DuckDBResults, table: str) -> int:
    with results.cursor() as cursor:
        return int(cursor.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def test_the_wires_fields_stand_in_the_order_of_its_structs() -> None:
    for kind, struct in RESULT_KINDS.items():
        assert tuple(field.name for field in fields_of(kind)) == struct.__struct_fields__


def many(agent: Agent, numbers: range) -> list[Incoming]:
    return [incoming(agent, skipped(), sequence=number) for number in numbers]


def test_contiguous_batches_do_not_grow_the_ledger_for_ever(path: Path) -> None:
    results = DuckDBResults.open(path)
    agent = an_agent()
    sent = many(agent, range(1, PRUNE_EVERY + 1))
    commit(results, *sent)
    assert count(results, "ledger") == KEEP
    assert len(stored_ids(results)) == PRUNE_EVERY
    results.close()
    again = DuckDBResults.open(path)
    assert set(commit(again, *sent[:3], *sent[-3:])) == {"seen"}
    assert len(stored_ids(again)) == PRUNE_EVERY
    again.close()


def test_an_old_number_with_other_content_is_told_even_when_its_digest_is_gone(
    results: DuckDBResults,
) -> None:
    agent = an_agent()
    commit(results, *many(agent, range(1, PRUNE_EVERY + 1)))
    forked = [incoming(agent, record, sequence=5) for record in (skipped(), b"{}")]
    for _ in range(2):  # of a batch without a result nothing could be stored twice or be missing
        assert commit(results, *forked) == ["conflict", "seen"]
    assert forked[0].accepted[0].id not in stored_ids(results)
    assert count(results, "refused") == 2


def test_an_old_batch_with_refused_records_is_known_again_and_answered_the_same(
    results: DuckDBResults,
) -> None:
    agent = an_agent()
    early = batch(agent, skipped(started_at=NOW + timedelta(hours=30)), throughput())
    (first,) = results.commit([read(agent, encode(early), None, NOW)])
    commit(results, *many(agent, range(2, PRUNE_EVERY + 1)))
    assert count(results, "ledger") == KEEP
    (later,) = results.commit([read(agent, encode(early), None, NOW + timedelta(days=2))])
    assert (later.state, later.refused) == ("seen", first.refused)
    assert len(stored_ids(results)) == PRUNE_EVERY


def test_numbers_that_never_came_do_not_grow_the_ledger_and_may_come_still(path: Path) -> None:
    results = DuckDBResults.open(path)
    agent = an_agent()
    numbers = [number for number in range(5, PRUNE_EVERY + 8) if number not in {50, 51, 70}]
    sent = [incoming(agent, skipped(), sequence=number) for number in numbers]
    commit(results, *sent)
    assert count(results, "ledger") == KEEP
    assert count(results, "watermark") == 3
    results.close()
    again = DuckDBResults.open(path)
    missing = [incoming(agent, skipped(), sequence=number) for number in (2, 50, 51, 70)]
    assert commit(again, *missing, *missing) == ["stored"] * 4 + ["seen"] * 4
    assert set(commit(again, *sent[:90])) == {"seen"}
    assert len(stored_ids(again)) == PRUNE_EVERY + 4
    again.close()


def test_a_watermark_of_an_earlier_collector_stands_for_all_up_to_it(path: Path) -> None:
    results = DuckDBResults.open(path)
    agent = an_agent()
    sent = many(agent, range(1, PRUNE_EVERY + 1))
    commit(results, *sent)
    results.close()
    with duckdb.connect(str(path)) as file:
        file.execute('ALTER TABLE watermark DROP COLUMN "first"')
    again = DuckDBResults.open(path)
    assert commit(again, sent[0]) == ["seen"]
    again.close()


def test_an_older_file_gets_the_columns_it_lacks_and_keeps_its_rows(path: Path) -> None:
    path.parent.mkdir()
    old = duckdb.connect(str(path))
    old.execute("CREATE TABLE latency (id UUID, started_at TIMESTAMP, agent_id UUID)")
    old_id = new_id()
    old.execute("INSERT INTO latency VALUES (?, ?, ?)", [old_id, date(2026, 1, 5), new_id()])
    old.close()
    results = DuckDBResults.open(path)
    new = latency()
    commit(results, incoming(an_agent(), new))
    rows = results.select("latency", limit=10).to_pylist()
    assert [row["id"] for row in rows] == [str(new.id), str(old_id)]
    assert [row["lost"] for row in rows] == [1, None]
    results.close()


def test_a_reader_sees_whole_groups_only(results: DuckDBResults) -> None:
    agents = [an_agent() for _ in range(20)]
    finished = threading.Event()
    seen: set[int] = set()

    def look() -> None:
        while not finished.is_set():
            with results.cursor() as cursor:
                query = "SELECT (SELECT count(*) FROM skipped) + (SELECT count(*) FROM latency)"
                seen.add(cursor.execute(query).fetchall()[0][0])

    reader = threading.Thread(target=look)
    reader.start()
    for agent in agents:
        records = [record for _ in range(10) for record in (skipped(), latency())]
        commit(results, incoming(agent, *records))
    finished.set()
    reader.join()
    assert {number % 20 for number in seen} == {0}


def test_no_question_reaches_another_file(results: DuckDBResults, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with pytest.raises(duckdb.PermissionException), results.cursor() as cursor:
        cursor.execute(f"SELECT * FROM read_csv('{secret}')").fetchall()


def test_the_digest_is_of_what_was_sent(results: DuckDBResults) -> None:
    agent = an_agent()
    body = encode(batch(agent, throughput()))
    assert read(agent, body, None, NOW).digest == hashlib.sha256(body).digest()
