"""Programs that read: their tokens open what is asked for, and change nothing."""

from typing import Any

import pytest

from tests.api_client import Api, bearer


def add(api: Api, name: str) -> Any:
    return api.http.post("/api/v1/readers", json={"name": name}, headers=api.admin)


def listed(api: Api) -> list[str]:
    return [r["name"] for r in api.http.get("/api/v1/readers", headers=api.admin).json()]


def test_a_reader_reads_until_it_is_removed_and_changes_nothing(api: Api) -> None:
    answer = add(api, "Prometheus")
    assert answer.status_code == 201
    headers = bearer(answer.json()["token"])
    assert api.http.get("/metrics", headers=headers).status_code == 200
    assert api.http.get("/api/v1/verdicts", headers=headers).status_code == 200
    school = {"name": "Lincoln", "timezone": "America/Chicago"}
    assert api.http.post("/api/v1/schools", json=school, headers=headers).status_code == 403
    assert api.http.get("/api/v1/readers", headers=headers).status_code == 403
    assert listed(api) == ["Prometheus"]
    assert api.http.delete("/api/v1/readers/Prometheus", headers=api.admin).status_code == 204
    assert api.http.get("/metrics", headers=headers).status_code == 401
    assert listed(api) == []


def test_a_readers_token_is_said_once(api: Api) -> None:
    token = add(api, "Prometheus").json()["token"]

    assert token not in api.http.get("/api/v1/readers", headers=api.admin).text


@pytest.mark.parametrize("name", ["Prometheus", "read+manage"])
def test_a_new_reader_takes_no_tokens_place(api: Api, name: str) -> None:
    """Administrators' tokens have names too."""
    first = add(api, "Prometheus").json()["token"]

    assert add(api, name).status_code == 409

    assert api.http.get("/metrics", headers=bearer(first)).status_code == 200
    assert api.http.get("/api/v1/readers", headers=api.admin).status_code == 200


def test_administrators_tokens_are_removed_by_no_such_request(api: Api) -> None:
    admin = api.admin

    assert api.http.delete("/api/v1/readers/manage+read", headers=admin).status_code == 404
    assert api.http.delete("/api/v1/readers/read+manage", headers=admin).status_code == 404
    assert api.http.get("/api/v1/readers", headers=admin).json() == []
