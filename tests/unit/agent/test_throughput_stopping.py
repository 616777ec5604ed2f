"""When a test ends, and with how many connections: on made-up lines, interval by interval."""

import random
from collections.abc import Callable
from math import ceil
from typing import NamedTuple
from uuid import uuid4

import pytest
from msgspec.structs import replace

from broadgauge_agent.probes.base import KnownLine
from broadgauge_agent.probes.throughput.progress import INTERVAL_SECONDS
from broadgauge_agent.probes.throughput.stopping import (
    BURST_SECONDS,
    SAME_RATE,
    SAME_RTT_RATIO,
    SAME_RTT_SECONDS,
    STREAM_BYTES,
    Decision,
    StoppingRule,
    View,
)
from broadgauge_wire import Bound

RTT_SECONDS = 0.02
MAX_SECONDS = 10.0

Line = Callable[[float, int], float]
"""Mbit/s at a time, with so many connections."""


class Ran(NamedTuple):
    """How a test of a line ended."""

    reason: str | None
    seconds: float
    streams: int
    rule: StoppingRule
    rates: list[float]

    @property
    def megabits(self) -> float:
        assert self.rule.estimate
        return self.rule.estimate.bits_per_second / 1e6


def known(megabits: float, rtt_seconds: float = RTT_SECONDS, bound: Bound = "exact") -> KnownLine:
    return KnownLine(
        test_id=uuid4(),
        interface="eth0",
        direction="download",
        bound=bound,
        throughput_bits_per_second=megabits * 1e6,
        idle_rtt_seconds=rtt_seconds,
    )


def rule_for(
    line: KnownLine | None = None,
    *,
    max_bytes: float = 1e12,
    max_streams: int = 16,
    is_line: bool = True,
) -> StoppingRule:
    return StoppingRule(
        max_seconds=MAX_SECONDS,
        max_bytes=max_bytes,
        max_streams=max_streams,
        known=line,
        is_line=is_line,
    )


def run(
    line: Line,
    rule: StoppingRule | None = None,
    rtt_seconds: float = RTT_SECONDS,
    window_share: float = 0.0,
) -> Ran:
    """A whole test. Connections are there an interval after they are wanted."""
    rule = rule or rule_for()
    chance = random.Random(1)
    streams = rule.streams_to_begin(rtt_seconds)
    rates: list[float] = []
    decision = Decision(streams=streams)
    while decision.stop_reason is None:
        seconds = len(rates) * INTERVAL_SECONDS
        rates.append(line(seconds, streams) * 1e6 * chance.uniform(0.997, 1.003))
        streams = max(streams, decision.streams)
        decision = rule.look(view_of(rates, streams, rtt_seconds, 0, window_share))
        assert streams <= decision.streams <= rule.max_streams
        assert len(rates) <= MAX_SECONDS / INTERVAL_SECONDS, "the test never ends"
    seconds = len(rates) * INTERVAL_SECONDS
    return Ran(decision.stop_reason, seconds, streams, rule, rates)


def view_of(
    rates: list[float],
    streams: int,
    rtt_seconds: float = RTT_SECONDS,
    unbroken_from: int = 0,
    window_share: float = 0.0,
) -> View:
    return View(
        rates=rates,
        unbroken_from=unbroken_from,
        idle_rtt_seconds=rtt_seconds,
        streams=streams,
        window_share=window_share,
        elapsed_seconds=len(rates) * INTERVAL_SECONDS,
        moved_bytes=int(sum(rates) * INTERVAL_SECONDS / 8),
    )


def constant(megabits: float) -> Line:
    return lambda _seconds, _streams: megabits


def stepping(before: float, after: float, at_seconds: float) -> Line:
    return lambda seconds, _streams: before if seconds < at_seconds else after


def a_flow_at_most(megabits: float, line: float) -> Line:
    return lambda _seconds, streams: min(line, streams * megabits)


def test_the_first_test_of_a_line_outlasts_a_burst_and_ends_soon_after() -> None:
    ran = run(constant(100))
    assert ran.reason == "converged"
    assert BURST_SECONDS <= ran.seconds <= BURST_SECONDS + 0.5
    assert ran.megabits == pytest.approx(100, rel=0.01)
    assert ran.rule.outlasted_burst(ran.rates)


def test_a_known_line_is_found_again_in_a_fraction_of_the_time() -> None:
    ran = run(constant(100), rule_for(known(100)))
    assert ran.reason == "converged"
    assert ran.seconds < BURST_SECONDS / 3
    assert ran.rule.matches_known(RTT_SECONDS)
    assert not ran.rule.outlasted_burst(ran.rates)


@pytest.mark.parametrize("megabits", [100 * (1 + 2 * SAME_RATE), 100 * (1 - 2 * SAME_RATE), 400])
def test_a_known_line_that_has_another_rate_is_tested_at_length(megabits: float) -> None:
    ran = run(constant(megabits), rule_for(known(100)))
    assert ran.seconds >= BURST_SECONDS
    assert ran.megabits == pytest.approx(megabits, rel=0.01)
    assert not ran.rule.matches_known(RTT_SECONDS)


@pytest.mark.parametrize(
    "rtt_seconds",
    [
        SAME_RTT_RATIO * RTT_SECONDS + 2 * SAME_RTT_SECONDS,
        (RTT_SECONDS - 2 * SAME_RTT_SECONDS) / SAME_RTT_RATIO,
    ],
    ids=["farther", "nearer"],
)
def test_a_known_rate_over_another_way_is_tested_at_length(rtt_seconds: float) -> None:
    ran = run(constant(100), rule_for(known(100)), rtt_seconds)
    assert ran.seconds >= BURST_SECONDS


def test_the_burst_of_a_known_line_is_not_taken_for_the_line() -> None:
    ran = run(stepping(400, 100, 2.9), rule_for(known(100)))
    assert ran.megabits == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("peak", [110, 125, 200, 1000, 10_000])
@pytest.mark.parametrize("burst_seconds", [0.3, 1.0, 2.0, 3.0])
def test_a_burst_is_outlasted_however_high_and_long(peak: float, burst_seconds: float) -> None:
    ran = run(stepping(peak, 100, burst_seconds))
    assert ran.reason == "converged"
    assert ran.megabits == pytest.approx(100, rel=0.02)


@pytest.mark.parametrize("at_seconds", [1.0, 2.0, 3.0, 3.5, 3.8])
@pytest.mark.parametrize("after", [20, 80, 150, 400])
def test_after_a_step_the_test_goes_on_until_it_knows_the_new_rate(
    after: float, at_seconds: float
) -> None:
    ran = run(stepping(100, after, at_seconds))
    if ran.reason == "converged":
        assert ran.megabits == pytest.approx(after, rel=0.02)


def test_a_line_that_only_several_connections_fill_gets_them() -> None:
    ran = run(a_flow_at_most(30, line=100), window_share=0.9)
    assert ran.reason == "converged"
    assert ran.streams >= 4
    assert ran.megabits == pytest.approx(100, rel=0.01)
    assert ran.rule.is_saturated
    assert not ran.rule.is_flow_limited
    alone = ran.rule.single_stream
    assert alone is not None
    assert alone.bits_per_second == pytest.approx(30e6, rel=0.01)


def test_where_every_connection_carries_more_all_are_tried_and_it_is_said() -> None:
    ran = run(a_flow_at_most(3, line=1000))
    assert ran.streams == ran.rule.max_streams
    assert ran.rule.is_flow_limited
    assert not ran.rule.is_saturated


def test_where_neighbors_give_way_to_more_connections_it_is_said() -> None:
    ran = run(lambda _seconds, streams: 100 * (1 + 0.06 * (streams - 1) / streams * 4))
    assert ran.rule.is_contested
    assert not ran.rule.is_saturated
    assert not ran.rule.is_flow_limited


def test_a_line_that_one_connection_fills_is_tried_with_a_few() -> None:
    ran = run(constant(100))
    assert 1 < ran.streams < ran.rule.max_streams
    assert ran.rule.is_saturated


def test_connections_that_came_at_last_have_their_time_before_they_count_as_tried() -> None:
    """One connection's rate goes up and down until a burst is outlasted, and then rests."""
    chance = random.Random(2)

    def line(seconds: float, streams: int) -> float:
        restless = seconds < BURST_SECONDS + 0.3
        return streams * (chance.uniform(5, 15) if restless else 10)

    rule = rule_for()
    rates: list[float] = []
    while rule.estimate is None:
        rates.append(line(len(rates) * INTERVAL_SECONDS, 1) * 1e6)
        decision = rule.look(view_of(rates, 1))
    assert rule.outlasted_burst(rates)
    assert decision.streams > 1
    assert rule.look(view_of([*rates, rates[-1]], decision.streams)).stop_reason is None


def test_one_connection_is_all_that_a_rule_may_ask_for() -> None:
    ran = run(a_flow_at_most(30, line=100), rule_for(max_streams=1))
    assert (ran.reason, ran.streams) == ("converged", 1)
    assert ran.seconds < BURST_SECONDS + 0.5


def test_what_a_long_way_needs_is_opened_from_the_begin_where_the_line_is_known() -> None:
    rate, rtt_seconds = 1000.0, 0.1
    needed = ceil(rate * 1e6 / 8 * rtt_seconds / STREAM_BYTES)
    begin = rule_for(known(rate, rtt_seconds)).streams_to_begin(rtt_seconds)
    assert begin == min(16, needed) > rule_for().streams_to_begin(RTT_SECONDS)
    assert rule_for(known(rate, rtt_seconds), max_streams=2).streams_to_begin(rtt_seconds) == 2


@pytest.mark.parametrize("rtt_seconds", [0.0, 0.02, 0.3, 3.0])
def test_a_test_begins_with_one_connection_or_more(rtt_seconds: float) -> None:
    assert 1 <= rule_for().streams_to_begin(rtt_seconds) <= 16


def test_a_fast_rate_over_a_long_way_asks_for_connections_before_it_settles() -> None:
    rates = [10e6, 100e6, 800e6]
    decision = rule_for().look(view_of(rates, 1, 0.1))
    assert decision.stop_reason is None
    assert decision.streams >= 8


def test_the_budget_ends_a_test_whatever_it_knows() -> None:
    ran = run(constant(100), rule_for(max_bytes=1e7))
    assert ran.reason == "budget"
    assert ran.seconds == pytest.approx(1e7 * 8 / 100e6, abs=2 * INTERVAL_SECONDS)
    assert not ran.rule.outlasted_burst(ran.rates)


def test_a_rate_that_never_settles_ends_at_the_deadline() -> None:
    chance = random.Random(3)
    ran = run(lambda _seconds, _streams: chance.choice((20, 60, 100, 180, 300)))
    assert ran.reason == "deadline"
    assert ran.seconds == pytest.approx(MAX_SECONDS)
    assert ran.rule.estimate is None
    assert not ran.rule.outlasted_burst(ran.rates)


def test_nothing_at_all_ends_at_the_deadline() -> None:
    ran = run(constant(0))
    assert (ran.reason, ran.rule.estimate) == ("deadline", None)


def test_a_machine_that_stalled_begins_to_count_again() -> None:
    rule, rates = rule_for(), [100e6] * round(BURST_SECONDS / INTERVAL_SECONDS)
    decision = rule.look(view_of(rates, 16, unbroken_from=len(rates) - 2))
    assert rule.estimate is None
    assert decision.stop_reason is None


def test_inside_one_machine_there_is_no_burst_to_outlast() -> None:
    ran = run(constant(10_000), rule_for(is_line=False), 0.00005)
    assert ran.reason == "converged"
    assert ran.seconds < BURST_SECONDS / 2


def test_what_matched_once_may_match_no_longer() -> None:
    rule = rule_for(replace(known(100), bound="at_least"))
    assert rule.look(view_of([100e6] * 10, 1)).stop_reason == "converged"
    assert rule.look(view_of([100e6] * 10 + [200e6] * 10, 1)).stop_reason is None


def test_a_line_known_to_be_no_less_is_looked_at_again() -> None:
    ran = run(constant(100), rule_for(known(100, bound="at_least")))
    assert ran.rule.matches_known(RTT_SECONDS)
    assert ran.rule.has_to_ease(RTT_SECONDS)
    assert not ran.rule.tried_enough(RTT_SECONDS)


def test_a_line_known_in_full_needs_no_more_looks() -> None:
    ran = run(constant(100), rule_for(known(100)))
    assert not ran.rule.has_to_ease(RTT_SECONDS)
    assert ran.rule.tried_enough(RTT_SECONDS)


def test_one_connection_that_could_not_be_joined_by_others_proves_nothing() -> None:
    rule = rule_for(max_streams=1)
    rule.was_refused = True
    assert not run(constant(100), rule).rule.tried_enough(RTT_SECONDS)
    assert not run(constant(100), rule_for(max_streams=1)).rule.tried_enough(RTT_SECONDS)


def test_as_many_connections_as_there_may_be_are_enough_if_they_are_many() -> None:
    rule = rule_for()
    rule.look(view_of([1e9] * 50, rule.max_streams))
    assert rule.tried_enough(RTT_SECONDS)


def test_an_outage_while_one_connection_was_alone_is_no_rate() -> None:
    def line(seconds: float, _streams: int) -> float:
        return 0.0 if 0.3 < seconds < 2.6 else 50.0

    ran = run(line)
    assert ran.megabits == pytest.approx(50, rel=0.02)


def test_a_part_of_a_group_goes_on_to_its_end_with_as_many_connections_as_it_began_with() -> None:
    rule = StoppingRule(
        max_seconds=5.0, max_bytes=1e12, max_streams=2, known=known(100), is_part=True
    )
    assert rule.streams_to_begin(RTT_SECONDS) == 2
    for count in range(1, 60):
        view = View(
            rates=[100e6] * count,
            unbroken_from=0,
            idle_rtt_seconds=RTT_SECONDS,
            streams=2,
            window_share=0.0,
            elapsed_seconds=count * INTERVAL_SECONDS,
            moved_bytes=count * 1_250_000,
        )
        decision = rule.look(view)
        is_over = count * INTERVAL_SECONDS >= 5.0
        assert decision == Decision(streams=2, stop_reason="deadline" if is_over else None)
    assert rule.estimate is not None
    assert not (rule.is_flow_limited or rule.is_contested)
