"""An agent that is replaced by a newer one, or by an older one again, with results to send."""

import gzip
import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from broadgauge_agent.spool import Spool
from broadgauge_agent.spool_numbering import body_of
from broadgauge_agent.spool_sent import Receipt
from broadgauge_agent.state import SPOOL
from broadgauge_wire import encode, new_id
from tests.scripted_collector import make_result
from tests.unit.agent.test_spool_room import TABLES_OF_AN_EARLIER_AGENT

AGENT = uuid.uuid4()
NOW = 1.8e9


class EarlierAgent:
    """What 0.1 did to a spool, statement by statement."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def begin(self) -> None:
        self._db.executescript(TABLES_OF_AN_EARLIER_AGENT)
        for key, value in {"agent_id": str(AGENT), "epoch": str(new_id())}.items():
            self._db.execute("INSERT INTO facts VALUES (?, ?)", (key, encode(value).decode()))
        self._db.execute("PRAGMA user_version = 1")

    def put(self, count: int) -> list[str]:
        results = [make_result() for _ in range(count)]
        rows = [(encode(result), NOW) for result in results]
        self._db.executemany("INSERT INTO results(body, spooled_at) VALUES (?, ?)", rows)
        return [str(result.id) for result in results]

    def number(self) -> tuple[str, str, int]:
        (fact,) = self._db.execute("SELECT value FROM facts WHERE key = 'epoch'").fetchone()
        epoch = json.loads(fact)
        (sequence,) = self._db.execute(
            "INSERT INTO sequences(epoch, lane, last) VALUES (?, 'live', 1) "
            "ON CONFLICT(epoch, lane) DO UPDATE SET last = last + 1 RETURNING last", (epoch,)
        ).fetchone()  # fmt: skip
        batch = self._db.execute(
            "INSERT INTO batches(epoch, lane, sequence, numbered_at, waiting) "
            "VALUES (?, 'live', ?, ?, 0)", (epoch, sequence, NOW)
        ).lastrowid  # fmt: skip
        self._db.execute("UPDATE results SET batch = ? WHERE batch IS NULL", (batch,))
        return epoch, "live", sequence

    def waiting(self) -> list[str]:
        bodies = self._db.execute("SELECT body FROM results ORDER BY id").fetchall()
        return [json.loads(body)["id"] for (body,) in bodies]

    def send(self) -> list[str]:
        """Commit what waits: how many batches there are, and what is in them."""
        found = self._db.execute("SELECT id FROM batches ORDER BY id").fetchall()
        sent = []
        for (batch,) in found:
            of_batch = "FROM results WHERE batch = ?"
            bodies = self._db.execute(f"SELECT body {of_batch} ORDER BY id", (batch,)).fetchall()
            sent += [json.loads(body)["id"] for (body,) in bodies]
            self._db.execute(f"DELETE {of_batch}", (batch,))
            self._db.execute("DELETE FROM batches WHERE id = ?", (batch,))
        return sent


@contextmanager
def earlier_agent(state: Path) -> Iterator[EarlierAgent]:
    state.mkdir(exist_ok=True)
    with closing(sqlite3.connect(state / SPOOL)) as db:
        yield EarlierAgent(db)
        db.commit()


def send(spool: Spool) -> list[str]:
    sent = []
    while batch := spool.next_batch("live") or spool.next_batch("backlog"):
        sent += [json.loads(body)["id"] for body in batch.bodies]
        spool.commit(batch, (), Receipt(gzip.compress(body_of(batch)), NOW))
    return sent


def test_a_batch_that_an_earlier_agent_numbered_is_sent_with_the_same_bytes(
    tmp_path: Path,
) -> None:
    with earlier_agent(tmp_path) as earlier:
        earlier.begin()
        ids = earlier.put(2)
        epoch, _, sequence = earlier.number()
    with closing(Spool(tmp_path, AGENT)) as spool:
        assert spool.set_aside_file is None
        batch = spool.next_batch("live")
        assert batch and not batch.mended
        assert (str(batch.key.epoch), batch.key.sequence) == (epoch, sequence)
        said = json.loads(body_of(batch))
        assert list(said) == [
            *("agent_id", "epoch", "lane", "sequence", "sent_at", "results"),
            *("spooled_results", "dropped_results"),
        ]
        assert [result["id"] for result in said["results"]] == ids


def test_nothing_is_stranded_by_going_back_and_forth(tmp_path: Path) -> None:
    numbers: list[tuple[str, str, int]] = []
    with earlier_agent(tmp_path) as earlier:
        earlier.begin()
        ids, sent = earlier.put(3), []
        numbers.append(earlier.number())
        sent += earlier.send()
        ids += earlier.put(2)
    with closing(Spool(tmp_path, AGENT)) as spool:
        spool.put(results := [make_result() for _ in range(2)])
        ids += [str(result.id) for result in results]
        first = spool.next_batch("backlog") or spool.next_batch("live")
        assert first
        numbers.append((str(first.key.epoch), first.key.lane, first.key.sequence))
        sent += send(spool)
        spool.put([late := make_result()])
        ids.append(str(late.id))
    with earlier_agent(tmp_path) as earlier:
        assert earlier.waiting() == [str(late.id)]
        ids += earlier.put(1)
        numbers.append(earlier.number())
        sent += earlier.send()
        ids += earlier.put(1)
    with closing(Spool(tmp_path, AGENT)) as spool:
        assert spool.set_aside_file is None
        batch = spool.next_batch("live") or spool.next_batch("backlog")
        assert batch
        numbers.append((str(batch.key.epoch), batch.key.lane, batch.key.sequence))
        sent += send(spool)
    assert sorted(sent) == sorted(ids)
    assert len(set(numbers)) == len(numbers)


def test_an_earlier_agents_results_have_no_checksums_and_go_if_they_are_results(
    tmp_path: Path,
) -> None:
    with earlier_agent(tmp_path) as earlier:
        earlier.begin()
        first, _, last = earlier.put(3)
        earlier._db.execute("UPDATE results SET body = replace(body, '{', x'ff') WHERE id = 2")
    with closing(Spool(tmp_path, AGENT)) as spool:
        assert send(spool) == [first, last]
