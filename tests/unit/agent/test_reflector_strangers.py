"""What strangers may try at a test server, and how little it gets them."""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from broadgauge_agent.ndt7.measurement import decode_measurement
from broadgauge_agent.ndt7.spec import SUBPROTOCOL
from broadgauge_agent.reflector.limits import Limits
from broadgauge_agent.reflector.server import Visitors
from broadgauge_host.senders import sender_of
from tests.ndt7_servers import reflector
from tests.running import eventually

KEY = "bgr_" + "k" * 43
DOWNLOAD = "/ndt/v7/download"
MEBIBYTE = 2**20
PING = Frame(Opcode.PING, bytes(125)).serialize(mask=True)
SHORT = Limits(send_seconds=3.0, receive_seconds=3.0)

HANDSHAKE = (
    b"GET /ndt/v7/download HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: " + SUBPROTOCOL.encode() + b"\r\n\r\n"
)


def with_token(path: str = DOWNLOAD) -> str:
    """The path with a token that a reflector with `KEY` takes."""
    claims = {"sub": "agent", "exp": datetime.now(UTC) + timedelta(minutes=5)}
    return f"{path}?access_token={jwt.encode(claims, KEY, 'HS256')}"


def connected(port: int, address: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(address, 0))


@contextmanager
def asking(port: int, address: str = "127.0.0.1") -> Iterator[Callable[[str], int]]:
    """A connection that is kept; gives what asks over it, and answers with the status."""
    source = (address, 0)
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=source)

    def status(path: str) -> int:
        client.request("GET", path)
        answer = client.getresponse()
        answer.read()
        return answer.status

    with closing(client):
        yield status


def status_of(port: int, path: str, address: str = "127.0.0.1") -> int:
    with asking(port, address) as status:
        return status(path)


def open_test(port: int, path: str = DOWNLOAD, **about: Any) -> Any:
    return connect(
        f"ws://127.0.0.1:{port}{path}",
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        compression=None,
        max_size=2**24,
        proxy=None,
        close_timeout=1,
        **about,
    )


def bytes_taken(port: int, beginning: bytes, piece: bytes, most: int = 48 * MEBIBYTE) -> int:
    """How much one can send, piece by piece and without reading a word, until it is cut off."""
    sent = 0
    with connected(port) as client, suppress(ConnectionError):
        client.sendall(beginning)
        while sent < most:
            client.sendall(piece)
            sent += len(piece)
    return sent


def closed_for(client: ClientConnection, saying: bytes) -> tuple[int | None, str | None]:
    """Code and words with which a test is closed after these bytes."""
    with pytest.raises(ConnectionClosed):
        with suppress(ConnectionError):
            client.socket.sendall(saying)
        while True:
            client.recv(timeout=20)
    return client.close_code, client.close_reason


@pytest.mark.parametrize(
    ("line", "limits"),
    [
        (b"POST /other.php", Limits()),
        (b"POST /healthz", Limits()),
        (b"POST /nq/upload?access_token=x.y.z", Limits()),
        (b"POST /nq/upload", Limits(open_bytes_per_hour=0)),
        (b"POST /nq/upload", Limits(connections=1)),
    ],
    ids=["404", "405", "403", "429", "503"],
)
def test_an_upload_that_was_refused_is_not_read(line: bytes, limits: Limits) -> None:
    head = line + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n"
    with reflector(access_key=KEY, limits=limits) as port:
        assert bytes_taken(port, head, bytes(2**16)) < 16 * MEBIBYTE


def test_a_short_upload_that_was_refused_reads_why() -> None:
    with (
        reflector(access_key=KEY, limits=Limits(open_bytes_per_hour=0)) as port,
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as client,
    ):
        client.request("POST", "/nq/upload", bytes(100_000))
        assert client.getresponse().status == 429


def test_what_comes_after_a_test_is_counted_with_it() -> None:
    head = b"POST /nq/upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\n"
    limits = Limits(open_bytes_per_address=4 * MEBIBYTE)
    with reflector(access_key=KEY, limits=limits) as port, connected(port) as client:
        client.sendall(head + b"1" + bytes(8 * MEBIBYTE))
        client.shutdown(socket.SHUT_WR)
        eventually(lambda: status_of(port, DOWNLOAD) == 429, "a refusal")


def silence(port: int, held: ExitStack, addresses: tuple[str, ...]) -> None:
    """Connections that say nothing."""
    for address in addresses:
        held.enter_context(connected(port, address))


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.2",) * 40,
        ("127.0.0.3",) * 40,
        tuple(f"127.0.1.{number}" for number in range(1, 41)),
    ],
    ids=["of one address", "of the agent's own", "of many"],
)
def test_silent_strangers_leave_agents_their_places(addresses: tuple[str, ...]) -> None:
    limits = Limits(connections=4, connections_per_address=4, handshake_seconds=60.0)
    with reflector(access_key=KEY, limits=limits) as port, ExitStack() as held:
        silence(port, held, addresses)
        assert status_of(port, "/healthz", "127.0.0.3") == 503
        assert status_of(port, with_token(), "127.0.0.3") == 426  # a test would have begun
        bad = f"{DOWNLOAD}?access_token=x.y.z"
        assert status_of(port, bad, "127.0.0.3") == 503


def test_agents_that_test_leave_strangers_their_places() -> None:
    with reflector(access_key=KEY, limits=Limits(connections=4)) as port, ExitStack() as held:
        for _ in range(2):
            held.enter_context(open_test(port, with_token("/ndt/v7/upload")))
        asks = [held.enter_context(asking(port)) for _ in range(3)]
        assert [status("/healthz") for status in asks] == [200, 200, 503]


def test_one_address_takes_no_more_of_the_places_for_agents_than_it_may() -> None:
    limits = Limits(connections=8, connections_per_address=2)
    with reflector(access_key=KEY, limits=limits) as port, ExitStack() as held:
        for _ in range(2):
            held.enter_context(open_test(port, with_token("/ndt/v7/upload")))
        assert status_of(port, with_token()) == 503
        assert status_of(port, with_token(), "127.0.0.2") == 426


def test_without_a_key_no_place_is_kept() -> None:
    with reflector(limits=Limits(connections=2)) as port, ExitStack() as held:
        asks = [held.enter_context(asking(port)) for _ in range(3)]
        assert [status("/healthz") for status in asks] == [200, 200, 503]


@pytest.mark.parametrize(
    ("address", "sender"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("2001:db8:0:1:ffff::2", "2001:db8:0:1::/64"),
        ("2001:db8:0:2::1", "2001:db8:0:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_limits_count_networks_of_ipv6_and_addresses_of_ipv4(address: str, sender: str) -> None:
    assert sender_of(address) == sender


def test_words_in_an_upload_count_as_its_data_does() -> None:
    words = Frame(Opcode.TEXT, bytes(1000)).serialize(mask=True) * 600
    limits = Limits(bytes_per_connection=2**18, receive_seconds=3.0)
    with reflector(limits=limits) as port, open_test(port, "/ndt/v7/upload") as client:
        assert closed_for(client, words) == (1008, "byte limit of this server")


def test_pings_without_end_end_an_upload() -> None:
    with reflector(limits=SHORT) as port, open_test(port, "/ndt/v7/upload") as client:
        assert closed_for(client, PING * 10_000) == (1008, "more words than measurements take")


def test_frames_with_nothing_in_them_end_an_upload() -> None:
    empty = Frame(Opcode.BINARY, b"").serialize(mask=True)
    with reflector(limits=SHORT) as port, open_test(port, "/ndt/v7/upload") as client:
        assert closed_for(client, empty * 40_000) == (1008, "too little data in each frame")


def test_pings_without_end_end_a_download() -> None:
    with reflector(limits=SHORT) as port, open_test(port) as client:
        assert closed_for(client, PING * 10_000)[0] != 1000


def test_pings_of_a_client_that_never_reads_do_not_pile_up() -> None:
    with reflector() as port:
        assert bytes_taken(port, HANDSHAKE, PING * 100) < 16 * MEBIBYTE


def test_the_marks_between_chunks_count_as_their_data_does() -> None:
    head = b"POST /nq/upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"1;" + b"x" * 8000 + b"\r\na\r\n"
    limits = Limits(open_bytes_per_address=MEBIBYTE)
    with reflector(access_key=KEY, limits=limits) as port:
        bytes_taken(port, head, chunks, 4 * MEBIBYTE)
        eventually(lambda: status_of(port, DOWNLOAD) == 429, "a refusal")


def test_a_client_that_always_has_one_more_request_is_let_go() -> None:
    ahead = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 500
    with reflector(limits=Limits(http_seconds=1.0)) as port, connected(port) as client:
        reading = threading.Thread(target=read_all, args=(client,))
        reading.start()
        gives_up_at = time.monotonic() + 40
        with pytest.raises(ConnectionError):
            while time.monotonic() < gives_up_at:
                client.sendall(ahead)
        reading.join()


def read_all(client: socket.socket) -> None:
    with suppress(OSError):
        while client.recv(2**16):
            pass


def test_the_byte_limit_is_of_all_that_a_connection_is_used_for() -> None:
    limits = Limits(bytes_per_connection=3 * MEBIBYTE)
    with reflector(limits=limits) as port, asking(port) as status:
        assert status("/backend/garbage.php?ckSize=2") == 200
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            status("/backend/garbage.php?ckSize=2")


def test_when_no_more_threads_are_to_be_had_the_next_visitor_is_served() -> None:
    with reflector(limits=Limits(connections=1)) as port:
        threading.stack_size(2**52)  # more than there are addresses for
        try:
            for _ in range(3):
                with connected(port) as refused:
                    assert refused.recv(1) == b""
        finally:
            threading.stack_size(0)
        assert status_of(port, "/healthz") == 200


def test_one_visitors_trouble_is_told_and_not_the_next_ones(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    take, visitors = Visitors.take, []

    def first_in_trouble(self: Visitors, accepted: socket.socket, address: str) -> None:
        visitors.append(address)
        if len(visitors) == 1:
            raise ValueError("odd")
        take(self, accepted, address)

    monkeypatch.setattr(Visitors, "take", first_in_trouble)
    with reflector() as port:
        with connected(port) as lost:
            assert lost.recv(1) == b""
        assert status_of(port, "/healthz") == 200
    assert "a visitor was lost" in caplog.text
    assert "127.0.0.1" not in caplog.text


def test_a_page_from_elsewhere_is_not_told_its_visitors_address() -> None:
    with reflector(limits=SHORT) as port:
        for path in ("/getIP.php", "/backend/getIP.php"):
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as client:
                client.request("GET", path, headers={"Origin": "https://page.example"})
                answer = client.getresponse()
                assert "Access-Control-Allow-Origin" not in answer.headers
                assert "no-store" in answer.headers["Cache-Control"]
        for path in (DOWNLOAD, "/ndt/v7/upload"):
            assert told_client(port, path, Origin("https://page.example")) is None
            assert str(told_client(port, path, None)).startswith("127.0.0.1:")


def told_client(port: int, path: str, origin: Origin | None) -> str | None:
    with open_test(port, path, origin=origin) as client:
        while isinstance(words := client.recv(timeout=20), bytes):
            pass
        told = decode_measurement(words.encode()).connection_info
        assert told and told.server == f"127.0.0.1:{port}"
        return told.client
