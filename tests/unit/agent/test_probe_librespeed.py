"""Our LibreSpeed client reads what the server took and gave, and names what is wrong with it."""

import itertools
import socket
import time
from pathlib import Path

import pytest

from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_agent.probes.floor import RATE_SECONDS, floor_of
from broadgauge_agent.probes.librespeed import load as loading
from broadgauge_agent.probes.librespeed import scripts
from broadgauge_agent.probes.librespeed.estimate import rate_in, rates_over_time, window_of
from broadgauge_agent.probes.librespeed.load import Load, Moved
from broadgauge_agent.probes.other_servers import far_end_at, place_of
from broadgauge_wire import Direction, ThroughputResult
from tests.authorities import Authority
from tests.ndt7_servers import reflector, silent_server
from tests.other_servers import Behaviour, Request, libre, other_server

BUDGET = 3_000_000


def run(
    url: str,
    direction: Direction = "download",
    *,
    max_seconds: float = 0.6,
    max_bytes: float = 5e9,
    ca: str | None = None,
    max_streams: int = 16,
) -> ThroughputResult:
    (result,) = load_probe("librespeed").run(
        ProbeRequest(
            server_url=url,
            directions=(direction,),
            max_seconds=max_seconds,
            max_bytes=max_bytes,
            max_streams=max_streams,
            ca=ca,
        )
    )
    assert isinstance(result, ThroughputResult)
    assert result.bound != "exact"
    return result


def instead_of(script: str, behaviour: Behaviour) -> Behaviour:
    """A LibreSpeed server but for one script."""
    return lambda request: (behaviour if request.path.startswith(script) else libre)(request)


@pytest.mark.parametrize(("direction", "streams"), [("download", 6), ("upload", 3)])
def test_our_own_test_server_is_a_librespeed_server(direction: Direction, streams: int) -> None:
    with reflector() as port:
        result = run(f"http://127.0.0.1:{port}/backend/", direction, max_seconds=1.2)
    assert result.error is None
    assert (result.method, result.streams) == ("librespeed", streams)
    assert result.throughput_bits_per_second
    assert result.line_bits_per_second
    assert result.line_bits_per_second > result.throughput_bits_per_second
    assert result.bytes_transferred
    assert result.idle_rtt_seconds
    assert result.loaded_rtt_seconds
    assert result.rates_bits_per_second
    assert (result.reflector_id, result.segment, result.path_kind) == (None, None, "loopback")
    assert result.server == f"127.0.0.1:{port}"


def test_over_tls_the_server_is_trusted_by_its_authority_and_not_without(tmp_path: Path) -> None:
    authority = Authority("District")
    with other_server(libre, tls=authority.context(tmp_path, "127.0.0.1")) as server:
        url = f"https://127.0.0.1:{server.server_port}/"
        assert run(url, ca=authority.pem).error is None
        unknown = run(url, ca=Authority("Somebody").pem)
    assert unknown.error
    assert "certificate is not trusted here" in unknown.error
    assert unknown.throughput_bits_per_second is None


def test_a_folder_without_the_scripts_says_where_they_often_are() -> None:
    with reflector() as port:
        result = run(f"http://127.0.0.1:{port}/elsewhere/")
    assert result.error
    assert "empty.php answers 404" in result.error
    assert "often called backend" in result.error


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (lambda r: r.answer(302, location="http://login.example/"), "redirects to"),
        (instead_of("/empty", lambda r: r.answer(200, b"Hello")), "empty.php answers something"),
        (
            instead_of("/garbage", lambda r: r.answer(200, b"<html>", "text/html")),
            "garbage.php gives a web page instead of data",
        ),
        (lambda r: r.wfile.write(b"SSH-2.0-x\r\n"), "doesn't answer as HTTP does"),
    ],
)
def test_what_is_no_librespeed_server_is_named(behaviour: Behaviour, words: str) -> None:
    with other_server(behaviour) as server:
        result = run(f"http://127.0.0.1:{server.server_port}/")
    assert result.error
    assert words in result.error
    assert result.throughput_bits_per_second is None


def test_a_server_that_says_nothing_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "SILENCE_SECONDS", 0.3)
    with silent_server() as port:
        result = run(f"http://127.0.0.1:{port}/")
    assert result.error
    assert "timed out" in result.error


def test_a_server_that_breaks_off_in_the_middle_gives_no_number() -> None:
    def breaks_off(request: Request) -> None:
        if request.path.endswith("ckSize=1"):
            return libre(request)
        request.send_response(200)
        request.send_header("content-length", "99999999")
        request.end_headers()
        request.wfile.write(bytes(1000))
        request.connection.shutdown(socket.SHUT_RDWR)
        return None

    with other_server(instead_of("/garbage", breaks_off)) as server:
        result = run(f"http://127.0.0.1:{server.server_port}/", max_seconds=3)
    assert result.error
    assert "gave up in the middle" in result.error
    assert result.throughput_bits_per_second is None
    assert result.bytes_transferred


def test_an_upload_that_nobody_confirms_is_no_reading() -> None:
    def swallows(request: Request) -> None:
        if request.command == "GET":
            return libre(request)
        request.take()
        time.sleep(2)
        return None

    with other_server(instead_of("/empty", swallows)) as server:
        result = run(f"http://127.0.0.1:{server.server_port}/", "upload")
    assert result.error == "no upload arrived whole within 1 s"
    assert result.bytes_transferred


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_a_test_costs_no_more_than_its_budget(direction: Direction) -> None:
    with reflector() as port:
        result = run(f"http://127.0.0.1:{port}/", direction, max_bytes=BUDGET, max_seconds=5)
    assert result.bytes_transferred
    assert result.bytes_transferred <= BUDGET + 6 * loading.READ_BYTES
    assert result.error
    assert "probes.throughput.max_bytes" in result.error


def test_a_server_that_gives_a_byte_at_a_time_does_not_fill_the_memory() -> None:
    def drips(request: Request) -> None:
        request.send_response(200)
        request.send_header("content-length", "99999999")
        request.end_headers()
        while True:
            request.wfile.write(b"x")
            time.sleep(0.0005)

    with other_server(drips) as server:
        place = place_of(f"http://127.0.0.1:{server.server_port}/")
        address = far_end_at(place.host, place.port).address
        load = Load(scripts.Server(place, address, None), max_bytes=1e9)
        seconds = load.run(load.download, 2, 0.8)
    assert load.cost_bytes > 100
    assert len(load.moved) <= 2 * (seconds / RATE_SECONDS + 1)
    moved = sum(moved.count for moved in load.moved)
    assert load.cost_bytes / 2 < moved <= load.cost_bytes  # what comes after the end only costs


def test_no_more_connections_than_were_asked_for() -> None:
    with reflector() as port:
        assert run(f"http://127.0.0.1:{port}/", max_streams=2).streams == 2


def test_without_a_server_it_cannot_run() -> None:
    ready = load_probe("librespeed").can_run(ProbeRequest())
    assert not ready.ok
    assert "probes.librespeed.server" in ready.reasons[0]
    assert load_probe("librespeed").can_run(ProbeRequest(server_url="http://127.0.0.1:1/")).ok
    assert not load_probe("librespeed").can_run(ProbeRequest(server_url="ftp://x")).ok


def steady(stream: int, *, seconds: float, each: float, count: int) -> list[Moved]:
    ends = itertools.takewhile(lambda end: end <= seconds, itertools.count(each, each))
    return [Moved(stream, end - each, end, count) for end in ends]


def test_a_downloads_rate_begins_after_the_grace() -> None:
    moved = [Moved(0, 0, 1.0, 10), Moved(0, 2.0, 2.5, 1000)]
    assert window_of("download", moved, 1.5, 2.5) == (1.5, 2.5)
    assert rate_in(moved, 1.5, 2.5) == 8000


def test_an_uploads_rate_is_of_the_time_in_which_all_was_confirmed() -> None:
    moved = [
        *steady(0, seconds=10, each=0.5, count=500_000),
        *steady(1, seconds=10, each=3.9, count=3_900_000),
    ]
    window = window_of("upload", moved, 3.0, 10.0)
    assert window == pytest.approx((3.0, 7.8))
    assert rate_in(moved, *window) == pytest.approx(16e6)


def test_on_a_slow_line_a_single_upload_makes_the_rate() -> None:
    moved = [Moved(0, 0.0, 2.0, 1_000_000)]
    assert window_of("upload", moved, 3.0, 10.0) == (0.0, 2.0)
    assert rate_in(moved, 0.0, 2.0) == pytest.approx(4e6)


def test_rates_over_time_lose_no_bytes() -> None:
    moved = [Moved(0, 0.05, 0.33, 280), Moved(1, 0.1, 0.1, 100), Moved(0, 0.4, 0.6, 200)]
    rates = rates_over_time(moved, 0.8)
    assert len(rates) == 8
    assert sum(rates) * 0.1 / 8 == pytest.approx(580)


def test_a_rate_that_fell_or_was_short_is_no_floor() -> None:
    assert floor_of([100.0] * 50, 5.0) == "at_least"
    assert floor_of([100.0] * 20, 2.0) is None
    assert floor_of([200.0] * 30 + [100.0] * 70, 10.0) is None
    assert floor_of([], 10.0) is None
