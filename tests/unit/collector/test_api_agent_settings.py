"""School networks and agents' settings over the API."""

from typing import Any
from uuid import uuid4

import pytest

from tests.api_client import Api

HOURS = "probes.throughput.hours"


def _put(api: Api, **wish: Any) -> Any:
    return api.http.put("/api/v1/agent-settings", json=wish, headers=api.admin)


def _told(api: Api, headers: dict[str, str]) -> Any:
    return api.http.get("/api/v1/settings", headers=headers).json()


def _networks(api: Api) -> Any:
    return api.http.get("/api/v1/networks", headers=api.admin).json()


def _add(api: Api, **new: Any) -> Any:
    return api.http.post("/api/v1/networks", json=new, headers=api.admin)


def test_a_setting_reaches_the_agents_it_is_for(api: Api) -> None:
    _, lincoln = api.agent(api.school())
    _, grant = api.agent(api.school("Grant High"))

    everywhere = _put(api, key=HOURS, value="16:30-06:00").json()
    there = _put(api, key=HOURS, value="any", school="grant high").json()

    assert everywhere["value"] == there["value"] == "16:30-06:00"
    assert [own["school"] for own in there["schools"]] == ["Grant High"]
    assert _told(api, lincoln)["configuration"] == {HOURS: "16:30-06:00"}
    assert _told(api, grant)["configuration"] == {HOURS: "any"}


def test_a_setting_is_taken_back_with_null_and_not_by_leaving_it_out(api: Api) -> None:
    _, headers = api.agent(api.school())
    _put(api, key=HOURS, value="any")

    assert _put(api, key=HOURS).status_code == 422
    assert _told(api, headers)["configuration"] == {HOURS: "any"}
    assert _put(api, key=HOURS, value=None).json()["value"] is None
    assert _told(api, headers)["configuration"] == {}


@pytest.mark.parametrize(
    ("wish", "status", "words"),
    [
        ({"key": "probes.throughput.hour", "value": "any"}, 422, HOURS),
        ({"key": "probes.latency.interval_seconds", "value": 0}, 422, "from 1 to 604800"),
        ({"key": HOURS, "value": "any", "school": "Lincon Elementary"}, 404, "Lincoln Elementary"),
        ({"key": HOURS, "value": ["any"]}, 422, "$.value"),
    ],
)
def test_what_can_not_be_set_says_what_can(
    api: Api, wish: dict[str, Any], status: int, words: str
) -> None:
    api.school()

    answer = _put(api, **wish)

    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_every_setting_is_listed_for_whoever_asks(api: Api) -> None:
    listed = api.http.get("/api/v1/agent-settings", headers=api.admin).json()

    (hours,) = [setting for setting in listed if setting["key"] == HOURS]
    assert (hours["value"], hours["default"], hours["schools"]) == (None, "any", [])
    assert "16:30-06:00" in hours["expected"]


def test_a_subnet_is_listed_told_to_agents_and_removed(api: Api) -> None:
    _, headers = api.agent(api.school())

    added = _add(api, subnet="10.20.0.0/16", note="All schools")

    assert added.status_code == 201
    assert added.json()["caution"] is None
    assert _networks(api) == [added.json()]
    assert _told(api, headers)["school_networks"] == ["10.20.0.0/16"]
    address = f"/api/v1/networks/{added.json()['id']}"
    assert api.http.delete(address, headers=api.admin).status_code == 204
    assert _told(api, headers)["school_networks"] == []


def test_a_subnet_that_homes_have_too_is_answered_with_a_caution(api: Api) -> None:
    assert "home routers" in _add(api, subnet="192.168.1.0/24").json()["caution"]


@pytest.mark.parametrize(
    ("subnet", "status"), [("0.0.0.0/0", 422), ("10.20.3.1/16", 422), ("10.20.3.0/24", 409)]
)
def test_a_subnet_that_can_not_be_listed_is_refused(api: Api, subnet: str, status: int) -> None:
    _add(api, subnet="10.20.0.0/16")

    answer = _add(api, subnet=subnet)

    assert answer.status_code == status
    assert len(_networks(api)) == 1


def test_a_subnet_that_is_not_there_can_not_be_removed(api: Api) -> None:
    answer = api.http.delete(f"/api/v1/networks/{uuid4()}", headers=api.admin)

    assert answer.status_code == 404
