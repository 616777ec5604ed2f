"""A spool that was copied to another machine: the copy becomes an agent of its own."""

from typing import Any
from uuid import UUID

import pytest

from broadgauge_collector.access.agents import get_agent, list_agents, revoke_agent
from broadgauge_collector.access.copies import MAX_COPIES
from broadgauge_collector.access.fork import fork
from broadgauge_collector.doctor.fleet import check_copies
from broadgauge_collector.errors import AgentRefused
from broadgauge_collector.reports import agents
from broadgauge_collector.schools.model import Agent
from broadgauge_collector.store.tables import agent as agent_table
from broadgauge_collector.upkeep.going import going_agent, remove
from broadgauge_wire import ForkRequest, JoinAnswer, decode, new_id
from tests.api_client import Api, Headers, bearer
from tests.collecting import NOW, batch, latency, throughput

PATH = "/api/v1/agents/fork"


def asking(**changes: Any) -> dict[str, Any]:
    return {"id": str(new_id()), "agent_version": "0.2.0", **changes}


def test_a_copy_becomes_an_agent_of_its_own_at_the_same_school(api: Api) -> None:
    school = api.school()
    original, headers = api.agent(school)

    answer = api.http.post(PATH, json=asking(), headers=headers)

    assert answer.status_code == 200
    made = answer.json()
    assert made["agent_id"] != str(original.id)
    assert made["school_id"] == str(school.id)
    by_id = {each["id"]: each for each in _agents(api)}
    copy = by_id[made["agent_id"]]
    assert copy["name"] == f"{original.name} (copy)"
    assert copy["forked_from"] == str(original.id)
    assert copy["version"] == "0.2.0"
    assert by_id[str(original.id)]["forked_from"] is None


def test_original_and_copy_both_send_on_under_their_own_names(api: Api) -> None:
    original, headers = api.agent(api.school())
    copy = _forked(api, headers)
    ours = api.send(batch(original, throughput(), epoch=original.id), headers)
    same_epoch = batch(original, throughput(), epoch=original.id, agent_id=copy.agent_id)

    theirs = api.send(same_epoch, bearer(copy.key))

    assert ours.status_code == theirs.status_code == 200
    senders = [each["agent_id"] for each in _results(api)]
    assert sorted(senders) == sorted([str(original.id), str(copy.agent_id)])


def test_what_a_copy_inherited_is_kept_aside_and_not_stored(api: Api) -> None:
    original, headers = api.agent(api.school())
    copy = _forked(api, headers)
    inherited = (throughput(), latency())
    api.send(batch(original, *inherited), headers)
    sent = batch(original, *inherited, agent_id=copy.agent_id, epoch=new_id(), inherited=True)

    answer = api.send(sent, bearer(copy.key))

    assert answer.status_code == 200
    said = answer.json()
    assert len(said["committed"]) == 1
    assert [refusal["id"] for refusal in said["refused"]] == [str(r.id) for r in inherited]
    assert {refusal["reason"] for refusal in said["refused"]} == {
        "from a copied spool: the original sends them"
    }
    assert [each["agent_id"] for each in _results(api)] == [str(original.id)]


def test_asked_again_a_copy_is_the_same_agent_with_a_new_key(api: Api) -> None:
    _, headers = api.agent(api.school())
    wish = asking()
    first, again = (api.http.post(PATH, json=wish, headers=headers).json() for _ in range(2))

    assert first["agent_id"] == again["agent_id"]
    assert len(_agents(api)) == 2
    settings = "/api/v1/settings"
    assert api.http.get(settings, headers=bearer(again["key"])).status_code == 200
    assert api.http.get(settings, headers=bearer(first["key"])).status_code == 401


def test_a_copy_of_a_copy_is_named_as_one(api: Api) -> None:
    original, headers = api.agent(api.school())
    copy = _forked(api, headers)

    again = _forked(api, bearer(copy.key))

    names = {each["id"]: each["name"] for each in _agents(api)}
    assert names[str(again.agent_id)] == f"{original.name} (copy)"


def test_nobody_becomes_an_agent_that_is_there(api: Api) -> None:
    school = api.school()
    (_, headers), (other, key) = api.agent(school), api.agent(school)

    answer = api.http.post(PATH, json=asking(id=str(other.id)), headers=headers)

    assert answer.status_code == 409
    assert api.http.get("/api/v1/settings", headers=key).status_code == 200


def test_a_copy_that_was_shut_out_does_not_come_back(api: Api) -> None:
    _, headers = api.agent(api.school())
    wish = asking()
    made = api.http.post(PATH, json=wish, headers=headers).json()
    with api.services.stores.control.begin() as c:
        revoke_agent(c, UUID(made["agent_id"]), api.services.now())

    assert api.http.post(PATH, json=wish, headers=headers).status_code == 409


def test_there_is_an_end_to_copies(api: Api) -> None:
    original, headers = api.agent(api.school())
    _add_copies(api, original, original.id, MAX_COPIES)

    answer = api.http.post(PATH, json=asking(), headers=headers)

    assert answer.status_code == 403
    assert "Join this machine anew" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) >= 3600
    with api.services.stores.control.connect() as c:
        (said,) = check_copies(list_agents(c))
    assert said.state == "trouble"
    assert original.name in said.detail


def test_copies_of_copies_are_counted_with_their_original(api: Api) -> None:
    original, headers = api.agent(api.school())
    first = _forked(api, headers)
    second = _forked(api, bearer(first.key))
    _add_copies(api, original, second.agent_id, MAX_COPIES - 2)

    for key in (headers, bearer(first.key), bearer(second.key)):
        assert api.http.post(PATH, json=asking(), headers=key).status_code == 403


def test_people_see_whose_copy_an_agent_is_and_how_many_there_are(api: Api) -> None:
    original, headers = api.agent(api.school())
    first = _forked(api, headers)
    second = _forked(api, bearer(first.key))

    rows = {row.agent.id: row for row in agents(api.services.stores, api.services.now())}

    assert [rows[each].copies for each in (original.id, first.agent_id, second.agent_id)] == [
        2,
        1,
        0,
    ]
    assert rows[original.id].copy_of is None
    assert rows[second.agent_id].copy_of == rows[first.agent_id].agent.name
    with api.services.stores.control.connect() as c:
        assert not list(check_copies(list_agents(c)))


def test_another_agents_copies_are_not_counted(api: Api) -> None:
    school = api.school()
    (original, _), (_, other) = api.agent(school), api.agent(school)
    _add_copies(api, original, original.id, MAX_COPIES)

    assert _forked(api, other)


def test_copies_that_were_shut_out_make_room(api: Api) -> None:
    original, headers = api.agent(api.school())
    gone = _add_copies(api, original, original.id, MAX_COPIES)[0]
    assert api.http.post(f"/api/v1/agents/{gone}/revoke", headers=api.admin).status_code == 200

    assert _forked(api, headers)


def test_erasing_a_copy_leaves_its_copies_counted(api: Api) -> None:
    original, headers = api.agent(api.school())
    first = _forked(api, headers)
    second = _forked(api, bearer(first.key))
    with api.services.stores.control.begin() as c:
        remove(c, going_agent(c, str(first.agent_id)))
        assert get_agent(c, second.agent_id).forked_from == original.id


def test_a_copy_that_was_heard_has_its_key(api: Api) -> None:
    _, headers = api.agent(api.school())
    wish = asking()
    made = api.http.post(PATH, json=wish, headers=headers).json()
    settings = "/api/v1/settings"
    assert api.http.get(settings, headers=bearer(made["key"])).status_code == 200

    assert api.http.post(PATH, json=wish, headers=headers).status_code == 409
    assert api.http.get(settings, headers=bearer(made["key"])).status_code == 200


def test_in_which_room_a_copy_is_nobody_knows(api: Api) -> None:
    original, headers = api.agent(api.school())
    with api.services.stores.control.begin() as c:
        placed = agent_table.update().where(agent_table.c.id == original.id)
        c.execute(placed.values(location="Room 12"))

    copy = _forked(api, headers)

    with api.services.stores.control.connect() as c:
        assert get_agent(c, copy.agent_id).location is None


@pytest.mark.parametrize(("query", "status"), [("", 200), ("?copies=true", 401)])
def test_an_agent_is_shut_out_alone_or_with_its_copies(api: Api, query: str, status: int) -> None:
    _, headers = api.agent(api.school())
    stolen = _forked(api, headers)
    made_by_the_thief = _forked(api, bearer(_forked(api, bearer(stolen.key)).key))

    path = f"/api/v1/agents/{stolen.agent_id}/revoke{query}"
    assert api.http.post(path, headers=api.admin).status_code == 200

    assert _settings(api, bearer(stolen.key)) == 401
    assert _settings(api, bearer(made_by_the_thief.key)) == status
    assert _settings(api, headers) == 200


def _settings(api: Api, headers: Headers) -> int:
    return api.http.get("/api/v1/settings", headers=headers).status_code


def _add_copies(api: Api, original: Agent, of: UUID, count: int) -> list[UUID]:
    row = {"school_id": original.school_id, "name": "Copy", "version": "0", "key_hash": b""}
    row |= {"joined_at": api.services.now(), "forked_from": of}
    many = [row | {"id": new_id(), "key_hash": n.to_bytes(32, "big")} for n in range(count)]
    with api.services.stores.control.begin() as c:
        c.execute(agent_table.insert(), many)
    return [UUID(str(each["id"])) for each in many]


@pytest.mark.parametrize("wish", [{}, {"id": "7", "agent_version": "1"}, {"id": str(new_id())}])
def test_a_wish_that_is_none_is_refused(api: Api, wish: dict[str, Any]) -> None:
    _, headers = api.agent(api.school())

    assert api.http.post(PATH, json=wish, headers=headers).status_code == 422


def test_a_long_name_still_says_that_it_is_a_copys(api: Api) -> None:
    original, headers = api.agent(api.school())
    with api.services.stores.control.begin() as c:
        named = agent_table.update().where(agent_table.c.id == original.id)
        c.execute(named.values(name="x" * 200))

    copy = _forked(api, headers)

    with api.services.stores.control.connect() as c:
        name = get_agent(c, copy.agent_id).name
    assert name.endswith("x (copy)")
    assert len(name) == 200


def _forked(api: Api, headers: Headers) -> JoinAnswer:
    answer = api.http.post(PATH, json=asking(), headers=headers)
    assert answer.status_code == 200, answer.text
    return decode(answer.content, JoinAnswer)


def _agents(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.http.get("/api/v1/agents", headers=api.admin).json()
    return found


def _results(api: Api) -> list[dict[str, Any]]:
    answer = api.http.get("/api/v1/results", headers=api.admin).json()
    found: list[dict[str, Any]] = answer["results"]
    return found


def test_one_that_was_shut_out_while_it_asked_gets_no_copy(api: Api) -> None:
    original, _ = api.agent(api.school())
    with api.services.stores.control.begin() as c:
        revoke_agent(c, original.id, NOW)
        request = ForkRequest(id=new_id(), agent_version="0.2.0")
        with pytest.raises(AgentRefused):
            fork(c, original, request, NOW)
    assert [each["id"] for each in _agents(api)] == [str(original.id)]
