"""A real agent's spool and a real collector, with a bad wire in between."""

import random
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from broadgauge_agent.client import client_of
from broadgauge_agent.identity import Identity, save_identity
from broadgauge_agent.live_config import LiveConfig
from broadgauge_agent.presence import Presence
from broadgauge_agent.ship import Shipper
from broadgauge_agent.spool import Spool
from tests.collecting import latency
from tests.faults.spool_work import AwakePresence
from tests.faults.wire import Wire, wire
from tests.running import Server, eventually, running

BATCHES = 4
EACH = 5


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("wired") / "data", "--no-agent") as server:
        server.post("/api/v1/schools", {"name": "Hill", "timezone": "UTC"})
        yield server


@pytest.fixture
def bad(server: Server) -> Iterator[Wire]:
    address = urlsplit(server.url)
    with wire((str(address.hostname), int(address.port or 0))) as bad:
        yield bad


class Sending:
    """An agent that joined the server and reaches it over the wire."""

    def __init__(self, server: Server, over: Wire, state: Path) -> None:
        token = server.post("/api/v1/tokens", {"school": "Hill"})["token"]
        joined = server.post("/api/v1/join", {"token": token, "agent_version": "0.1.0"})
        identity = Identity(
            agent_id=UUID(joined["agent_id"]),
            key=joined["key"],
            collector_url=f"http://127.0.0.1:{over.port}",
            school_id=UUID(joined["school_id"]),
            school="Hill",
        )
        state.mkdir()
        save_identity(state, identity)
        self._server, self._agent_id = server, joined["agent_id"]
        self._client = client_of(identity)
        self._client.timeout = 2
        self._client.headers["connection"] = "close"  # so that each request can be repeated
        self.spool = Spool(state, identity.agent_id)
        self._shipper = Shipper(
            state, identity, self.spool, cast("Presence", AwakePresence()),
            LiveConfig(state / "agent.toml", {}, {}), Event(),
        )  # fmt: skip
        self.ids: list[str] = []

    def put(self) -> None:
        results = [latency() for _ in range(EACH)]
        self.spool.put(results)
        self.ids += [str(result.id) for result in results]

    def ship(self) -> bool:
        self._shipper.ship_all(self._client)
        return self.spool.waiting() == 0

    def stored(self) -> list[str]:
        path = f"/api/v1/results?kind=latency&agent={self._agent_id}&limit=10000"
        return [result["id"] for result in self._server.get(path)["results"]]

    def close(self) -> None:
        self._client.close()
        self.spool.close()


@pytest.fixture
def agent(server: Server, bad: Wire, tmp_path: Path) -> Iterator[Sending]:
    agent = Sending(server, bad, tmp_path / "state")
    yield agent
    agent.close()


def test_answers_that_get_lost_after_the_commit_double_nothing(agent: Sending, bad: Wire) -> None:
    for _ in range(BATCHES):
        bad.answers_lost = 2
        agent.put()
        agent.ship()
    bad.answers_lost = 0
    eventually(agent.ship, "everything to be sent")
    assert sorted(agent.stored()) == sorted(agent.ids)


def test_what_was_made_during_a_partition_comes_when_it_heals(agent: Sending, bad: Wire) -> None:
    bad.blocked = True
    for _ in range(3):
        agent.put()
    assert not agent.ship()
    assert agent.stored() == []
    bad.heal()
    eventually(agent.ship, "everything to be sent")
    assert sorted(agent.stored()) == sorted(agent.ids)


def test_a_slow_wire_is_slow_and_no_more(agent: Sending, bad: Wire) -> None:
    bad.bytes_per_second = 20_000
    for _ in range(3):
        agent.put()
        eventually(agent.ship, "everything to be sent")
    assert sorted(agent.stored()) == sorted(agent.ids)


def test_what_arrives_again_later_and_in_another_order_is_stored_once(
    agent: Sending, bad: Wire
) -> None:
    for _ in range(BATCHES):
        agent.put()
        eventually(agent.ship, "everything to be sent")
    bad.repeat_all(random.Random(1))
    agent.put()
    eventually(agent.ship, "new results to be sent")
    assert sorted(agent.stored()) == sorted(agent.ids)
