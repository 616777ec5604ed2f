"""What `put` returned from stays until the collector has it, whatever happens to the process."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from broadgauge_agent.clock import Clock
from broadgauge_agent.errors import (
    SpoolDamagedError,
    SpoolError,
    SpoolFullError,
    SpoolInUseError,
    StateError,
)
from broadgauge_agent.spool import FRESH_SECONDS, Spool
from broadgauge_agent.spool_file import check_spool, view_spool
from broadgauge_agent.spool_rows import MAX_BODY_BYTES
from broadgauge_wire import Refusal
from broadgauge_wire.spec import MAX_BATCH_RESULTS
from tests.scripted_collector import make_result

AGENT = uuid.uuid4()


class Time:
    """Passes by hand."""

    def __init__(self) -> None:
        self.now = 1.8e9

    def clock(self) -> Clock:
        return Clock(lambda: self.now, lambda: self.now)


def ids(bodies: tuple[bytes, ...]) -> list[str]:
    return [json.loads(body)["id"] for body in bodies]


def test_results_come_back_in_order_in_one_numbered_batch(spool: Spool) -> None:
    results = [make_result() for _ in range(3)]
    spool.put(results[:2])
    spool.put(results[2:])
    batch = spool.next_batch("live")
    assert batch is not None
    assert ids(batch.bodies) == [str(result.id) for result in results]
    assert (batch.key.lane, batch.key.sequence, batch.key.epoch) == ("live", 1, spool.epoch)


def test_a_batch_stays_the_same_until_it_is_committed(spool: Spool) -> None:
    spool.put([make_result()])
    first = spool.next_batch("live")
    spool.put([make_result()])
    assert spool.next_batch("live") == first
    assert first is not None
    spool.commit(first)
    second = spool.next_batch("live")
    assert second is not None
    assert second.key.sequence == 2
    spool.commit(second)
    assert spool.next_batch("live") is None
    assert spool.waiting() == 0


def test_old_results_take_the_backlog_lane_with_numbers_of_its_own(tmp_path: Path) -> None:
    time = Time()
    spool = Spool(tmp_path, AGENT, time.clock())
    spool.put([make_result("old")])
    time.now += FRESH_SECONDS
    spool.put([make_result("new")])
    live, backlog = spool.next_batch("live"), spool.next_batch("backlog")
    assert live is not None
    assert backlog is not None
    assert [json.loads(live.bodies[0])["error"], live.key.sequence] == ["new", 1]
    assert [json.loads(backlog.bodies[0])["error"], backlog.key.sequence] == ["old", 1]
    spool.close()


def test_a_numbered_batch_keeps_its_lane_however_old_it_grows(tmp_path: Path) -> None:
    time = Time()
    spool = Spool(tmp_path, AGENT, time.clock())
    spool.put([make_result()])
    live = spool.next_batch("live")
    time.now += 10 * FRESH_SECONDS
    assert spool.next_batch("backlog") is None
    assert spool.next_batch("live") == live
    spool.close()


def test_a_batch_holds_no_more_results_than_the_contract_allows(spool: Spool) -> None:
    spool.put(make_result() for _ in range(MAX_BATCH_RESULTS + 1))
    sizes = []
    while batch := spool.next_batch("live"):
        sizes.append(len(batch.bodies))
        spool.commit(batch)
    assert sizes == [MAX_BATCH_RESULTS, 1]


def test_a_batch_holds_no_more_bytes_than_a_collector_takes(spool: Spool) -> None:
    count = MAX_BATCH_RESULTS
    long = "x" * (3 * MAX_BODY_BYTES // count)
    spool.put(make_result(long) for _ in range(count))
    sent = 0
    while batch := spool.next_batch("live"):
        assert sum(map(len, batch.bodies)) <= MAX_BODY_BYTES
        sent += len(batch.bodies)
        spool.commit(batch)
    assert sent == count


def test_one_result_above_the_size_of_a_batch_still_goes(spool: Spool) -> None:
    spool.put([make_result("x" * (MAX_BODY_BYTES + 1)), make_result()])
    batch = spool.next_batch("live")
    assert batch is not None
    assert len(batch.bodies) == 1


def test_a_refused_record_is_kept_aside_and_the_rest_is_done(tmp_path: Path) -> None:
    spool = Spool(tmp_path, AGENT)
    spool.put([make_result("good"), make_result("bad")])
    batch = spool.next_batch("live")
    assert batch is not None
    refusal = Refusal(index=1, reason="negative rate")
    spool.commit(batch, [refusal, refusal, Refusal(index=7, reason="?")])
    assert spool.waiting() == 0
    spool.commit(batch, [Refusal(index=1, reason="said again")])
    kept = rows(tmp_path, "SELECT body, reason FROM refused")
    assert [(json.loads(body)["error"], reason) for body, reason in kept] == [
        ("bad", "negative rate")
    ]
    view = view_spool(tmp_path)
    assert view is not None
    assert (view.waiting, view.refused) == (0, 1)
    spool.close()


def test_refused_records_are_bounded_and_still_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broadgauge_agent.spool_rows.MAX_REFUSED", 3)
    spool = Spool(tmp_path, AGENT)
    spool.put([make_result() for _ in range(5)])
    batch = spool.next_batch("live")
    assert batch is not None
    spool.set_aside(batch, "no")
    view = view_spool(tmp_path)
    assert view is not None
    assert (view.refused, view.refused_ever) == (3, 5)
    spool.close()


def test_a_new_epoch_numbers_from_one_and_leaves_numbered_batches_alone(spool: Spool) -> None:
    spool.put([make_result()])
    first = spool.next_batch("live")
    assert first is not None
    spool.begin_epoch()
    spool.put([make_result()])
    assert spool.next_batch("live") == first
    spool.commit(first)
    second = spool.next_batch("live")
    assert second is not None
    assert second.key.sequence == 1
    assert second.key.epoch == spool.epoch != first.key.epoch


def test_everything_is_there_after_opening_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path, AGENT)
    spool.put([make_result()])
    batch, epoch = spool.next_batch("live"), spool.epoch
    spool.close()
    again = Spool(tmp_path, AGENT)
    assert again.epoch == epoch
    assert again.next_batch("live") == batch
    again.close()


def test_a_second_process_is_told_that_the_spool_is_in_use(tmp_path: Path) -> None:
    spool = Spool(tmp_path, AGENT)
    code = (
        "import sys, uuid; from pathlib import Path; from broadgauge_agent.spool import Spool\n"
        "from broadgauge_agent.errors import SpoolInUseError\n"
        "try: Spool(Path(sys.argv[1]), uuid.uuid4())\n"
        "except SpoolInUseError as error: print(error); sys.exit(7)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False
    )
    assert run.returncode == 7, run.stderr
    assert "Another agent runs on" in run.stdout
    with pytest.raises(SpoolInUseError):
        Spool(tmp_path, AGENT)
    spool.close()
    Spool(tmp_path, AGENT).close()


def test_the_spool_is_synced_at_every_commit(spool: Spool) -> None:
    assert spool._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert spool._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(("damage", "readable"), [("not a database", 200), ("torn", 0)])
def test_a_damaged_spool_is_kept_and_a_new_epoch_begun(
    tmp_path: Path, damage: str, readable: int
) -> None:
    spool = Spool(tmp_path, AGENT)
    spool.put([make_result() for _ in range(200)])
    epoch = spool.epoch
    spool.close()
    file = tmp_path / "spool.sqlite"
    body = bytearray(file.read_bytes())
    if damage == "torn":
        body[4096:] = os.urandom(len(body) - 4096)
    else:
        body[:100] = b"x" * 100
    file.write_bytes(body)
    again = Spool(tmp_path, AGENT)
    assert again.epoch != epoch
    assert again.set_aside_file is not None
    assert "damaged" in again.set_aside_file.name
    assert again.set_aside_file.read_bytes() == body
    again.put([make_result()])
    assert again.waiting() == readable + 1
    again.close()
    assert check_spool(tmp_path) is None


def test_damage_found_while_running_is_said_and_mended(tmp_path: Path) -> None:
    spool = Spool(tmp_path, AGENT)
    spool.put([make_result() for _ in range(200)])
    spool._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = tmp_path / "spool.sqlite"
    with file.open("r+b") as out:
        out.seek(4096)
        out.write(os.urandom(file.stat().st_size - 4096))
    spool._db.execute("PRAGMA shrink_memory")
    with pytest.raises(SpoolDamagedError, match="damaged"):
        spool.next_batch("live")
    spool.put([make_result()])
    assert spool.next_batch("live")
    spool.close()


def test_another_agents_spool_is_kept_and_not_sent(tmp_path: Path) -> None:
    former = Spool(tmp_path, AGENT)
    former.put([make_result()])
    former.close()
    new = Spool(tmp_path, uuid.uuid4())
    assert new.waiting() == 0
    assert new.set_aside_file is not None
    assert rows(new.set_aside_file.parent, "SELECT 1 FROM results", new.set_aside_file.name)
    new.close()


def test_a_spool_of_a_newer_agent_is_left_alone(tmp_path: Path) -> None:
    Spool(tmp_path, AGENT).close()
    db = sqlite3.connect(tmp_path / "spool.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.execute("UPDATE facts SET value = '99' WHERE key = 'version'")
    db.commit()
    db.close()
    with pytest.raises(SpoolError, match="newer agent"):
        Spool(tmp_path, AGENT)
    assert [file.name for file in tmp_path.glob("spool*")] == ["spool.sqlite"]


def test_a_full_disk_is_said_and_nothing_kept_is_lost(tmp_path: Path) -> None:
    spool = Spool(tmp_path, AGENT)
    spool.put([make_result("kept")])
    pages = spool._db.execute("PRAGMA page_count").fetchone()[0]
    spool._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(SpoolFullError, match="disk is full"):
        spool.put([make_result("x" * 900) for _ in range(100)])
    assert spool.waiting() == 1
    spool._db.execute(f"PRAGMA max_page_count = {10 * pages}")
    spool.put([make_result()])
    assert spool.waiting() == 2
    spool.close()


def test_a_directory_that_cannot_hold_a_spool_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="file"):
        Spool(tmp_path / "file", AGENT)


def test_facts_can_be_read_beside_a_running_agent(tmp_path: Path) -> None:
    spool = Spool(tmp_path, AGENT)
    spool.put([make_result()])
    spool.note("last:latency", [make_result("note")])
    view = view_spool(tmp_path)
    assert view is not None
    assert view.waiting == 1
    noted = view.facts["last:latency"]
    assert isinstance(noted, list)
    assert noted[0]["error"] == "note"
    spool.close()


def test_no_spool_is_no_view(tmp_path: Path) -> None:
    assert view_spool(tmp_path) is None


WRITER = """
import sys, uuid
from pathlib import Path
from broadgauge_agent.spool import Spool
from tests.scripted_collector import make_result
spool = Spool(Path(sys.argv[1]), uuid.UUID(sys.argv[2]))
while True:
    results = [make_result() for _ in range(3)]
    spool.put(results)
    print(*(result.id for result in results), flush=True)
"""


@pytest.mark.parametrize("puts", [1, 7, 40])
def test_what_was_reported_durable_outlives_kill_9(tmp_path: Path, puts: int) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path), str(AGENT)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    assert writer.stdout
    with writer.stdout as lines:
        reported = [name for _ in range(puts) for name in lines.readline().split()]
        os.kill(writer.pid, signal.SIGKILL)
        reported += lines.read().split()
    writer.wait()
    spool = Spool(tmp_path, AGENT)
    found = []
    while batch := spool.next_batch("live"):
        found += ids(batch.bodies)
        spool.commit(batch)
    assert len(reported) >= 3 * puts
    assert found[: len(reported)] == reported
    assert len(found) - len(reported) in (0, 3)
    spool.close()


def rows(directory: Path, query: str, name: str = "spool.sqlite") -> list[tuple[bytes, str]]:
    db = sqlite3.connect(directory / name)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()
