"""A state directory copied to a second machine: each sends what is its own, under its own name."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from broadgauge_agent import machine
from broadgauge_agent.identity import load_identity, save_identity
from broadgauge_agent.join import Place, join
from broadgauge_agent.machine import is_copied, with_machine
from broadgauge_agent.spool import Spool
from broadgauge_agent.spool_beside import put_beside
from broadgauge_agent.spool_tables import DAMAGED_RESULTS
from broadgauge_wire import Batch, ForkRequest, JoinAnswer, decode, encode, new_id
from broadgauge_wire.tokens import JoinToken
from tests.scripted_collector import (
    COPYS_KEY,
    KEY,
    Request,
    ScriptedCollector,
    make_identity,
    make_result,
)
from tests.unit.agent.shipping import Agent

StandOn = Callable[[str | None], None]


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> StandOn:
    """Which machine the code runs on."""

    def stand_on(name: str | None) -> None:
        monkeypatch.setattr(machine, "machine_id", lambda: name)

    stand_on("original")
    return stand_on


def copy_of(state: Path) -> Path:
    """As an image of the disk has it, or `cp -r`."""
    copy = state.with_name("copy")
    shutil.copytree(state, copy)
    return copy


def join_here(state: Path, url: str) -> Agent:
    agent = Agent.joined(state, url)
    agent.shipper._identity = agent.identity = with_machine(state, agent.identity)
    return agent


def waiting_copy(original: Agent, machines: StandOn, name: str) -> Agent:
    """On another machine, of an agent that ended; the collector doesn't answer it yet."""
    original.close()
    machines(name)
    state = original.state.with_name(name)
    shutil.copytree(original.state, state)
    return Agent.joined(state, original.identity.collector_url)


def not_yet(request: Request) -> None:
    request.answer(502)


def damage_an_index(state: Path) -> None:
    """As a disk does that loses a page."""
    with closing(sqlite3.connect(state / "spool.sqlite")) as db:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'results_by_batch'"
        (page,) = db.execute(query).fetchone()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (state / "spool.sqlite").open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 8)


def inherited_ids(collector: ScriptedCollector) -> list[str]:
    stored = [decode(body, Batch) for body in (collector.stored or {}).values()]
    copied = [batch for batch in stored if batch.inherited]
    return [json.loads(bytes(raw))["id"] for batch in copied for raw in batch.results]


def test_a_copy_on_another_machine_takes_a_name_of_its_own_before_it_sends(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    collector.remember()
    original = join_here(tmp_path / "state", collector.url)
    sent = original.put(2)
    original.ship()
    waiting = original.put(3)
    original.close()
    state = copy_of(original.state)

    machines("another")
    copy = Agent.joined(state, collector.url)
    own = copy.put(2)
    assert copy.ship() is None
    assert copy.ship_as_it_is_now() is None
    identity = load_identity(state)
    assert identity.agent_id != original.identity.agent_id == identity.forked_from
    assert not is_copied(identity)
    last = collector.requests[-1]
    assert last.headers["authorization"] == f"Bearer {COPYS_KEY}"
    assert {batch.agent_id for batch in collector.batches[1:]} == {identity.agent_id}
    assert copy.spool.waiting() == copy.refused() == 0
    copy.close()

    machines("original")
    original = Agent.joined(tmp_path / "state", collector.url)
    original.ship()
    original.close()
    assert sorted(collector.stored_ids()) == sorted(sent + waiting + own)
    assert inherited_ids(collector) == waiting


def test_a_copy_that_cannot_be_told_by_its_machine_is_told_by_the_collector(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    machines(None)
    collector.remember()
    original = join_here(tmp_path / "state", collector.url)
    waiting = original.put(2)
    original.close()
    copy = Agent.joined(copy_of(original.state), collector.url)
    original = Agent.joined(tmp_path / "state", collector.url)
    of_original = original.put(1)
    original.ship()
    own = copy.put(1)
    copy.ship()
    copy.ship_as_it_is_now()
    assert copy.spool.waiting() == 0
    copy.close()
    original.close()
    assert sorted(collector.stored_ids()) == sorted(waiting + of_original + own)
    assert inherited_ids(collector) == waiting


def test_what_a_copy_sent_without_hearing_of_it_is_not_sent_again_under_its_new_name(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    machines(None)
    collector.remember()
    agent = join_here(tmp_path / "state", collector.url)
    agent.put(1, "old")
    agent.pass_time(700)
    agent.put(1, "new")

    live = agent.spool.next_batch("live")
    backlog = agent.spool.next_batch("backlog")
    assert live and backlog
    agent.spool.become(make_identity("").agent_id, refused=live)
    with closing(sqlite3.connect(agent.state / "spool.sqlite")) as db:
        found = dict(db.execute("SELECT json_extract(CAST(body AS TEXT), '$.error'), inherited "
                                "FROM results WHERE batch IS NULL").fetchall())  # fmt: skip
    assert found == {"old": 1, "new": None}
    agent.close()


def test_a_copy_asks_with_the_same_id_until_it_is_answered(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    original = join_here(tmp_path / "state", collector.url)
    original.close()
    machines("another")
    state = copy_of(original.state)
    collector.forking = [lambda request: request.answer(502), lambda request: request.answer(200)]
    for _ in range(3):
        copy = Agent.joined(state, collector.url)
        copy.put()
        copy.ship()
        copy.close()
    asked = [r for r in collector.requests if r.path == "/api/v1/agents/fork"]
    assert len(asked) == 3
    assert len({decode(request.body, ForkRequest).id for request in asked}) == 1
    assert {request.headers["authorization"] for request in asked} == {f"Bearer {KEY}"}
    assert collector.batches == []
    assert load_identity(state).forked_from


def test_a_copy_that_was_ended_before_it_took_its_spool_over_does_so_at_the_next_start(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    collector.remember()
    original = join_here(tmp_path / "state", collector.url)
    waiting = original.put(2)
    original.close()
    machines("another")
    state = copy_of(original.state)
    former = load_identity(state)
    new = replace(make_identity(collector.url), forked_from=former.agent_id)
    save_identity(state, new)
    copy = Agent.joined(state, collector.url)
    assert copy.spool.set_aside_file is None
    own = copy.put(1)
    copy.ship()
    copy.close()
    assert collector.stored_ids() == own
    assert inherited_ids(collector) == waiting
    assert {batch.agent_id for batch in collector.batches} == {new.agent_id}


@pytest.mark.parametrize("before", [None, "another"])
def test_where_the_collector_knows_of_no_copies_a_new_epoch_is_begun(
    tmp_path: Path,
    collector: ScriptedCollector,
    machines: StandOn,
    before: str | None,
) -> None:
    agent = join_here(tmp_path / "state", collector.url)
    agent.close()
    machines(before or "original")
    agent = Agent.joined(tmp_path / "state", collector.url)
    former = agent.spool.epoch
    collector.forking = [lambda request: request.problem(404, "no such page")] * 2
    if before is None:
        collector.script = [lambda request: request.problem(409, "this number is taken")]
    agent.put()
    agent.ship()
    agent.put()
    agent.ship()
    assert collector.batches[-1].epoch == agent.spool.epoch != former
    assert load_identity(agent.state).agent_id == agent.identity.agent_id
    assert agent.spool.waiting() == 0
    agent.close()


def test_a_machine_without_an_id_is_no_copy(tmp_path: Path, machines: StandOn) -> None:
    identity = with_machine(tmp_path, make_identity("http://127.0.0.1"))
    assert identity.machine and "original" not in identity.machine
    assert not is_copied(identity)
    machines(None)
    assert not is_copied(identity)
    machines("another")
    assert is_copied(identity)
    assert with_machine(tmp_path, identity) == identity


def test_joining_notes_the_machine(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    join(tmp_path, collector.url, JoinToken("bgj_x"), Place())
    identity = load_identity(tmp_path)
    assert identity.machine
    machines("another")
    assert is_copied(identity)


def test_what_was_there_when_an_empty_spool_was_copied_is_nothing(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    collector.remember()
    original = join_here(tmp_path / "state", collector.url)
    original.close()
    machines("another")
    state = copy_of(original.state)
    collector.forking = [lambda request: request.answer(502)]
    copy = Agent.joined(state, collector.url)
    own = copy.put(2)
    copy.ship()
    copy.close()
    again = Agent.joined(state, collector.url)
    own += again.put(1)
    again.ship()
    again.ship_as_it_is_now()
    again.close()
    assert sorted(collector.stored_ids()) == sorted(own)
    assert inherited_ids(collector) == []


def test_another_agents_spool_is_no_copy(tmp_path: Path) -> None:
    Spool(tmp_path, make_identity("").agent_id).close()
    save_identity(tmp_path, replace(make_identity("http://127.0.0.1"), forked_from=None))
    identity = load_identity(tmp_path)
    with closing(Spool(tmp_path, identity.agent_id)) as spool:
        assert spool.set_aside_file


def test_where_there_are_copies_enough_it_says_so_and_waits_long(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    collector.forking = [lambda request: request.problem(403, "500 copies. Join anew: do it.")]
    copy = waiting_copy(join_here(tmp_path / "state", collector.url), machines, "another")
    copy.put(2)
    pause = copy.ship()
    assert pause and pause >= 3600
    assert "a copy of another's agent" in copy.trouble()
    assert "500 copies. Join anew: do it" in copy.trouble()
    assert collector.batches == []
    assert copy.spool.waiting() == 2
    copy.ship()
    copy.ship_as_it_is_now()
    assert copy.spool.waiting() == 0
    copy.close()


def test_a_copy_of_a_copy_that_waits_for_its_name_sends_only_what_is_its_own(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    collector.remember()
    collector.forking = [not_yet]
    first = waiting_copy(join_here(tmp_path / "state", collector.url), machines, "second")
    of_first = first.put(2)
    first.ship()
    copy = waiting_copy(first, machines, "third")
    own = copy.put(1)
    copy.ship()
    copy.ship_as_it_is_now()
    copy.close()
    assert collector.stored_ids() == own
    assert inherited_ids(collector) == of_first
    asked = [r for r in collector.requests if r.path == "/api/v1/agents/fork"]
    assert len({decode(request.body, ForkRequest).id for request in asked}) == 2


def test_a_disk_that_came_home_is_no_copy_and_its_next_copy_begins_anew(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    collector.remember()
    collector.forking = [not_yet]
    guest = waiting_copy(join_here(tmp_path / "state", collector.url), machines, "another")
    guest.ship()
    guest.close()
    machines("original")
    original = Agent.joined(guest.state, collector.url)
    waiting = original.put(2)
    original.close()
    machines("another")
    copy = Agent.joined(copy_of(original.state), collector.url)
    own = copy.put(1)
    copy.ship()
    copy.ship_as_it_is_now()
    copy.close()
    assert collector.stored_ids() == own
    assert inherited_ids(collector) == waiting


def test_what_a_survey_found_on_the_copys_machine_is_the_copys(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    collector.remember()
    original = join_here(tmp_path / "state", collector.url)
    waiting = original.put(1)
    original.close()
    machines("another")
    state, found = copy_of(original.state), make_result()
    put_beside(state, original.identity.agent_id, [found])
    copy = Agent.joined(state, collector.url)
    copy.ship()
    copy.ship_as_it_is_now()
    copy.close()
    assert collector.stored_ids() == [str(found.id)]
    assert inherited_ids(collector) == waiting


def test_a_copy_knows_nothing_of_its_machine_and_of_its_room(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    original = join_here(tmp_path / "state", collector.url)
    save_identity(original.state, replace(load_identity(original.state), location="Room 12"))
    for fact in ("calibration", "hours_on", "line:7", "last:latency", DAMAGED_RESULTS):
        original.spool.note(fact, 1)
    copy = waiting_copy(original, machines, "another")
    originals = ("calibration", "hours_on", "line:7", DAMAGED_RESULTS)
    known = {fact: copy.spool.fact(fact) for fact in originals}
    assert set(known.values()) == {None}
    assert copy.spool.fact("last:latency") == 1
    copy.spool.note("calibration", 2)
    copy.ship()
    assert load_identity(copy.state).location is None
    assert copy.spool.fact("calibration") == 2
    copy.close()


def test_a_copy_that_joins_anew_sends_what_it_measured(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    collector.remember()
    collector.forking = [not_yet]
    original = join_here(tmp_path / "state", collector.url)
    waiting = original.put(2)
    copy = waiting_copy(original, machines, "another")
    own = copy.put(2)
    copy.ship()
    copy.close()
    same_school = JoinAnswer(
        agent_id=new_id(), key=KEY, school_id=copy.identity.school_id, school="Hill",
        settings=collector.settings,
    )  # fmt: skip
    collector.joining = [lambda request: request.answer(200, encode(same_school))]
    join(copy.state, collector.url, JoinToken("bgj_x"), Place(), force=True)
    copy = Agent.joined(copy.state, collector.url)
    assert copy.spool.set_aside_file is None
    copy.ship()
    copy.close()
    assert {batch.agent_id for batch in collector.batches} == {same_school.agent_id}
    assert sorted(collector.stored_ids()) == sorted(own)
    assert inherited_ids(collector) == waiting


@pytest.mark.parametrize("anew", ["another school", "no copy"])
def test_what_was_measured_for_others_is_set_aside_when_a_machine_joins_anew(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn, anew: str
) -> None:
    original = join_here(tmp_path / "state", collector.url)
    original.put(1)
    original.close()
    machines("another" if anew == "another school" else "original")
    join(original.state, collector.url, JoinToken("bgj_x"), Place(), force=True)
    assert load_identity(original.state).forked_from is None
    with closing(Spool(original.state, load_identity(original.state).agent_id)) as spool:
        assert spool.set_aside_file


def test_mending_a_copys_spool_mixes_nothing_up(
    tmp_path: Path, collector: ScriptedCollector, machines: StandOn
) -> None:
    """What was sent before the damage leaves gaps in the numbers of the rows."""
    collector.remember()
    collector.forking = [not_yet]
    original = join_here(tmp_path / "state", collector.url)
    sent = original.put(6)
    original.ship()
    waiting = original.put(3)
    copy = waiting_copy(original, machines, "another")
    own = copy.put(2)
    copy.ship()
    own += copy.put(1)
    damage_an_index(copy.state)
    for _ in range(5):
        copy.ship_as_it_is_now()
    copy.close()
    assert list(copy.state.glob("spool-*-damaged.sqlite"))
    assert sorted(collector.stored_ids()) == sorted(sent + own)
    assert sorted(inherited_ids(collector)) == sorted(waiting)
