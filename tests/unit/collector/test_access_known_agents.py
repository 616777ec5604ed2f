"""An agent whose key was looked up is known for a moment, and never when it was shut out."""

import asyncio
from contextlib import AbstractContextManager

from sqlalchemy import Connection

from broadgauge_collector.access.agents import list_agents
from broadgauge_collector.access.heard import said
from broadgauge_collector.access.known_agents import MOST, SECONDS, KnownAgents
from tests.api_client import Api
from tests.collecting import an_agent, batch, throughput

AGENT = an_agent()


class Counted:
    """What was written, and a clock that stands until it is moved."""

    writes = 0
    now = 0.0

    def known(self) -> KnownAgents:
        return KnownAgents(lambda: self.writes, lambda: self.now)


def test_an_agent_is_known_until_something_is_written() -> None:
    at = Counted()
    known = at.known()
    known.note("bga_x", AGENT, at.writes)
    assert known.find("bga_x") == AGENT
    assert known.find("bga_y") is None
    at.writes += 1
    assert known.find("bga_x") is None


def test_what_was_looked_up_before_a_write_is_not_known_after_it() -> None:
    at = Counted()
    known = at.known()
    before = at.writes
    at.writes += 1
    known.note("bga_x", AGENT, before)
    assert known.find("bga_x") is None


def test_other_collectors_write_too_so_nothing_is_known_for_long() -> None:
    at = Counted()
    known = at.known()
    known.note("bga_x", AGENT, at.writes)
    at.now += SECONDS + 0.1
    assert known.find("bga_x") is None


def test_an_agent_of_which_something_changed_is_not_known_and_others_are() -> None:
    at = Counted()
    known = at.known()
    known.note("bga_x", AGENT, at.writes)
    known.note("bga_y", an_agent(), at.writes)
    known.forget(AGENT.id)
    assert known.find("bga_x") is None
    assert known.find("bga_y") is not None


def test_the_memory_for_it_is_bounded() -> None:
    at = Counted()
    known = at.known()
    for number in range(2 * MOST + 1):
        known.note(f"bga_{number}", AGENT, at.writes)
    held = sum(known.find(f"bga_{number}") is not None for number in range(2 * MOST + 1))
    assert 0 < held <= MOST


def test_an_agent_that_is_shut_out_between_two_batches_is_out_at_once(api: Api) -> None:
    agent, headers = api.agent(api.school())
    admin = api.admin
    assert api.send(batch(agent, throughput()), headers).status_code == 200
    assert api.send(batch(agent, throughput(), sequence=2), headers).status_code == 200

    api.http.post(f"/api/v1/agents/{agent.id}/revoke", headers=admin)

    assert api.send(batch(agent, throughput(), sequence=3), headers).status_code == 401


def test_a_batch_after_a_batch_needs_no_look_up(api: Api) -> None:
    agent, headers = api.agent(api.school())
    for sequence in (1, 2):  # the second finds what the first one's being heard has changed
        api.send(batch(agent, throughput(), sequence=sequence), headers)
    looked_up: list[object] = []
    look_up = api.services.look_up

    async def counted(function: object, *rest: object, **more: object) -> object:
        looked_up.append(function)
        return await look_up(function, *rest, **more)  # type: ignore[arg-type]

    api.services.look_up = counted  # type: ignore[assignment, method-assign]
    assert api.send(batch(agent, throughput(), sequence=3), headers).status_code == 200
    assert looked_up == []


def test_an_agent_stays_known_while_others_are_noted_as_heard(api: Api) -> None:
    agent, headers = api.agent(api.school())
    other, others_headers = api.agent(api.school("Washington"))
    for sequence in (1, 2):
        api.send(batch(agent, throughput(), sequence=sequence), headers)
    api.send(batch(other, throughput()), others_headers)
    key = headers["Authorization"].removeprefix("Bearer ")
    assert api.services.known_agents.find(key) is not None


def test_agents_that_come_back_together_are_noted_together(api: Api) -> None:
    school, heard = api.school(), api.app.state.heard
    agents = [api.agent(school)[0] for _ in range(40)]
    begun: list[object] = []
    begin = api.services.stores.control.begin

    def counted(**how: bool) -> AbstractContextManager[Connection]:
        begun.append(how)
        return begin(**how)

    async def all_at_once() -> None:
        what = said(agents[0], "broadgauge-agent/7")
        await asyncio.gather(*(heard.note(api.services, each, what) for each in agents))

    api.services.stores.control.begin = counted  # type: ignore[assignment, method-assign]
    assert api.http.portal is not None
    api.http.portal.call(all_at_once)
    assert len(begun) == 2  # the first alone, and all others meanwhile
    with api.services.stores.control.connect() as c:
        assert {each.version for each in list_agents(c)} == {"7"}
