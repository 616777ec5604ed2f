"""What a filter or a login page puts into its answers is in no result, log or spool."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from broadgauge_agent.measuring import skip_or_measure
from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_agent.spool import Spool
from broadgauge_wire import Result, SkippedResult, encode
from tests.ndt7_servers import request_to
from tests.other_servers import Behaviour, Request, other_server

MAC, USER, TOKEN = "02:ca:fe:ca:fe:01", "jdoe-canary", "tok-canary-0123456789"
KNOWN = f"mac={MAC}&user={USER}&token={TOKEN}"
PAGE = f"<html>Blocked for {USER} at {MAC}</html>"


def said(*lines: str, body: str = PAGE) -> Behaviour:
    """Answers with these lines, and this beneath them."""

    def answer(request: Request) -> None:
        words = body.format(asked=request.path)
        head = "\r\n".join([*lines, f"Content-Length: {len(words)}", "Connection: close"])
        request.wfile.write(f"{head}\r\n\r\n{words}".encode())
        request.close_connection = True

    return answer


ANSWERS: dict[str, Behaviour] = {
    "redirects to a login page": said(
        f"HTTP/1.1 302 Found for {USER}", f"Location: http://127.0.0.1:1/login?{KNOWN}"
    ),
    "redirects to what nobody follows": said(
        "HTTP/1.1 302 Found", f"Location: gopher://login.example/?{KNOWN}"
    ),
    "redirects to what is no address": said(
        "HTTP/1.1 307 Found", f"Location: http://{USER}.example:{MAC}-{TOKEN}/"
    ),
    "blocks with a page": said(
        f"HTTP/1.1 403 Blocked {USER} {MAC} {TOKEN}", f"X-Seen: {KNOWN}", "Content-Type: text/html"
    ),
    "blocks with what it was asked": said(
        "HTTP/1.1 403 Forbidden",
        "Content-Type: text/plain",
        body="{asked} may not be " + f"access_token={TOKEN}",
    ),
    "blocks with a page of no kind": said(f"HTTP/1.1 503 Blocked {USER}"),
    "upgrades to something else": said(
        "HTTP/1.1 101 Switching Protocols", f"Upgrade: {USER}-{MAC}-{TOKEN}", "Connection: Upgrade"
    ),
    "says a header that is none": said("HTTP/1.1 200 OK", f"X-{USER} {MAC} {TOKEN}"),
    "speaks no HTTP": said(f"SSH-2.0-{KNOWN}"),
}


def to_server(name: str, port: int) -> ProbeRequest:
    """A test to a server by its address, and one with a token to a test server."""
    if name == "throughput":
        return replace(request_to(port), access_token=TOKEN)
    return ProbeRequest(
        server_url=f"http://127.0.0.1:{port}/", directions=("download",), max_seconds=0.3
    )


def run(name: str, port: int) -> tuple[Result, ...]:
    """In this process, whose log is looked at; but speedtest-cli changes its process."""
    request = to_server(name, port)
    if name == "ookla":
        return skip_or_measure(name, load_probe(name), request, lambda: False)
    return tuple(load_probe(name).run(request))


@pytest.fixture(params=ANSWERS)
def stranger(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a server that answers so, whatever it is asked."""
    with other_server(ANSWERS[request.param]) as server:
        yield server.server_port


@pytest.mark.parametrize("name", ["librespeed", "mlab", "ookla", "throughput"])
def test_what_it_knows_of_people_and_machines_is_not_kept(
    name: str, stranger: int, spool: Spool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "broadgauge_agent"):
        (result,) = run(name, stranger)
    assert result.error or isinstance(result, SkippedResult)
    spool.put([result])
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert str(result.id).encode() in kept
    for canary in (MAC, USER, TOKEN):
        assert canary not in encode(result).decode()
        assert canary not in caplog.text
        assert canary.encode() not in kept


def error_of_test(behaviour: Behaviour) -> str:
    with other_server(behaviour) as server:
        (result,) = run("throughput", server.server_port)
    assert result.error
    return result.error


def test_a_filters_page_is_not_told_as_the_servers_refusal() -> None:
    error = error_of_test(ANSWERS["blocks with a page"])
    assert "not a test server: it answered HTTP 403 and a web page" in error
    assert "refused the test" not in error


def test_a_test_servers_own_words_are_passed_on() -> None:
    plainly = said("HTTP/1.1 429 Later", "Content-Type: text/plain", body="Enough for this hour.")
    assert "the server refused the test: HTTP 429 Enough for this hour." in error_of_test(plainly)


def test_a_servers_words_are_one_short_line() -> None:
    words = "\x1b[31m\n" + 300 * "x"
    error = error_of_test(said("HTTP/1.1 503 No", "Content-Type: text/plain", body=words))
    assert "HTTP 503 " in error
    assert error.isprintable()
    assert 0 < error.count("x") <= 200
