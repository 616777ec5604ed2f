"""Adding, listing and removing sinks."""

from typing import Any

import pytest

from broadgauge_collector.access.permissions import Permission
from tests.api_client import Api

SINK = {
    "name": "Graphs",
    "kind": "influxdb",
    "url": "https://influxdb.example.org:8086/",
    "org": "district",
    "bucket": "network",
    "token": "secret-of-the-sink",
}


def add(api: Api, **changes: Any) -> Any:
    return api.http.post("/api/v1/sinks", json=SINK | changes, headers=api.admin)


def test_an_administrator_adds_lists_and_removes_a_sink(api: Api) -> None:
    added = add(api)
    assert added.status_code == 201
    (status,) = api.http.get("/api/v1/sinks", headers=api.admin).json()
    assert status["sink"] == added.json()
    assert status["sink"]["url"] == "https://influxdb.example.org:8086"
    assert (status["points"], status["trouble"]) == (0, None)
    assert api.http.delete("/api/v1/sinks/graphs", headers=api.admin).status_code == 204
    assert api.http.get("/api/v1/sinks", headers=api.admin).json() == []


def test_a_token_is_never_said_again(api: Api) -> None:
    assert "secret-of-the-sink" not in add(api).text
    assert "secret-of-the-sink" not in api.http.get("/api/v1/sinks", headers=api.admin).text
    assert "secret-of-the-sink" not in api.http.get("/metrics", headers=api.admin).text


@pytest.mark.parametrize("permissions", [(Permission.READ,), ()])
def test_nobody_else_sees_or_changes_sinks(api: Api, permissions: tuple[Permission, ...]) -> None:
    headers = api.user(*permissions) if permissions else {}
    refused = {401, 403}
    assert api.http.get("/api/v1/sinks", headers=headers).status_code in refused
    assert api.http.post("/api/v1/sinks", json=SINK, headers=headers).status_code in refused
    assert api.http.delete("/api/v1/sinks/graphs", headers=headers).status_code in refused


def test_a_name_is_taken_once(api: Api) -> None:
    add(api)
    assert add(api, name="GRAPHS").status_code == 409


def test_what_is_not_there_cannot_be_removed(api: Api) -> None:
    assert api.http.delete("/api/v1/sinks/graphs", headers=api.admin).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "influxdb.example.org",
        "ftp://influxdb.example.org",
        "https://user:secret@influxdb.example.org",
        "https://influxdb.example.org/?token=secret",
        "https://influxdb.example.org:99999",
        "https://[::1",
        "https://a b",
        "https://",
        "http://x\nHost: y",
        "",
    ],
)
def test_an_address_is_one_without_secrets(api: Api, url: str) -> None:
    assert add(api, url=url).status_code in {400, 422}


def test_an_ipv6_address_is_one(api: Api) -> None:
    assert add(api, url="http://[::1]:8086").status_code == 201


@pytest.mark.parametrize("token", ["", " ", "two\nlines", "\u00e9"])
def test_a_token_is_what_a_header_can_carry(api: Api, token: str) -> None:
    assert add(api, token=token).status_code == 422


def test_prometheus_hears_how_far_sinks_are(api: Api) -> None:
    add(api)
    lines = api.http.get("/metrics", headers=api.admin).text.splitlines()
    assert 'broadgauge_sink_lag_seconds{sink="Graphs"} 0.0' in lines
    assert 'broadgauge_sink_points_total{sink="Graphs"} 0.0' in lines
