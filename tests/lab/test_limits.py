"""Limits of the near host hold, and are what the programs on it see."""

import subprocess
import sys

import pytest

from lab.hosts import Host
from lab.limits import card_payload, card_speed, processor_share, receive_window, window_payload
from lab.path import State, path
from tests.lab.measuring import arrived_bits_per_second, settled

BUSY = """
import time
end = time.monotonic() + 1.5
while time.monotonic() < end:
    pass
print(time.process_time())
"""


@pytest.mark.parametrize("up", [True, False], ids=["up", "down"])
def test_a_slower_card_holds_what_passes_to_its_speed(up: bool) -> None:
    with path(State(200e6, 0.01)) as made, card_speed(made.near, made.gateway, 50e6) as near:
        arrived = arrived_bits_per_second(near, made.far, 4, up=up)
    assert settled(arrived) == pytest.approx(card_payload(50e6), rel=0.05)


def test_programs_see_the_speed_of_the_slower_card_and_others_the_real_one() -> None:
    with path(State(200e6)) as made, card_speed(made.near, made.gateway, 100e6) as near:
        read = ["cat", f"/sys/class/net/{near.interface}/speed"]
        assert near.host.run(read).stdout == "100\n"
        assert made.near.host.run(read).stdout == "10000\n"


def test_a_receive_window_holds_a_connection_to_a_window_per_round_trip() -> None:
    with path(State(100e6, 0.04)) as made, receive_window(made.near.host, 64_000):
        arrived = arrived_bits_per_second(made.near, made.far, 3, flows=1)
    truth = window_payload(64_000, made.rtt_seconds)
    assert 0.6 * truth < settled(arrived) < 1.3 * truth


def test_the_window_is_as_before_after_the_block() -> None:
    with path(State(100e6)) as made:
        before = made.near.host.kernel("net/ipv4/tcp_rmem")
        with receive_window(made.near.host, 64_000):
            assert made.near.host.kernel("net/ipv4/tcp_rmem") != before
        assert made.near.host.kernel("net/ipv4/tcp_rmem") == before


def test_a_share_of_the_processor_is_all_that_a_command_gets() -> None:
    with path(State(100e6)) as made, processor_share(made.near.host, 0.2) as slow:
        assert 0.1 < seconds_used(slow) < 0.45


def test_what_still_runs_with_a_share_ends_with_the_block() -> None:
    with path(State(100e6)) as made:
        with processor_share(made.near.host, 0.5) as slow:
            process = subprocess.Popen(slow.command(["sleep", "100"]))
        assert process.wait(10) != 0


def seconds_used(host: Host) -> float:
    return float(host.run([sys.executable, "-c", BUSY]).stdout)
