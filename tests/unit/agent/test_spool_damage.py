"""Whatever a disk does to a spool: what can be read is sent, once, and the agent goes on."""

import gzip
import json
import random
import shutil
import sqlite3
import uuid
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from broadgauge_agent.errors import SpoolDamagedError
from broadgauge_agent.spool import Spool
from broadgauge_agent.spool_file import view_spool
from broadgauge_agent.spool_numbering import SpooledBatch, body_of
from broadgauge_agent.spool_salvage import Found, Row, write
from broadgauge_agent.spool_sent import Receipt
from broadgauge_agent.spool_tables import DAMAGED_RESULTS
from broadgauge_agent.sqlite_pages import FRAME_BYTES, PAGE_BYTES, WAL_HEADER_BYTES, log_of
from broadgauge_agent.state import SPOOL
from broadgauge_wire import Batch, BatchKey, Lane, Result, decode, encode
from tests.scripted_collector import key_of, make_result

AGENT = uuid.uuid4()
LANES: tuple[Lane, ...] = ("live", "backlog")
OVERFLOWING = 6000
"""Characters in a result that takes pages of its own."""


class Ledger:
    """What a collector stored, by number: other content under a number is a conflict."""

    def __init__(self) -> None:
        self.bodies: dict[BatchKey, bytes] = {}

    def take(self, body: bytes) -> bool:
        return self.bodies.setdefault(key_of(decode(body, Batch)), body) == body

    def ids(self) -> Counter[str]:
        batches = [decode(body, Batch) for body in self.bodies.values()]
        return Counter(json.loads(bytes(raw))["id"] for each in batches for raw in each.results)

    def copy(self) -> "Ledger":
        other = Ledger()
        other.bodies = dict(self.bodies)
        return other


class Life:
    """A spool amid its life, closed and not: committed batches, one whose answer got lost, results
    that wait; and what the collector has by then."""

    def __init__(self, place: Path) -> None:
        self.ledger = Ledger()
        self.results: list[Result] = []
        self.closed, self.unclosed = place / "closed", place / "unclosed"
        with closing(Spool(self.closed, AGENT)) as spool:
            spool.put(self._made(20))
            send_all(spool, self.ledger)
            spool.note("last:latency", [make_result()])
            spool.put(self._made(10))
            assert self.ledger.take(body_of(next_batch(spool, "live")))
            for _ in range(9):
                spool.put(self._made(4))
            shutil.copytree(self.closed, self.unclosed)

    def _made(self, count: int) -> list[Result]:
        made: list[Result] = [make_result("x" * (index % 3 * 400)) for index in range(count - 1)]
        self.results += [*made, make_result("y" * OVERFLOWING)]
        return [*made, self.results[-1]]

    def ids(self, where: bytes | None = None) -> set[str]:
        """Of all results, or of those whose beginning stands there."""
        ids = {str(result.id) for result in self.results}
        return ids if where is None else {name for name in ids if name.encode() in where}

    def overflowing_ids(self) -> set[str]:
        return {str(r.id) for r in self.results if len(r.error or "") == OVERFLOWING}


def next_batch(spool: Spool, lane: Lane) -> SpooledBatch:
    batch = spool.next_batch(lane)
    assert batch
    return batch


def send_all(spool: Spool, ledger: Ledger) -> None:
    """As a shipper does, which tries again after it was told of damage."""
    for lane in LANES:
        for batch in batches(spool, lane):
            body = body_of(batch)
            if ledger.take(body):
                spool.commit(batch, (), Receipt(gzip.compress(body), 1.8e9))
            else:
                assert batch.mended
                spool.set_aside(batch, "other content")


def batches(spool: Spool, lane: Lane, patience: int = 3) -> Iterator[SpooledBatch]:
    while patience:
        try:
            batch = spool.next_batch(lane)
        except SpoolDamagedError:
            patience -= 1
            continue
        if batch is None:
            return
        yield batch
    raise AssertionError("it stays damaged")


def survives(life: Life, state: Path, may_be_lost: Collection[str], what: str) -> int:
    """Open what the disk left, send it all, and go on. How many results were lost."""
    ledger, new = life.ledger.copy(), make_result()
    with closing(Spool(state, AGENT)) as spool:
        send_all(spool, ledger)
        spool.put([new])
        send_all(spool, ledger)
        assert spool.waiting() == 0
    ids = ledger.ids()
    assert [name for name, times in ids.items() if times > 1] == [], what
    lost = life.ids() - ids.keys()
    assert lost <= set(may_be_lost), what
    assert str(new.id) in ids, what
    return len(lost)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    return Life(tmp_path_factory.mktemp("life"))


@pytest.fixture(autouse=True)
def nobody_else_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broadgauge_agent.spool_file.WRITING_SECONDS", 0.0)


def flipped(source: Path, state: Path, name: str, at: int, bit: int) -> Path:
    """A copy of a spool with one bit changed."""
    shutil.rmtree(state, ignore_errors=True)
    shutil.copytree(source, state)
    with (state / name).open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1 << bit]))
    return state


def test_a_flipped_bit_costs_no_result_but_those_of_its_page(life: Life, tmp_path: Path) -> None:
    chance, file = random.Random(1), (life.closed / SPOOL).read_bytes()
    ends = [*range(1, 100, 4), *range(100, 112, 2)]
    for page in range(1, len(file) // PAGE_BYTES):
        inside = chance.choice((0, 2, 3, 5, 7, 9, *[chance.randrange(PAGE_BYTES)] * 6))
        ends.append(page * PAGE_BYTES + inside)
    for at in ends:
        begin = at // PAGE_BYTES * PAGE_BYTES
        on_page = life.ids(file[begin : begin + PAGE_BYTES])
        state = flipped(life.closed, tmp_path / "state", SPOOL, at, chance.randrange(8))
        lost = survives(life, state, on_page | life.overflowing_ids(), f"flipped at {at}")
        assert lost <= max(1, len(on_page)), at


def test_a_flipped_bit_of_the_log_costs_no_result_but_those_of_its_page(
    life: Life, tmp_path: Path
) -> None:
    chance, name = random.Random(2), log_of(life.unclosed / SPOOL).name
    log = (life.unclosed / name).read_bytes()
    frames = (len(log) - WAL_HEADER_BYTES) // FRAME_BYTES
    ends = list(range(1, WAL_HEADER_BYTES, 5))
    for frame in (*range(0, frames - 5, 9), *range(frames - 5, frames)):
        begin = WAL_HEADER_BYTES + frame * FRAME_BYTES
        ends.append(begin + chance.choice((chance.randrange(24), chance.randrange(FRAME_BYTES))))
    for at in ends:
        begin = max(0, (at - WAL_HEADER_BYTES) // FRAME_BYTES) * FRAME_BYTES + WAL_HEADER_BYTES
        in_frame = life.ids(log[begin : begin + FRAME_BYTES])
        state = flipped(life.unclosed, tmp_path / "state", name, at, chance.randrange(8))
        survives(life, state, in_frame | life.overflowing_ids(), f"flipped at {at} of the log")


def test_a_torn_file_costs_no_result_but_those_of_the_part_that_is_gone(
    life: Life, tmp_path: Path
) -> None:
    chance, file = random.Random(3), (life.closed / SPOOL).read_bytes()
    lengths = [chance.randrange(len(file)) for _ in range(12)]
    for length in [1, 50, 99, 100, PAGE_BYTES, 5 * PAGE_BYTES, len(file) - 1, *lengths]:
        state = tmp_path / "state"
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(life.closed, state)
        (state / SPOOL).write_bytes(file[:length])
        gone = life.ids(file[length // PAGE_BYTES * PAGE_BYTES :])
        survives(life, state, gone | life.overflowing_ids(), f"cut at {length}")


def test_the_damaged_file_is_kept_beside(life: Life, tmp_path: Path) -> None:
    state = flipped(life.closed, tmp_path / "state", SPOOL, 4096 * 12, 3)
    body = (state / SPOOL).read_bytes()
    with closing(Spool(state, AGENT)) as spool:
        assert spool.set_aside_file
        assert spool.set_aside_file.read_bytes() == body
    with closing(Spool(state, AGENT)) as spool:
        assert spool.set_aside_file is None


def test_mending_that_was_broken_off_is_begun_anew_or_gone_on_with(
    life: Life, tmp_path: Path
) -> None:
    state = flipped(life.closed, tmp_path / "state", SPOOL, 4096 * 12, 3)
    (state / "spool.sqlite.mended").write_bytes(b"half of it")
    survives(life, state, life.overflowing_ids(), "before it was whole")
    state = flipped(life.unclosed, tmp_path / "state", SPOOL, 0, 0)
    with closing(Spool(state, AGENT)):
        pass
    (state / SPOOL).replace(state / "spool.sqlite.mended")
    log_of(state / SPOOL).write_bytes(log_of(life.unclosed / SPOOL).read_bytes())
    survives(life, state, (), "between the two files")


def rows_of(state: Path) -> dict[str, int]:
    with closing(sqlite3.connect(state / SPOOL)) as db:
        query = "SELECT json_extract(CAST(body AS TEXT), '$.id'), id FROM results"
        return dict(db.execute(query).fetchall())


def last_row(state: Path) -> int:
    with closing(sqlite3.connect(state / SPOOL)) as db:
        query = "SELECT seq FROM sqlite_sequence WHERE name = 'results'"
        return int(db.execute(query).fetchone()[0])


def test_mending_changes_no_rows_number_and_uses_none_again(life: Life, tmp_path: Path) -> None:
    for name, at in ((SPOOL, 4096 * 12), (SPOOL, 0), (log_of(life.unclosed / SPOOL).name, 8)):
        source = life.unclosed if name != SPOOL else life.closed
        before, last = rows_of(life.closed), last_row(life.closed)
        state = flipped(source, tmp_path / "state", name, at, 3)
        with closing(Spool(state, AGENT)) as spool:
            after, new = rows_of(state), make_result()
            spool.put([new])
        assert after.items() <= before.items()
        assert rows_of(state)[str(new.id)] > (last if name == SPOOL else max(after.values()))


def test_a_row_whose_number_is_anothers_gets_one_of_its_own(tmp_path: Path) -> None:
    def row(number: int) -> Row:
        result = make_result()
        body = encode(result)
        return Row(number, body, 1.0, None, None)

    rows = [row(number) for number in (3, 3, 2**50, 4)]
    found = Found(results={str(n): row for n, row in enumerate(rows)}, last_row=9)
    with closing(sqlite3.connect(tmp_path / SPOOL)) as db:
        write(db, found, AGENT, 1.8e9)
        assert db.execute("SELECT id FROM results").fetchall() == [(3,), (4,), (10,), (11,)]
        db.execute("INSERT INTO results(body, spooled_at) VALUES (x'00', 0)")
        assert db.execute("SELECT max(id) FROM results").fetchone() == (12,)


def damage_a_body(state: Path, row: str) -> None:
    with closing(sqlite3.connect(state / SPOOL)) as db:
        db.execute(
            "UPDATE results SET body = CAST(replace(CAST(body AS TEXT), 'udp_echo', 'udp_ecgo') "
            f"AS BLOB) WHERE id = ({row})"
        )
        db.commit()


def test_a_damaged_result_is_set_aside_alone_and_counted(tmp_path: Path) -> None:
    results = [make_result() for _ in range(5)]
    with closing(Spool(tmp_path, AGENT)) as spool:
        spool.put(results)
        damage_a_body(tmp_path, "SELECT min(id) + 2 FROM results")
        batch = next_batch(spool, "live")
        expected = [str(r.id) for r in (*results[:2], *results[3:])]
        assert [json.loads(body)["id"] for body in batch.bodies] == expected
        assert json.loads(body_of(batch))["damaged_results"] == 1
        spool.commit(batch)
        assert spool.waiting() == 0
    view = view_spool(tmp_path)
    assert view and view.refused == 1 and view.facts[DAMAGED_RESULTS] == 1


def test_a_batch_that_was_damaged_after_it_arrived_is_not_stored_twice(tmp_path: Path) -> None:
    ledger, results = Ledger(), [make_result() for _ in range(3)]
    with closing(Spool(tmp_path, AGENT)) as spool:
        spool.put(results)
        assert ledger.take(body_of(next_batch(spool, "live")))  # and the answer gets lost
        damage_a_body(tmp_path, "SELECT min(id) FROM results")
        batch = next_batch(spool, "live")
        assert batch.mended and len(batch.bodies) == 2
        send_all(spool, ledger)
    assert ledger.ids() == Counter(str(result.id) for result in results)


def test_a_batch_that_was_damaged_before_it_arrived_is_stored_without_what_is_lost(
    tmp_path: Path,
) -> None:
    ledger, results = Ledger(), [make_result() for _ in range(3)]
    with closing(Spool(tmp_path, AGENT)) as spool:
        spool.put(results)
        next_batch(spool, "live")
        damage_a_body(tmp_path, "SELECT max(id) FROM results")
        send_all(spool, ledger)
    assert ledger.ids() == Counter(str(result.id) for result in results[:2])


def test_a_batch_of_which_nothing_is_left_holds_up_none(tmp_path: Path) -> None:
    ledger, new = Ledger(), make_result()
    with closing(Spool(tmp_path, AGENT)) as spool:
        spool.put([make_result()])
        next_batch(spool, "live")
        damage_a_body(tmp_path, "SELECT max(id) FROM results")
        spool.put([new])
        send_all(spool, ledger)
    assert ledger.ids() == Counter([str(new.id)])


def test_a_fact_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    with closing(Spool(tmp_path, AGENT)) as spool:
        spool.note("last:latency", "x")
        with closing(sqlite3.connect(tmp_path / SPOOL)) as db:
            db.execute("UPDATE facts SET value = CAST(x'22ff' AS TEXT) WHERE key = 'last:latency'")
            db.commit()
        assert spool.fact("last:latency") is None
    view = view_spool(tmp_path)
    assert view and "last:latency" not in view.facts


def test_a_damaged_last_number_begins_a_new_epoch(tmp_path: Path) -> None:
    ledger = Ledger()
    with closing(Spool(tmp_path, AGENT)) as spool:
        spool.put([make_result()])
        send_all(spool, ledger)
        epoch = spool.epoch
    with closing(sqlite3.connect(tmp_path / SPOOL)) as db:
        db.execute("UPDATE sequences SET last = 0")
        db.commit()
    with closing(Spool(tmp_path, AGENT)) as spool:
        spool.put([make_result()])
        assert next_batch(spool, "live").key.epoch != epoch
        send_all(spool, ledger)
    assert len(ledger.ids()) == 2


def test_a_spool_as_large_as_it_may_be_takes_results_though_one_is_damaged(tmp_path: Path) -> None:
    from broadgauge_agent.config import SpoolConfig

    with closing(Spool(tmp_path, AGENT, limits=lambda: SpoolConfig(max_bytes=2**20))) as spool:
        spool.put([make_result()])
        with closing(sqlite3.connect(tmp_path / SPOOL)) as db:
            db.execute("UPDATE results SET body = x'ff7b'")
            db.commit()
        for _ in range(12):
            spool.put([make_result("x" * 900) for _ in range(100)])
        assert spool.waiting() > 0
