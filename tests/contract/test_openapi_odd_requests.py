"""What no schema makes and no careful client sends, to every operation there is: never a fault of
the server's, always an answer that its document has."""

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from broadgauge_collector.access.permissions import Permission
from broadgauge_collector.access.users import create_user_token
from broadgauge_wire import JoinAnswer
from tests.browser.serving import Board, board

Headers = dict[str, str]
Operation = tuple[str, str, Any]

PROBLEM = "application/problem+json"
ELSEWHERE = (404, 405)
"""An odd path may be another path, or none."""

TEXTS = (
    "\0", "a\0b", "\x1b[31m", "\u202e", "\ufeff", "\U0010ffff", "..", "../../etc/passwd", "%00",
    "%", "%zz", "a/b", "?", "#", "é", "e\u0301", "İ", "ß" * 100, "x" * 2000, "1" * 400, "-1",
    "1e999", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "{}", " ",
)  # fmt: skip
AT_ONCE = 10
"""Parameters in one address, which may have 64 KiB."""

BODIES = (
    b"", b" ", b"null", b"0", b'"\\ud800"', b'{"name":"\\ud800"}', b'{"name":"\\u0000"}',
    b"\xff\xfe", b"{" * 5000, b"[" * 100_000, b'{"a":' * 5000, b"1" * 5000, b"-" + b"9" * 400,
    b"1e999", b"NaN", b'{"port":1e400}', b'{"students":' + b"9" * 400 + b"}", b"\xef\xbb\xbf{}",
    b"{}" * 3, b"\0", b'{"since":"0000-00-00"}', b'{"lifetime_hours":1e308}',
    b'{"configuration":{"":{}}}',
)  # fmt: skip
KINDS: tuple[Headers, ...] = (
    {"Content-Type": "text/plain"},
    {"Content-Type": "application/x-www-form-urlencoded"},
    {"Content-Type": "multipart/form-data"},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Type": "\xff\xfe"},
    {"Content-Encoding": "gzip"},
    {"Content-Encoding": "br"},
    {"Content-Encoding": "gzip, gzip"},
    {"Content-Encoding": "\xff" * 300},
    {"Accept": "image/png"},
    {"Accept-Encoding": "\xe9"},
    {"User-Agent": "broadgauge-agent/\xff"},
    {"Cookie": "broadgauge_session=\xff; =; ;;"},
    {"Expect": "100-continue"},
    {"Range": "bytes=5-1"},
    {"X-Forwarded-For": "\xff"},
)
TOKENS = ("\xff", "", "Bearer", "Bearer ", "Bearer \xe9", "Basic OjpA", "Bearer bgu_" + "x" * 9000)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with board(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="module")
def agent(server: Board) -> JoinAnswer:
    return server.agent(server.school("Lincoln Elementary"))


@pytest.fixture(scope="module")
def callers(server: Board, agent: JoinAnswer) -> tuple[Headers, Headers]:
    """An administrator and an agent."""
    with server.services.stores.control.begin() as c:
        both = (Permission.READ, Permission.MANAGE)
        token = create_user_token(c, name="odd", permissions=both, now=server.services.now())
    return bearer(token), bearer(agent.key)


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def test_odd_text_in_paths_and_queries(server: Board, callers: tuple[Headers, Headers]) -> None:
    for operation in operations(server):
        method, path, about = operation
        named = [p["name"] for p in about.get("parameters", ()) if p["in"] == "query"]
        for text in TEXTS:
            odd = quote(text, safe="")
            target = path_with(path, odd)
            for some in [named[n : n + AT_ONCE] for n in range(0, len(named), AT_ONCE)]:
                once, *twice = [f"{name}={odd}" for name in some]
                asked = "&".join([once, *twice, *twice])
                check(operation, ask(server, method, f"{target}?{asked}", callers[0]))
            if "{" in path and not named:
                check(operation, ask(server, method, target, callers[0]))


def test_odd_bodies(server: Board, callers: tuple[Headers, Headers]) -> None:
    for operation in operations(server):
        method, path, about = operation
        for body in BODIES if "requestBody" in about else ():
            for caller in callers:
                target = path_with(path, "Lincoln%20Elementary")
                check(operation, ask(server, method, target, caller, body))


def test_odd_headers(server: Board, callers: tuple[Headers, Headers]) -> None:
    for operation in operations(server):
        method, path, about = operation
        body = b"{}" if "requestBody" in about else None
        for headers in KINDS:
            for caller in callers:
                target = path_with(path, "Lincoln%20Elementary")
                check(operation, ask(server, method, target, caller | headers, body))


def test_odd_credentials(server: Board) -> None:
    for operation in operations(server):
        method, path, about = operation
        for token in TOKENS:
            target = path_with(path, "Lincoln%20Elementary")
            status, kind, _ = ask(server, method, target, {"Authorization": token}, b"{}")
            if "security" in about:
                assert (status, kind) in ((401, PROBLEM), (429, PROBLEM)), (operation, token)


def operations(server: Board) -> Iterator[Operation]:
    """Method, path and description of each."""
    document = json.loads(ask(server, "GET", "/api/v1/openapi.json", {})[2])
    for path, several in document["paths"].items():
        for method, about in several.items():
            yield method.upper(), path, about


def path_with(path: str, text: str) -> str:
    """The path with this in every place that varies."""
    parts = path.split("/")
    return "/".join(text if part.startswith("{") else part for part in parts)


def ask(
    server: Board, method: str, target: str, headers: Headers, body: bytes | None = None
) -> tuple[int, str, bytes]:
    """Status, media type and body of the answer, by a client that sends what it is told to."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    try:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        kind = answer.getheader("content-type", "").partition(";")[0]
        return answer.status, kind, answer.read()
    finally:
        connection.close()


def check(operation: Operation, answer: tuple[int, str, bytes]) -> None:
    """The document has this status, with this media type."""
    method, path, about = operation
    status, kind, body = answer
    assert status < 500, (method, path, answer)
    if status in ELSEWHERE and "{" in path and str(status) not in about["responses"]:
        return
    described = about["responses"].get(str(status))
    assert described is not None, (method, path, status, body[:300])
    assert not kind or kind in {k.partition(";")[0] for k in described.get("content", {})}
