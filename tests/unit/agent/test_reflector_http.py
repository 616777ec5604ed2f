"""Other people's clients find what they ask for, and nobody gets more than the limits."""

import http.client
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from broadgauge_agent.reflector.limits import Limits
from broadgauge_host.senders import plain_address
from tests.ndt7_servers import reflector
from tests.tls import own

LIMITS = Limits(handshake_seconds=1.0, keep_alive_seconds=1.0, stall_seconds=1.0, http_seconds=4.0)
MEBIBYTE = 2**20
UPLOAD = b"POST /backend/empty.php HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with reflector(limits=LIMITS) as port:
        yield port


@contextmanager
def connected(port: int) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        yield connection


def ask(
    port: int, path: str, method: str = "GET", body: bytes | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    with connected(port) as connection:
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer, answer.read()


def said_raw(port: int, request: bytes) -> bytes:
    """All that is answered to the bytes, until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(request)
        return received_from(client)


def received_from(client: socket.socket) -> bytes:
    received = b""
    try:
        while part := client.recv(2**16):
            received += part
    except ConnectionResetError:
        pass
    return received


def test_the_first_page_is_known_for_a_speedtest_mini_server(port: int) -> None:
    answer, body = ask(port, "/")
    assert answer.status == 200
    assert re.findall('upload_?[Ee]xtension: "([^"]+)"', body.decode()) == ["php"]


def test_mini_clients_time_what_begins_as_they_expect(port: int) -> None:
    answer, body = ask(port, "/speedtest/latency.txt?x=1.0")
    assert (answer.status, body[:9]) == (200, b"test=test")


@pytest.mark.parametrize("size", [350, 500, 750, 1000, 1500, 2000, 2500, 3000, 3500, 4000])
def test_mini_downloads_have_about_the_size_of_the_pictures(port: int, size: int) -> None:
    answer, body = ask(port, f"/speedtest/random{size}x{size}.jpg?x=1", "HEAD")
    assert (answer.status, body) == (200, b"")
    assert int(answer.headers["Content-Length"]) == 2 * size * size


def test_what_is_downloaded_is_as_long_as_it_says_and_cannot_be_compressed(port: int) -> None:
    answer, body = ask(port, "/speedtest/random1000x1000.jpg")
    assert len(body) == int(answer.headers["Content-Length"]) == 2_000_000
    assert len(set(body[:4096])) > 200


def test_a_mini_upload_is_told_its_size(port: int) -> None:
    body = b"content1=" + b"0" * 300_000
    assert ask(port, "/speedtest/upload.php", "POST", body)[1] == b"size=300009"
    assert re.fullmatch(b"size=[0-9]+", ask(port, "/speedtest/upload.php")[1])


@pytest.mark.parametrize("folder", ["", "/backend"])
@pytest.mark.parametrize(
    ("query", "mebibytes"), [("", 4), ("?ckSize=2", 2), ("?r=0.5&ckSize=1", 1), ("?ckSize=x", 4)]
)
def test_garbage_comes_in_mebibytes(port: int, folder: str, query: str, mebibytes: int) -> None:
    answer, body = ask(port, f"{folder}/garbage.php{query}")
    assert len(body) == mebibytes * MEBIBYTE
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("given", ["4096", "9" * 400, "1025"])
def test_nobody_gets_more_garbage_than_the_most(port: int, given: str) -> None:
    answer, _ = ask(port, f"/backend/garbage.php?ckSize={given}", "HEAD")
    assert int(answer.headers["Content-Length"]) in (1024 * MEBIBYTE, 4 * MEBIBYTE)


def test_a_librespeed_upload_is_swallowed_whole(port: int) -> None:
    answer, body = ask(port, "/backend/empty.php?r=1", "POST", bytes(20 * MEBIBYTE))
    assert (answer.status, body) == (200, b"")


def test_a_caller_is_told_its_own_address_and_nothing_else(port: int) -> None:
    _, body = ask(port, "/backend/getIP.php?isp=true&distance=km&address=192.0.2.1")
    assert json.loads(body) == {"processedString": "127.0.0.1", "rawIspInfo": ""}
    assert plain_address("::ffff:192.0.2.7") == "192.0.2.7"
    assert plain_address("2001:db8::1") == "2001:db8::1"


def test_pages_from_elsewhere_may_test_here(port: int) -> None:
    answer, _ = ask(port, "/backend/empty.php", "OPTIONS")
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Content-Encoding" in answer.headers["Access-Control-Allow-Headers"]
    for path in ("/backend/garbage.php?ckSize=1", "/nq/small"):
        assert ask(port, path)[0].headers["Access-Control-Allow-Origin"] == "*"


def test_responsiveness_clients_are_told_where_everything_is(port: int) -> None:
    _, body = ask(port, "/.well-known/nq")
    told = json.loads(body)
    base = f"http://127.0.0.1:{port}"
    urls = {name: url.removeprefix(base) for name, url in told["urls"].items()}
    assert told["version"] == 1
    large, _ = ask(port, urls["large_download_url"], "HEAD")
    assert int(large.headers["Content-Length"]) >= 8 * 10**9
    assert len(ask(port, urls["small_download_url"])[1]) == 1
    assert ask(port, urls["upload_url"], "POST", bytes(1000))[0].status == 200


def test_over_tls_they_are_sent_to_the_same_server(tmp_path: Path) -> None:
    issued = own(tmp_path)
    with reflector(tls=issued.context, limits=LIMITS) as port:
        context = ssl.create_default_context(cafile=str(issued.certificate))
        with closing(http.client.HTTPSConnection("127.0.0.1", port, context=context)) as client:
            client.request("GET", "/.well-known/nq", headers={"Host": "tests.example.org"})
            told = json.loads(client.getresponse().read())
            assert told["urls"]["upload_url"] == "https://tests.example.org/nq/upload"
            client.request("POST", "/backend/empty.php", bytes(MEBIBYTE))
            assert client.getresponse().read() == b""
            client.request("GET", "/backend/garbage.php?ckSize=3")
            assert len(client.getresponse().read()) == 3 * MEBIBYTE


def test_a_host_that_is_none_is_not_repeated(port: int) -> None:
    said = said_raw(port, b'GET /.well-known/nq HTTP/1.1\r\nHost: a"b/<\r\n\r\n')
    assert f"http://127.0.0.1:{port}/nq/upload".encode() in said
    assert b'a"b' not in said


def test_one_connection_serves_several_requests(port: int) -> None:
    with connected(port) as client:
        for path in ("/backend/empty.php", "/backend/garbage.php?ckSize=1", "/healthz"):
            client.request("GET", path)
            first = client.sock
            assert client.getresponse().read() is not None
            assert client.sock is first
        client.request("POST", "/backend/empty.php", bytes(1000))
        assert client.getresponse().read() == b""


def test_requests_sent_ahead_are_answered_in_turn(port: int) -> None:
    host = b"Host: x\r\n"
    said = said_raw(
        port,
        b"GET /healthz HTTP/1.1\r\n" + host + b"\r\n"
        b"POST /backend/empty.php HTTP/1.1\r\nContent-Length: 3\r\n" + host + b"\r\nabc"
        b"GET /speedtest/latency.txt HTTP/1.1\r\nConnection: close\r\n" + host + b"\r\n",
    )
    assert said.count(b"HTTP/1.1 200") == 3
    assert said.index(b"ok\n") < said.index(b"test=test")


def test_a_client_that_waits_to_be_asked_for_its_upload_is_asked(port: int) -> None:
    request = b"POST /speedtest/upload.php HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(request + b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 100")
        client.sendall(b"12345")
        assert received_from(client).endswith(b"size=5")


def test_an_upload_in_chunks_is_counted_without_their_marks(port: int) -> None:
    request = b"POST /speedtest/upload.php HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    said = said_raw(port, request + b"Connection: close\r\n\r\n5\r\nabcde\r\n3\r\nfgh\r\n0\r\n\r\n")
    assert said.endswith(b"size=8")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/other.php", 404),
        ("POST", "/other.php", 404),
        ("POST", "/healthz", 405),
        ("POST", "/backend/garbage.php", 405),
        ("PUT", "/backend/empty.php", 405),
        ("DELETE", "/", 405),
        ("CONNECT", "example.org:443", 404),
        ("POST", "/ndt/v7/upload", 400),
        ("HEAD", "/ndt/v7/download", 400),
        ("GET", "http://example.org/", 404),
        ("GET", "/../etc/passwd", 404),
    ],
)
def test_what_is_not_here_is_refused(port: int, method: str, path: str, status: int) -> None:
    said = said_raw(
        port, f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    )
    assert said.startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 40_000, 431),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 4000, 431),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600), 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (UPLOAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (UPLOAD + b"Transfer-Encoding: gzip\r\n\r\n", 501),
        (UPLOAD + b"Transfer-Encoding: chunked\r\n\r\nzzzz\r\n", 400),
    ],
    ids=["long header", "long line", "many headers", "no host", "TLS to a plain server",
         "negative length", "two lengths", "unknown coding", "no chunk"],
)  # fmt: skip
def test_a_faulty_request_gets_one_answer_and_the_door(
    port: int, request_: bytes, status: int
) -> None:
    said = said_raw(port, request_)
    assert said.startswith(b"HTTP/1.1 %d " % status)
    assert said.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET / HTTP/1.1\r\nX: ",
        UPLOAD + b"Content-Length: 100000\r\n\r\n",
    ],
    ids=["head", "body"],
)
def test_a_client_that_dribbles_is_let_go(port: int, beginning: bytes) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(beginning)
        with pytest.raises(OSError, match=r"reset|[Bb]roken pipe|aborted"):
            while time.monotonic() - began < 60:
                client.sendall(b"a")
                time.sleep(0.1)


def test_a_client_that_stops_in_the_middle_of_its_upload_is_let_go(port: int) -> None:
    assert said_raw(port, UPLOAD + b"Content-Length: 100000\r\n\r\nabc") == b""


def test_a_client_that_does_not_read_its_download_is_let_go(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET /nq/large HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(LIMITS.stall_seconds + 1.0)
        assert len(received_from(client)) < 64 * MEBIBYTE


def test_an_endless_upload_ends_at_the_byte_limit() -> None:
    with reflector(limits=Limits(bytes_per_connection=8 * MEBIBYTE)) as port:
        said = flood(port, "/nq/upload")
    assert said == b"" or said.startswith(b"HTTP/1.1 429 ")


def test_an_endless_download_ends_at_the_byte_limit() -> None:
    with reflector(limits=Limits(bytes_per_connection=8 * MEBIBYTE)) as port:
        said = said_raw(port, b"GET /nq/large HTTP/1.1\r\nHost: x\r\n\r\n")
    assert 8 * MEBIBYTE <= len(said) < 10 * MEBIBYTE


def flood(port: int, path: str) -> bytes:
    """Chunks without an end, until nobody takes them. What was answered, where it got through."""
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"100000\r\n" + bytes(MEBIBYTE) + b"\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(head.encode())
        for _ in range(1000):
            try:
                client.sendall(chunk)
            except OSError:
                return received_from(client)
    pytest.fail("a gigabyte was taken")


def test_uploads_are_not_kept_in_memory(port: int) -> None:
    process = psutil.Process()
    body = bytes(64 * MEBIBYTE)
    before = process.memory_info().rss
    clients = [
        threading.Thread(target=ask, args=(port, "/backend/empty.php", "POST", body))
        for _ in range(4)
    ]
    most = before
    for client in clients:
        client.start()
    while any(client.is_alive() for client in clients):
        most = max(most, process.memory_info().rss)
        time.sleep(0.005)
    assert most - before < 24 * MEBIBYTE


def test_no_more_connections_than_there_are_places() -> None:
    with reflector(limits=Limits(connections=1)) as port, connected(port) as first:
        first.request("GET", "/healthz")
        assert first.getresponse().read() == b"ok\n"
        assert ask(port, "/healthz")[0].status == 503


def test_a_kept_connection_gives_its_place_back_when_nothing_is_asked() -> None:
    limits = Limits(connections=1, keep_alive_seconds=0.2)
    with reflector(limits=limits) as port, connected(port) as first:
        first.request("GET", "/healthz")
        assert first.getresponse().read() == b"ok\n"
        deadline = time.monotonic() + 30
        while ask(port, "/healthz")[0].status != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_it_stops_in_the_middle_of_downloads_and_kept_connections() -> None:
    with reflector() as port:
        kept, loading = (socket.create_connection(("127.0.0.1", port), timeout=10) for _ in "12")
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        loading.sendall(b"GET /nq/large HTTP/1.1\r\nHost: x\r\n\r\n")
        assert kept.recv(1000) and loading.recv(1000)
    with kept, loading:
        received_from(kept)
        received_from(loading)
