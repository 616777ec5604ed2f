"""What an agent says away from school networks, and when it is heard awake again."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from broadgauge_collector.access.heard import EVERY_SECONDS, Heard
from broadgauge_wire import Settings, decode
from tests.api_client import Api, Headers
from tests.collecting import batch, throughput


def asleep(api: Api, headers: Headers, body: bytes = b"{}") -> Any:
    return api.http.post("/api/v1/asleep", content=body, headers=headers)


def known(api: Api) -> dict[str, Any]:
    (agent,) = api.http.get("/api/v1/agents", headers=api.admin).json()
    return dict(agent)


def test_an_agent_that_falls_asleep_is_shown_so_at_once_and_told_its_settings(api: Api) -> None:
    _, headers = api.agent(api.school())
    networks = {"subnet": "10.20.0.0/16"}
    api.http.post("/api/v1/networks", json=networks, headers=api.admin)
    api.http.get("/api/v1/settings", headers=headers)
    assert known(api)["asleep_since"] is None

    answer = asleep(api, headers)

    assert answer.status_code == 200
    assert decode(answer.content, Settings).school_networks == ("10.20.0.0/16",)
    assert known(api)["asleep_since"] is not None
    assert known(api)["last_seen_at"] == known(api)["asleep_since"]


def test_asleep_is_since_the_first_time_it_was_said(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, headers = api.agent(api.school())
    asleep(api, headers)
    began = known(api)["asleep_since"]
    later = api.services.now() + timedelta(minutes=10)
    monkeypatch.setattr("broadgauge_collector.access.heard.EVERY_SECONDS", 0)
    monkeypatch.setattr(api.services, "now", lambda: later)

    asleep(api, headers)

    assert known(api)["asleep_since"] == began
    assert datetime.fromisoformat(known(api)["last_seen_at"]) == later


@pytest.mark.parametrize("by", ["batch", "settings"])
def test_an_agent_that_wakes_is_shown_so_at_once(api: Api, by: str) -> None:
    agent, headers = api.agent(api.school())

    def speak(sequence: int) -> None:
        if by == "batch":
            api.send(batch(agent, throughput(), sequence=sequence), headers)
        else:
            api.http.get("/api/v1/settings", headers=headers)

    for turn in (1, 2):
        speak(turn)
        assert known(api)["asleep_since"] is None
        asleep(api, headers)
        assert known(api)["asleep_since"] is not None


def test_sleeping_forgets_neither_the_version_nor_what_waits(api: Api) -> None:
    agent, headers = api.agent(api.school())
    api.send(batch(agent, throughput(), spooled_results=7), headers)

    asleep(api, {**headers, "User-Agent": "broadgauge-agent/9.9"})

    assert (known(api)["version"], known(api)["spooled_results"]) == ("9.9", 7)


def test_nothing_of_where_an_agent_sleeps_is_kept(api: Api) -> None:
    _, headers = api.agent(api.school())
    where = {**headers, "X-Forwarded-For": "203.0.113.77"}

    said = asleep(api, where, b'{"network": "HomeWifi", "address": "203.0.113.77"}')

    assert said.status_code == 200
    kept = b"".join(p.read_bytes() for p in api.services.config.data.rglob("*") if p.is_file())
    assert b"203.0.113.77" not in kept
    assert b"HomeWifi" not in kept


@pytest.mark.parametrize(("body", "status"), [(b"", 422), (b"[]", 422), (b"x" * 300, 413)])
def test_what_says_something_else_is_refused(api: Api, body: bytes, status: int) -> None:
    _, headers = api.agent(api.school())

    assert asleep(api, headers, body).status_code == status
    assert known(api)["asleep_since"] is None


def test_an_agent_that_was_shut_out_is_not_heard_asleep(api: Api) -> None:
    agent, headers = api.agent(api.school())
    api.http.post(f"/api/v1/agents/{agent.id}/revoke", headers=api.admin)

    assert asleep(api, headers).status_code == 401


def test_an_agent_that_says_the_same_again_is_noted_now_and_then(api: Api) -> None:
    now = 0.0
    heard = Heard(lambda: now)
    awake, _ = api.agent(api.school())
    sleeping = replace(awake, asleep_since=awake.joined_at)

    assert [heard.due(awake, "batch"), heard.due(awake, "batch")] == [True, False]
    assert [heard.due(awake, "asleep"), heard.due(sleeping, "asleep")] == [True, False]
    assert heard.due(sleeping, "batch"), "it woke"
    now += EVERY_SECONDS
    assert heard.due(sleeping, "asleep")
