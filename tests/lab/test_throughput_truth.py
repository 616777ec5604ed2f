"""The throughput test finds the truth of a line, or doesn't say that it has."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace

from broadgauge_agent.known_lines import KnownLines
from broadgauge_agent.spool import Spool
from broadgauge_wire import Direction, Reflector, ThroughputResult
from lab.control_groups import processor_group
from lab.hosts import Port, ip
from lab.limits import card_payload, card_speed, receive_window, window_payload
from lab.load import load
from lab.path import Path as LabPath
from lab.path import State, path
from tests.lab.probing import (
    UNTOLD_CHILD,
    assert_not_confidently_wrong,
    error_ratio,
    measured,
    request_to,
    server_at,
    wait_until_received,
)

RIGHT = 0.03
FLOWS = 512


class NeverLong(random.Random):
    """No test of a known line is long by chance."""

    def random(self) -> float:
        return 1.0


@contextmanager
def line(*plan: State, siblings: int = 0) -> Iterator[tuple[LabPath, Reflector]]:
    """A path with a test server at its far end."""
    with path(*plan, siblings=siblings) as made, server_at(made.far) as reflector:
        yield made, reflector


def assert_exact(result: ThroughputResult, truth_bits_per_second: float) -> None:
    assert error_ratio(result, truth_bits_per_second) == pytest.approx(0, abs=RIGHT)
    assert (result.bound, result.limited_by) == ("exact", "path"), result


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_a_line_is_found_exactly_and_then_again_for_fewer_bytes(
    direction: Direction, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        made, reflector = stack.enter_context(line(State(30e6, 0.02)))
        spool = Spool(tmp_path, uuid4())
        stack.callback(spool.close)
        lines = KnownLines(spool, NeverLong())
        results = []
        for _ in range(2):
            request = lines.told(request_to(reflector, direction))
            results.append(measured(made.near.host, request))
            lines.learn(request, results[-1:])
    first, second = results
    for result in results:
        assert_exact(result, made.payload_bits_per_second)
        assert result.stop_reason == "converged"
        assert result.loaded_rtt_seconds and result.loaded_rtt_seconds > made.rtt_seconds
        assert result.round_trips_per_minute
    assert (first.burst_test_id, second.burst_test_id) == (first.id, first.id)
    assert first.bytes_transferred and second.bytes_transferred
    assert second.bytes_transferred < first.bytes_transferred / 2


def test_a_burst_of_three_seconds_is_not_taken_for_the_line() -> None:
    rate, peak = 10e6, 40e6
    burst_bytes = 3 * (peak - rate) / 8
    state = State(rate, 0.02, burst_bytes=burst_bytes, peak_bits_per_second=peak)
    with line(state) as (made, reflector):
        result = measured(made.near.host, request_to(reflector))
    assert_not_confidently_wrong(result, made.payload_bits_per_second)
    assert error_ratio(result, made.payload_bits_per_second) < 0.1


@pytest.mark.parametrize("after", [15e6, 45e6], ids=["down", "up"])
def test_a_rate_that_changes_in_mid_test_is_the_one_after_it_or_not_exact(after: float) -> None:
    before = State(30e6, 0.02)
    with line(before) as (made, reflector):

        def step() -> None:
            wait_until_received(made.near, 2 * before.rate_bits_per_second / 8)
            made.set_state(State(after, before.rtt_seconds))

        result = measured(made.near.host, request_to(reflector), lambda _: step())
    assert_not_confidently_wrong(result, State(after).payload_bits_per_second)


def test_a_receive_window_that_holds_the_connections_down_is_named() -> None:
    window_bytes, streams = 64_000, 2
    with (
        line(State(50e6, 0.1)) as (made, reflector),
        receive_window(made.near.host, window_bytes),
    ):
        few = replace(request_to(reflector), max_streams=streams)
        result = measured(made.near.host, few)
    at_most = streams * window_payload(window_bytes, made.rtt_seconds)
    assert result.throughput_bits_per_second and result.throughput_bits_per_second < 1.3 * at_most
    assert (result.bound, result.limited_by) == ("at_least", "window")


def test_many_small_receive_windows_fill_a_line_that_one_does_not() -> None:
    with line(State(30e6, 0.1)) as (made, reflector), receive_window(made.near.host, 128_000):
        result = measured(made.near.host, request_to(reflector))
    assert error_ratio(result, made.payload_bits_per_second) == pytest.approx(0, abs=RIGHT)
    assert result.streams and result.streams > 2


def test_a_card_slower_than_the_path_is_named() -> None:
    speed = 20e6
    with ExitStack() as stack:
        made, reflector = stack.enter_context(line(State(50e6, 0.02)))
        near = stack.enter_context(card_speed(made.near, made.gateway, speed))
        result = measured(near.host, request_to(reflector))
    assert error_ratio(result, card_payload(speed)) == pytest.approx(0, abs=RIGHT)
    assert (result.bound, result.limited_by) == ("at_least", "nic")


def test_a_machine_without_the_time_to_measure_is_not_taken_for_the_line() -> None:
    with line(State(300e6, 0.02)) as (made, reflector), processor_group(0.01) as group:

        def hold_down(process: int) -> None:
            wait_until_received(made.near, 100_000)
            (group / "cgroup.procs").write_text(str(process))

        request = replace(request_to(reflector), max_seconds=5.0)
        result = measured(made.near.host, request, hold_down)
    assert_not_confidently_wrong(result, made.payload_bits_per_second)


def test_a_server_without_the_time_to_send_is_not_taken_for_the_line() -> None:
    with line(State(300e6, 0.02)) as (made, reflector), processor_group(0.01) as group:
        found = made.far.host.run(["ip", "netns", "pids", made.far.host.namespace])
        for process in found.stdout.split():
            with suppress(ProcessLookupError):  # the one that listed them
                (group / "cgroup.procs").write_text(process)
        result = measured(made.near.host, request_to(reflector))
    assert_not_confidently_wrong(result, made.payload_bits_per_second)
    assert result.bound != "exact"


def test_a_machine_whose_kernel_tells_nothing_is_the_more_careful() -> None:
    with line(State(30e6, 0.02)) as (made, reflector):
        request = request_to(reflector, "upload")
        result = measured(made.near.host, request, child_options=UNTOLD_CHILD)
    assert abs(error_ratio(result, made.payload_bits_per_second)) < 0.05
    assert result.bound != "exact"


@pytest.mark.parametrize("direction", ["download", "upload"])
def test_traffic_of_this_machine_is_told_from_the_line(direction: Direction) -> None:
    state, beside = State(30e6, 0.02), 9e6
    with line(state) as (made, reflector):
        is_down = direction == "download"
        with load(made.near, made.far, beside, reverse=is_down):
            result = measured(made.near.host, request_to(reflector, direction))
    assert result.error is None
    assert result.bound != "exact"
    assert result.limited_by == "cross_traffic"
    assert result.cross_traffic_bits_per_second == pytest.approx(beside, rel=0.25)


def test_beside_a_sibling_the_line_is_what_it_leaves_or_not_exact() -> None:
    state, beside = State(30e6, 0.02), 3e6
    with (
        line(state, siblings=1) as (made, reflector),
        load(made.siblings[0], made.far, beside, reverse=True),
    ):
        result = measured(made.near.host, request_to(reflector))
    assert_not_confidently_wrong(result, state.payload_beside(beside))


def test_a_rate_for_each_connection_is_not_taken_for_the_line() -> None:
    with line(State(50e6, 0.02)) as (made, reflector):
        shape_each_connection(made.gateway, 2e6)
        result = measured(made.near.host, request_to(reflector))
    assert_not_confidently_wrong(result, made.payload_bits_per_second)
    assert result.single_stream_bits_per_second == pytest.approx(2e6, rel=0.1)
    assert result.bound != "exact"
    assert result.limited_by == "policy"
    assert result.middleboxes == ("per_flow_shaping",)


def shape_each_connection(port: Port, rate_bits_per_second: float) -> None:
    """Each connection a rate and a queue of its own, told by its port but for the last bit, which
    Linux chooses by the address."""
    # Else one "packet" in a shaper's queue holds up to 64 KiB.
    ip("-n", port.host.namespace, "link", "set", port.interface, "gso_max_segs", "1")
    on, rate = f"dev {port.interface}", f"htb rate {rate_bits_per_second:.0f}bit quantum 1514"
    commands = [f"qdisc add {on} root handle 1: htb"]
    for number in range(FLOWS):
        flow, match = f"1:{number + 16:x}", f"u32 match ip dport {2 * number} {2 * FLOWS - 2:#x}"
        commands += [
            f"class add {on} parent 1: classid {flow} {rate}",
            f"qdisc add {on} parent {flow} pfifo limit 20",
            f"filter add {on} parent 1: protocol ip prio 1 {match} flowid {flow}",
        ]
    port.host.run(["tc", "-batch", "-"], input="\n".join(commands))


def test_a_lossy_line_is_found_or_not_called_exact() -> None:
    with line(State(40e6, 0.05, loss_ratio=0.001)) as (made, reflector):
        result = measured(made.near.host, request_to(reflector, "upload"))
    assert_not_confidently_wrong(result, made.payload_bits_per_second)


def test_a_budget_too_small_to_know_anything_is_an_error_and_no_number() -> None:
    max_bytes = 200_000
    with line(State(30e6, 0.02)) as (made, reflector):
        result = measured(made.near.host, replace(request_to(reflector), max_bytes=max_bytes))
    assert "before its rate settled" in str(result.error)
    assert result.throughput_bits_per_second is None
    assert result.bound is None
    # What was under way when it was used up comes all the same: a round trip's with its queue.
    assert result.bytes_transferred and result.bytes_transferred < 3 * max_bytes


def test_a_path_that_dies_in_mid_test_is_an_error_and_no_number() -> None:
    state = State(30e6, 0.02)
    with line(state) as (made, reflector):

        def die() -> None:
            wait_until_received(made.near, 2_000_000)
            made.set_state(State(30e6, 0.02, loss_ratio=1.0))

        result = measured(made.near.host, request_to(reflector), lambda _: die())
    assert "stalled" in str(result.error)
    assert result.throughput_bits_per_second is None
    assert result.bytes_transferred
