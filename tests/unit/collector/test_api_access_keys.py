"""Access keys of test servers: said once, kept to themselves, and what tokens are signed with."""

from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from structlog.testing import capture_logs

from broadgauge_agent.reflector.access import token_fault
from broadgauge_collector.access.permissions import Permission
from broadgauge_wire import Settings, decode
from tests.api_client import Api, Headers


def _core(api: Api, name: str = "Core", **more: Any) -> dict[str, Any]:
    new = {"name": name, "host": "10.0.0.5", "port": 8485, "segment": "wan"}
    added = api.http.post("/api/v1/reflectors", json=new | more, headers=api.admin)
    assert added.status_code == 201, added.text
    return dict(added.json())


def _made(api: Api, name: str = "Core") -> dict[str, Any]:
    made = api.http.post(f"/api/v1/reflectors/{name}/access-key", headers=api.admin)
    assert made.status_code == 201, made.text
    return dict(made.json())


def _settings(api: Api, headers: Headers, path: str = "settings") -> Settings:
    asked = api.http.request(
        "GET" if path == "settings" else "POST",
        f"/api/v1/{path}",
        headers=headers,
        content=None if path == "settings" else b"{}",
    )
    assert asked.status_code == 200, asked.text
    return decode(asked.content, Settings)


@pytest.mark.parametrize("path", ["settings", "asleep"])
def test_an_agent_gets_tokens_that_the_test_server_takes_for_a_day(api: Api, path: str) -> None:
    core = _core(api)
    key = _made(api)["access_key"]
    agent, headers = api.agent(api.school())

    (token,) = _settings(api, headers, path).access_tokens

    claims = jwt.decode(token.token, key, algorithms=["HS256"], audience=core["id"])
    left = token.expires_at - api.services.now()
    assert token_fault(token.token, key) is None
    assert str(token.reflector_id) == core["id"]
    assert (claims["sub"], claims["exp"]) == (str(agent.id), token.expires_at.timestamp())
    assert timedelta(hours=22, minutes=59) < left <= timedelta(hours=24)


def test_a_join_brings_the_first_tokens(api: Api) -> None:
    api.school()
    _core(api)
    key = _made(api)["access_key"]
    wish = {"school": "Lincoln Elementary"}
    token = api.http.post("/api/v1/tokens", json=wish, headers=api.admin).json()["token"]

    joined = api.http.post("/api/v1/join", json={"token": token, "agent_version": "0.1.0"}).json()

    (access,) = joined["settings"]["access_tokens"]
    assert token_fault(access["token"], key) is None


def test_settings_stay_the_same_within_an_hour(api: Api) -> None:
    _core(api)
    _made(api)
    _, headers = api.agent(api.school())
    top = api.services.now().replace(minute=0, second=0, microsecond=0)

    def told(minutes: float) -> Settings:
        api.services.now = lambda: top + timedelta(minutes=minutes)  # type: ignore[method-assign]
        return _settings(api, headers)

    assert told(0.5) == told(59.5)
    assert told(59.5) != told(60.5)


def test_agents_get_tokens_for_test_servers_that_they_are_told_of_alone(api: Api) -> None:
    lincoln, north = api.school(), api.school("North")
    line = {"name": "North LAN", "segment": "lan", "schools": [north.name]}
    api.http.post("/api/v1/links", json=line, headers=api.admin)
    _core(api)
    _core(api, "Closet", segment="lan", link="North LAN")
    _core(api, "Open")
    _made(api)
    _made(api, "Closet")

    def names(headers: Headers) -> set[str]:
        told = _settings(api, headers)
        tokens = {token.reflector_id for token in told.access_tokens}
        return {server.name for server in told.reflectors if server.id in tokens}

    assert names(api.agent(lincoln)[1]) == {"Core"}
    assert names(api.agent(north)[1]) == {"Core", "Closet"}


def test_a_new_key_replaces_the_former_one(api: Api) -> None:
    _core(api)
    former, key = _made(api)["access_key"], _made(api)["access_key"]
    _, headers = api.agent(api.school())

    (token,) = _settings(api, headers).access_tokens

    assert former != key
    assert token_fault(token.token, key) is None
    assert token_fault(token.token, former)


def test_a_key_can_be_taken_away_and_goes_with_its_test_server(api: Api) -> None:
    core = _core(api)
    assert not core["has_access_key"]
    assert _made(api)["reflector"] == core | {"has_access_key": True}
    _, headers = api.agent(api.school())

    taken = [
        api.http.delete("/api/v1/reflectors/Core/access-key", headers=api.admin) for _ in range(2)
    ]

    assert [answer.json() for answer in taken] == [core, core]
    assert _settings(api, headers).access_tokens == ()
    _made(api)
    assert api.http.delete("/api/v1/reflectors/Core", headers=api.admin).status_code == 204
    assert _settings(api, headers).access_tokens == ()


def test_a_key_of_no_test_server_is_not_found(api: Api) -> None:
    for method in ("POST", "DELETE"):
        answer = api.http.request(method, "/api/v1/reflectors/Cores/access-key", headers=api.admin)
        assert answer.status_code == 404
        assert "no test server named" in answer.json()["detail"]


def test_whoever_may_only_read_makes_and_takes_no_key(api: Api) -> None:
    _core(api)
    _, agent = api.agent(api.school())
    for headers in (api.user(Permission.READ), agent):
        for method in ("POST", "DELETE"):
            address = "/api/v1/reflectors/Core/access-key"
            assert api.http.request(method, address, headers=headers).status_code == 403


def test_a_key_is_said_once_and_neither_logged_nor_listed_nor_exported(api: Api) -> None:
    _core(api)
    agent, headers = api.agent(api.school())
    with capture_logs() as logged:
        key = _made(api)["access_key"]
        api.http.patch("/api/v1/reflectors/Core", json={"port": 9000}, headers=api.admin)
        (token,) = _settings(api, headers).access_tokens
    answers = [
        api.http.get(path, headers=api.admin).text
        for path in (
            *("/api/v1/reflectors", "/api/v1/agents", "/api/v1/schools", "/metrics"),
            *(f"/api/v1/results?kind=throughput&format={name}" for name in ("json", "csv")),
        )
    ]
    assert '"has_access_key":true' in answers[0]
    for words in (*answers, repr(logged), repr(agent)):
        assert key not in words
        assert token.token not in words
    assert {"access_key_made"} <= {entry["event"] for entry in logged}


def test_a_token_is_made_by_the_collectors_own_clock(api: Api) -> None:
    _core(api)
    _made(api)
    _, headers = api.agent(api.school())
    moment = datetime.fromisoformat("2031-05-06T07:08:09+00:00")
    api.services.now = lambda: moment  # type: ignore[method-assign]

    (token,) = _settings(api, headers).access_tokens

    assert token.expires_at.isoformat() == "2031-05-07T07:00:00+00:00"
