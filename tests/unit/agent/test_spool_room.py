"""A full spool lets go of what is worth least, keeps count of it, and grows no more."""

import sqlite3
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from broadgauge_agent.clock import Clock
from broadgauge_agent.config import SpoolConfig
from broadgauge_agent.spool import FRESH_SECONDS, Spool
from broadgauge_agent.spool_file import view_spool
from broadgauge_agent.state import SPOOL
from broadgauge_wire import DroppedResults, Result, encode, new_id
from tests.collecting import latency, skipped, throughput
from tests.scripted_collector import make_result

AGENT = uuid.uuid4()
MIB = 2**20
OVERHEAD = 1.1
"""Of the file over what its pages hold: it grows before it is found to be too large."""

TABLES_OF_AN_EARLIER_AGENT = """
CREATE TABLE facts(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE batches(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch TEXT NOT NULL, lane TEXT NOT NULL, sequence INTEGER NOT NULL,
    numbered_at REAL NOT NULL, waiting INTEGER NOT NULL,
    UNIQUE(epoch, lane, sequence)
);
CREATE TABLE sequences(
    epoch TEXT NOT NULL, lane TEXT NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(epoch, lane)
) WITHOUT ROWID;
CREATE TABLE results(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    body BLOB NOT NULL, spooled_at REAL NOT NULL,
    batch INTEGER REFERENCES batches(id)
);
CREATE INDEX results_by_batch ON results(batch, spooled_at);
CREATE TABLE refused(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    body BLOB NOT NULL, reason TEXT NOT NULL, refused_at REAL NOT NULL
);
"""


@contextmanager
def small_spool(directory: Path, max_bytes: float = MIB) -> Iterator[Spool]:
    with closing(Spool(directory, AGENT, limits=lambda: SpoolConfig(max_bytes=max_bytes))) as spool:
        yield spool


def kinds(directory: Path) -> Counter[str]:
    with closing(sqlite3.connect(directory / SPOOL)) as db:
        bodies = [body for (body,) in db.execute("SELECT body FROM results")]
    return Counter(msgspec.json.decode(body)["kind"] for body in bodies)


def dropped(directory: Path) -> dict[str, int]:
    view = view_spool(directory)
    assert view
    return {gone.kind: gone.results for gone in view.dropped}


def fill(spool: Spool, results: Sequence[Result], times: int) -> None:
    for _ in range(times):
        spool.put([msgspec.structs.replace(result, id=new_id()) for result in results])


def test_the_oldest_latency_goes_first_and_the_file_stays_as_large_as_it_may_be(
    tmp_path: Path,
) -> None:
    with small_spool(tmp_path) as spool:
        fill(spool, [throughput()], 100)
        first = make_result()
        spool.put([first])
        fill(spool, [latency()] * 50, 100)
        last = make_result()
        spool.put([last])
        batches = [spool.next_batch("live")]
        assert batches[0]
    kept, gone = kinds(tmp_path), dropped(tmp_path)
    assert kept["throughput"] == 100
    assert gone.keys() == {"latency"}
    assert kept["latency"] + gone["latency"] == 5002
    with closing(sqlite3.connect(tmp_path / SPOOL)) as db:
        bodies = [body for (body,) in db.execute("SELECT body FROM results")]
    left = {msgspec.json.decode(body)["id"] for body in bodies}
    assert str(first.id) not in left
    assert str(last.id) in left
    assert (tmp_path / SPOOL).stat().st_size <= OVERHEAD * MIB


def test_tests_that_ran_outlast_latency_and_notes_of_those_that_did_not(tmp_path: Path) -> None:
    with small_spool(tmp_path) as spool:
        fill(spool, [throughput(), skipped(), latency()], 300)
        fill(spool, [throughput()] * 10, 150)
    kept, gone = kinds(tmp_path), dropped(tmp_path)
    assert kept["latency"] == kept["skipped"] == 0
    assert (gone["latency"], gone["skipped"]) == (300, 300)
    assert kept["throughput"] + gone.get("throughput", 0) == 1800
    assert kept["throughput"] > 0


def test_a_numbered_batch_stays_whole(tmp_path: Path) -> None:
    with small_spool(tmp_path) as spool:
        fill(spool, [latency()] * 100, 5)
        batch = spool.next_batch("live")
        fill(spool, [throughput()] * 50, 100)
        assert batch
        assert spool.next_batch("live") == batch


def test_what_was_refused_goes_before_what_was_not_sent(tmp_path: Path) -> None:
    with small_spool(tmp_path) as spool:
        for _ in range(4):
            fill(spool, [latency()] * 100, 5)
            batch = spool.next_batch("live")
            assert batch
            spool.set_aside(batch, "the collector never takes it")
        refused = view_spool(tmp_path)
        fill(spool, [latency()] * 50, 5)
        now = view_spool(tmp_path)
    assert refused and now
    assert now.refused < refused.refused
    assert dropped(tmp_path) == {}
    assert now.waiting == 250


def test_the_collector_is_told_what_went_and_the_same_each_time(tmp_path: Path) -> None:
    with small_spool(tmp_path) as spool:
        fill(spool, [latency()] * 100, 50)
        batch = spool.next_batch("live")
        assert batch
        (told,) = batch.dropped
        assert told.kind == "latency"
        assert told.results == dropped(tmp_path)["latency"]
        assert told.oldest_at <= told.newest_at
        fill(spool, [latency()] * 100, 50)
        assert dropped(tmp_path)["latency"] > told.results
        assert spool.next_batch("live") == batch


def test_a_larger_cap_drops_nothing(tmp_path: Path) -> None:
    with small_spool(tmp_path, 64 * MIB) as spool:
        fill(spool, [latency()] * 100, 50)
        assert spool.waiting() == 5000
    assert dropped(tmp_path) == {}


@pytest.mark.parametrize("lane_age", [0.0, FRESH_SECONDS + 1])
def test_an_earlier_agents_spool_goes_on_and_so_does_that_agent(
    tmp_path: Path, lane_age: float
) -> None:
    """It knows neither kinds nor what was dropped, and works on what this one leaves."""
    now = 1.8e9
    with closing(sqlite3.connect(tmp_path / SPOOL)) as db:
        db.executescript(TABLES_OF_AN_EARLIER_AGENT)
        facts = {"agent_id": str(AGENT), "epoch": str(new_id())}
        rows = [(key, encode(value).decode()) for key, value in facts.items()]
        db.executemany("INSERT INTO facts VALUES (?, ?)", rows)
        old = [(encode(latency(id=new_id())), now - lane_age) for _ in range(4000)]
        db.executemany("INSERT INTO results(body, spooled_at) VALUES (?, ?)", old)
        db.execute("PRAGMA user_version = 1")
        db.commit()
    before = view_spool(tmp_path)
    assert before and (before.waiting, before.dropped) == (4000, ())
    clock, limits = Clock(lambda: now), SpoolConfig(max_bytes=MIB)
    with closing(Spool(tmp_path, AGENT, clock, lambda: limits)) as spool:
        assert spool.set_aside_file is None
        spool.put([throughput()])
        assert dropped(tmp_path)["latency"] + spool.waiting() == 4001
        assert spool.next_batch("backlog" if lane_age else "live")
    with closing(sqlite3.connect(tmp_path / SPOOL)) as db:
        db.execute("INSERT INTO results(body, spooled_at) VALUES (?, ?)", old[0])
        db.execute("INSERT INTO batches(epoch, lane, sequence, numbered_at, waiting) "
                   "VALUES ('e', 'live', 99, 1, 0)")  # fmt: skip
        assert db.execute("PRAGMA user_version").fetchone() == (1,)


def test_what_went_is_the_same_after_a_restart(tmp_path: Path) -> None:
    with small_spool(tmp_path) as spool:
        fill(spool, [latency()] * 100, 50)
    gone = dropped(tmp_path)
    with small_spool(tmp_path) as spool:
        batch = spool.next_batch("live")
        assert batch and {d.kind: d.results for d in batch.dropped} == gone


def test_words_of_what_went_name_kind_number_and_time() -> None:
    from broadgauge_agent.words import dropped_words

    at = latency().started_at
    words = dropped_words(DroppedResults(kind="latency", results=12, oldest_at=at, newest_at=at))
    assert words.startswith("12 latency results")
    assert f"{at:%Y-%m-%d %H:%M}" in words
