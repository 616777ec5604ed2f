"""An agent on the lab's near host: the real probe in a real child process, and what it learns."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from msgspec.structs import replace

from broadgauge_agent.calibration import Calibrating
from broadgauge_agent.config import Config
from broadgauge_agent.known_lines import KnownLines
from broadgauge_agent.measuring import limit_seconds
from broadgauge_agent.probes import ProbeRequest
from broadgauge_agent.runner import probe_request
from broadgauge_agent.spool import Spool
from broadgauge_host.own_certificate import own_certificate
from broadgauge_wire import (
    Direction,
    Reflector,
    Result,
    ThroughputResult,
    decode_result,
    encode,
    new_id,
)
from lab.hosts import Host, Port
from lab.waiting import listens, until
from tests.running import BIN

NUMBER = 8485
UNDER_WAY_SECONDS = 0.4
"""By then whatever was on its way when a test ended has arrived: no line here has so long a round
trip and queue."""


@contextmanager
def reflector(far: Port, number: int = NUMBER, *, tls: bool = False) -> Iterator[Reflector]:
    """A test server on the far host, as anybody starts it, with its own defaults."""
    with TemporaryDirectory() as name:
        command = [str(BIN / "broadgauge-agent"), "reflector", "--state", f"{name}/state"]
        command += ["--host", far.address, "--port", str(number)]
        fingerprint = None
        if tls:
            own = own_certificate(Path(name) / "tls", "reflector", [far.address])
            fingerprint = own.fingerprint
            command += ["--tls-certificate", str(own.certificate), "--tls-key", str(own.key)]
        with subprocess.Popen(
            far.host.command(command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                until(lambda: listens(far.host, number), process, "the test server")
                yield Reflector(
                    id=new_id(), name="lab", host=far.address, port=number, segment="wan",
                    tls=tls, fingerprint=fingerprint,
                )  # fmt: skip
            finally:
                process.terminate()
                process.wait()


@contextmanager
def spool() -> Iterator[Spool]:
    """An agent's own, that nothing is in yet."""
    with TemporaryDirectory() as name:
        made = Spool(Path(name) / "state", new_id())
        try:
            yield made
        finally:
            made.close()


class NeverLong(random.Random):
    """Chance that never asks for a long test of a known line: the hardest case of a trap."""

    def random(self) -> float:
        """More than any share."""
        return 1.0


@dataclass(frozen=True)
class Tested:
    """A result and what its process cost."""

    result: ThroughputResult
    began_at: float
    """Unix seconds, when the process was started."""

    process_seconds: float
    process_cpu_seconds: float
    interface_bytes: int


class Agent:
    """What is known of this machine's processor, and of its lines, goes into each test."""

    def __init__(self, lines: KnownLines, calibrating: Calibrating) -> None:
        self._lines = lines
        self._calibrating = calibrating

    def learn(self, request: ProbeRequest, results: Sequence[Result]) -> None:
        """As after a test."""
        self._lines.learn(request, results)

    def test(self, near: Port, request: ProbeRequest) -> Tested:
        """One test of one direction, with the default settings."""
        with near.host.inside():
            calibrated = self._calibrating.rates(request, lambda: False)
        told = self._lines.told(replace(request, calibrated_bits_per_second=calibrated))
        tested = run_probe(near, told)
        self._calibrating.learn(request, [tested.result])
        self._lines.learn(request, [tested.result])
        return tested


def request_for(server: Reflector, direction: Direction) -> ProbeRequest:
    """A planned test, as the default settings have it."""
    request = probe_request(Config(), "throughput", location=None, clock_offset_seconds=None)
    return replace(request, reflector=server, directions=(direction,))


def run_probe(near: Port, request: ProbeRequest) -> Tested:
    """In a process of its own on the near host, as an agent there runs it."""
    before, used = interface_bytes(near), _cpu_seconds()
    began_at, began = time.time(), time.perf_counter()
    result = _in_child(near.host, request)
    seconds, cpu_seconds = time.perf_counter() - began, _cpu_seconds() - used
    time.sleep(UNDER_WAY_SECONDS)
    moved = sum(interface_bytes(near)) - sum(before)
    return Tested(result, began_at, seconds, cpu_seconds, moved)


def fields_of(tested: Tested) -> dict[str, Any]:
    """What is kept of it."""
    found = tested.result
    return {
        "direction": found.direction,
        "bits_per_second": found.throughput_bits_per_second,
        "line_bits_per_second": found.line_bits_per_second,
        "bound": found.bound,
        "limited_by": found.limited_by,
        "stop_reason": found.stop_reason,
        "streams": found.streams,
        "congestion_control": found.congestion_control,
        "uncertainty_ratio": found.uncertainty_ratio,
        "was_long": found.burst_test_id == found.id,
        "interface_bytes": tested.interface_bytes,
        "payload_bytes": found.bytes_transferred,
        "test_seconds": found.duration_seconds,
        "process_seconds": tested.process_seconds,
        "process_cpu_seconds": tested.process_cpu_seconds,
        "cpu_ratio": found.process_cpu_ratio,
        "error": found.error,
        "rates_bits_per_second": tuple(round(rate) for rate in found.rates_bits_per_second),
    }


def interface_bytes(near: Port) -> tuple[int, int]:
    """What near's interface has received and sent, ever."""
    return near.count("rx_bytes"), near.count("tx_bytes")


def _in_child(host: Host, request: ProbeRequest) -> ThroughputResult:
    done = subprocess.run(
        host.command([sys.executable, "-m", "broadgauge_agent.child", "throughput"]),
        input=encode(request), capture_output=True, check=True, timeout=limit_seconds(request),
    )  # fmt: skip
    (raw,) = msgspec.json.decode(done.stdout, type=tuple[msgspec.Raw, ...])
    result = decode_result(raw)
    assert isinstance(result, ThroughputResult)
    return result


def _cpu_seconds() -> float:
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
