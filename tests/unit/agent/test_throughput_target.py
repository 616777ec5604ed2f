"""Whether a line carries what is asked about: on made-up lines."""

import random
from dataclasses import replace

import pytest
from msgspec.structs import replace as replaced

from benchmarks.verdict_mode_links import (
    NEED,
    Ended,
    Link,
    known_of,
    trial,
)
from benchmarks.verdict_mode_links import (
    measure as tried,
)
from broadgauge_agent.probes.base import KnownLine
from broadgauge_agent.probes.throughput.observation import Estimate
from broadgauge_agent.probes.throughput.pacing import MOST_BEHIND_SECONDS, WritingPace
from broadgauge_agent.probes.throughput.stopping import BURST_SECONDS, knows_to_carry
from broadgauge_agent.probes.throughput.target import (
    FIRST_PACE_SHARE,
    HOLD_INTERVALS,
    PACE_SHARE,
    Target,
)

SLICE = 40
"""Of the thousand made-up links of benchmarks/verdict_mode.py."""

STEADY = Link(
    rate=2 * NEED,
    peak=2 * NEED,
    burst_bits=0.0,
    rtt_seconds=0.02,
    noise=0.01,
    jitter=0.02,
    stalls=0.0,
    others=0.0,
    pace_share=1.0,
)


def carrying(share: float, **different: float) -> Link:
    """A line of so much of the need."""
    return replace(STEADY, **{"rate": share * NEED, "peak": share * NEED, **different})


def bursting(share: float, peak_share: float, seconds: float) -> Link:
    """One that is faster for a while."""
    saved = (peak_share - share) * NEED * seconds
    return carrying(share, peak=peak_share * NEED, burst_bits=saved)


def knowing(share: float, rtt_seconds: float = STEADY.rtt_seconds) -> KnownLine:
    found = known_of(Ended("converged", 5.0, 0.0, share * NEED), STEADY)
    assert found
    return replaced(found, idle_rtt_seconds=rtt_seconds)


def answer(link: Link, known: KnownLine | None = None, seed: int = 1) -> Ended:
    return tried(link, random.Random(seed), known)


def test_of_many_links_hardly_one_is_answered_wrongly() -> None:
    trials = [trial(number) for number in range(SLICE)]
    wrong = [words for one in trials for words in one.wrong()]
    assert len(wrong) <= 0.01 * 2 * SLICE, wrong
    asked = [ended for one in trials for ended in (one.first, one.later)]
    assert sum(ended.stop_reason == "target_reached" for ended in asked) > SLICE / 2


def test_a_known_line_is_asked_for_a_fraction_of_the_bytes() -> None:
    full = tried(STEADY, random.Random(1), need=None)
    asked = answer(STEADY, knowing(2.0))
    assert asked.stop_reason == "target_reached"
    assert asked.vote
    assert asked.bits < full.bits / 5


def test_an_unknown_line_outlasts_a_burst_and_no_more() -> None:
    asked = answer(STEADY)
    assert asked.stop_reason == "target_reached"
    assert BURST_SECONDS <= asked.seconds <= BURST_SECONDS + 0.5


def test_an_unknown_line_much_faster_than_the_need_is_not_filled() -> None:
    asked = answer(carrying(50.0))
    assert asked.stop_reason == "target_reached"
    assert asked.bits <= FIRST_PACE_SHARE * NEED * asked.seconds


@pytest.mark.parametrize("peak", [1.2, 2.0, 4.0, 20.0])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.94])
def test_a_burst_is_not_taken_for_the_line(share: float, peak: float) -> None:
    seconds = 3.0 * min(1.0, (FIRST_PACE_SHARE - share) / (peak - share))
    asked = answer(bursting(share, peak, seconds))
    assert asked.stop_reason != "target_reached"
    assert not asked.vote


def test_a_line_that_comes_down_to_the_need_is_told_by_what_it_comes_down_to() -> None:
    asked = answer(bursting(1.3, 4.0, 2.0))
    assert asked.vote
    assert asked.estimate == pytest.approx(1.3 * NEED, rel=0.03)


@pytest.mark.parametrize("share", [0.85, 0.9, 0.93, 0.949])
@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_a_line_a_little_too_slow_is_never_said_to_reach_the_need(
    share: float, noise: float
) -> None:
    link = carrying(share, noise=noise, jitter=0.1)
    for seed in range(5):
        for known in (None, knowing(share), knowing(2.0)):
            assert answer(link, known, seed).stop_reason != "target_reached"


def test_a_line_that_has_become_too_slow_is_tested_at_length() -> None:
    asked = answer(carrying(0.8), knowing(2.0))
    assert asked.vote is False
    assert asked.seconds >= BURST_SECONDS


def test_a_line_with_another_round_trip_is_not_taken_for_the_known_one() -> None:
    asked = answer(STEADY, knowing(2.0, rtt_seconds=0.2))
    assert asked.seconds >= BURST_SECONDS


def test_a_line_known_to_carry_hardly_the_need_is_not_paced() -> None:
    known = knowing(PACE_SHARE)
    assert knows_to_carry(known, NEED, STEADY.rtt_seconds)
    assert not knows_to_carry(known, 1.01 * NEED, STEADY.rtt_seconds)


def test_what_comes_unevenly_still_counts() -> None:
    link = carrying(2.0, jitter=0.3)
    assert answer(link, knowing(2.0)).stop_reason == "target_reached"


def test_an_upload_that_the_server_did_not_count_proves_nothing() -> None:
    target = Target(NEED, is_known_to_carry=True)
    rates = [0.5 * NEED] + [1.1 * NEED] * HOLD_INTERVALS * 2
    found = target.found(rates, None, 0)
    assert found is not None
    assert target.is_counted(found, None)  # a download
    assert target.is_counted(found, rates)
    assert not target.is_counted(found, [])
    assert not target.is_counted(found, [0.8 * rate for rate in rates])


def test_less_than_a_second_proves_nothing() -> None:
    target = Target(NEED, is_known_to_carry=True)
    assert target.found([1.1 * NEED] * (HOLD_INTERVALS - 1), None, 0) is None


def test_a_paced_test_that_is_not_sure_in_time_is_let_go() -> None:
    target = Target(NEED, is_known_to_carry=True)
    assert target.pace_bits_per_second == pytest.approx(PACE_SHARE * NEED)
    target.look(None, elapsed_seconds=1.0, rtt_seconds=0.02)
    assert target.pace_bits_per_second is not None
    target.look(None, elapsed_seconds=5.0, rtt_seconds=0.02)
    assert target.pace_bits_per_second is None


def test_a_paced_test_that_settles_below_the_need_is_let_go_at_once() -> None:
    target = Target(NEED, is_known_to_carry=True)
    below = Estimate(
        bits_per_second=0.9 * NEED, from_seconds=0.1, to_seconds=0.7, uncertainty_ratio=0.01
    )
    target.look(below, elapsed_seconds=0.7, rtt_seconds=0.02)
    assert target.is_let_go


def test_a_burst_that_came_in_fits_and_starts_has_not_lasted_long_enough() -> None:
    target = Target(NEED, is_known_to_carry=False)
    steady = [1.2 * NEED] * 41
    halting = ([1.2 * NEED] * 4 + [0.7 * NEED]) * 8 + [1.2 * NEED]
    read = Estimate(
        bits_per_second=1.2 * NEED, from_seconds=0.0, to_seconds=4.1, uncertainty_ratio=0.01
    )
    assert target.is_drained(steady, read, 0)
    assert not target.is_drained(halting, read, 0)
    assert target.is_drained(halting * 2, read, 0)
    assert target.may_be_burst(halting, read, 0)
    assert not target.may_be_burst(steady, read, 0)
    assert not target.may_be_burst(halting, replaced(read, bits_per_second=0.9 * NEED), 0)


def test_writing_keeps_a_pace_and_makes_up_for_little() -> None:
    pace = WritingPace(1000.0, 500, now=10.0)
    assert pace.resting_seconds(500, 10.0) == 0
    assert pace.resting_seconds(700, 10.0) == pytest.approx(0.2)
    assert pace.resting_seconds(700, 10.2) == pytest.approx(0)
    late = 20.0
    assert pace.resting_seconds(700, late) == 0
    made_up = 1000.0 * MOST_BEHIND_SECONDS
    assert pace.resting_seconds(700 + made_up + 100, late) == pytest.approx(0.1)
