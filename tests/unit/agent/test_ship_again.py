"""A collector that was restored from a backup is sent again what it may have forgotten."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from broadgauge_agent.config import SpoolConfig
from broadgauge_agent.spool_file import view_spool
from broadgauge_wire import new_id
from tests.scripted_collector import ScriptedCollector, key_of
from tests.unit.agent.shipping import Agent


@pytest.fixture
def agent(tmp_path: Path, collector: ScriptedCollector) -> Iterator[Agent]:
    collector.remember()
    collector.store_id = new_id()
    made = Agent(tmp_path, collector.url)
    yield made
    made.close()


def live_on(agent: Agent, rounds: int = 3) -> list[str]:
    ids = []
    for _ in range(rounds):
        ids += agent.put(2)
        assert agent.ship() is None
    return ids


def restore(collector: ScriptedCollector, batches: int) -> None:
    """Its first batches are all that its backup had."""
    assert collector.stored
    collector.stored = dict(list(collector.stored.items())[:batches])
    collector.store_id = new_id()


def test_a_restored_collector_has_everything_again_and_nothing_twice(
    agent: Agent, collector: ScriptedCollector
) -> None:
    ids = live_on(agent)
    before = [r.body for r in collector.requests if r.path.endswith("batches")]
    restore(collector, 1)
    ids += live_on(agent, 1)
    assert sorted(collector.stored_ids()) == sorted(ids)
    again = [r.body for r in collector.requests if r.path.endswith("batches")][len(before) + 1 :]
    assert again == before
    live_on(agent, 1)
    assert len(collector.batches) == 3 + 1 + 3 + 1


def test_a_collector_that_is_the_same_is_sent_nothing_again(
    agent: Agent, collector: ScriptedCollector
) -> None:
    live_on(agent)
    agent.ship()
    assert len(collector.batches) == 3


def test_a_collector_that_names_no_store_is_sent_nothing_again(
    agent: Agent, collector: ScriptedCollector
) -> None:
    live_on(agent)
    collector.store_id = None
    live_on(agent)
    assert len(collector.batches) == 6


def test_new_results_pass_what_is_sent_again(agent: Agent, collector: ScriptedCollector) -> None:
    live_on(agent)
    restore(collector, 0)

    def one_more_arrives(request: object) -> None:
        agent.put(1)
        collector.commit(request)  # type: ignore[arg-type]

    agent.put(1)
    collector.script = [collector.commit, one_more_arrives]
    assert agent.ship() is None
    assert [key_of(batch).sequence for batch in collector.batches] == [1, 2, 3, 4, 1, 5, 2, 3]


def test_sending_again_goes_on_after_a_failure(agent: Agent, collector: ScriptedCollector) -> None:
    ids = live_on(agent)
    restore(collector, 0)
    ids += agent.put(1)
    collector.script = [
        collector.commit,
        lambda request: request.problem(503, "busy"),
        lambda request: request.answer(200, b"<html>", "text/html"),
        collector.commit,
        lambda request: request.problem(422, "never"),
    ]
    assert agent.ship() is not None
    assert agent.ship() is not None
    assert agent.ship() is None
    assert agent.ship() is None
    assert len(collector.stored_ids()) == len(set(ids)) - 2


def test_what_was_sent_is_kept_no_longer_than_set(
    agent: Agent, collector: ScriptedCollector
) -> None:
    agent.limits = SpoolConfig(keep_sent_seconds=3600)
    live_on(agent, 2)
    collector.clock_ahead_seconds = 4000
    live_on(agent, 1)
    restore(collector, 0)
    live_on(agent, 1)
    sequences = [key_of(batch).sequence for batch in collector.batches]
    assert sequences == [1, 2, 3, 4, 3]


def test_nothing_is_kept_where_nothing_is_to_be(agent: Agent, collector: ScriptedCollector) -> None:
    agent.limits = SpoolConfig(keep_sent_seconds=0)
    live_on(agent)
    assert agent.spool._db.execute("SELECT count(*) FROM sent").fetchone() == (0,)


def test_copies_of_what_was_sent_make_room_first_and_are_not_counted(agent: Agent) -> None:
    agent.limits = SpoolConfig(max_bytes=2**20)
    for _ in range(20):
        agent.put(200)
        agent.ship()
    (kept,) = agent.spool._db.execute("SELECT sum(length(body)) FROM sent").fetchone()
    assert 0 < kept <= 2**18
    while agent.spool._db.execute("SELECT count(*) FROM sent").fetchone() > (0,):
        agent.put(100, "x" * 500)
    view = view_spool(agent.state)
    assert view
    assert view.dropped == () or agent.spool.waiting() > 500


def test_two_stores_that_answer_in_turn_are_each_sent_everything_once(
    agent: Agent, collector: ScriptedCollector
) -> None:
    stores = [new_id(), new_id()]
    for place in range(6):
        collector.store_id = stores[place % 2]
        live_on(agent, 1)
    assert len(collector.batches) == 6 + 1  # the one that was sent before the second store came
