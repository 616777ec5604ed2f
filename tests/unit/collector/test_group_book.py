"""Group tests over the API: called, answered, begun in one slot, and summed up once."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import jwt
import pytest
from msgspec.structs import replace
from sqlalchemy import update

from broadgauge_collector.access.access_keys import make_access_key
from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.group_tests import PARTS_WITHIN, GroupTests
from broadgauge_collector.plan import group_book, slots
from broadgauge_collector.plan.group_book import ANSWER_WITHIN
from broadgauge_collector.plan.groups import GROUP_SECONDS, LAST_JOIN_SECONDS
from broadgauge_collector.schools.agent_settings import set_agent_setting
from broadgauge_collector.schools.calendars import add_day
from broadgauge_collector.schools.model import Agent, CalendarDay, School
from broadgauge_collector.schools.repository import add_link, add_reflector
from broadgauge_collector.store.tables import agent as agent_table
from broadgauge_wire import (
    GroupAnswer,
    GroupAsk,
    GroupBegin,
    GroupReadiness,
    SlotRequest,
    ThroughputResult,
    decode,
    encode,
    new_id,
)
from tests.api_client import Api, Headers, serving
from tests.collecting import batch, skipped, throughput

SUNDAY = datetime(2026, 3, 1, 18, tzinfo=UTC)
MONDAY_NOON = datetime(2026, 3, 2, 18, tzinfo=UTC)
GROUPS = "/api/v1/groups"


@pytest.fixture
def api(api_on_both: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """Groups are kept in either kind of database, and go by the clock that is set by hand."""
    for module in (group_book, slots):
        monkeypatch.setattr(module, "shared_now", lambda _, now: now)
    return api_on_both


class Clock:
    """A collector's, set by hand."""

    def __init__(self, api: Api) -> None:
        self.now = SUNDAY
        api.services.now = lambda: self.now  # type: ignore[method-assign]

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class District(NamedTuple):
    """Three schools on one Internet line, with an agent each that asks for group tests."""

    api: Api
    clock: Clock
    schools: list[School]
    agents: list[tuple[Agent, Headers]]
    cloud: UUID

    def start(self, **wish: Any) -> Any:
        about = {"line": "Internet"} | wish
        return self.api.http.post(GROUPS, json=about, headers=self.api.admin)

    def group(self, group_id: str) -> Any:
        headers = self.api.user(Permission.READ)
        return self.api.http.get(f"{GROUPS}/{group_id}", headers=headers).json()

    def ask(
        self,
        member: int,
        state: GroupReadiness = "idle",
        group_id: str | None = None,
        why: str = "",
    ) -> GroupAnswer:
        said = GroupAsk(
            group_id=UUID(group_id) if group_id else None, state=state, why_not=why or None
        )
        headers = self.agents[member][1]
        answer = self.api.http.post("/api/v1/group-calls", content=encode(said), headers=headers)
        assert answer.status_code == 200, answer.text
        return decode(answer.content, GroupAnswer)

    def begun(self, group_id: str) -> list[GroupBegin]:
        """All are ready, and are told when it begins."""
        for member in range(len(self.agents)):
            self.ask(member, "ready", group_id)
        told = [self.ask(n, "ready", group_id).call for n in range(len(self.agents))]
        assert all(call and call.begin for call in told)
        return [call.begin for call in told if call and call.begin]

    @property
    def groups(self) -> GroupTests:
        groups: GroupTests = self.api.app.state.group_tests
        return groups

    def look(self) -> None:
        """As the collector does every two seconds."""
        asyncio.run(self.groups._look())

    def plan(self) -> list[Any]:
        """As it does now and then, when chance has it that one is due. All groups there are."""
        self.groups._chance.random = lambda: 0.0  # type: ignore[method-assign]
        asyncio.run(self.groups._plan())
        return list(self.api.http.get(GROUPS, headers=self.api.admin).json())

    def hear(self) -> None:
        """All agents were heard just now."""
        with self.api.services.stores.control.begin() as c:
            c.execute(update(agent_table).values(last_seen_at=self.clock.now))

    def send(self, member: int, result: Any) -> None:
        agent, headers = self.agents[member]
        sent = batch(agent, result, epoch=new_id(), sent_at=self.clock.now)
        assert self.api.send(sent, headers).json()["refused"] == []


def district(api: Api, schools: int = 3) -> District:
    clock = Clock(api)
    made = [api.school(f"School {n}", students=100) for n in range(schools)]
    with api.services.stores.control.begin() as c:
        link = add_link(c, name="Internet", segment="internet", school_ids=[one.id for one in made])
        cloud = add_reflector(
            c, name="Cloud", host="192.0.2.1", port=1, segment="internet", link_id=link.id
        )
        make_access_key(c, cloud.id, clock.now)
    it = District(api, clock, made, [api.agent(school) for school in made], cloud.id)
    it.hear()
    for member in range(schools):
        assert it.ask(member).call is None
    return it


def part_of(begin: GroupBegin, group_id: str, mbps: float, **about: Any) -> ThroughputResult:
    steps = round((GROUP_SECONDS - begin.joins_after_seconds) * 10)
    return throughput(
        id=begin.result_id,
        started_at=SUNDAY,
        segment="internet",
        trigger="swarm",
        swarm_id=UUID(group_id),
        bound=None,
        rates_bits_per_second=(mbps * 1e6,) * steps,
        rate_interval_seconds=0.1,
        swarm_seconds=begin.joins_after_seconds,
        **about,
    )


def test_all_that_are_called_begin_at_one_moment_in_one_slot(api: Api) -> None:
    it = district(api)
    started = it.start()
    assert started.status_code == 201, started.text
    group = started.json()["id"]
    assert [it.ask(n).call is not None for n in range(3)] == [True] * 3
    assert it.group(group)["state"] == "called"
    begins = it.begun(group)
    assert {begin.begins_in_seconds for begin in begins} == {8.0}
    assert sorted(begin.joins_after_seconds for begin in begins) == [0, 0, LAST_JOIN_SECONDS]
    passes = [jwt.decode(b.token or "", options={"verify_signature": False}) for b in begins]
    slots = [one["slot"] for one in passes]
    assert {slot["id"] for slot in slots} == {group}
    assert len({tuple(slot["lines"]) for slot in slots}) == 1
    assert {slot["member_id"] for slot in slots} == {str(agent.id) for agent, _ in it.agents}
    # Nobody else is given the line meanwhile.
    wish = SlotRequest(
        id=new_id(), reflector_id=it.cloud, directions=("download",), bytes_at_most=1, seconds=30.0
    )
    headers = it.api.agent(it.schools[0])[1]
    busy = it.api.http.post("/api/v1/slots", content=encode(wish), headers=headers)
    assert busy.status_code == 409


def test_its_sum_is_one_result_however_often_it_is_summed_up(api: Api) -> None:
    it = district(api)
    group = it.start().json()["id"]
    begins = it.begun(group)
    it.clock.passes(30)
    for member, begin in enumerate(begins[:2]):
        it.send(member, part_of(begin, group, 40))
    it.look()
    assert it.group(group)["state"] == "running"
    it.send(2, part_of(begins[2], group, 40))
    it.look()
    done = it.group(group)
    assert (done["state"], done["bound"]) == ("done", "at_least")
    with it.api.services.stores.control.begin() as c:
        c.exec_driver_sql("UPDATE group_test SET state = 'running'")
    it.look()
    assert it.group(group)["state"] == "done"
    found = it.api.http.get("/api/v1/results?kind=throughput", headers=it.api.admin).json()
    (summed,) = (one for one in found["results"] if one["id"] == group)
    assert len(found["results"]) == 4
    assert summed["line_bits_per_second"] == pytest.approx(120e6 * 1500 / 1448)
    assert [stage["agents"] for stage in summed["swarm_stages"]] == [2, 3]
    assert {part["agent_id"] for part in summed["swarm_parts"]} == {
        str(agent.id) for agent, _ in it.agents
    }


def test_whoever_cannot_take_part_is_left_out_and_two_are_enough(api: Api) -> None:
    it = district(api)
    group = it.start().json()["id"]
    it.ask(0, "cannot", group, "this machine runs on battery")
    for member in (1, 2, 1):
        it.ask(member, "ready", group)
    shown = it.group(group)
    assert shown["state"] == "running"
    joined = [one["joins_after_seconds"] for one in shown["members"]]
    assert sorted(one for one in joined if one is not None) == [0, LAST_JOIN_SECONDS]
    assert it.ask(0).call is None


def test_silent_agents_are_not_waited_for_for_ever(api: Api) -> None:
    it = district(api)
    group = it.start().json()["id"]
    it.ask(0, "ready", group)
    it.ask(1, "cannot", group, "it is in use")
    it.clock.passes(ANSWER_WITHIN.total_seconds() + 1)
    it.look()
    shown = it.group(group)
    assert shown["state"] == "failed"
    assert "one could take part: 1 did not answer in time; it is in use" in shown["reason"]


def test_parts_that_never_come_make_it_fail_in_words(api: Api) -> None:
    it = district(api)
    group = it.start().json()["id"]
    begins = it.begun(group)
    it.clock.passes(30)
    it.send(0, part_of(begins[0], group, 40))
    it.send(1, skipped(id=begins[1].result_id, started_at=SUNDAY, reason="the disk is full"))
    it.look()
    assert it.group(group)["state"] == "running"
    it.clock.passes(PARTS_WITHIN.total_seconds())
    it.look()
    shown = it.group(group)
    assert shown["state"] == "failed"
    assert "one agent ran to the end: nothing was heard of it in time; the disk" in shown["reason"]


def test_a_collector_that_starts_again_knows_what_it_said(tmp_path: Path) -> None:
    with serving(tmp_path) as api:
        it = district(api)
        group = it.start().json()["id"]
        begins = it.begun(group)
    with serving(tmp_path) as again:
        after = it._replace(api=again, clock=Clock(again))
        after.clock.passes(3)
        told = after.ask(0, "ready", group).call
        assert told is not None
        assert told.begin is not None
        assert told.begin.begins_in_seconds == 5.0
        assert replace(told.begin, begins_in_seconds=8.0, token="") == replace(begins[0], token="")


def test_what_was_said_of_the_begin_is_said_until_the_sum_is_made(api: Api) -> None:
    it = district(api)
    group = it.start().json()["id"]
    begins = it.begun(group)
    it.clock.passes(60)
    told = it.ask(0, "busy", group).call
    assert told is not None
    assert told.begin is not None
    assert told.begin.begins_in_seconds == -52.0
    for member, begin in enumerate(begins):
        it.send(member, part_of(begin, group, 40))
    it.look()
    assert it.ask(0, "busy", group).call is None


def test_what_can_not_be_is_refused_in_words(api: Api) -> None:
    it = district(api)
    assert it.start(line="Nowhere").status_code == 404
    assert it.start(at="2030-01-01T00:00:00Z").status_code == 422
    it.clock.now = MONDAY_NOON
    it.hear()
    refused = it.start()
    assert refused.status_code == 422
    assert "school hours" in refused.json()["detail"]
    assert it.start(in_school_hours=True).status_code == 201
    refused = it.start(in_school_hours=True)
    assert refused.status_code == 409
    assert "under way" in refused.json()["detail"]


def test_too_few_agents_and_old_ones_are_said_with_their_number(api: Api) -> None:
    it = district(api)
    with api.services.stores.control.begin() as c:
        c.exec_driver_sql("UPDATE group_asker SET version = '0.0.1'")
    refused = it.start()
    assert refused.status_code == 422
    assert "3 of a version that knows of no group tests" in refused.json()["detail"]
    it.clock.passes(3600)
    assert "3 not heard just now" in it.start().json()["detail"]


def test_blackouts_and_budgets_hold_for_groups(api: Api) -> None:
    it = district(api)
    with api.services.stores.control.begin() as c:
        key = "probes.throughput.school_max_bytes_per_day"
        set_agent_setting(c, key=key, value=1e8)
    assert it.start().status_code == 429
    with api.services.stores.control.begin() as c:
        set_agent_setting(c, key=key, value=1e12)
        day = SUNDAY.date()
        add_day(c, CalendarDay(first=day, last=day, kind="blackout", name="State testing"))
    refused = it.start()
    assert refused.status_code == 429
    assert "State testing" in refused.json()["detail"]


def test_one_for_later_calls_its_agents_when_its_time_comes(api: Api) -> None:
    it = district(api)
    wanted = SUNDAY + timedelta(minutes=10)
    started = it.start(at=wanted.isoformat()).json()
    assert (started["state"], started["members"]) == ("called", [])
    assert it.ask(0).call is None
    it.clock.passes(9 * 60)
    it.look()
    assert len(it.group(started["id"])["members"]) == 3
    for member in range(3):
        told = it.ask(member, "ready", started["id"]).call
        assert told is not None
        assert told.begin is None  # not yet: they hold still until shortly before
    it.clock.passes(55)
    assert {begin.begins_in_seconds for begin in it.begun(started["id"])} == {8.0}


def test_a_line_that_no_machine_can_fill_is_tested_by_a_group_once_a_day(api: Api) -> None:
    it = district(api)
    bought = {"contracted_bits_per_second": 2e9}
    api.http.patch("/api/v1/links/Internet", json=bought, headers=api.admin)
    assert it.plan() == [], "nobody knows yet what the machines can see"
    seen = {"segment": "internet", "reflector_id": it.cloud, "ceiling_bits_per_second": 0.9e9}
    for member in range(3):
        it.send(member, throughput(started_at=it.clock.now, **seen))
    it.clock.now = MONDAY_NOON
    it.hear()
    assert it.plan() == [], "it is school hours"
    it.clock.passes(8 * 3600)
    it.hear()
    (planned,) = it.plan()
    assert (planned["called_by"], len(planned["members"])) == ("plan", 3)
    it.begun(planned["id"])
    it.clock.passes(3 * 3600)
    it.look()
    it.hear()
    assert len(it.plan()) == 1


def test_what_one_machine_can_see_needs_no_group(api: Api) -> None:
    it = district(api)
    bought = {"contracted_bits_per_second": 2e9}
    api.http.patch("/api/v1/links/Internet", json=bought, headers=api.admin)
    seen = {"segment": "internet", "reflector_id": it.cloud, "ceiling_bits_per_second": 5e9}
    for member in range(3):
        it.send(member, throughput(started_at=it.clock.now, **seen))
    assert it.plan() == []


def test_only_people_start_one_and_only_agents_are_called(api: Api) -> None:
    it = district(api)
    _, headers = it.agents[0]
    wish = {"line": "Internet"}
    assert api.http.post(GROUPS, json=wish, headers=headers).status_code == 403
    assert api.http.post("/api/v1/group-calls", json={}, headers=api.admin).status_code == 403
    assert api.http.get(f"{GROUPS}/{new_id()}", headers=api.admin).status_code == 404
    assert api.http.get(f"{GROUPS}?line=Internet", headers=api.admin).json() == []
