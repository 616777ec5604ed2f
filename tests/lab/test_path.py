"""The lab's path is what it says it is, as others measure it."""

import subprocess
from pathlib import Path

import pytest

from lab.hosts import Port
from lab.path import MTU_BYTES, State, chain, path
from tests.lab.measuring import arrived_bits_per_second, came_back, echo, round_trips, settled


@pytest.mark.parametrize(
    ("state", "up"),
    [(State(10e6, 0.002), True), (State(100e6, 0.02), False)],
    ids=["10mbit-up", "100mbit-down"],
)
def test_what_arrives_is_the_payload_of_the_rate(state: State, up: bool) -> None:
    with path(state) as made:
        arrived = arrived_bits_per_second(made.near, made.far, 4, up=up)
    assert settled(arrived) == pytest.approx(state.payload_bits_per_second, rel=0.05)


def test_no_round_trip_is_shorter_than_the_delay() -> None:
    with path(State(100e6, 0.02)) as made, echo(made.far):
        took = [seconds for seconds in round_trips(made.near, made.far, 30) if seconds is not None]
    assert len(took) == 30
    assert 0.02 <= min(took) < 0.025


def test_as_many_packets_are_lost_as_was_asked_for() -> None:
    with path(State(100e6, loss_ratio=0.1)) as made, echo(made.far):
        back = came_back(made.near, made.far, 500, size_bytes=20, gap_seconds=0.001)
    assert back == pytest.approx(500 * 0.9**2, abs=36)  # four standard deviations


def test_what_the_queue_can_not_hold_is_dropped() -> None:
    with path(State(1e6, queue_bytes=10 * MTU_BYTES)) as made, echo(made.far):
        back = came_back(made.near, made.far, 100, size_bytes=MTU_BYTES - 28)
    # One on the line for 12 ms, ten in the queue, and some more if sending takes its time.
    assert 11 <= back < 20


def test_the_rate_changes_when_it_was_to_change() -> None:
    after = State(10e6, 0.01, since_seconds=2)
    with path(State(40e6, 0.01), after) as made:
        made.begin()
        arrived = arrived_bits_per_second(made.near, made.far, 4)
    assert max(arrived[:2]) > 3 * after.payload_bits_per_second
    assert arrived[-1] == pytest.approx(after.payload_bits_per_second, rel=0.05)


def test_the_plan_begins_when_it_is_told_to() -> None:
    with path(State(100e6, 0.1), State(100e6, 0.002, since_seconds=0.3)) as made, echo(made.far):
        assert (round_trips(made.near, made.far, 10)[-1] or 1) < 0.1
        made.begin()
        assert (round_trips(made.near, made.far, 1)[0] or 0) >= 0.1


def test_a_state_that_is_set_holds_at_once_and_ends_the_plan() -> None:
    with path(State(100e6), State(100e6, since_seconds=0.2)) as made, echo(made.far):
        made.set_state(State(100e6, 0.06))
        took = round_trips(made.near, made.far, 10)
    assert all(seconds is not None and seconds >= 0.06 for seconds in took)


def test_a_token_bucket_lets_its_burst_pass_first() -> None:
    state = State(10e6, 0.01, burst_bytes=5e6, peak_bits_per_second=60e6)
    with path(state) as made:
        arrived = arrived_bits_per_second(made.near, made.far, 4)
    assert arrived[0] > 2.5 * state.rate_bits_per_second
    assert arrived[-1] == pytest.approx(state.payload_bits_per_second, rel=0.05)


def test_the_line_carries_packets_of_the_size_that_a_cable_does() -> None:
    with path(State(50e6, 0.01)) as made:
        arrived_bits_per_second(made.near, made.far, 1)
        line = Port(made.hops[0].after, "hop0", made.hops[0].after_address)
        mean_bytes = line.count("tx_bytes") / line.count("tx_packets")
    assert 0.95 * MTU_BYTES < mean_bytes <= MTU_BYTES


def test_a_chain_is_as_long_as_its_hops_and_as_wide_as_the_narrowest() -> None:
    with chain([State(100e6, 0.002)], [State(20e6, 0.006)], [State(60e6, 0.012)]) as made:
        with echo(made.far):
            took = [seconds for seconds in round_trips(made.near, made.far, 10) if seconds]
        arrived = arrived_bits_per_second(made.near, made.far, 4)
    assert 0.02 <= min(took) < 0.028
    assert made.rtt_seconds == pytest.approx(0.02)
    assert settled(arrived) == pytest.approx(made.payload_bits_per_second, rel=0.05)
    assert made.payload_bits_per_second == State(20e6).payload_bits_per_second


def test_each_router_of_a_chain_is_as_far_away_as_the_hops_before_it() -> None:
    with chain([State(100e6, 0.01)], [State(100e6, 0.02)], [State(100e6, 0.04)]) as made:
        for router, rtt_seconds in zip(made.routers, (0.01, 0.03), strict=True):
            with echo(router):
                took = [seconds for seconds in round_trips(made.near, router, 10) if seconds]
            assert rtt_seconds <= min(took) < rtt_seconds + 0.008


def test_the_near_host_sees_a_wired_network_card() -> None:
    with path(State(100e6)) as made:
        folder = f"/sys/class/net/{made.near.interface}"
        assert made.near.host.run(["cat", f"{folder}/speed"]).stdout == "10000\n"
        assert made.near.host.run(["ls", "/sys/class/net"]).stdout.split() == sorted(
            ["lo", made.near.interface]
        )


def test_nothing_is_left_behind() -> None:
    with path(State(100e6), siblings=1) as made:
        routers = (made.hops[0].before, made.hops[0].after)
        made_here = {h.namespace for h in (made.near.host, made.far.host, *routers)}
        (emulator,) = _lines("ip", "netns", "pids", routers[1].namespace)
        assert made_here <= _namespaces()
    assert not made_here & _namespaces()
    assert not Path("/proc", emulator).exists()


def test_a_plan_has_a_state_from_the_beginning_on() -> None:
    with pytest.raises(ValueError, match="from 0 s on"), path(State(1e6, since_seconds=1)):
        pass


def _namespaces() -> set[str]:
    return {line.split()[0] for line in _lines("ip", "netns", "list")}


def _lines(*argv: str) -> list[str]:
    return subprocess.run(argv, check=True, text=True, capture_output=True).stdout.splitlines()
