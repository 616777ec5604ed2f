"""Joining over HTTP: each wrong token gets its own clear answer."""

from datetime import timedelta
from typing import Any

from broadgauge_collector.access.failures import BURST
from tests.api_client import Api, bearer


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


def test_the_list_of_tokens_shows_no_token(api: Api) -> None:
    api.school()
    token = _token(api, uses=3)

    listed = api.http.get("/api/v1/tokens", headers=api.admin)

    assert listed.json()[0]["uses_left"] == 3
    assert token not in listed.text
