"""Whatever a probe does, a run yields results: numbers, an error, or why it did not happen."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psutil
import pytest
from msgspec.structs import replace

from broadgauge_agent import measuring
from broadgauge_agent.measuring import (
    CancelledError,
    limit_seconds,
    measure,
    requests_for,
    skip_or_measure,
)
from broadgauge_agent.probes import PROBES, Probe, ProbeRequest, Readiness, load_probe
from broadgauge_wire import (
    InventoryResult,
    LatencyResult,
    Reflector,
    Result,
    SkippedResult,
    ThroughputResult,
    encode,
)
from tests.running import eventually
from tests.scripted_collector import make_reflector


def never() -> bool:
    return False


class LightProbe:
    """A probe that breaks as told."""

    heavy = False
    uses_reflectors = False
    max_runs_per_day: int | None = None

    def __init__(self, name: str = "latency", fault: Exception | None = None) -> None:
        self.name = name
        self.fault = fault

    def can_run(self, request: ProbeRequest) -> Readiness:
        return Readiness(ok=True)

    def run(self, request: ProbeRequest) -> Sequence[Result]:
        raise self.fault or AssertionError


class UnreadyProbe(LightProbe):
    """A probe that cannot run, or breaks when asked."""

    def can_run(self, request: ProbeRequest) -> Readiness:
        if self.fault:
            raise self.fault
        return Readiness(False, ("no interface", "no server"))


@pytest.fixture
def silent_server() -> Iterator[Reflector]:
    """Accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield make_reflector(listening.getsockname()[1])


def in_thread(request: ProbeRequest, cancelled: Callable[[], bool] = never) -> tuple[Any, Any]:
    """A heavy run under way: its thread, and where its outcome will be."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(measure("throughput", load_probe("throughput"), request, cancelled))
        except CancelledError as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def running_tests() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if "broadgauge_agent.child" in " ".join(child.cmdline())
    ]


@pytest.mark.parametrize("name", sorted(PROBES))
def test_a_probe_that_breaks_yields_an_error_of_its_kind(name: str) -> None:
    request = ProbeRequest(reflector=make_reflector(1), location="Room 12")
    results = measure(name, LightProbe(name, OSError("odd")), request, never)
    assert {type(result) for result in results} == {
        "inventory": {InventoryResult},
        "latency": {LatencyResult},
    }.get(name, {ThroughputResult})
    assert len({result.id for result in results}) == len(results)
    for result in results:
        assert result.error == "the probe broke: OSError: odd"
        assert result.location == "Room 12"


def test_a_probe_that_cannot_run_is_skipped_with_every_reason() -> None:
    request = ProbeRequest(reflector=make_reflector(1))
    (result,) = skip_or_measure("latency", UnreadyProbe(), request, never)
    assert isinstance(result, SkippedResult)
    assert (result.probe, result.reason) == ("latency", "no interface; no server")
    assert result.segment == "lan"


def test_a_probe_that_breaks_when_asked_is_skipped() -> None:
    probe = UnreadyProbe(fault=ValueError("odd"))
    (result,) = skip_or_measure("latency", probe, ProbeRequest(), never)
    assert isinstance(result, SkippedResult)
    assert "odd" in result.reason


def test_a_crashed_child_is_an_error_in_each_direction(silent_server: Reflector) -> None:
    thread, outcome = in_thread(ProbeRequest(reflector=silent_server))
    (child,) = eventually(running_tests, "the test's process")
    os.kill(child.pid, signal.SIGKILL)
    thread.join(60)
    assert [result.direction for result in outcome[0]] == ["download", "upload"]
    for result in outcome[0]:
        assert "the test process ended with -9" in result.error
        assert result.throughput_bits_per_second is None


def test_a_hung_child_is_ended_and_is_an_error(
    silent_server: Reflector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "ALLOWANCE_SECONDS", 1.0)
    monkeypatch.setattr(measuring, "AFTER_TEST_SECONDS", 0.0)
    request = ProbeRequest(reflector=silent_server, max_seconds=0.5)
    thread, outcome = in_thread(request)
    (child,) = eventually(running_tests, "the test's process")
    os.kill(child.pid, signal.SIGSTOP)
    thread.join(60)
    assert not child.is_running()
    assert all("hung" in result.error for result in outcome[0])


def test_a_cancelled_test_leaves_no_process(silent_server: Reflector) -> None:
    cancelled = threading.Event()
    thread, outcome = in_thread(ProbeRequest(reflector=silent_server), cancelled.is_set)
    (child,) = eventually(running_tests, "the test's process")
    cancelled.set()
    thread.join(60)
    assert isinstance(outcome[0], CancelledError)
    assert not child.is_running()


def test_a_child_that_raises_is_an_error_with_its_last_words() -> None:
    class Heavy(LightProbe):
        heavy = True

    (result,) = measure("no_such_probe", Heavy("no_such_probe"), ProbeRequest(), never)
    assert result.error == "the test process ended with 1: KeyError: 'no_such_probe'"


@pytest.mark.parametrize("said", [b"", b"{}", b"[{}]", b'[{"kind": "throughput"}]', b"\xff"])
def test_a_child_that_answers_nonsense_is_an_error(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "_in_child", lambda *_: said)
    results = measure("throughput", load_probe("throughput"), ProbeRequest(), never)
    assert [getattr(result, "direction", None) for result in results] == ["download", "upload"]
    for result in results:
        assert result.error
        assert "nonsense" in result.error


def test_an_odd_value_in_one_direction_leaves_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    request = ProbeRequest(location="Room 12")
    made = [
        replace(result, error=None)
        for result in measure("throughput", LightProbe("throughput"), request, never)
    ]
    said = encode([replace(made[0], duration_seconds=1e12), made[1]])
    monkeypatch.setattr(measuring, "_in_child", lambda *_: said)
    download, upload = measure("throughput", load_probe("throughput"), request, never)
    assert upload == made[1]
    assert isinstance(download, ThroughputResult)
    assert (download.direction, download.location) == ("download", "Room 12")
    assert download.error
    assert "nonsense" in download.error
    assert "duration_seconds" in download.error


def test_a_test_may_take_only_so_much_memory() -> None:
    grown = (
        "from broadgauge_agent import child; child.limit_memory(child.MAX_MEMORY_BYTES);"
        "few = bytearray(child.MAX_MEMORY_BYTES // 2); print('half', flush=True);"
        "many = bytearray(child.MAX_MEMORY_BYTES)"
    )
    done = subprocess.run(
        [sys.executable, "-c", grown], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (1, "half\n")
    assert "MemoryError" in done.stderr


def test_the_limit_grows_with_what_is_tested() -> None:
    both = ProbeRequest(max_seconds=10)
    one = ProbeRequest(max_seconds=10, directions=("download",))
    assert limit_seconds(both) > limit_seconds(one) > 10


def test_a_probe_that_needs_a_test_server_runs_once_for_each() -> None:
    reflectors = [make_reflector(1, "A"), make_reflector(2, "B")]
    latency: Probe = load_probe("latency")
    asked = requests_for(latency, ProbeRequest(), reflectors)
    assert [request.reflector for request in asked] == reflectors
    assert [request.reflector for request in requests_for(latency, ProbeRequest(), [])] == [None]


@pytest.mark.parametrize("name", ["inventory", "librespeed", "mlab", "ookla"])
def test_a_probe_that_needs_no_test_server_runs_once(name: str) -> None:
    asked = requests_for(load_probe(name), ProbeRequest(), [make_reflector(1), make_reflector(2)])
    assert [request.reflector for request in asked] == [None]


def test_a_light_probe_runs_without_another_process() -> None:
    before = time.monotonic()
    (result,) = measure("inventory", load_probe("inventory"), ProbeRequest(), never)
    assert isinstance(result, InventoryResult)
    assert result.error is None
    assert result.duration_seconds <= time.monotonic() - before
    assert running_tests() == []
