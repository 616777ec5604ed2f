"""A machine in use is told by its traffic and its processor; what the agent itself sends isn't."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from msgspec.structs import replace

from broadgauge_agent.busy import Activity, look, why_not_now
from broadgauge_agent.client import collector_client, send
from broadgauge_agent.own_traffic import TRAFFIC, OwnTraffic
from broadgauge_agent.probes import ProbeRequest
from tests.ndt7_servers import request_to
from tests.running import PATIENCE_SECONDS
from tests.scripted_collector import ScriptedCollector, make_reflector

SPIN = "print(flush=True)\nwhile True: pass"


@contextmanager
def flood() -> Iterator[None]:
    """About 40 Mbps of datagrams on the loopback, that nobody reads."""
    stop = threading.Event()

    def send_on(channel: socket.socket, to: tuple[str, int]) -> None:
        while not stop.wait(0.01):
            for _ in range(40):
                channel.sendto(bytes(1250), to)

    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel,
    ):
        sink.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=send_on, args=(channel, sink.getsockname()))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@contextmanager
def every_core_spins() -> Iterator[None]:
    children = [
        subprocess.Popen([sys.executable, "-c", SPIN], stdout=subprocess.PIPE)
        for _ in range(psutil.cpu_count() or 1)
    ]
    try:
        for child in children:
            assert child.stdout
            child.stdout.readline()
        yield
    finally:
        for child in children:
            child.kill()
            child.communicate(timeout=PATIENCE_SECONDS)


def test_traffic_of_an_interface_is_seen_and_of_no_other() -> None:
    with flood():
        seen = look({"lo"}, 0.5)
        elsewhere = look({"no such interface"}, 0.1)
    assert seen.traffic_bits_per_second > 5e6
    assert elsewhere.traffic_bits_per_second == 0
    assert "its own traffic was" in (seen.reason or "")


def test_a_processor_in_use_is_seen() -> None:
    with every_core_spins():
        seen = look((), 0.5)
    assert seen.cpu_ratio is not None
    assert seen.cpu_ratio > 0.5
    assert "its processor was" in (seen.reason or "")


@pytest.mark.parametrize(
    ("traffic", "cpu", "reason"),
    [
        (34e6, 0.2, "this machine was busy: its own traffic was 34 Mbps"),
        (0.0, 0.83, "this machine was busy: its processor was 83% in use"),
        (2.9e6, 0.5, None),
        (0.0, None, None),
    ],
)
def test_the_reason_says_what_was_seen(
    traffic: float, cpu: float | None, reason: str | None
) -> None:
    assert Activity(traffic_bits_per_second=traffic, cpu_ratio=cpu).reason == reason


def test_a_test_inside_this_machine_is_never_held_up() -> None:
    with flood():
        assert why_not_now(request_to(1)) is None


def test_a_server_without_an_address_is_the_tests_own_trouble() -> None:
    nowhere = replace(make_reflector(8485), host="server.invalid")
    assert why_not_now(ProbeRequest(reflector=nowhere)) is None


def test_what_was_being_said_when_a_look_began_or_ended_counts_as_the_agents_own() -> None:
    traffic = OwnTraffic()
    with traffic.sending(100):
        before = traffic.said()
    with traffic.sending(10):
        assert traffic.said().at_most_since(before) == 110
    after = traffic.said()
    assert after.at_most_since(before) == 110
    assert traffic.said().at_most_since(after) == 0


def test_what_goes_to_the_collector_is_counted(collector: ScriptedCollector) -> None:
    before = TRAFFIC.said()
    with collector_client(collector.url) as client:
        send(client, "POST", "/api/v1/nowhere", bytes(5000))
    assert TRAFFIC.said().at_most_since(before) == 5000
