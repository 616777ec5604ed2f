"""Alive, ready, and described."""

from collections.abc import Iterator
from typing import Any

from broadgauge_collector.api.routes import API_ROUTES, OTHER_ROUTES
from tests.api_client import Api


def test_a_server_that_answers_is_alive(api: Api) -> None:
    assert api.http.get("/healthz").status_code == 200


def test_it_is_ready_once_nothing_is_waited_for(api: Api) -> None:
    waiting: list[str | None] = ["The test server doesn't answer yet."]

    async def check() -> str | None:
        return waiting[0]

    api.services.ready_checks.append(check)
    before = api.http.get("/readyz")
    waiting[0] = None
    after = api.http.get("/readyz")

    assert before.status_code == 503
    assert "test server" in before.json()["detail"]
    assert (after.status_code, after.json()) == (200, {"ready": True})


def test_it_is_not_ready_without_its_stores(api: Api) -> None:
    api.services.stores.results.close()

    assert api.http.get("/readyz").status_code == 503


def test_openapi_describes_every_documented_route_and_its_permission(api: Api) -> None:
    document = api.http.get("/api/v1/openapi.json").json()

    described = {
        (method.upper(), path): operation["x-permission"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    wanted = {(r.method, "/api/v1" + r.path): r.permission for r in API_ROUTES if r.documented}
    wanted |= {(r.method, r.path): r.permission for r in OTHER_ROUTES if r.documented}
    assert described == wanted


def test_openapi_refers_to_nothing_that_isnt_there(api: Api) -> None:
    document = api.http.get("/api/v1/openapi.json").json()
    schemas = document["components"]["schemas"]

    for reference in _references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas
    assert {"Batch", "BatchAnswer", "JoinRequest", "Problem", "School"} <= schemas.keys()


def test_fastapis_own_pages_which_load_from_elsewhere_are_off(api: Api) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert api.http.get(path, headers=api.admin).status_code == 404


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
