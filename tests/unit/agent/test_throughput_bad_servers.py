"""Servers and paths that misbehave: each ends as a result with a named error, in time."""

import contextlib
import json
import os
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.utils import accept_key

from broadgauge_agent.measuring import skip_or_measure
from broadgauge_agent.ndt7.spec import DOWNLOAD_PATH, SUBPROTOCOL
from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_agent.reflector.server import running_reflector
from broadgauge_wire import Direction, ThroughputResult
from lab.hosts import cable, hosts
from tests.authorities import DAY, Authority
from tests.ndt7_servers import BY_KERNEL, in_thread, reflector, request_to, websocket_server

AT_A_TIME = 5
"""Most of these tests wait, but each has a process of its own."""

UNDER_WAY_BYTES = 1_000_000

Handle = Callable[[socket.socket], None]

BINARY, CONTINUED, RESERVED, TO_THE_SERVER_ALONE = 0x82, 0x00, 0xC2, 0x80


class Case(NamedTuple):
    """What a server does, or the path to it, and words of the error it ends as."""

    handle: Handle
    words: str
    direction: Direction = "download"


def frame(first: int, payload: bytes, flags: int = 0) -> bytes:
    """RFC 6455, section 5.2, of 126 to 65535 bytes."""
    return struct.pack("!BBH", first, 126 | flags, len(payload)) + payload


def shake_hands(connection: socket.socket, *, headers: str = "") -> None:
    """Switch to WebSocket, by hand, whatever was asked for."""
    asked = connection.recv(65536).decode("latin-1")
    key = next(line for line in asked.split("\r\n") if line.lower().startswith("sec-websocket-key"))
    lines = (
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_key(key.partition(':')[2].strip())}",
        headers or f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",
    )
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())


def switches_and(*said: bytes) -> Handle:
    """Shakes hands, says this, and listens on."""

    def handle(connection: socket.socket) -> None:
        shake_hands(connection)
        for part in said:
            connection.sendall(part)
        while connection.recv(65536):
            pass

    return handle


def says(*said: bytes) -> Handle:
    """Answers the request with this and hangs up."""

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        for part in said:
            connection.sendall(part)

    return handle


def drips(connection: socket.socket) -> None:
    """An answer whose head never ends, a byte at a time."""
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nX: ")
    while True:
        connection.sendall(b"a")
        time.sleep(0.1)


def never_reads(connection: socket.socket) -> None:
    shake_hands(connection)
    time.sleep(60)


def resets(connection: socket.socket) -> None:
    shake_hands(connection)
    connection.sendall(frame(BINARY, bytes(60_000)))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


CASES: Mapping[str, Case] = {
    "sends nothing after the handshake": Case(switches_and(), "stalled"),
    "reads nothing after the handshake": Case(never_reads, "stalled", "upload"),
    "hangs up after the handshake": Case(shake_hands, "closed the test"),
    "resets the connection in mid-message": Case(resets, "closed the test"),
    "sends a frame that no extension allows": Case(
        switches_and(frame(RESERVED, bytes(1000))), "broke the protocol"
    ),
    "masks its frames as only clients do": Case(
        switches_and(frame(BINARY, bytes(1000), TO_THE_SERVER_ALONE)), "broke the protocol"
    ),
    "continues what it never began": Case(
        switches_and(frame(CONTINUED, bytes(1000))), "broke the protocol"
    ),
    "names a subprotocol nobody offered": Case(
        lambda connection: shake_hands(connection, headers="Sec-WebSocket-Protocol: chat"),
        "does not speak ndt7",
    ),
    "sends binary data into an upload": Case(
        switches_and(frame(BINARY, bytes(1000))), "binary data in an upload", "upload"
    ),
    "never ends its answer": Case(drips, "did not answer within"),
    "answers with an endless head": Case(
        says(b"HTTP/1.1 101 Switching Protocols\r\n", *[b"a: b\r\n" * 5000] * 4),
        "does not speak ndt7",
    ),
    "sends its visitors elsewhere": Case(
        says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
        "that is not a test server: it answered HTTP 302",
    ),
    "hangs up on the request": Case(says(), "does not speak ndt7"),
}


@contextmanager
def serving(handle: Handle) -> Iterator[int]:
    """A server that does this with every connection; gives its port."""
    with ExitStack() as open_connections, socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, handle, open_connections))
        thread.daemon = True
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _accept(listener: socket.socket, handle: Handle, opened: ExitStack) -> None:
    with contextlib.suppress(OSError):  # the end of it
        while True:
            connection = opened.enter_context(listener.accept()[0])
            threading.Thread(target=_handle, args=(connection, handle), daemon=True).start()


def _handle(connection: socket.socket, handle: Handle) -> None:
    with contextlib.suppress(OSError, StopIteration), connection:
        handle(connection)


def measured(request: ProbeRequest) -> ThroughputResult:
    """As the agent does it: in a child process, with a time limit."""
    probe = load_probe("throughput")
    (result,) = skip_or_measure("throughput", probe, request, lambda: False)
    assert isinstance(result, ThroughputResult)
    return result


def against(case: Case) -> ThroughputResult:
    with serving(case.handle) as port:
        return measured(request_to(port, case.direction, max_seconds=8.0))


@pytest.fixture(scope="module")
def outcomes() -> dict[str, ThroughputResult]:
    """All of them, several at a time: most of what they do is to wait."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return dict(zip(CASES, pool.map(against, CASES.values()), strict=True))


def error_of(result: ThroughputResult) -> str:
    assert result.error and result.error.isprintable()
    assert "hung" not in result.error and "the probe broke" not in result.error
    assert result.stop_reason == "error"
    assert result.throughput_bits_per_second is result.line_bits_per_second is None
    assert (result.bound, result.limited_by) == (None, None)
    return result.error


@pytest.mark.parametrize("case", CASES)
def test_a_server_that(case: str, outcomes: dict[str, ThroughputResult]) -> None:
    assert CASES[case].words in error_of(outcomes[case])


@pytest.mark.parametrize(
    ("days", "why"), [((-90 * DAY, -DAY), "expired"), ((DAY, 90 * DAY), "not yet valid")]
)
def test_a_certificate_outside_its_dates_is_an_error(
    days: tuple[timedelta, timedelta], why: str, tmp_path: Path
) -> None:
    authority = Authority("Oakdale Schools")
    context = authority.context(tmp_path, "127.0.0.1", begins=days[0], ends=days[1])
    with reflector(tls=context) as port:
        request = replace(request_to(port, tls=True), ca=authority.pem)
        error = error_of(measured(request))
    assert "certificate is not trusted" in error
    assert why in error


def test_a_certificate_for_another_name_is_an_error(tmp_path: Path) -> None:
    authority = Authority("Oakdale Schools")
    with reflector(tls=authority.context(tmp_path, "tests.district.example")) as port:
        request = replace(request_to(port, tls=True), ca=authority.pem)
        assert "certificate is not trusted" in error_of(measured(request))


def test_a_server_that_breaks_off_the_tls_handshake_is_an_error() -> None:
    with serving(says()) as port:
        assert error_of(measured(request_to(port, tls=True)))


def test_a_server_that_never_stops_sending_ends_with_the_tests_time() -> None:
    noise = os.urandom(2**16)

    async def go_on_for_ever(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.send(noise)

    with websocket_server(go_on_for_ever) as port:
        result = measured(request_to(port, max_seconds=1.0))
    assert result.error is None
    assert result.throughput_bits_per_second
    assert result.bound != "exact"  # loopback, and a server that says nothing of itself


@pytest.mark.parametrize("rtt_microseconds", [2, 2 * 10**15])
def test_odd_words_of_a_server_that_sends_leave_both_directions_whole(
    rtt_microseconds: int,
) -> None:
    odd = json.dumps({"ConnectionInfo": {"CongestionControl": "cubic\n\x00" + 5000 * "x"}})

    async def send(connection: ServerConnection) -> None:
        await connection.send(odd)
        async for elapsed in tenths(connection.send, bytes(2**18)):
            said = {"RTT": rtt_microseconds, "MinRTT": rtt_microseconds, "ElapsedTime": elapsed}
            await connection.send(json.dumps({"TCPInfo": said}))

    async def take(connection: ServerConnection) -> None:
        async for elapsed in tenths(connection.recv):
            await connection.send(BY_KERNEL % (UNDER_WAY_BYTES, elapsed))

    async def serve(connection: ServerConnection) -> None:
        assert connection.request
        with contextlib.suppress(ConnectionClosed):
            await (send if DOWNLOAD_PATH in connection.request.path else take)(connection)

    with websocket_server(serve) as port:
        request = request_to(port, "download", "upload", max_seconds=1.0)
        results = skip_or_measure("throughput", load_probe("throughput"), request, lambda: False)
    download, upload = results
    assert isinstance(download, ThroughputResult)
    assert (download.error, upload.error) == (None, None)
    assert download.congestion_control
    assert download.congestion_control.startswith("cubic??xxx")
    assert (download.loaded_rtt_seconds, download.round_trips_per_minute) == (None, None)


async def tenths(work: Callable[..., Awaitable[object]], *given: bytes) -> AsyncIterator[int]:
    """Goes on with some work. Ten times a second, tells how long it has, in microseconds."""
    began = told = time.monotonic()
    while True:
        await work(*given)
        if time.monotonic() - told > 0.1:
            told = time.monotonic()
            yield round(1e6 * (told - began))


def test_a_path_that_dies_in_mid_test_is_an_error_each_way() -> None:
    directions: tuple[Direction, ...] = ("download", "upload")
    with ThreadPoolExecutor(len(directions)) as pool:
        for result in pool.map(over_a_path_that_dies, directions):
            assert "stalled" in error_of(result)


def over_a_path_that_dies(direction: Direction) -> ThroughputResult:
    with hosts("near", "far") as (near, far):
        _, there = cable(near, far, "10.71.0.1/24", "10.71.0.2/24")
        with far.inside(), in_thread(running_reflector(there.address)) as port:
            request = request_to(port, direction, host=there.address, max_seconds=9.0)
            with near.inside(), ThreadPoolExecutor(1) as pool:
                outcome = pool.submit(measured, request)
                while there.count("rx_bytes") + there.count("tx_bytes") < UNDER_WAY_BYTES:
                    time.sleep(0.02)
                there.set_cable(plugged=False)
                return outcome.result()
