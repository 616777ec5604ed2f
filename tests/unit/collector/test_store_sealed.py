"""Closed months of a DuckDB store: parts, what reads them, and what may not get lost."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import duckdb
import pyarrow.parquet as pq
import pytest

from broadgauge_collector.errors import CannotStart, CollectorError, DamagedResults
from broadgauge_collector.store import DuckDBResults, duckdb_copy
from broadgauge_collector.store.duckdb_parts import Part, read_parts
from broadgauge_collector.store.questions import Window
from broadgauge_wire import InventoryResult, new_id
from tests.collecting import NOW, an_agent, latency, throughput
from tests.contract.result_stores import Term, all_ids, commit, ids_of, incoming

JANUARY = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results" / "hot.duckdb"


@pytest.fixture
def results(path: Path) -> Iterator[DuckDBResults]:
    store = DuckDBResults.open(path)
    yield store
    store.close()


@pytest.fixture
def sealed(results: DuckDBResults) -> DuckDBResults:
    """A store with a test in January, one in February, both sealed, and one in March."""
    tests = [throughput(started_at=moment) for moment in (JANUARY, FEBRUARY, NOW)]
    commit(results, incoming(an_agent(), *tests))
    assert results.seal(NOW) == 2
    return results


def hot(results: DuckDBResults, table: str = "throughput") -> int:
    with results.cursor() as cursor:
        return int(cursor.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])


def parts(results: DuckDBResults) -> list[Part]:
    with results.cursor() as cursor:
        return read_parts(cursor)


def files(path: Path) -> set[str]:
    return {file.name for file in (path.parent / "sealed").iterdir()}


def test_each_closed_month_becomes_a_part_and_the_open_one_stays_hot(
    sealed: DuckDBResults, path: Path
) -> None:
    assert [(part.kind, part.month, part.rows) for part in parts(sealed)] == [
        ("throughput", "2026-01", 1), ("throughput", "2026-02", 1)
    ]  # fmt: skip
    assert files(path) == {part.file for part in parts(sealed)}
    assert hot(sealed) == 1
    assert sealed.seal(NOW) == 0


def test_a_month_is_closed_by_the_collectors_clock(results: DuckDBResults) -> None:
    end = datetime(2026, 2, 1, tzinfo=UTC)
    second = timedelta(seconds=1)
    commit(
        results,
        incoming(
            an_agent(),
            throughput(started_at=end - second, clock_offset_seconds=2.0),
            throughput(started_at=end + second, clock_offset_seconds=-2.0),
        ),
    )
    assert results.seal(end) == 1
    assert [part.month for part in parts(results)] == ["2026-01"]


def test_late_results_become_further_parts_and_compacting_makes_them_one(
    sealed: DuckDBResults, path: Path
) -> None:
    commit(sealed, incoming(an_agent(), throughput(started_at=JANUARY)))
    assert sealed.seal(NOW) == 1
    assert [part.month for part in parts(sealed)] == ["2026-01", "2026-01", "2026-02"]
    sealed.compact()
    assert [(part.month, part.rows) for part in parts(sealed)] == [("2026-01", 2), ("2026-02", 1)]
    assert files(path) == {part.file for part in parts(sealed)}


def test_a_question_reads_only_the_months_it_is_about(sealed: DuckDBResults, path: Path) -> None:
    january, _ = sorted((path.parent / "sealed").iterdir())
    january.unlink()
    day = timedelta(days=1)
    with sealed.questions() as asked:
        window = Window(FEBRUARY - day, FEBRUARY + day)
        assert len(asked.latest(window, "download", None)) == 1
    with pytest.raises(DamagedResults, match=january.name), sealed.questions() as asked:
        asked.latest(Window(JANUARY - day, FEBRUARY + day), "download", None)


def test_a_field_that_is_newer_than_a_part_is_unknown_there(
    sealed: DuckDBResults, path: Path
) -> None:
    with sealed.cursor() as cursor:
        older = """replace("columns", ',retransmit_ratio', '')"""
        cursor.execute(f'UPDATE part SET "columns" = {older}')
    rows = sealed.select("throughput", limit=9).to_pylist()
    assert [row["retransmit_ratio"] for row in rows] == [None] * 3
    assert hot(sealed) == 1


def test_a_reader_goes_on_with_what_it_began_to_read(sealed: DuckDBResults, path: Path) -> None:
    old = files(path)
    window = Window(JANUARY - timedelta(days=1), NOW)
    with sealed.questions() as asked:
        before = asked.latest(window, "download", None)
        sealed.expire("throughput", FEBRUARY + timedelta(days=1))
        assert asked.latest(window, "download", None) == before
        assert old <= files(path)
    assert files(path) == set()
    assert len(ids_of(sealed, "throughput")) == 1


def test_batches_are_taken_while_the_hot_database_is_written_anew(
    results: DuckDBResults, path: Path
) -> None:
    agent = an_agent()
    sent = [incoming(agent, latency(), throughput(), sequence=n) for n in range(1, 60)]
    done = threading.Event()

    def rewrite() -> None:
        while not done.is_set():
            results.erase(agent_ids=[new_id()])  # which writes it anew

    upkeep = threading.Thread(target=rewrite)
    upkeep.start()
    try:
        for each in sent:
            assert commit(results, each) == ["stored"]
    finally:
        done.set()
        upkeep.join()
    expected = sorted(result.id for each in sent for result in each.accepted)
    assert all_ids(results) == expected
    results.close()
    again = DuckDBResults.open(path)
    assert all_ids(again) == expected
    assert set(commit(again, *sent)) == {"seen"}
    assert len(list(path.parent.glob("hot*.duckdb"))) == 1
    again.close()


def test_compacting_gives_room_back(
    results: DuckDBResults, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_copy, "WASTED_BYTES", 1)
    agent, chance = an_agent(), Random(3)
    for sequence in range(1, 9):
        rows = [
            throughput(started_at=JANUARY, server=chance.randbytes(100).hex()) for _ in range(500)
        ]
        commit(results, incoming(agent, *rows, sequence=sequence))
    with results.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    (before,) = path.parent.glob("hot*.duckdb")
    size = before.stat().st_size
    results.seal(NOW)
    results.compact()
    (after,) = path.parent.glob("hot*.duckdb")
    assert len(all_ids(results)) == 4000
    assert after.stat().st_size < size


def test_what_a_broken_rewriting_left_is_removed(sealed: DuckDBResults, path: Path) -> None:
    expected = all_ids(sealed)
    sealed.close()
    left = [path.with_name(f"hot-000001.duckdb.new{end}") for end in ("", ".wal")]
    for file in left:
        file.write_bytes(b"half")
    again = DuckDBResults.open(path)
    assert all_ids(again) == expected
    assert not any(file.exists() for file in left)
    again.close()


def test_the_generation_with_the_highest_number_counts(sealed: DuckDBResults, path: Path) -> None:
    expected = all_ids(sealed)
    sealed.erase(agent_ids=[new_id()])
    sealed.close()
    (file,) = path.parent.glob("hot*.duckdb")
    assert file.name == "hot-000001.duckdb"
    path.write_bytes(b"an older generation, never opened again")
    again = DuckDBResults.open(path)
    assert all_ids(again) == expected
    assert not path.exists()
    again.close()


def missing(file: Path) -> None:
    file.unlink()


def torn(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


@pytest.mark.parametrize("harm", [missing, torn])
def test_a_part_that_is_missing_or_torn_is_named_at_the_start_and_nothing_is_deleted(
    sealed: DuckDBResults, path: Path, harm: Callable[[Path], None]
) -> None:
    expected = all_ids(sealed)
    sealed.close()
    part = next((path.parent / "sealed").iterdir())
    whole = part.read_bytes()
    harm(part)
    before = files(path)
    with pytest.raises(CannotStart, match=part.name):
        DuckDBResults.open(path)
    assert files(path) == before
    part.write_bytes(whole)
    again = DuckDBResults.open(path)
    assert all_ids(again) == expected
    again.close()


def test_a_part_that_was_damaged_while_serving_is_named_by_what_reads_it(
    sealed: DuckDBResults, path: Path, tmp_path: Path
) -> None:
    part = min((path.parent / "sealed").iterdir())
    torn(part)
    with pytest.raises(DamagedResults, match=part.name):
        ids_of(sealed, "throughput")
    assert len(ids_of(sealed, "throughput", since=FEBRUARY)) == 2
    with pytest.raises(DamagedResults, match=part.name):
        sealed.backup(tmp_path / "backup")


def test_a_flipped_bit_is_neither_copied_nor_merged(
    sealed: DuckDBResults, path: Path, tmp_path: Path
) -> None:
    commit(sealed, incoming(an_agent(), throughput(started_at=JANUARY)))
    sealed.seal(NOW)
    part = min((path.parent / "sealed").iterdir())
    content = bytearray(part.read_bytes())
    content[20] ^= 1
    part.write_bytes(content)
    for upkeep in (sealed.compact, lambda: sealed.backup(tmp_path / "backup")):
        with pytest.raises(DamagedResults, match=part.name):
            upkeep()
    assert len(parts(sealed)) == 3


def test_a_new_database_beside_sealed_months_is_refused_and_they_stay(
    sealed: DuckDBResults, path: Path
) -> None:
    sealed.close()
    before = files(path)
    path.rename(path.with_name("set-aside"))
    with pytest.raises(CannotStart, match="doesn't know"):
        DuckDBResults.open(path)
    assert files(path) == before


def test_no_question_reaches_a_file_that_is_no_part(
    sealed: DuckDBResults, path: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    hidden = path.parent / "sealed" / ".." / "secret.csv"
    for reading in (f"read_csv('{secret}')", f"read_csv('{hidden}')"):
        with pytest.raises(duckdb.PermissionException), sealed.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {reading}").fetchall()
    for writing in (f"COPY latency TO '{secret}'", f"ATTACH '{tmp_path}/other.duckdb'"):
        with pytest.raises(duckdb.PermissionException), sealed.cursor() as cursor:
            cursor.execute(writing)


def canaries(agent_id: UUID, school_id: UUID) -> list[bytes]:
    ids = [agent_id, school_id]
    # DuckDB keeps a UUID as a number whose first bit is turned, in the machine's order of bytes.
    numbers = [(each.int ^ (1 << 127)).to_bytes(16, "little") for each in ids]
    texts = [text for each in ids for text in (str(each).encode(), each.hex.encode())]
    return [*(each.bytes for each in ids), *numbers, *texts, b"CANARY-SERIAL", b"Canary Room"]


def found(path: Path, canary: bytes) -> list[str]:
    everything = (file for file in path.parent.rglob("*") if file.is_file())
    return [file.name for file in everything if canary in file.read_bytes()]


def test_no_byte_of_what_was_erased_is_left_in_any_file(results: DuckDBResults, path: Path) -> None:
    gone, other = an_agent(), an_agent()
    for sequence, moment in enumerate((JANUARY, FEBRUARY, NOW), 1):
        machine = InventoryResult(
            id=new_id(), started_at=moment, duration_seconds=0.1, agent_version="0.1.0",
            serial="CANARY-SERIAL", location="Canary Room",
        )  # fmt: skip
        windows = [
            latency(started_at=moment + timedelta(seconds=n), location="Canary Room")
            for n in range(50)
        ]
        bad = b'{"serial": "CANARY-SERIAL"}'
        sent = incoming(gone, machine, *windows, throughput(), bad, sequence=sequence)
        commit(results, sent, incoming(other, latency(started_at=moment), sequence=sequence))
        if moment == FEBRUARY:
            results.seal(NOW)
    results.expire("latency", FEBRUARY)
    wanted = canaries(gone.id, gone.school_id)
    assert found(path, b"CANARY-SERIAL")
    results.erase(agent_ids=[gone.id], school_ids=[gone.school_id])
    assert {canary: found(path, canary) for canary in wanted if found(path, canary)} == {}
    for part in (path.parent / "sealed").iterdir():
        agents = pq.read_table(part).column("agent_id").to_pylist()
        assert {str(agent) for agent in agents} == {str(other.id)}
    results.close()
    assert not any(found(path, canary) for canary in wanted)
    again = DuckDBResults.open(path)
    assert len(all_ids(again)) == 2
    again.close()


def test_the_months_of_a_term_are_whole_after_every_upkeep(results: DuckDBResults) -> None:
    term = Term(seed=5, size=200)
    expected = sorted(one.result.id for one in term.kept)
    term.keep(results, term.kept)
    for month in range(1, 5):
        results.seal(datetime(2026, month, 1, tzinfo=UTC))
        assert all_ids(results) == expected
        results.compact()
        assert all_ids(results) == expected
    assert sum(part.rows for part in parts(results)) == len(expected)


def test_what_is_committed_after_a_rewriting_that_failed_is_there_after_the_next_start(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> None:
        raise OSError(5, "Input/output error")

    results = DuckDBResults.open(path)
    sent = [throughput(started_at=moment) for moment in (JANUARY, NOW)]
    commit(results, incoming(an_agent(), sent[0]))
    with monkeypatch.context() as patched:
        patched.setattr(duckdb_copy, "sync_folder", fail)
        with pytest.raises(CollectorError):
            duckdb_copy.rewrite(results._room)
    commit(results, incoming(an_agent(), sent[1]))
    results.close()
    again = DuckDBResults.open(path)
    assert all_ids(again) == sorted(result.id for result in sent)
    again.close()
