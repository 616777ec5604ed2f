"""Any sequence of batches, upkeep and reading: what is there is what should be, and nothing twice.

Held against the oracle, whichever engine is behind the store.
"""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from broadgauge_collector.store import duckdb_changes, duckdb_results
from broadgauge_collector.store.questions import Charted, Spread, Window
from broadgauge_collector.store.results import Incoming
from broadgauge_wire import RESULT_KINDS, Result
from tests.collecting import an_agent, latency, skipped, throughput

from .oracle import Kept, Oracle
from .result_stores import FACTORIES, OpenedAgain, all_ids, commit, incoming

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)

ALWAYS = Window(NOW - timedelta(days=400), NOW + timedelta(days=1))

DAYS_AGO = st.sampled_from([0, 1, 18, 19, 20, 40, 48, 49, 70])
"""Some in the open month, some on both sides of the ends of those before."""

MAKE: dict[str, Callable[..., Result]] = {
    "throughput": throughput,
    "latency": latency,
    "skipped": skipped,
}

MADE = st.tuples(st.sampled_from(sorted(MAKE)), DAYS_AGO)

NUMBERS = st.integers(0, 2)

EXPIRING = st.sampled_from(["throughput", "latency", "skipped"])


class Life(RuleBasedStateMachine):
    """What a store may live through, and what it should hold then."""

    kind: str

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.opened = OpenedAgain(FACTORIES[self.kind], Path(self.folder.name) / "store")
        self.store = self.opened()
        self.agents = [an_agent() for _ in range(3)]
        self.sent: list[Incoming] = []
        self.kept: dict[UUID, Kept] = {}
        self.summed: set[UUID] = set()
        self.followed: list[UUID] = []
        self.place = 0

    @rule(number=NUMBERS, made=st.lists(MADE, min_size=1, max_size=5))
    def results_come(self, number: int, made: list[tuple[str, int]]) -> None:
        agent = self.agents[number]
        results = [_result(kind, days) for kind, days in made]
        batch = incoming(agent, *results, sequence=len(self.sent) + 1, received_at=NOW)
        assert commit(self.store, batch) == ["stored"]
        self.sent.append(batch)
        for result in results:
            self.kept[result.id] = Kept(result, agent.id, agent.school_id, NOW)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def batches_come_again(self, data: Any) -> None:
        again = data.draw(st.lists(st.sampled_from(self.sent), min_size=1, max_size=5))
        outcomes = set(commit(self.store, *again))
        # A batch all of whose results are gone, and its digest too, can't be told from another.
        assert outcomes <= {"seen", "conflict"}
        if all(result.id in self.kept for each in again for result in each.accepted):
            assert outcomes == {"seen"}

    @rule()
    def months_are_closed(self) -> None:
        self.store.seal(NOW)

    @rule()
    def it_is_compacted(self) -> None:
        self.store.compact()

    @rule()
    def it_is_opened_again(self) -> None:
        self.store = self.opened()

    @rule(kind=EXPIRING, days=DAYS_AGO)
    def old_results_go(self, kind: Any, days: int) -> None:
        before = NOW - timedelta(days=days, hours=12)  # on the hour, as hours go whole
        old = [
            one for one in self.kept.values()
            if isinstance(one.result, RESULT_KINDS[kind]) and one.moment < before
            and one.result.id not in self.summed
        ]  # fmt: skip
        assert self.store.count_before(kind, before) == len(old)
        assert self.store.expire(kind, before) == len(old)
        for one in old:
            if kind == "latency":
                self.summed.add(one.result.id)
            else:
                del self.kept[one.result.id]

    @rule(number=NUMBERS)
    def an_agent_is_erased(self, number: int) -> None:
        gone = self.agents[number]
        self.store.erase(agent_ids=[gone.id])
        self.agents[number] = an_agent()
        self.sent = [each for each in self.sent if each.key.agent_id != gone.id]
        self.kept = {id_: one for id_, one in self.kept.items() if one.agent_id != gone.id}

    @rule(limit=st.integers(1, 9))
    def a_follower_goes_on(self, limit: int) -> None:
        changes = self.store.changes(self.place, limit)
        assert changes.upto >= self.place
        self.place = changes.upto
        for table in changes.tables.values():
            self.followed += map(UUID, table.column("id").to_pylist())

    @invariant()
    def every_result_is_there_once(self) -> None:
        assert all_ids(self.store) == sorted(self.kept.keys() - self.summed)

    def teardown(self) -> None:
        self._a_new_follower_gets_all()
        self._the_follower_got_each_once()
        self._charts_are_right()
        self.opened.close()
        self.folder.cleanup()

    def _the_follower_got_each_once(self) -> None:
        while self.store.changes(self.place, 1).tables:
            self.a_follower_goes_on(4)
        assert len(self.followed) == len(set(self.followed))
        assert set(self.followed) >= self.kept.keys() - self.summed

    def _a_new_follower_gets_all(self) -> None:
        found = list[UUID]()
        at = 0
        while (changes := self.store.changes(at, 3)).tables:
            at = changes.upto
            for table in changes.tables.values():
                found += map(UUID, table.column("id").to_pylist())
        assert sorted(found) == sorted(self.kept.keys() - self.summed)

    def _charts_are_right(self) -> None:
        expected = Oracle(self.kept.values())
        for agent in self.agents:
            charted = Charted(agent.school_id, "internet", "network", "America/Chicago", ALWAYS)
            with self.store.questions() as asked:
                assert _rounded(asked.round_trips(charted, "day")) == _rounded(
                    expected.round_trips(charted, "day")
                )
                assert asked.readings(ALWAYS, agent.school_id) == expected.readings(
                    ALWAYS, agent.school_id
                )


def _result(kind: str, days: int) -> Result:
    began = NOW - timedelta(days=days, seconds=1)
    return MAKE[kind](started_at=began, segment="internet", path_kind="network")


def _rounded(spreads: list[Spread]) -> list[Any]:
    return [(*each[:3], *(f"{number:.9g}" for number in each[3:])) for each in spreads]


@pytest.mark.parametrize(("kind", "lives", "steps"), [("duckdb", 6, 12), ("clickhouse", 2, 8)])
def test_whatever_a_store_lives_through_nothing_is_lost_or_doubled(
    kind: str, lives: int, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_results, "PRUNE_EVERY", 3)
    monkeypatch.setattr(duckdb_changes, "FEW_ROWS", 2)
    monkeypatch.setattr(duckdb_changes, "ROWS_AHEAD", 7)
    machine = type("Life", (Life,), {"kind": kind})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=lives, stateful_step_count=steps, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
