"""speedtest-cli runs without the Internet against our own test server, and says little."""

import importlib.util
import json
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest

from broadgauge_agent.measuring import skip_or_measure
from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_agent.probes.ookla.probe import requirement
from broadgauge_agent.probes.ookla.short_answers import ShortAnswers
from broadgauge_wire import Direction, ThroughputResult, encode
from tests.ndt7_servers import reflector, silent_server
from tests.other_servers import Behaviour, Request, other_server
from tests.running import BIN, PATIENCE_SECONDS

PAGE = b'upload_extension: "php"'


def run(
    url: str, *directions: Direction, max_seconds: float = 0.6, max_bytes: float = 5e9
) -> tuple[ThroughputResult, ...]:
    """In a child process, as an agent runs it."""
    request = ProbeRequest(
        server_url=url,
        directions=directions or ("download", "upload"),
        max_seconds=max_seconds,
        max_bytes=max_bytes,
    )
    results = skip_or_measure("ookla", load_probe("ookla"), request, lambda: False)
    assert all(isinstance(result, ThroughputResult) for result in results)
    return results  # type: ignore[return-value]  # just looked


def mini(request: Request) -> None:
    """A Speedtest Mini server."""
    path = request.path.partition("?")[0]
    if path == "/":
        request.answer(200, PAGE, "text/html")
    elif path == "/speedtest/latency.txt":
        request.answer(200, b"test=test\n", "text/plain")
    elif path == "/speedtest/upload.php":
        request.answer(200, b"size=%d" % len(request.take()), "text/plain")
    else:
        request.answer(200, bytes(200_000), "image/jpeg")


def mini_but(path: str, behaviour: Behaviour) -> Behaviour:
    return lambda request: (behaviour if request.path.startswith(path) else mini)(request)


def test_it_runs_offline_against_our_own_test_server() -> None:
    with reflector() as port:
        results = run(f"http://127.0.0.1:{port}/")
    assert [result.direction for result in results] == ["download", "upload"]
    for result in results:
        assert result.error is None
        assert (result.method, result.streams) == ("ookla", 8)
        assert result.throughput_bits_per_second
        assert result.bytes_transferred
        assert result.idle_rtt_seconds
        assert result.idle_rtt_seconds < 1
        assert result.stop_reason in ("deadline", "target_reached")
        assert (result.reflector_id, result.segment, result.path_kind) == (None, None, "loopback")
        assert result.server == f"127.0.0.1:{port}"
        assert result.bound is None, "too short to tell a burst from the line's rate"
    assert results[0].id != results[1].id


def test_a_mini_server_is_asked_for_nothing_but_what_it_is_there_for() -> None:
    with other_server(mini) as server:
        results = run(f"http://127.0.0.1:{server.server_port}/", max_seconds=0.3)
    assert all(result.error is None for result in results)
    folders = ("/?", "/speedtest/latency.txt", "/speedtest/upload.php", "/speedtest/random")
    assert all(path.startswith(folders) for path in server.asked)
    said = json.loads(encode(results))
    keys = {"kind", *ThroughputResult.__struct_fields__}
    assert all(set(result) <= keys for result in said), "speedtest-cli's own record is kept"


def test_a_test_of_three_seconds_is_a_floor() -> None:
    def slowly(request: Request) -> None:
        request.send_response(200)
        request.send_header("content-length", "100000000")
        request.end_headers()
        while True:
            request.wfile.write(bytes(20_000))
            pace.wait(0.02)

    pace = threading.Event()
    with other_server(mini_but("/speedtest/random", slowly)) as server:
        (result,) = run(f"http://127.0.0.1:{server.server_port}/", "download", max_seconds=3.5)
    assert (result.bound, result.limited_by) == ("at_least", None)
    assert result.stop_reason == "deadline"
    assert len(result.rates_bits_per_second) >= 30


def test_a_download_costs_no_more_than_its_budget() -> None:
    with reflector() as port:
        (result,) = run(f"http://127.0.0.1:{port}/", "download", max_bytes=3e6, max_seconds=5)
    assert result.stop_reason == "budget"
    assert result.bytes_transferred
    assert result.bytes_transferred <= 3e6 + 8 * 10240


def test_an_upload_costs_no_more_than_its_budget() -> None:
    with reflector() as port:
        (result,) = run(f"http://127.0.0.1:{port}/", "upload", max_bytes=3e6, max_seconds=5)
        (none,) = run(f"http://127.0.0.1:{port}/", "upload", max_bytes=1e5, max_seconds=5)
    assert result.stop_reason == "budget"
    assert result.bytes_transferred == 5 * 524288
    assert none.error
    assert none.throughput_bits_per_second is None


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (lambda r: r.answer(404, b"No", "text/html"), "nothing answers well at this address"),
        (lambda r: r.answer(200, b"Hello", "text/html"), "is no Speedtest Mini server"),
        (lambda r: r.answer(200, b"\xff\xfe", "text/html"), "isn't an Ookla server"),
        (
            mini_but("/speedtest/latency", lambda r: r.answer(200, b"<html>")),
            "latency.txt isn't as Ookla's is",
        ),
        (
            mini_but("/speedtest/random", lambda r: r.answer(404)),
            "took part in no download",
        ),
    ],
)
def test_what_is_no_mini_server_is_named(behaviour: Behaviour, words: str) -> None:
    with other_server(behaviour) as server:
        (result,) = run(f"http://127.0.0.1:{server.server_port}/", "download")
    assert result.error
    assert words in result.error
    assert result.throughput_bits_per_second is None
    assert result.method == "ookla"


def test_a_server_that_never_stops_talking_is_given_up_on() -> None:
    def endless(status: int) -> Behaviour:
        def talk(request: Request) -> None:
            request.send_response(status)
            request.send_header("location", "/elsewhere")
            request.end_headers()
            while True:
                request.wfile.write(bytes(2**20))

        return talk

    with other_server(endless(200)) as server:
        (page,) = run(f"http://127.0.0.1:{server.server_port}/", "download")
    with other_server(endless(302)) as server:
        (unasked,) = run(f"http://127.0.0.1:{server.server_port}/", "download")
    assert page.error == (
        "what answers sent more than 8 MiB where a test server has a page. Check the address in "
        "probes.ookla.server, its folder too"
    )
    assert unasked.error == "the test process ended with 1: MemoryError"


def test_packed_pages_are_neither_asked_for_nor_unpacked() -> None:
    accepted = []

    def packs(request: Request) -> None:
        accepted.append(request.headers["accept-encoding"])
        request.answer(200, b"packed", Content_Encoding="gzip")

    with other_server(packs) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        asked = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
        answer = ShortAnswers(urllib.request.urlopen, "Do something.").open(asked)
        said = answer.getheader("content-encoding")
        assert (accepted, said, answer.read()) == (["identity"], None, b"packed")
        answer.close()


def test_a_server_that_says_nothing_is_given_up_on() -> None:
    with silent_server() as port:
        (result,) = run(f"http://127.0.0.1:{port}/", "download")
    assert result.error
    assert "Check the address in probes.ookla.server" in result.error


def test_without_the_internet_it_says_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *("unshare", "--net", BIN / "broadgauge-agent", "measure", "--method", "ookla"),
            *("--direction", "download", "--state", tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 1, done.stderr
    assert "www.speedtest.net doesn't give its settings" in done.stdout
    assert "name a Speedtest Mini server: probes.ookla.server" in done.stdout


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "broadgauge_agent.probes.ookla.probe.find_spec",
        lambda name: None if name == "speedtest" else find(name),
    )
    ready = load_probe("ookla").can_run(ProbeRequest())
    assert not ready.ok
    assert f"-m pip install {requirement()}" in ready.reasons[0]


def test_the_extra_is_what_the_probe_asks_for() -> None:
    project = Path(__file__).parents[3] / "agent" / "pyproject.toml"
    assert f'ookla = ["{requirement()}"]' in project.read_text()
