"""Gaps are memoryless within bounds, first runs come soon, and nothing is caught up in a burst."""

import random
import statistics

import pytest

from broadgauge_agent.schedule import Schedule, gap_seconds

MEANS = {"inventory": 86400.0, "latency": 300.0, "throughput": 14400.0}


def test_gaps_stay_between_a_tenth_and_three_times_the_mean() -> None:
    chance = random.Random(1)
    gaps = [gap_seconds(100, chance) for _ in range(20_000)]
    assert min(gaps) == 10
    assert max(gaps) == 300


def test_gaps_are_exponential_but_for_the_bounds() -> None:
    chance = random.Random(2)
    gaps = [gap_seconds(100, chance) for _ in range(50_000)]
    assert statistics.fmean(gaps) == pytest.approx(95.5, rel=0.02)
    assert statistics.median(gaps) == pytest.approx(69.3, rel=0.03)
    assert sum(gap == 300 for gap in gaps) / len(gaps) == pytest.approx(0.0498, rel=0.1)


def test_on_a_first_start_every_probe_runs_within_seconds_and_the_light_ones_first() -> None:
    for seed in range(100):
        schedule = Schedule(MEANS, 1000.0, random.Random(seed))
        order: list[str] = []
        while len(order) < 3:
            due = schedule.next()
            assert due is not None
            name, at = due
            assert at - 1000.0 < 5
            order.append(name)
            schedule.ran(name, at)
        assert order == ["inventory", "latency", "throughput"]


def test_a_heavy_probe_that_ran_before_waits_a_gap_after_a_restart() -> None:
    for seed in range(100):
        schedule = Schedule(
            {"throughput": 14400.0}, 1000.0, random.Random(seed), wait_first=["throughput"]
        )
        due = schedule.next()
        assert due is not None
        assert due[1] >= 1000.0 + 1440


def test_after_a_long_sleep_a_probe_runs_once() -> None:
    schedule = Schedule({"latency": 300.0}, 0.0, random.Random(3))
    woken = 100_000.0
    schedule.ran("latency", woken)
    due = schedule.next()
    assert due is not None
    assert due[1] >= woken + 30


def test_without_probes_nothing_is_due() -> None:
    assert Schedule({}, 0.0, random.Random(4)).next() is None
