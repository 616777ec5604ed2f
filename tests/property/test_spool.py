"""Whatever happens in whatever order, every result is in exactly one place, once."""

import json
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import Literal
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from broadgauge_agent.clock import Clock
from broadgauge_agent.spool import FRESH_SECONDS, Spool
from broadgauge_agent.spool_numbering import SpooledBatch
from broadgauge_wire import Refusal
from tests.scripted_collector import make_result

AGENT = uuid.uuid4()
LANES = st.sampled_from(["live", "backlog"])


class SpoolMachine(RuleBasedStateMachine):
    """A spool, a collector that commits, and crashes that may come between any two steps.

    A crash is a copy of the files as they are, opened as a restarted process would open them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.opened = 0
        self.now, self.steady = 1.8e9, 0.0
        self.agent = AGENT
        self.damaged: set[str] = set()
        self.put_ids: list[str] = []
        self.committed: list[str] = []
        self.refused: list[str] = []
        self.contents: dict[tuple[UUID, str, int], tuple[bytes, ...]] = {}
        self.spool = self._open()

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.directory)

    @rule(count=st.integers(1, 6))
    def put(self, count: int) -> None:
        results = [make_result() for _ in range(count)]
        self.spool.put(results)
        self.put_ids += [str(result.id) for result in results]

    @rule(seconds=st.sampled_from([1.0, FRESH_SECONDS / 2, FRESH_SECONDS]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.steady += seconds

    @rule(wall=st.sampled_from([0.0, 1.8e9 - 30, 1.8e9, 4e9]))
    def the_clock_is_set(self, wall: float) -> None:
        self.now = wall

    @rule()
    def the_disk_damages_a_result(self) -> None:
        found = self.spool._db.execute("SELECT max(id), body FROM results").fetchone()
        if found[0]:
            body = found[1].replace(b"udp_echo", b"udp_ecgo")
            self.spool._db.execute("UPDATE results SET body = ? WHERE id = ?", (body, found[0]))
            self.damaged.update(ids((body,)))

    @rule(lane=LANES)
    def send_without_an_answer(self, lane: Literal["live", "backlog"]) -> None:
        self._number(lane)

    @rule(lane=LANES, bad=st.lists(st.integers(0, 8), max_size=4))
    def send_and_commit(self, lane: Literal["live", "backlog"], bad: list[int]) -> None:
        if batch := self._number(lane):
            self.spool.commit(batch, [Refusal(index=index, reason="no") for index in bad])
            for index, name in enumerate(ids(batch.bodies)):
                (self.refused if index in bad else self.committed).append(name)

    @rule(lane=LANES)
    def commit_twice(self, lane: Literal["live", "backlog"]) -> None:
        if batch := self._number(lane):
            self.spool.commit(batch)
            self.spool.commit(batch)
            self.committed += ids(batch.bodies)

    @rule(lane=LANES)
    def set_aside(self, lane: Literal["live", "backlog"]) -> None:
        if batch := self._number(lane):
            self.spool.set_aside(batch, "never taken")
            self.refused += ids(batch.bodies)

    @rule()
    def begin_epoch(self) -> None:
        self.spool.begin_epoch()

    @rule()
    def become_another_agents(self) -> None:
        self.agent = uuid.uuid4()
        self.spool.become(self.agent)

    @rule()
    def crash(self) -> None:
        before = self._place()
        self.opened += 1
        shutil.copytree(before, self._place(), ignore=shutil.ignore_patterns("lock*"))
        crashed, self.spool = self.spool, self._open()
        crashed.close()

    @invariant()
    def every_result_is_in_exactly_one_place(self) -> None:
        waiting = bodies_of(self.spool, "results")
        aside = bodies_of(self.spool, "refused")
        assert sorted(waiting + aside + self.committed) == sorted(self.put_ids)
        assert sorted(set(aside) - self.damaged) == sorted(set(self.refused) - self.damaged)
        assert self.spool.waiting() == len(waiting)

    def _place(self) -> Path:
        return self.directory / str(self.opened)

    def _open(self) -> Spool:
        spool = Spool(self._place(), self.agent, Clock(lambda: self.now, lambda: self.steady))
        assert spool.set_aside_file is None
        return spool

    def _number(self, lane: Literal["live", "backlog"]) -> SpooledBatch | None:
        """The next batch; its number was never used for other content."""
        batch = self.spool.next_batch(lane)
        if batch:
            number = (batch.key.epoch, batch.key.lane, batch.key.sequence)
            assert self.contents.setdefault(number, batch.bodies) == batch.bodies or batch.mended
        return batch


def ids(bodies: tuple[bytes, ...]) -> list[str]:
    return [json.loads(body)["id"] for body in bodies]


def bodies_of(spool: Spool, table: Literal["results", "refused"]) -> list[str]:
    found = spool._db.execute(f"SELECT body FROM {table}").fetchall()
    return ids(tuple(body for (body,) in found))


TestSpool = SpoolMachine.TestCase
TestSpool.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
