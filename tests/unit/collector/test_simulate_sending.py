"""A made-up agent keeps to agents' rules: the same bytes until they are stored."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from broadgauge_collector.cli.client import ServerClient, Where
from broadgauge_collector.errors import CollectorError, ServerRefused
from broadgauge_collector.simulate.agents import SimulatedAgent, agents_of
from broadgauge_collector.simulate.saved import Joined
from broadgauge_collector.simulate.sending import Progress, Sender
from broadgauge_collector.simulate.world import World
from broadgauge_wire import Refusal, new_id
from tests.scripted_collector import ScriptedCollector, make_result

WORLD = World(
    seed=1, scale="district", schools=1, agents_per_school=1, since=date(2026, 1, 1), days=30
)
AGENT: SimulatedAgent = next(agents_of(WORLD, WORLD.district(0)))
SENT_AT = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def collector() -> Iterator[ScriptedCollector]:
    with ScriptedCollector() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def send(collector: ScriptedCollector, joined: Joined, results: int = 1) -> list[float]:
    """Send so many results; the pauses that were made on the way."""
    pauses: list[float] = []
    with closing(ServerClient(Where(url=collector.url, token="t"))) as client:
        sender = Sender(client=client, progress=Progress(), sleep=pauses.append)
        made = [make_result("out") for _ in range(results)]
        sender.send(AGENT, joined, made, "backlog", SENT_AT)
    return pauses


def joined() -> Joined:
    return Joined(agent_id=new_id(), key="bga_key", sequences={"backlog": 4})


def test_a_busy_collector_gets_the_same_bytes_again_after_as_long_as_it_asks(
    collector: ScriptedCollector,
) -> None:
    collector.script = [
        lambda request: request.problem(503, "later", Retry_After="7"),
        lambda request: request.problem(429, "later"),
    ]
    pauses = send(collector, joined())
    assert pauses[0] == 7
    assert 0 < pauses[1] <= 30
    assert len({seen.body for seen in collector.requests}) == 1
    assert len(collector.requests) == 3


def test_batches_are_numbered_on_from_the_last_one_and_none_is_too_large(
    collector: ScriptedCollector,
) -> None:
    send(collector, joined(), 501)
    assert [batch.sequence for batch in collector.batches] == [5, 6]
    assert [len(batch.results) for batch in collector.batches] == [500, 1]
    assert {batch.epoch for batch in collector.batches} == {AGENT.epoch}


def test_the_agents_own_key_is_shown(collector: ScriptedCollector) -> None:
    send(collector, joined())
    assert collector.requests[0].headers["authorization"] == "Bearer bga_key"


def test_a_collector_that_wont_have_it_ends_the_simulation(collector: ScriptedCollector) -> None:
    collector.script = [lambda request: request.problem(401, "who are you")]
    with pytest.raises(ServerRefused, match="who are you"):
        send(collector, joined())


def test_a_refused_result_is_a_defect_and_said_so(collector: ScriptedCollector) -> None:
    collector.refusals = (Refusal(index=0, reason="it is odd"),)
    with pytest.raises(CollectorError, match="it is odd"):
        send(collector, joined())
