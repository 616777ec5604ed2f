import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from broadgauge_collector.access.agents import (
    admitted,
    find_agents,
    get_agent,
    list_agents,
    note_heard,
    revoke_agent,
)
from broadgauge_collector.access.join import create_join_token, join, list_tokens
from broadgauge_collector.errors import (
    AgentRefused,
    Conflict,
    Invalid,
    NotFound,
    NotPermitted,
    Unauthenticated,
)
from broadgauge_collector.schools.model import School
from broadgauge_collector.schools.repository import add_link, add_reflector, add_school
from broadgauge_collector.store import ControlStore, tables
from broadgauge_wire import JoinAnswer, JoinRequest, new_id

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def lincoln(control: ControlStore) -> School:
    with control.begin() as c:
        return add_school(c, name="Lincoln Elementary", timezone="America/Chicago")


def new_token(control: ControlStore, school: School, uses: int = 1) -> str:
    with control.begin() as c:
        return create_join_token(c, school_id=school.id, lifetime=DAY, uses=uses, now=NOW)


def ask(
    control: ControlStore,
    token: str,
    *,
    now: datetime = NOW,
    school: str | None = None,
    name: str | None = None,
    location: str | None = None,
) -> JoinAnswer:
    request = JoinRequest(
        token=token, agent_version="0.1.0", school=school, name=name, location=location
    )
    with control.begin() as c:
        return join(c, request, now)


def uses_left(control: ControlStore) -> list[int]:
    with control.connect() as c:
        return [token.uses_left for token in list_tokens(c)]


def test_a_token_makes_an_agent_of_its_school(control: ControlStore, lincoln: School) -> None:
    answer = ask(control, new_token(control, lincoln), name="Desk", location=" Room 12 ")
    assert (answer.school_id, answer.school) == (lincoln.id, "Lincoln Elementary")
    with control.connect() as c:
        agent = admitted(find_agents(c, [answer.key]).get(answer.key))
        assert agent == get_agent(c, answer.agent_id) == list_agents(c)[0]
    assert (agent.name, agent.location, agent.school_id) == ("Desk", "Room 12", lincoln.id)
    assert (agent.joined_at, agent.last_seen_at, agent.version) == (NOW, None, "0.1.0")


def test_an_agent_is_told_its_test_servers_when_it_joins(
    control: ControlStore, lincoln: School
) -> None:
    with control.begin() as c:
        line = add_link(c, name="LAN", segment="lan", school_ids=[lincoln.id])
        closet = add_reflector(
            c, name="Closet", host="10.1.0.2", port=8485, segment="lan", link_id=line.id
        )
    answer = ask(control, new_token(control, lincoln))
    assert [(r.id, r.host) for r in answer.settings.reflectors] == [(closet.id, "10.1.0.2")]


def test_an_agent_without_a_name_gets_one(control: ControlStore, lincoln: School) -> None:
    token = new_token(control, lincoln, uses=2)
    for _ in range(2):
        ask(control, token)
    with control.connect() as c:
        assert [agent.name for agent in list_agents(c)] == ["Computer 1", "Computer 2"]


def test_no_secret_is_kept(control: ControlStore, lincoln: School, tmp_path: Path) -> None:
    token = new_token(control, lincoln)
    key = ask(control, token).key
    with control.connect() as c:
        rows = [c.execute(sa.select(table)).all() for table in tables.metadata.sorted_tables]
    kept = str(rows).encode() + b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"Lincoln" in kept
    assert token.encode() not in kept
    assert key.encode() not in kept


@pytest.mark.parametrize("token", ["", "bgj_" + "x" * 43, "\udc80", "' OR 1=1 --"])
def test_an_unknown_token_is_refused(control: ControlStore, lincoln: School, token: str) -> None:
    new_token(control, lincoln)
    with pytest.raises(Unauthenticated, match="isn't known"):
        ask(control, token)


def test_an_expired_token_is_refused_by_the_second(control: ControlStore, lincoln: School) -> None:
    token = new_token(control, lincoln, uses=2)
    ask(control, token, now=NOW + DAY - timedelta(seconds=1))
    with pytest.raises(Unauthenticated, match="expired at 2026-03-03 15:00 UTC"):
        ask(control, token, now=NOW + DAY)


def test_a_token_used_up_is_refused(control: ControlStore, lincoln: School) -> None:
    token = new_token(control, lincoln)
    ask(control, token)
    with pytest.raises(Conflict, match="used up"):
        ask(control, token)


def test_a_token_for_another_school_is_refused_without_naming_it(
    control: ControlStore, lincoln: School
) -> None:
    token = new_token(control, lincoln)
    with pytest.raises(NotPermitted, match="for another school") as refused:
        ask(control, token, school="North High")
    assert "Lincoln" not in refused.value.detail
    for same in ("lincoln  elementary", str(lincoln.id)):
        with_two = new_token(control, lincoln)
        assert ask(control, with_two, school=same).school_id == lincoln.id


def test_a_refused_join_costs_no_use(control: ControlStore, lincoln: School) -> None:
    token = new_token(control, lincoln)
    with pytest.raises(NotPermitted):
        ask(control, token, school="North High")
    with pytest.raises(Invalid):
        ask(control, token, name="a\x00b")
    with pytest.raises(Invalid):
        ask(control, token, location="\x1b[31mred")
    with pytest.raises(Unauthenticated):
        ask(control, token, now=NOW + 2 * DAY)
    assert uses_left(control) == [1]


def test_of_many_agents_at_the_last_uses_exactly_that_many_join(
    control: ControlStore, lincoln: School
) -> None:
    token = new_token(control, lincoln, uses=3)
    ready = threading.Barrier(8)
    outcomes: list[str] = []

    def try_to_join() -> None:
        ready.wait()
        try:
            outcomes.append(ask(control, token).key[:4])
        except Conflict:
            outcomes.append("used up")

    threads = [threading.Thread(target=try_to_join) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["bga_"] * 3 + ["used up"] * 5
    assert uses_left(control) == [0]


@pytest.mark.parametrize("uses", [0, -1, 10_001])
def test_a_token_for_no_agent_or_too_many_is_not_made(
    control: ControlStore, lincoln: School, uses: int
) -> None:
    with pytest.raises(Invalid, match="1 to 10000 agents"):
        new_token(control, lincoln, uses)


@pytest.mark.parametrize("lifetime", [timedelta(0), -DAY, 400 * DAY])
def test_a_token_that_never_holds_or_for_ever_is_not_made(
    control: ControlStore, lincoln: School, lifetime: timedelta
) -> None:
    with pytest.raises(Invalid, match="at most 366 days"), control.begin() as c:
        create_join_token(c, school_id=lincoln.id, lifetime=lifetime, uses=1, now=NOW)


def test_a_token_for_an_unknown_school_is_not_made(control: ControlStore) -> None:
    with pytest.raises(NotFound), control.begin() as c:
        create_join_token(c, school_id=new_id(), lifetime=DAY, uses=1, now=NOW)


def test_a_revoked_agent_is_shut_out_and_stays_listed(
    control: ControlStore, lincoln: School
) -> None:
    answer = ask(control, new_token(control, lincoln))
    for later in (NOW + DAY, NOW + 2 * DAY):
        with control.begin() as c:
            revoke_agent(c, answer.agent_id, later)
    with control.connect() as c:
        with pytest.raises(AgentRefused, match=f"removed on {NOW + DAY:%Y-%m-%d %H:%M} UTC") as no:
            admitted(find_agents(c, [answer.key]).get(answer.key))
        assert no.value.agent_id == answer.agent_id
        assert [agent.revoked_at for agent in list_agents(c)] == [NOW + DAY]
    with pytest.raises(NotFound), control.begin() as c:
        revoke_agent(c, new_id(), NOW)


def test_what_an_agent_last_said_is_kept(control: ControlStore, lincoln: School) -> None:
    answer = ask(control, new_token(control, lincoln))
    with control.begin() as c:
        note_heard(c, answer.agent_id, NOW + DAY, "0.2.0", 17)
        agent = get_agent(c, answer.agent_id)
    assert (agent.last_seen_at, agent.version, agent.spooled_results) == (NOW + DAY, "0.2.0", 17)


@pytest.mark.parametrize("key", ["", "bga_", "bga_" + "x" * 43, "\udcff"])
def test_a_key_nobody_was_given_opens_nothing(
    control: ControlStore, lincoln: School, key: str
) -> None:
    ask(control, new_token(control, lincoln))
    with control.connect() as c, pytest.raises(AgentRefused, match="isn't known here"):
        admitted(find_agents(c, [key]).get(key))


def test_an_agents_key_is_found_through_an_index(control: ControlStore) -> None:
    with control.connect() as c:
        indexes = sa.inspect(c).get_unique_constraints("agent")
    assert ["key_hash"] in [index["column_names"] for index in indexes]
