import hashlib
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import msgspec
import pytest

from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.schools.model import Agent
from broadgauge_collector.store import DuckDBResults
from broadgauge_collector.store.duckdb_results import PRUNE_EVERY
from broadgauge_collector.store.ledger import KEEP
from broadgauge_collector.store.results import Incoming, Outcome, Place
from broadgauge_collector.store.schema import columns_of
from broadgauge_wire import (
    RESULT_KINDS,
    Battery,
    Disk,
    InventoryResult,
    NetworkLink,
    Result,
    encode,
    new_id,
)
from broadgauge_wire.catalogue import fields_of
from tests.collecting import NOW, an_agent, batch, latency, skipped, stored_ids, throughput

MINUTE = timedelta(minutes=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results" / "hot.duckdb"


@pytest.fixture
def results(path: Path) -> Iterator[DuckDBResults]:
    store = DuckDBResults.open(path)
    yield store
    store.close()


def incoming(agent: Agent, *records: Result | bytes, **changes: Any) -> Incoming:
    return read(agent, encode(batch(agent, *records, **changes)), None, NOW)


def commit(results: DuckDBResults, *group: Incoming) -> list[str]:
    return [outcome.state for outcome in results.commit(group)]


def count(results: DuckDBResults, table: str) -> int:
    with results.cursor() as cursor:
        return int(cursor.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def full_inventory() -> InventoryResult:
    return InventoryResult(
        id=new_id(), started_at=NOW, duration_seconds=0.1, agent_version="0.1.0", make="Lenovo",
        model="300e", serial="PF1", cpu_cores=4, memory_bytes=4 * 2**30, batteries=(
            Battery(design_capacity_watt_hours=47.0, full_capacity_watt_hours=40.1, cycles=310),
        ), disks=(Disk(name="mmcblk0", size_bytes=32 * 10**9, rotational=False),),
        interfaces=(NetworkLink(name="wlan0", kind="wifi", speed_bits_per_second=433e6),),
    )  # fmt: skip


def test_each_kind_has_a_table_with_the_wires_columns(results: DuckDBResults) -> None:
    for kind in RESULT_KINDS:
        names = [field.name for field in fields_of(kind)]
        assert results.select(kind, limit=1).column_names == [
            *names, "agent_id", "school_id", "received_at"
        ]  # fmt: skip


def test_the_wires_fields_stand_in_the_order_of_its_structs() -> None:
    for kind, struct in RESULT_KINDS.items():
        assert tuple(field.name for field in fields_of(kind)) == struct.__struct_fields__


@pytest.mark.parametrize("result", [throughput(), latency(), skipped(), full_inventory()])
def test_a_result_is_found_with_every_value_it_was_sent_with(
    results: DuckDBResults, result: Result
) -> None:
    agent = an_agent()
    kind = str(result.__struct_config__.tag)
    commit(results, incoming(agent, result))
    (row,) = results.select(kind, limit=10).to_pylist()
    assert (row.pop("agent_id"), row.pop("school_id")) == (str(agent.id), str(agent.school_id))
    assert row.pop("received_at").replace(tzinfo=UTC) == NOW
    for column in columns_of(kind):
        if column.sql == "TIMESTAMP" and column.name in row:
            row[column.name] = row[column.name].replace(tzinfo=UTC)
        elif str(row.get(column.name)).startswith(("{", "[")):
            row[column.name] = msgspec.json.decode(row[column.name])
    assert msgspec.convert({"kind": kind, **row}, type(result), strict=False) == result


def test_moments_are_kept_in_utc_to_the_microsecond(results: DuckDBResults) -> None:
    denver = datetime(2026, 3, 2, 7, 59, 59, 123456, tzinfo=timezone(timedelta(hours=-7)))
    commit(results, incoming(an_agent(), throughput(started_at=denver)))
    (row,) = results.select("throughput", limit=1).to_pylist()
    assert row["started_at"] == denver.astimezone(UTC).replace(tzinfo=None)


def test_any_text_comes_back_as_it_was(results: DuckDBResults) -> None:
    odd = ["a\x00b", "'; DROP TABLE throughput --", "=1+1", "\U0001f3eb \u202e", " "]
    records = [throughput(location=text) for text in odd]
    commit(results, incoming(an_agent(), *records))
    rows = results.select("throughput", limit=10).to_pylist()
    assert sorted(row["location"] for row in rows) == sorted(odd)


def test_a_batch_sent_twice_is_stored_once(results: DuckDBResults) -> None:
    sent = incoming(an_agent(), throughput(), latency())
    assert commit(results, sent) == ["stored"]
    assert commit(results, sent) == ["seen"]
    assert len(stored_ids(results)) == 2


def test_a_batch_twice_in_one_group_is_stored_once(results: DuckDBResults) -> None:
    agent = an_agent()
    sent = incoming(agent, throughput(), b"{}")
    outcomes = results.commit([sent, sent])
    assert [outcome.state for outcome in outcomes] == ["stored", "seen"]
    assert outcomes[0].refused == outcomes[1].refused != ()
    assert len(stored_ids(results)) == 1


def test_a_batch_sent_again_after_a_restart_is_stored_once(path: Path) -> None:
    sent = incoming(an_agent(), throughput(), b"{}")
    outcomes: list[Outcome] = []
    for _ in range(2):
        results = DuckDBResults.open(path)
        outcomes += results.commit([sent])
        assert len(stored_ids(results)) == 1
        results.close()
    assert [outcome.state for outcome in outcomes] == ["stored", "seen"]
    assert outcomes[0].refused == outcomes[1].refused != ()


def test_lanes_and_epochs_number_their_batches_apart(results: DuckDBResults) -> None:
    agent = an_agent()
    group = [
        incoming(agent, throughput(), lane=lane, epoch=epoch)
        for lane in ("live", "backlog")
        for epoch in (new_id(), new_id())
    ]
    assert commit(results, *group) == ["stored"] * 4


def test_a_number_used_again_with_other_content_is_kept_aside(results: DuckDBResults) -> None:
    agent = an_agent()
    first, other = (incoming(agent, throughput(), latency()) for _ in range(2))
    assert commit(results, first) == ["stored"]
    for _ in range(2):
        assert commit(results, other) == ["conflict"]
    assert stored_ids(results) == sorted(result.id for result in first.accepted)
    with results.cursor() as cursor:
        rows = cursor.execute('SELECT "index", reason, body FROM refused ORDER BY 1').fetchall()
    assert [(index, body.encode()) for index, _, body in rows] == list(enumerate(other.records))
    assert all("other content" in reason for _, reason, _ in rows)


def test_a_conflict_in_a_group_hurts_no_other_batch(results: DuckDBResults) -> None:
    one, two = an_agent(), an_agent()
    group = [incoming(agent, throughput()) for agent in (one, one, two)]
    assert commit(results, *group) == ["stored", "conflict", "stored"]


def test_a_conflict_in_the_group_of_a_batch_with_refused_records_is_kept_aside(
    results: DuckDBResults,
) -> None:
    agent = an_agent()
    group = [incoming(agent, throughput(), b"{}"), incoming(agent, latency())]
    assert commit(results, *group) == ["stored", "conflict"]
    with results.cursor() as cursor:
        rows = cursor.execute("SELECT body FROM refused WHERE reason LIKE '%other content%'")
        assert [body.encode() for (body,) in rows.fetchall()] == list(group[1].records)


def test_a_refused_record_is_kept_with_its_reason_up_to_4_kib(results: DuckDBResults) -> None:
    agent = an_agent()
    long = b'{"kind":"skipped","probe":"' + b"x" * 10_000 + b'"}'
    commit(results, incoming(agent, throughput(), long, sequence=7, lane="backlog"))
    with results.cursor() as cursor:
        ((*batch_columns, index, id_, reason, body),) = cursor.execute(
            "SELECT agent_id, school_id, received_at, epoch, lane, sequence, "
            '"index", id, reason, body FROM refused'
        ).fetchall()
    assert batch_columns == [
        agent.id, agent.school_id, NOW.replace(tzinfo=None), agent.id, "backlog", 7
    ]  # fmt: skip
    assert (index, id_, body) == (1, None, long[:4096].decode())
    assert reason


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
    for _ in range(2):
        assert commit(results, *forked) == ["conflict", "conflict"]
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


def test_a_gap_holds_the_watermark_back(results: DuckDBResults) -> None:
    agent = an_agent()
    commit(results, *many(agent, range(2, PRUNE_EVERY + 2)))
    assert count(results, "ledger") == PRUNE_EVERY
    missing = incoming(agent, skipped(), sequence=1)
    assert commit(results, missing, missing) == ["stored", "seen"]


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


def test_results_are_selected_by_school_agent_and_time(results: DuckDBResults) -> None:
    one, two = an_agent(), an_agent()
    mine = [throughput(started_at=NOW - minutes * MINUTE) for minutes in range(4)]
    commit(results, incoming(one, *mine), incoming(two, throughput()))

    def ids(**conditions: Any) -> list[UUID]:
        table = results.select("throughput", limit=10, **conditions)
        return [UUID(id_) for id_ in table.column("id").to_pylist()]

    newest_first = [result.id for result in mine]
    assert ids(agent_id=one.id) == ids(school_id=one.school_id) == newest_first
    assert ids(agent_id=one.id, since=NOW - MINUTE) == newest_first[:2]
    assert ids(agent_id=one.id, until=NOW - MINUTE) == newest_first[2:]
    assert ids(agent_id=one.id, school_id=two.school_id) == []
    assert results.select("latency", limit=10).num_rows == 0


def test_pages_show_every_result_once_even_at_the_same_moment(results: DuckDBResults) -> None:
    sent = incoming(
        an_agent(), *(throughput(started_at=NOW - (n // 5) * MINUTE) for n in range(17))
    )
    commit(results, sent)
    seen: list[str] = []
    place: Place | None = None
    while rows := results.select("throughput", before=place, limit=4).to_pylist():
        seen += [row["id"] for row in rows]
        place = Place(rows[-1]["started_at"].replace(tzinfo=UTC), UUID(rows[-1]["id"]))
    assert sorted(seen) == sorted(str(result.id) for result in sent.accepted)


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
