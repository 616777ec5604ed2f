"""Tests to M-Lab keep to its rules: one connection, by its own token, and none without capacity."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from broadgauge_agent.measuring import skip_or_measure
from broadgauge_agent.probes import ProbeRequest, load_probe
from broadgauge_agent.probes.mlab.locate import KEYS, nearest
from broadgauge_agent.schedule import SHORTEST_GAP
from broadgauge_wire import Direction, Result, SkippedResult, ThroughputResult, encode
from broadgauge_wire.settings import PROBE_SETTINGS, MlabConfig
from tests.authorities import Authority
from tests.ndt7_servers import free_port, reflector
from tests.other_servers import TOKEN, Behaviour, locating, other_server

AUTHORITY = Authority("Test authority")
LONGEST_BACKOFF_SECONDS = 960


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    """The port of a server such as M-Lab's, over TLS."""
    with reflector(tls=AUTHORITY.context(tmp_path, "127.0.0.1")) as port:
        yield port


def run(locate_url: str, *directions: Direction) -> tuple[Result, ...]:
    """In a child process, as an agent runs it."""
    request = ProbeRequest(
        server_url=locate_url,
        directions=directions or ("download",),
        max_seconds=0.5,
        ca=AUTHORITY.pem,
    )
    return skip_or_measure("mlab", load_probe("mlab"), request, lambda: False)


def located(behaviour: Behaviour, *directions: Direction) -> tuple[Result, ...]:
    with other_server(behaviour) as locate:
        return run(f"http://127.0.0.1:{locate.server_port}/v2/nearest/ndt/ndt7", *directions)


def at_address(url: str) -> Behaviour:
    """Names one server, whose tests are all at this address."""
    urls = dict.fromkeys(KEYS.values(), url)
    body = json.dumps({"results": [{"machine": "x", "urls": urls}]}).encode()
    return lambda request: request.answer(200, body)


def test_the_nearest_server_is_asked_for_and_tested_with_one_connection(
    server: int, tmp_path: Path
) -> None:
    folder = tmp_path / "locate"
    folder.mkdir()
    tls = AUTHORITY.context(folder, "127.0.0.1")
    with other_server(locating(server), tls=tls) as locate:
        url = f"https://127.0.0.1:{locate.server_port}/v2/nearest/ndt/ndt7"
        results = run(url, "download", "upload")
    (asked,) = locate.asked
    assert urlsplit(asked).path == "/v2/nearest/ndt/ndt7"
    assert parse_qs(urlsplit(asked).query)["client_name"] == ["broadgauge-agent"]
    assert [getattr(result, "direction", None) for result in results] == ["download", "upload"]
    for result in results:
        assert isinstance(result, ThroughputResult)
        assert result.error is None
        assert (result.method, result.streams, result.segment) == ("ndt7", 1, "internet")
        assert result.throughput_bits_per_second
        assert result.reflector_id is None, "it is no server of the district's"
        assert result.server == f"127.0.0.1:{server}"


def test_their_token_is_used_and_not_kept(server: int) -> None:
    with other_server(locating(server)) as locate:
        (target,) = nearest(f"http://127.0.0.1:{locate.server_port}/v2/nearest")
        results = run(f"http://127.0.0.1:{locate.server_port}/v2/nearest")
    assert parse_qs(urlsplit(target.urls["download"]).query)["access_token"] == [TOKEN]
    assert TOKEN.encode() not in encode(results)


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (lambda request: request.answer(204), "no capacity for a test just now"),
        (lambda request: request.answer(429, Retry_After="300"), "asks to wait 5 minutes"),
        (lambda request: request.answer(503), "it answers 503"),
        (lambda request: request.answer(200, b'{"results": []}'), "names no server"),
        (lambda request: request.answer(200, b'{"next_request": {}}'), "names no server"),
        (
            lambda request: request.answer(
                200, b'{"results": [{"machine": "x", "urls": {"wss:///ndt/v7/download": "ws:"}}]}'
            ),
            "names no server",
        ),
        (at_address("wss://127.0.0.1/ndt/v7/download?access_token=x#there"), "names no server"),
        (at_address(f"wss://{'a' * 250}/ndt/v7/download"), "names no server"),
    ],
)
def test_without_capacity_a_test_is_skipped_with_the_reason(
    behaviour: Behaviour, words: str
) -> None:
    (result,) = located(behaviour, "download", "upload")
    assert isinstance(result, SkippedResult)
    assert result.probe == "mlab"
    assert words in result.reason


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (lambda request: request.answer(200, b"<html>Log in"), "login page may answer"),
        (lambda request: request.answer(404, b"nothing"), "answered 404"),
        (lambda request: request.answer(200, b'{"results": 3}'), "not as it does"),
    ],
)
def test_somebody_else_in_its_place_is_an_error_in_each_direction(
    behaviour: Behaviour, words: str
) -> None:
    results = located(behaviour, "download", "upload")
    assert len({result.id for result in results}) == 2
    for result in results:
        assert isinstance(result, ThroughputResult)
        assert result.error
        assert words in result.error
        assert (result.throughput_bits_per_second, result.segment) == (None, "internet")


def test_nobody_there_is_an_error() -> None:
    (result,) = run(f"http://127.0.0.1:{free_port()}/v2/nearest")
    assert result.error
    assert "could not be reached" in result.error


def test_a_server_that_refuses_is_followed_by_the_next_nearest(server: int) -> None:
    (result,) = located(locating(free_port(), server))
    assert isinstance(result, ThroughputResult)
    assert result.error is None
    assert result.server == f"127.0.0.1:{server}"


def test_when_every_server_refuses_it_says_so() -> None:
    (result,) = located(locating(free_port(), free_port()))
    assert isinstance(result, ThroughputResult)
    assert result.error
    assert result.throughput_bits_per_second is None


def test_a_server_without_a_trusted_certificate_is_not_tested(tmp_path: Path) -> None:
    with reflector(tls=Authority("Somebody").context(tmp_path, "127.0.0.1")) as port:
        (result,) = located(locating(port))
    assert result.error
    assert "certificate" in result.error


def test_it_is_off_until_a_district_switches_it_on_and_is_never_due_more_than_every_six_hours() -> (
    None
):
    assert not MlabConfig().enabled
    setting = PROBE_SETTINGS["probes.mlab.interval_seconds"]
    assert setting.default == 6 * 3600
    shortest = min(meta.ge for meta in setting.type.__metadata__ if getattr(meta, "ge", None))
    assert shortest == 6 * 3600
    assert SHORTEST_GAP * shortest > LONGEST_BACKOFF_SECONDS


def test_the_probe_says_that_results_are_published() -> None:
    ready = load_probe("mlab").can_run(ProbeRequest(server_url=MlabConfig().locate_url))
    assert ready.ok
    assert "publishes every result" in ready.reasons[0]
    assert not load_probe("mlab").can_run(ProbeRequest()).ok
