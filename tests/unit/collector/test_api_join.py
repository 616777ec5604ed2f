"""Joining over HTTP: each wrong token gets its own clear answer."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from broadgauge_collector.access.failures import BURST
from broadgauge_collector.access.refusals import Refusals
from broadgauge_collector.errors import AgentRefused, Busy
from broadgauge_wire import new_id
from broadgauge_wire.tokens import parse_join_token
from tests.api_client import Api, bearer, serving


@pytest.fixture
def api(api_on_both: Api) -> Api:
    return api_on_both


WHY = ("used up", "isn't known", "expired")


def _token(api: Api, school: str = "Lincoln Elementary", **wish: Any) -> str:
    answer = api.http.post("/api/v1/tokens", json={"school": school, **wish}, headers=api.admin)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def _join(api: Api, token: str, **more: Any) -> Any:
    body = {"token": token, "agent_version": "0.1.0", **more}
    return api.http.post("/api/v1/join", json=body)


def test_a_token_becomes_an_agent_and_a_key(api: Api) -> None:
    school = api.school()

    joined = _join(api, _token(api), name="Library desk", location="Library")

    assert joined.status_code == 200
    assert joined.json()["school_id"] == str(school.id)
    key = bearer(joined.json()["key"])
    assert api.http.get("/api/v1/settings", headers=key).status_code == 200
    (agent,) = api.http.get("/api/v1/agents", headers=api.admin).json()
    assert (agent["name"], agent["location"]) == ("Library desk", "Library")


def test_a_used_up_token_says_so(api: Api) -> None:
    api.school()
    token = _token(api, uses=1)
    _join(api, token)

    answer = _join(api, token)

    assert answer.status_code == 409
    assert "used up" in answer.json()["detail"]


def test_an_expired_token_says_so(api: Api) -> None:
    api.school()
    token = _token(api, lifetime_hours=1)
    now = api.services.now()
    api.services.now = lambda: now + timedelta(hours=2)  # type: ignore[method-assign]

    answer = _join(api, token)

    assert answer.status_code == 401
    assert "expired" in answer.json()["detail"]


def test_a_token_of_another_school_says_so(api: Api) -> None:
    api.school()
    api.school("Grant High")

    answer = _join(api, _token(api, school="Grant High"), school="Lincoln Elementary")

    assert answer.status_code == 403
    assert "another school" in answer.json()["detail"]


def test_a_token_for_an_unknown_school_names_the_nearest(api: Api) -> None:
    api.school()

    answer = api.http.post(
        "/api/v1/tokens", json={"school": "Lincon Elementary"}, headers=api.admin
    )

    assert answer.status_code == 404
    assert "Lincoln Elementary" in answer.json()["detail"]


def test_guessing_join_tokens_is_slowed_and_a_good_one_still_works(api: Api) -> None:
    api.school()

    codes = [_join(api, "bgj_guess").status_code for _ in range(int(BURST) + 30)]

    assert (codes[0], codes[-1]) == (401, 429)
    assert _join(api, _token(api)).status_code == 200


def test_a_join_that_the_server_had_no_time_for_is_no_failed_attempt(api: Api) -> None:
    async def busy(*_: object, **__: object) -> None:
        raise Busy("later")

    write, api.services.write = api.services.write, busy  # type: ignore[method-assign, assignment]
    codes = {_join(api, "bgj_good").status_code for _ in range(int(BURST) + 30)}
    api.services.write = write  # type: ignore[method-assign]

    assert codes == {503}
    assert _join(api, "bgj_guess").status_code == 401


def test_the_list_of_tokens_shows_no_token(api: Api) -> None:
    api.school()
    token = _token(api, uses=3)

    listed = api.http.get("/api/v1/tokens", headers=api.admin)

    assert listed.json()[0]["uses_left"] == 3
    assert token not in listed.text


def test_a_refused_join_is_logged_with_its_reason_and_neither_secret_nor_address(
    api: Api,
) -> None:
    api.school()
    used_up, expired = _token(api), _token(api, lifetime_hours=1)
    _join(api, used_up)
    with capture_logs() as lines:
        _join(api, used_up)
        _join(api, "bgj_guess")
        now = api.services.now()
        api.services.now = lambda: now + timedelta(hours=2)  # type: ignore[method-assign]
        _join(api, expired)
    refused = [line["why"] for line in lines if line["event"] == "join_refused"]
    assert [word in why for word, why in zip(WHY, refused, strict=True)] == [True] * 3
    for secret in (used_up, expired, "bgj_guess", "testclient", "127.0.0.1"):
        assert secret not in str(lines)


def test_guesses_do_not_fill_the_log(api: Api) -> None:
    with capture_logs() as lines:
        for _ in range(int(BURST) + 30):
            _join(api, "bgj_guess")
    assert len([line for line in lines if line["event"] == "join_refused"]) <= BURST + 5


def test_a_removed_agent_is_told_so_and_logged_once_in_a_while(api: Api) -> None:
    agent, key = api.agent(api.school())
    api.http.post(f"/api/v1/agents/{agent.id}/revoke", headers=api.admin)
    with capture_logs() as lines:
        answers = [api.http.get("/api/v1/settings", headers=key) for _ in range(5)]
        unknown = api.http.get("/api/v1/settings", headers=bearer("bga_unknown"))
    assert {answer.status_code for answer in answers} == {401}
    assert "This agent was removed on " in answers[0].json()["detail"]
    assert "UTC" in answers[0].json()["detail"]
    assert "isn't known here" in unknown.json()["detail"]
    refused = [line["agent_id"] for line in lines if line["event"] == "agent_refused"]
    assert refused == [str(agent.id), "unknown"]
    assert "testclient" not in str(lines)
    assert key["Authorization"].removeprefix("Bearer ") not in str(lines)


def test_a_removed_agent_is_named_again_after_an_hour() -> None:
    now, error = [0.0], AgentRefused("This agent was removed.", new_id())
    refusals = Refusals(lambda: now[0])
    with capture_logs() as lines:
        for now[0] in (0.0, 10.0, 3599.0, 3600.0):
            refusals.note(error)
    assert len(lines) == 2


def test_tokens_carry_the_fingerprint_of_the_servers_own_certificate(tmp_path: Path) -> None:
    with serving(tmp_path, fingerprint="ab" * 32) as api:
        api.school()
        token = parse_join_token(_token(api))
        assert token.fingerprint == "ab" * 32
        assert _join(api, token.secret).status_code == 200
