"""The reflector keeps to the ndt7 protocol, seen by a WebSocket client that is not ours."""

import http.client
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import CloseCode
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from broadgauge_agent.errors import PortTakenError
from broadgauge_agent.ndt7.sampling import sampling_gap_seconds
from broadgauge_agent.ndt7.spec import (
    MIN_SAMPLING_SECONDS,
    SUBPROTOCOL,
    message_sizes,
    next_message_bytes,
)
from broadgauge_agent.reflector.limits import Limits
from broadgauge_agent.reflector.server import serve
from broadgauge_agent.reflector.sockets import open_sockets
from tests.ndt7_servers import reflector
from tests.running import PATIENCE_SECONDS

ALLOWED = Path("/proc/sys/net/ipv4/tcp_allowed_congestion_control")

SHORT = Limits(send_seconds=0.8, receive_seconds=1.0, total_seconds=2.0, handshake_seconds=0.5)


@pytest.fixture
def port() -> Iterator[int]:
    with reflector(limits=SHORT) as port:
        yield port


def open_test(port: int, path: str = "download", subprotocol: str | None = SUBPROTOCOL) -> Any:
    return connect(
        f"ws://127.0.0.1:{port}/ndt/v7/{path}",
        subprotocols=None if subprotocol is None else [Subprotocol(subprotocol)],
        compression=None,
        max_size=2**24,
        proxy=None,
        close_timeout=1,
    )


def messages_of(client: ClientConnection) -> tuple[list[bytes], list[dict[str, Any]]]:
    binary, text = [], []
    for message in client:
        if isinstance(message, bytes):
            binary.append(message)
        else:
            text.append(json.loads(message))
    return binary, text


def refusal(port: int, path: str, subprotocol: str | None = SUBPROTOCOL) -> int:
    with pytest.raises(InvalidStatus) as refused, open_test(port, path, subprotocol):
        pass
    return refused.value.response.status_code


def test_a_download_sends_random_messages_that_grow_as_the_protocol_says(port: int) -> None:
    with open_test(port) as client:
        binary, _ = messages_of(client)
    sizes = [len(message) for message in binary]
    sent = 0
    assert sizes[0] == 2**13
    for size, following in pairwise(sizes):
        sent += size
        assert following == next_message_bytes(size, sent)
    assert sizes[-1] == 2**20
    assert len(set(binary[-1][:256])) > 100  # random, not a pattern


def test_messages_double_only_while_they_are_a_sixteenth_of_what_was_sent() -> None:
    assert next_message_bytes(2**13, 2**13 * 16 - 1) == 2**13
    assert next_message_bytes(2**13, 2**13 * 16) == 2**14
    assert next_message_bytes(2**20, 2**40) == 2**20
    assert message_sizes() == tuple(2**power for power in range(13, 21))


def test_a_download_ends_with_a_normal_close(port: int) -> None:
    with open_test(port) as client:
        messages_of(client)
        assert client.close_code == 1000


def test_a_download_tells_what_the_server_sees(port: int) -> None:
    with open_test(port) as client:
        _, texts = messages_of(client)
    told = texts[-1]
    assert (told["Origin"], told["Test"]) == ("server", "download")
    assert told["ConnectionInfo"]["Server"] == f"127.0.0.1:{port}"
    assert told["AppInfo"]["NumBytes"] > 0
    assert 0 < told["AppInfo"]["ElapsedTime"] <= 2_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_INFO is Linux's")
def test_the_kernels_facts_are_told_where_the_kernel_has_them(port: int) -> None:
    with open_test(port) as client:
        _, texts = messages_of(client)
    facts = texts[-1]["TCPInfo"]
    assert facts["BytesSent"] > 2**20
    assert facts["BusyTime"] <= facts["ElapsedTime"] + 100_000
    assert texts[-1]["ConnectionInfo"]["CongestionControl"]


def test_measurements_come_ten_times_a_second_at_most(port: int) -> None:
    with open_test(port) as client:
        _, texts = messages_of(client)
    times = [told["AppInfo"]["ElapsedTime"] / 1e6 for told in texts]
    assert 2 <= len(times) <= SHORT.send_seconds / MIN_SAMPLING_SECONDS + 1
    # The last comes before the close, whenever that is.
    assert all(later - earlier >= MIN_SAMPLING_SECONDS for earlier, later in pairwise(times[:-1]))


def test_sampling_gaps_keep_to_the_protocols_average() -> None:
    gaps = [sampling_gap_seconds() for _ in range(20_000)]
    assert sum(gaps) / len(gaps) >= 0.1
    assert len({round(gap, 4) for gap in gaps}) > 500  # memoryless, not a beat


def test_the_last_word_of_a_download_covers_all_of_it(port: int) -> None:
    with open_test(port) as client:
        binary, texts = messages_of(client)
    assert texts[-1]["AppInfo"]["NumBytes"] == sum(map(len, binary))


def test_the_last_word_of_an_upload_covers_all_of_it(port: int) -> None:
    with open_test(port, "upload") as client:
        for _ in range(100):
            client.send(bytes(2**13))
        client.protocol.send_close(CloseCode.NORMAL_CLOSURE)
        client.socket.sendall(b"".join(client.protocol.data_to_send()))
        _, texts = messages_of(client)
    assert texts[-1]["AppInfo"]["NumBytes"] == 100 * 2**13


def test_a_download_that_may_end_early_does() -> None:
    with reflector() as port, open_test(port, "download?early_exit=250") as client:
        received = sum(len(message) for message in client if isinstance(message, bytes))
        assert client.close_code == 1000
    assert 250_000_000 <= received <= 250_000_000 + 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="BBR is Linux's")
def test_a_download_says_what_bbr_makes_of_the_path_where_bbr_sends(port: int) -> None:
    with open_test(port) as client:
        _, texts = messages_of(client)
    told = texts[-1]
    has_bbr = "bbr" in ALLOWED.read_text().split()
    assert (told["ConnectionInfo"]["CongestionControl"] == "bbr") is has_bbr
    assert ("BBRInfo" in told) is has_bbr
    if has_bbr:
        assert told["BBRInfo"]["BW"] > 2**20
        assert told["BBRInfo"]["MinRTT"] > 0
        assert told["BBRInfo"]["PacingGain"] >= 2**7


@pytest.mark.parametrize("path", ["download", "upload"])
def test_pings_are_answered(port: int, path: str) -> None:
    with open_test(port, path) as client:
        pong = client.ping()
        messages_of(client)
        assert pong.wait(0)


def test_an_upload_is_counted_at_the_server(port: int) -> None:
    with open_test(port, "upload") as client:
        for _ in range(100):
            client.send(bytes(2**13))
        told = json.loads(client.recv(timeout=5))
        while told["AppInfo"]["NumBytes"] < 100 * 2**13:
            told = json.loads(client.recv(timeout=5))
    assert told["AppInfo"]["NumBytes"] == 100 * 2**13
    assert told["Test"] == "upload"


def test_a_large_message_is_counted_while_it_arrives_and_not_kept(port: int) -> None:
    with open_test(port, "upload") as client:
        client.socket.sendall(b"\x82\xff" + (2**24).to_bytes(8) + bytes(4) + bytes(2**20))
        told = json.loads(client.recv(timeout=5))
        while told["AppInfo"]["NumBytes"] < 2**20:
            told = json.loads(client.recv(timeout=5))
        assert told["AppInfo"]["NumBytes"] == 2**20


@pytest.mark.parametrize("path", ["download", "upload"])
def test_text_longer_than_a_measurement_closes_a_test(port: int, path: str) -> None:
    with open_test(port, path) as client:
        with pytest.raises(ConnectionClosed):
            client.send("x" * 2**20)
            messages_of_until_closed(client)
            client.send("")
        assert client.close_code == 1009


def test_an_upload_that_goes_on_too_long_is_closed(port: int) -> None:
    with open_test(port, "upload") as client:
        _, texts = messages_of(client)
        assert client.close_code == 1000
    assert texts


@pytest.mark.parametrize("subprotocol", [None, "chat"])
@pytest.mark.parametrize("path", ["download", "upload"])
def test_another_subprotocol_is_a_bad_request(
    port: int, path: str, subprotocol: str | None
) -> None:
    assert refusal(port, path, subprotocol) == 400


@pytest.mark.parametrize(
    "query",
    ["=1", "a=1&=2", "a=%f", "a=%ff", "early_exit=251", "early_exit=", "x=" + "1" * 4095],
    ids=lambda q: q[:14],
)
def test_a_faulty_query_is_a_bad_request(port: int, query: str) -> None:
    assert refusal(port, f"download?{query}") == 400


@pytest.mark.parametrize("query", ["a=1&a=2", "a", "a=&b", "early_exit=250", "a=%C3%A9"])
def test_a_query_that_servers_should_overlook_is_no_fault(port: int, query: str) -> None:
    with open_test(port, f"download?{query}") as client:
        assert client.recv(timeout=5)


def test_metadata_is_taken(port: int) -> None:
    with open_test(port, "download?client_name=x&server_y=&note=" + "1" * 4000) as client:
        assert client.recv(timeout=5)


def test_binary_data_in_a_download_closes_it(port: int) -> None:
    with open_test(port) as client:
        client.send(b"noise")
        messages_of_until_closed(client)
        assert client.close_code == 1003


def messages_of_until_closed(client: ClientConnection) -> None:
    with pytest.raises(ConnectionClosed):
        while True:
            client.recv(timeout=5)


def test_text_from_a_downloading_client_is_taken(port: int) -> None:
    with open_test(port) as client:
        client.send('{"AppInfo":{"ElapsedTime":1,"NumBytes":1}}')
        messages_of(client)
        assert client.close_code == 1000


def test_a_message_above_the_agreed_size_closes_an_upload(port: int) -> None:
    with open_test(port, "upload") as client:
        with pytest.raises(ConnectionClosed):
            client.send(bytes(2**24 + 1))
            messages_of_until_closed(client)
            client.send(b"")
        assert client.close_code == 1009


def test_a_download_stops_at_the_byte_limit() -> None:
    limits = Limits(bytes_per_connection=2**20, send_seconds=5)
    with reflector(limits=limits) as port, open_test(port) as client:
        received = 0
        with pytest.raises(ConnectionClosed):
            while True:
                received += len(client.recv(timeout=5))
        assert (client.close_code, client.close_reason) == (1008, "byte limit of this server")
    assert 2**20 <= received < 2**21


def test_an_upload_stops_at_the_byte_limit() -> None:
    with (
        reflector(limits=Limits(bytes_per_connection=2**20)) as port,
        open_test(port, "upload") as client,
    ):
        with pytest.raises(ConnectionClosed):
            for _ in range(1000):
                client.send(bytes(2**16))
        assert client.close_code == 1008


def test_one_address_cannot_take_every_place() -> None:
    limits = Limits(connections_per_address=1, send_seconds=30, total_seconds=30)
    with reflector(limits=limits) as port, open_test(port):
        assert refusal(port, "download") == 503


def test_silent_connections_of_one_address_leave_the_places_of_others() -> None:
    limits = Limits(connections=4, connections_per_address=1, handshake_seconds=30)
    with reflector(limits=limits) as port, ExitStack() as held:
        for _ in range(20):
            held.enter_context(socket.create_connection(("127.0.0.1", port)))
        request = f"http://127.0.0.1:{port}/healthz"
        assert status_for("127.0.0.2", request) == 200


def status_for(address: str, url: str) -> int:
    parts = urlsplit(url)
    assert parts.hostname
    connection = http.client.HTTPConnection(
        parts.hostname, parts.port, timeout=5, source_address=(address, 0)
    )
    with closing(connection):
        connection.request("GET", parts.path)
        return connection.getresponse().status


def test_places_are_limited_in_all_and_given_back() -> None:
    with reflector(limits=Limits(connections=1)) as port:
        with open_test(port, "upload"):
            assert refusal(port, "upload") == 503
        with open_in_time(port, "upload") as second:
            second.send(b"x")


def open_in_time(port: int, path: str) -> Any:
    """The server's thread takes a moment to give a place back when its client has gone."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return open_test(port, path)
        except InvalidStatus:
            assert time.monotonic() < deadline, "the place was not given back"
            time.sleep(0.05)


@pytest.mark.parametrize(
    "limits", [Limits(connections=1), Limits(connections_per_address=1)], ids=["in all", "of one"]
)
def test_of_a_flood_of_connections_the_longest_waiting_are_cut_off(limits: Limits) -> None:
    with reflector(limits=limits) as port:
        flood = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        flood[1].settimeout(5)
        assert _says_goodbye(flood[1])  # the first has a place
        for client in flood:
            client.close()


def test_a_client_that_says_nothing_is_let_go(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(5)
        assert _says_goodbye(client)


def test_a_client_that_never_reads_is_cut_off(port: int) -> None:
    with open_test(port) as client:
        time.sleep(SHORT.total_seconds + 0.5)
        with pytest.raises(ConnectionClosed):
            while True:
                client.recv(timeout=5)
        assert client.close_code != 1000


def _says_goodbye(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def test_it_says_what_it_is_and_that_it_is_well(port: int) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        assert answer.read() == b"ok\n"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        assert b"ndt7" in answer.read()
    with pytest.raises(urllib.error.HTTPError, match="404") as missing:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/other")
    missing.value.close()
    with pytest.raises(urllib.error.HTTPError, match="426") as upgrade:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/ndt/v7/download")
    upgrade.value.close()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_taken_port_is_named(kind: int) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"port {port} .*--port"):
            serve("127.0.0.1", port)


def test_tcp_and_udp_share_a_port_number() -> None:
    for host in ("127.0.0.1", "::1"):
        tcp, udp = open_sockets(host, 0)
        assert tcp.getsockname()[1] == udp.getsockname()[1]
        tcp.close()
        udp.close()


@pytest.mark.parametrize("signal", [SIGTERM, SIGINT])
def test_a_signal_stops_it_in_the_middle_of_a_test(signal: int) -> None:
    port = _free_port()
    program = f"from broadgauge_agent.reflector.server import serve; serve('127.0.0.1', {port})"
    with subprocess.Popen(
        [sys.executable, "-c", program], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        assert f"port {port}" in process.stderr.readline()
        with open_test(port) as client:
            client.recv(timeout=5)
            process.send_signal(signal)
            assert process.wait(timeout=10) == 0
        assert process.stderr.read() == ""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
