"""The throughput probe measures against a real server, and gives no number where one lies."""

import asyncio
import contextlib
import http.server
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from msgspec.structs import replace
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from broadgauge_agent.ndt7.spec import test_url as url_of
from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_agent.probes.throughput import arrivals, load, opening, streams
from broadgauge_agent.probes.throughput import direction as direction_module
from broadgauge_agent.reflector.limits import Limits
from broadgauge_wire import Direction, Middlebox, ThroughputResult
from tests.ndt7_servers import (
    BY_KERNEL,
    BY_PROGRAM,
    Handler,
    banner_server,
    counting_late,
    free_port,
    reflector,
    request_to,
    silent_server,
    websocket_server,
)

LONG_SECONDS = 2.0
"""Long enough for a server to have counted."""

NOISE = os.urandom(2**16)


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(load, "STALL_SECONDS", 1.0)


def measure(request: ProbeRequest) -> ThroughputResult:
    (result,) = load_probe("throughput").run(request)
    assert isinstance(result, ThroughputResult)
    return result


def error_against(
    handler: Handler,
    direction: Direction = "download",
    *,
    max_seconds: float = 0.6,
    **server: str,
) -> str:
    with websocket_server(handler, **server) as port:
        return error_of(measure(request_to(port, direction, max_seconds=max_seconds)))


def error_of(result: ThroughputResult) -> str:
    assert result.error
    assert result.stop_reason == "error"
    assert result.throughput_bits_per_second is result.line_bits_per_second is None
    assert (result.bound, result.limited_by) == (None, None)
    return result.error


async def send_noise(connection: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await connection.send(NOISE)


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_a_reflector_is_measured_each_way(direction: Direction) -> None:
    with reflector() as port:
        result = measure(request_to(port, direction, max_seconds=1.0))
    assert result.error is None
    assert result.direction == direction
    assert result.method == "ndt7"
    assert result.stop_reason in {"converged", "deadline", "budget"}
    assert result.throughput_bits_per_second and result.throughput_bits_per_second > 10e6
    assert result.line_bits_per_second and result.payload_ratio
    assert result.line_bits_per_second * result.payload_ratio == pytest.approx(
        result.throughput_bits_per_second
    )
    assert (result.path_kind, result.segment) == ("loopback", "lan")
    assert result.bound != "exact"  # the path set no rate here
    assert result.cross_traffic_bits_per_second is None
    assert result.server == f"127.0.0.1:{port}"
    assert result.idle_rtt_seconds is not None
    assert result.network_link and result.network_link.kind == "loopback"


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_a_result_shows_the_rate_over_time_and_the_part_it_rests_on(direction: Direction) -> None:
    with reflector() as port:
        result = measure(request_to(port, direction, max_seconds=1.0))
    assert result.rates_bits_per_second and result.rate_interval_seconds
    assert result.measured_from_seconds is not None and result.measured_to_seconds
    begin = round(result.measured_from_seconds / result.rate_interval_seconds)
    end = round(result.measured_to_seconds / result.rate_interval_seconds)
    part = result.rates_bits_per_second[begin:end]
    assert end == len(result.rates_bits_per_second)
    assert result.throughput_bits_per_second == pytest.approx(median(part))
    assert result.uncertainty_ratio is not None
    assert result.streams and 1 <= result.streams <= 16


def test_a_test_of_one_connection_has_one() -> None:
    with reflector() as port:
        result = measure(replace(request_to(port, max_seconds=1.0), max_streams=1))
    assert (result.error, result.streams) == (None, 1)


def test_a_server_that_allows_one_connection_is_measured_with_it() -> None:
    with reflector(limits=Limits(connections_per_address=1)) as port:
        result = measure(request_to(port, max_seconds=1.0))
    assert (result.error, result.streams) == (None, 1)


def test_the_bytes_a_test_cost_fit_its_rate() -> None:
    with reflector() as port:
        result = measure(request_to(port, max_seconds=1.0))
    assert result.bytes_transferred and result.rate_interval_seconds
    measured = sum(result.rates_bits_per_second) / 8 * result.rate_interval_seconds
    # A socket may hold some that was never read.
    assert result.bytes_transferred >= measured * 0.9


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_a_budget_too_small_to_know_anything_is_an_error_and_no_number(
    direction: Direction,
) -> None:
    with reflector() as port:
        result = measure(replace(request_to(port, direction, max_seconds=5.0), max_bytes=100_000))
    assert "used up its 100000 bytes before its rate settled" in error_of(result)
    assert result.bytes_transferred


def test_a_server_that_ends_a_test_is_heard_out() -> None:
    with reflector(limits=Limits(bytes_per_connection=1_000_000)) as port:
        error = error_of(measure(request_to(port, max_seconds=5.0)))
    assert "closed the test after 0." in error
    assert "byte limit of this server" in error


def test_a_test_that_fails_midway_says_what_it_cost() -> None:
    async def break_off(connection: ServerConnection) -> None:
        for _ in range(20):
            await connection.send(NOISE)
        await connection.send("nonsense")

    with websocket_server(break_off) as port:
        result = measure(request_to(port))
    assert "no ndt7 measurement" in error_of(result)
    assert result.bytes_transferred and result.bytes_transferred >= len(NOISE)


def test_both_directions_are_two_results() -> None:
    with reflector() as port:
        results = load_probe("throughput").run(request_to(port, "download", "upload"))
    assert [r.direction for r in results if isinstance(r, ThroughputResult)] == [
        "download",
        "upload",
    ]
    assert results[0].id != results[1].id


def test_it_works_over_ipv6() -> None:
    with reflector(host="::1") as port:
        result = measure(request_to(port, host="::1"))
    assert (result.error, result.server) == (None, f"[::1]:{port}")


def test_a_server_that_closes_early_is_an_error() -> None:
    async def close_early(connection: ServerConnection) -> None:
        await connection.send(NOISE)

    async def close_at_once(connection: ServerConnection) -> None:
        await connection.close()

    assert "closed the test after 0." in error_against(close_early)
    assert "closed the test after 0." in error_against(close_at_once, "upload")


def test_a_connection_that_breaks_is_an_error() -> None:
    async def break_off(connection: ServerConnection) -> None:
        connection.transport.abort()

    assert "closed the test after 0." in error_against(break_off)
    assert "closed the test after 0." in error_against(break_off, "upload")


def test_text_that_is_no_measurement_is_an_error() -> None:
    async def chat(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.send("hello")

    assert "no ndt7 measurement" in error_against(chat)
    assert "no ndt7 measurement" in error_against(chat, "upload")


@pytest.mark.parametrize("members", [1, 5000])
def test_a_flood_of_measurements_or_of_their_members_is_an_error(members: int) -> None:
    info = ",".join(f'"a{number}":1' for number in range(members))

    async def babble(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.send('{"BBRInfo":{' + info + "}}")

    assert "far more measurements" in error_against(babble)


def test_a_hostile_servers_words_are_one_short_line() -> None:
    words = b"\x1b[31m\n" + b"x" * 150
    banner = b"HTTP/1.1 503 No\r\nContent-Length: %d\r\n\r\n" % len(words)
    with banner_server(banner + words) as port:
        error = error_of(measure(request_to(port)))
    assert "503" in error
    assert error.isprintable()


def test_measurements_without_data_are_a_stall() -> None:
    async def talk_only(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.send('{"AppInfo":{"ElapsedTime":1,"NumBytes":1}}')
                await asyncio.sleep(0.05)

    assert "stalled" in error_against(talk_only, max_seconds=10)
    assert error_against(talk_only) == "the server sent no data"


def test_a_server_that_stops_sending_is_a_stall() -> None:
    async def stop(connection: ServerConnection) -> None:
        await connection.send(NOISE)
        await connection.wait_closed()

    assert "stalled" in error_against(stop, max_seconds=10)


def test_a_server_that_stops_reading_is_a_stall() -> None:
    async def never_read(connection: ServerConnection) -> None:
        await connection.wait_closed()

    # Both kernels' buffers take in data for a while, at a busy moment longer than usual.
    assert "stalled" in error_against(never_read, "upload", max_seconds=10)


def test_a_message_larger_than_agreed_is_an_error() -> None:
    async def send_too_much(connection: ServerConnection) -> None:
        await connection.send(bytes(2**24 + 1))
        await connection.wait_closed()

    assert "larger than the agreed 16 MiB" in error_against(send_too_much)


def test_binary_data_in_an_upload_is_an_error() -> None:
    assert "binary data in an upload" in error_against(send_noise, "upload")


async def swallow(connection: ServerConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        async for _ in connection:
            pass


def test_an_upload_nobody_counted_is_an_error_and_no_number() -> None:
    error = error_against(swallow, "upload", max_seconds=LONG_SECONDS)
    assert error == "server did not count the upload"


def test_an_upload_counted_without_a_count_is_an_error() -> None:
    async def say_nothing_useful(connection: ServerConnection) -> None:
        await connection.send('{"TCPInfo":{"RTT":100,"ElapsedTime":1000}}')
        await swallow(connection)

    error = error_against(say_nothing_useful, "upload", max_seconds=LONG_SECONDS)
    assert error == "server did not count the upload"


def test_a_count_above_what_was_sent_is_an_error() -> None:
    async def boast(connection: ServerConnection) -> None:
        await connection.send(BY_KERNEL % (2**50, 400_000))
        await swallow(connection)

    assert "counted more than was sent" in error_against(boast, "upload")


def test_counts_dated_after_the_test_do_not_count() -> None:
    async def from_the_future(connection: ServerConnection) -> None:
        await connection.send(BY_KERNEL % (1000, 60_000_000))
        await swallow(connection)

    error = error_against(from_the_future, "upload", max_seconds=LONG_SECONDS)
    assert error == "server did not count the upload"


async def tell(connection: ServerConnection, counts: str, bytes_in_a_tenth: int) -> None:
    """Take an upload, and ten times a second say of so much that it arrived."""

    async def count() -> None:
        with contextlib.suppress(ConnectionClosed):
            for tenth in range(1, 20):
                await asyncio.sleep(0.1)
                await connection.send(counts % (bytes_in_a_tenth * tenth, 100_000 * tenth))

    await asyncio.gather(swallow(connection), count())


async def count_little(connection: ServerConnection) -> None:
    await tell(connection, BY_KERNEL, 25_000)


@pytest.mark.parametrize("is_known", [True, False], ids=["with TCP_INFO", "without"])
def test_an_upload_is_what_the_server_counted_and_not_what_was_sent(
    is_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not is_known:
        monkeypatch.setattr(streams, "read_tcp_info", lambda _: None)
    with websocket_server(count_little) as port:
        request = replace(request_to(port, "upload", max_seconds=1.5), max_streams=1)
        result = measure(request)
    assert result.throughput_bits_per_second == pytest.approx(2e6, rel=0.01)
    assert result.bytes_transferred and result.bytes_transferred > 250_000
    assert result.middleboxes == (("upload_buffering",) if is_known else ())
    assert result.bound != "exact"


def test_a_server_without_tcp_info_counts_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async def count_in_the_program(connection: ServerConnection) -> None:
        await tell(connection, BY_PROGRAM, 50_000)

    monkeypatch.setattr(streams, "read_tcp_info", lambda _: None)
    with websocket_server(count_in_the_program) as port:
        result = measure(replace(request_to(port, "upload", max_seconds=1.5), max_streams=1))
    assert result.throughput_bits_per_second == pytest.approx(4e6, rel=0.01)
    assert result.bound != "exact"


@pytest.mark.parametrize(
    ("counts", "named"),
    [(BY_KERNEL, ("upload_buffering",)), (BY_PROGRAM, ())],
    ids=["a kernel", "a program"],
)
def test_what_a_server_has_yet_to_count_is_a_proxys_only_if_its_kernel_counts(
    counts: str, named: tuple[Middlebox, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "STALL_SECONDS", 5.0)  # the buffers on this side take as long
    with websocket_server(counting_late(counts)) as port:
        request = replace(request_to(port, "upload", max_seconds=1.0), max_streams=1)
        result = measure(request)
    assert result.error is None
    assert result.bytes_transferred and result.bytes_transferred > 600_000
    assert result.middleboxes == named


def test_more_than_any_buffer_holds_is_a_proxys_though_a_program_counts() -> None:
    async def count_little_in_the_program(connection: ServerConnection) -> None:
        await tell(connection, BY_PROGRAM, 25_000)

    with websocket_server(count_little_in_the_program) as port:
        request = replace(request_to(port, "upload", max_seconds=1.5), max_streams=1)
        result = measure(request)
    assert result.middleboxes == ("upload_buffering",)
    assert result.throughput_bits_per_second == pytest.approx(2e6, rel=0.01)


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_a_machine_whose_kernel_tells_nothing_measures_all_the_same(
    direction: Direction, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (streams, arrivals, load, direction_module):
        monkeypatch.setattr(module, "read_tcp_info", lambda _: None)
    with reflector() as port:
        result = measure(request_to(port, direction, max_seconds=1.5))
    assert result.error is None
    assert result.throughput_bits_per_second and result.throughput_bits_per_second > 10e6
    assert result.bound != "exact"


@pytest.mark.parametrize("subprotocol", ["chat", None])
def test_another_subprotocol_is_an_error(subprotocol: str | None) -> None:
    with websocket_server(send_noise, subprotocol=subprotocol) as port:
        assert "does not speak ndt7" in error_of(measure(request_to(port)))


def test_a_server_that_is_not_there_is_an_error() -> None:
    assert "nothing listens there" in error_of(measure(request_to(free_port())))


def test_a_server_that_says_nothing_is_an_error() -> None:
    with silent_server() as port:
        assert "did not answer within 1 seconds" in error_of(measure(request_to(port)))


def test_a_web_server_that_is_not_ours_is_an_error() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _NotFound) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        said = error_of(measure(request_to(server.server_port)))
        assert said.startswith("that is not a test server: it answered HTTP 404")
        server.shutdown()
        thread.join()


def test_a_full_reflector_is_named_as_such() -> None:
    with (
        reflector(limits=Limits(connections_per_address=1)) as port,
        socket.create_connection(("127.0.0.1", port)),
    ):
        assert "503 Too many tests at once" in error_of(measure(request_to(port)))


def test_a_server_that_speaks_no_http_is_an_error() -> None:
    with banner_server(b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        assert "does not speak ndt7" in error_of(measure(request_to(port)))


def test_a_name_without_an_address_is_an_error() -> None:
    result = measure(request_to(1, host="no-such-host.invalid"))
    assert "no-such-host.invalid" in error_of(result)
    assert result.server == "no-such-host.invalid:1"


def test_without_a_test_server_it_cannot_run() -> None:
    assert not load_probe("throughput").can_run(ProbeRequest()).ok
    assert "no test server is known" in error_of(measure(ProbeRequest(directions=("download",))))


def test_addresses_are_written_as_the_protocol_names_them() -> None:
    assert url_of("a.example", 8485, "download", tls=False) == (
        "ws://a.example:8485/ndt/v7/download"
    )
    assert url_of("2001:db8::1", 443, "upload", tls=True, client_name="a b") == (
        "wss://[2001:db8::1]:443/ndt/v7/upload?client_name=a+b"
    )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for `localhost`, with its key in the same file."""
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", str(file), "-out", str(file) + ".crt"]
    subprocess.run(
        ["openssl", "req", "-x509", "-days", "2", *key, *subject, *files],
        check=True,
        capture_output=True,
    )
    file.write_text(file.read_text() + Path(str(file) + ".crt").read_text())
    return file


@pytest.fixture
def tls_port(certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with reflector(tls=context) as port:
        yield port


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_a_server_the_system_trusts_is_measured_over_tls(
    direction: Direction, tls_port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    result = measure(request_to(tls_port, direction, host="localhost", tls=True, max_seconds=1.0))
    assert result.error is None
    assert result.throughput_bits_per_second and result.throughput_bits_per_second > 10e6


def test_a_server_the_system_does_not_trust_is_an_error(tls_port: int) -> None:
    result = measure(request_to(tls_port, host="localhost", tls=True))
    assert "certificate is not trusted" in error_of(result)


def test_a_certificate_for_another_name_is_an_error(
    tls_port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    result = measure(request_to(tls_port, host="127.0.0.1", tls=True))
    assert "certificate is not trusted" in error_of(result)


def test_a_server_without_tls_is_an_error_where_tls_is_asked_for() -> None:
    with reflector() as port:
        assert error_of(measure(request_to(port, tls=True)))


class _NotFound(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass
