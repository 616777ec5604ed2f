"""The door: deny by default, for every route there is."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import WebSocketDenialResponse
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from broadgauge_collector.access.failures import BURST, FailureLimit
from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.access.rules import AccessRules, methods_of, path_of
from broadgauge_collector.api.routes import API_ROUTES, OTHER_ROUTES
from broadgauge_collector.api.routing import Route
from broadgauge_collector.errors import Busy, Conflict, NotFound, TooManyFailures
from broadgauge_host.senders import is_own_machine, sender_of
from tests.api_client import OWN_PAGE, Api, serving

ROUTES = [
    *((route, "/api/v1" + route.path) for route in API_ROUTES),
    *((route, route.path) for route in OTHER_ROUTES),
]
GUARDED = [(r, path) for r, path in ROUTES if r.permission is not Permission.PUBLIC]
BY_METHOD_AND_PATH = [f"{route.method} {path}" for route, path in GUARDED]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The application with its dashboard."""
    with serving(tmp_path_factory.mktemp("whole"), dashboard=True) as served:
        yield served


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The application without it, for requests that change nothing."""
    with serving(tmp_path_factory.mktemp("door")) as served:
        yield served


@pytest.fixture(scope="module")
def too_little(door: Api) -> dict[Permission, Any]:
    """Headers of somebody who has another permission than the one asked for."""
    _, agent = door.agent(door.school())
    return {
        Permission.AGENT: door.admin,
        Permission.READ: agent,
        Permission.MANAGE: door.user(Permission.READ),
    }


def test_every_route_names_a_permission(whole: Api) -> None:
    rules: AccessRules = whole.app.state.access_rules
    everything = [(route, method) for route in whole.app.routes for method in methods_of(route)]

    assert len(everything) > len(ROUTES), "the dashboard's routes are looked at too"
    assert [
        (path_of(route), method) for route, method in everything if not rules.rule(route, method)
    ] == []


def test_what_is_open_to_everybody_is_known_by_name() -> None:
    assert {path for route, path in ROUTES if route.permission is Permission.PUBLIC} == {
        "/api/v1/join",
        "/api/v1/openapi.json",
        "/healthz",
        "/readyz",
        "/login",
        "/sign-in",
        "/api/v1/room-tests",
        "/api/v1/room-tests/{test_id}",
        "/measure",
        "/measure/measure.css",
        "/measure/measure.js",
        "/measure/sheet.css",
        "/measure/worker.js",
    }


@pytest.mark.parametrize(("route", "path"), GUARDED, ids=BY_METHOD_AND_PATH)
def test_without_a_token_the_answer_is_401(door: Api, route: Route, path: str) -> None:
    answer = door.http.request(route.method, _filled(path))

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("route", "path"), GUARDED, ids=BY_METHOD_AND_PATH)
def test_with_too_little_permission_the_answer_is_403(
    door: Api, too_little: dict[Permission, Any], route: Route, path: str
) -> None:
    answer = door.http.request(route.method, _filled(path), headers=too_little[route.permission])

    assert answer.status_code == 403
    assert route.permission.value in answer.json()["detail"]


def test_a_route_without_a_permission_is_denied_even_to_an_administrator(api: Api) -> None:
    async def forgotten(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("secret")

    api.app.add_route("/forgotten", forgotten)

    answer = api.http.get("/forgotten", headers=api.admin)

    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_a_websocket_without_a_permission_is_denied(api: Api) -> None:
    async def forgotten(socket: WebSocket) -> None:
        await socket.accept()

    api.app.add_api_websocket_route("/forgotten", forgotten)

    with (
        pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)),
        api.http.websocket_connect("/forgotten", headers=api.admin),
    ):
        pass


def test_the_dashboards_websocket_is_closed_to_strangers(whole: Api) -> None:
    with (
        pytest.raises((WebSocketDisconnect, WebSocketDenialResponse)),
        whole.http.websocket_connect("/_dash-ws-callback"),
    ):
        pass


def test_a_batch_is_refused_before_its_body_is_read(api: Api) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        pytest.fail("the body was read")

    async def send(message: Message) -> None:
        sent.append(message)

    async def post() -> None:
        await api.app(_post("/api/v1/batches"), receive, send)

    assert api.http.portal is not None
    api.http.portal.call(post)

    assert sent[0]["status"] == 401


@pytest.mark.parametrize("token", ["", "nonsense", "bga_wrong", "bgu_wrong", "\x7f"])
def test_an_unknown_token_is_401(api: Api, token: str) -> None:
    answer = api.http.get("/api/v1/schools", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401


def test_a_revoked_agents_key_opens_nothing(api: Api) -> None:
    agent, headers = api.agent(api.school())
    assert api.http.get("/api/v1/settings", headers=headers).status_code == 200

    api.http.post(f"/api/v1/agents/{agent.id}/revoke", headers=api.admin)

    assert api.http.get("/api/v1/settings", headers=headers).status_code == 401


def test_another_sites_page_cant_act_in_a_signed_in_persons_name(api: Api) -> None:
    api.http.get(api.login_link())
    new = {"name": "Grant High", "timezone": "America/Chicago"}
    elsewhere: list[dict[str, str]] = [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ]

    refused = [api.http.post("/api/v1/schools", json=new, headers=h) for h in elsewhere]
    own = api.http.post("/api/v1/schools", json=new, headers=OWN_PAGE)
    older_browser = api.http.post(
        "/api/v1/schools",
        json={**new, "name": "Other"},
        headers={"origin": "http://127.0.0.1:8484"},
    )

    assert [answer.status_code for answer in refused] == [403] * len(elsewhere)
    assert (own.status_code, older_browser.status_code) == (201, 201)


def test_a_stranger_who_keeps_guessing_is_slowed_and_others_are_not(api: Api) -> None:
    guess = {"Authorization": "Bearer bga_guess"}

    answers = [
        api.http.get("/api/v1/settings", headers=guess).status_code for _ in range(int(BURST) + 30)
    ]
    _, agent = api.agent(api.school())

    assert answers[0] == 401
    assert answers[-1] == 429
    assert api.http.get("/api/v1/settings", headers=agent).status_code == 200


def test_the_failure_limit_forgives_with_time() -> None:
    now = 0.0
    limit = FailureLimit(lambda: now)

    while not limit.exceeded("10.0.0.1"):
        pass
    now += 2

    assert not limit.exceeded("10.0.0.1")


def test_the_failure_limit_remembers_a_bounded_number_of_addresses() -> None:
    limit = FailureLimit(lambda: 0.0)

    for number in range(20_000):
        limit.exceeded(str(number))

    assert len(limit._buckets) == 10_000


def test_attempts_made_at_once_are_limited_like_those_made_one_after_the_other() -> None:
    limit = FailureLimit(lambda: 0.0)
    with ExitStack() as under_way:
        for _ in range(int(BURST)):
            under_way.enter_context(limit.attempt("10.0.0.1"))
        with pytest.raises(TooManyFailures), limit.attempt("10.0.0.1"):
            pytest.fail("it was looked up")
        with limit.attempt("10.0.0.2"):
            pass

    with limit.attempt("10.0.0.1"):
        "those that succeeded are forgotten"


def test_only_what_is_not_found_is_a_failed_attempt() -> None:
    limit = FailureLimit(lambda: 0.0)

    for fault in (Busy, Conflict, NotFound):
        for _ in range(int(BURST)):
            with suppress(fault), limit.attempt("10.0.0.1"):
                raise fault("of the look-up")

    with pytest.raises(TooManyFailures), limit.attempt("10.0.0.1"):
        pytest.fail("it was looked up")


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("10.0.0.1", "::ffff:10.0.0.1", True),
        ("::ffff:10.0.0.1", "::ffff:10.0.0.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("testclient", "testclient", True),
        ("", "10.0.0.1", False),
    ],
)
def test_one_machine_counts_as_one_whatever_addresses_it_has(
    one: str, other: str, is_same: bool
) -> None:
    assert (sender_of(one) == sender_of(other)) == is_same


def test_this_machine_is_known_by_its_address() -> None:
    own = [a for a in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::2", "10.0.0.1", "")
           if is_own_machine(sender_of(a))]  # fmt: skip
    assert own == ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]


def test_answers_carry_the_security_headers(whole: Api) -> None:
    for path in ("/healthz", "/sign-in", "/api/v1/nothing", "/"):
        headers = whole.http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "default-src 'self'" in headers["content-security-policy"]


def test_the_content_policy_allows_the_dashboards_inline_scripts_and_no_others(whole: Api) -> None:
    policy = whole.http.get("/sign-in").headers["content-security-policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))

    assert "'sha256-" in scripts
    assert "unsafe" not in scripts


def test_a_signed_in_browser_gets_the_dashboard(whole: Api) -> None:
    assert whole.http.get("/", headers={"accept": "text/html"}).headers["location"] == "/sign-in"

    whole.http.get(whole.login_link())

    page = whole.http.get("/", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "_dash-renderer" in page.text
    whole.http.cookies.clear()


def test_an_unknown_api_address_is_never_the_dashboards_page(whole: Api) -> None:
    for path in ("/api/v1/nothing", "/api/nothing", "/api/v2/schools", "/api/"):
        answer = whole.http.get(path, headers=whole.admin)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"


def _filled(path: str) -> str:
    for name, value in {
        "{school}": "Lincoln",
        "{reflector}": "Core",
        "{agent_id}": str(uuid4()),
        "{network_id}": str(uuid4()),
    }.items():
        path = path.replace(name, value)
    return path


def _post(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
