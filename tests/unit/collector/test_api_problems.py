"""Every fault is a problem of RFC 9457, and none shows a stack trace."""

from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.access.rules import DEFAULT_BODY_BYTES
from broadgauge_collector.api.routing import Route, register
from tests.api_client import Api

PROBLEM = "application/problem+json"


def test_a_wrong_method_is_405_and_names_the_right_ones(api: Api) -> None:
    answer = api.http.delete("/api/v1/schools", headers=api.admin)

    assert answer.status_code == 405
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["allow"] == "GET, POST"


def test_a_wrong_method_outside_the_api_is_a_problem_too(api: Api) -> None:
    answer = api.http.post("/healthz", headers=api.admin)

    assert (answer.status_code, answer.headers["content-type"]) == (405, PROBLEM)


def test_an_unknown_address_says_where_to_look(api: Api) -> None:
    answer = api.http.get("/api/v1/shcools")

    assert answer.status_code == 404
    assert "openapi.json" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=1000000", "limit"),
        ("kind=weather", "kind"),
        ("agent=me", "agent"),
        ("since=yesterday", "since"),
        ("since=2026-01-01T00:00:00", "since"),
        ("since=9999-12-31T23:59:59-14:00", "since"),
        ("until=0001-01-01T00:00:00%2B14:00", "until"),
        ("before=nonsense", "before"),
        ("before=9999-12-31T23:59:59-14:00_0192aaaa-0000-7000-8000-000000000000", "before"),
        ("before=2026-01-01T00:00:00_0192aaaa-0000-7000-8000-000000000000", "before"),
        ("before=2026-01-01T00:00:00_0", "before"),
        ("format=xls", "format"),
    ],
)
def test_a_wrong_parameter_is_422_and_is_named(api: Api, query: str, name: str) -> None:
    answer = api.http.get(f"/api/v1/results?{query}", headers=api.admin)

    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert name in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"[]", "object"),
        (b"\xff\xfe", "malformed"),
        (b'{"name":"A"}', "timezone"),
        (b'{"name":"A","timezone":5}', "$.timezone"),
        (b'{"name":"A","timezone":"UTC","students":-1}', "$.students"),
        (b'{"name":"A","timezone":"UTC","students":NaN}', "malformed"),
        (b'{"name":"A","timezone":"UTC","pupils":3}', "pupils"),
        (b'{"name":"A","timezone":"America/Chicgo"}', "America/Chicago"),
        (b'{"name":"","timezone":"UTC"}', "$.name"),
        (b"[" * 100_000, ""),
    ],
)
def test_a_wrong_body_is_422_and_the_fault_is_named(api: Api, body: bytes, said: str) -> None:
    answer = api.http.post("/api/v1/schools", content=body, headers=api.admin)

    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert said in answer.json()["detail"]


def test_a_body_that_says_it_is_too_large_is_413(api: Api) -> None:
    answer = api.http.post(
        "/api/v1/schools", content=b" " * (DEFAULT_BODY_BYTES + 1), headers=api.admin
    )

    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)


def test_a_body_that_hides_its_size_is_413(api: Api) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 10_000

    answer = api.http.post("/api/v1/schools", content=chunks(), headers=api.admin)

    assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)


def test_a_join_request_may_be_small_only(api: Api) -> None:
    answer = api.http.post("/api/v1/join", content=b" " * 10_000)

    assert answer.status_code == 413


def test_a_fault_of_ours_is_500_with_a_reference_to_the_log_and_no_trace(api: Api) -> None:
    async def broken(_request: Request) -> Response:
        raise RuntimeError("the secret inside")

    register(
        api.app,
        Route(method="GET", path="/broken", endpoint=broken, permission=Permission.PUBLIC),
        prefix="",
    )

    with capture_logs() as logs:
        answer = TestClient(api.app, raise_server_exceptions=False).get("/broken")

    assert (answer.status_code, answer.headers["content-type"]) == (500, PROBLEM)
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert logs[0]["reference"] in answer.json()["detail"]
    assert answer.headers["x-content-type-options"] == "nosniff"
