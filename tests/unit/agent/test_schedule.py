"""Gaps are memoryless within bounds, first runs come soon, and nothing is caught up in a burst."""

import random
import statistics
from collections.abc import Collection, Mapping

import pytest

from broadgauge_agent.hours import is_within
from broadgauge_agent.schedule import Rhythm, Schedule, gap_seconds

ALL = {
    "inventory": Rhythm(86400.0),
    "latency": Rhythm(300.0),
    "throughput": Rhythm(14400.0),
}
HEAVY = {"throughput": Rhythm(14400.0)}


def schedule_of(
    rhythms: Mapping[str, Rhythm], seed: int, now: float = 1000.0, wait_first: Collection[str] = ()
) -> Schedule:
    schedule = Schedule(random.Random(seed))
    schedule.follow(rhythms, now, wait_first=wait_first)
    return schedule


def due_at(schedule: Schedule) -> float:
    due = schedule.next()
    assert due is not None
    return due[1]


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
        schedule = schedule_of(ALL, seed)
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
        schedule = schedule_of(HEAVY, seed, wait_first=["throughput"])
        assert due_at(schedule) >= 1000.0 + 1440


def test_after_a_long_sleep_a_probe_runs_once() -> None:
    schedule = schedule_of({"latency": Rhythm(300.0)}, 3)
    woken = 100_000.0
    schedule.ran("latency", woken)
    assert due_at(schedule) >= woken + 30


def test_without_probes_nothing_is_due() -> None:
    assert schedule_of({}, 4).next() is None


def test_a_shorter_interval_begins_now_and_leaves_the_others_alone() -> None:
    schedule = schedule_of({"latency": Rhythm(300.0), **HEAVY}, 5, wait_first=["throughput"])
    schedule.ran("latency", 1000.0)
    heavy_due = schedule._due["throughput"]
    schedule.follow({"latency": Rhythm(1.0), **HEAVY}, 1010.0, wait_first=["throughput"])
    assert 1010 < due_at(schedule) <= 1013
    assert schedule._due["throughput"] == heavy_due


def test_a_probe_switched_off_is_never_due_and_switched_on_again_it_is_due_soon() -> None:
    schedule = schedule_of({"latency": Rhythm(300.0)}, 6)
    schedule.follow({}, 1010.0)
    assert schedule.next() is None
    schedule.follow({"latency": Rhythm(300.0)}, 2000.0)
    assert 2000 < due_at(schedule) < 2005


def test_settings_that_did_not_change_move_nothing() -> None:
    schedule = schedule_of(ALL, 7)
    before = dict(schedule._due)
    schedule.follow(dict(ALL), 1001.0, wait_first=["throughput"])
    assert schedule._due == before


def test_what_fell_due_in_a_sleep_begins_as_after_a_start() -> None:
    for seed in range(50):
        schedule = schedule_of(ALL, seed)
        schedule.woke(50_000.0, wait_first=["throughput"])
        assert 50_000 <= schedule._due["latency"] <= 50_002
        assert 50_000 <= schedule._due["inventory"] <= 50_002
        assert schedule._due["throughput"] >= 50_000 + 1440


def test_what_was_not_due_yet_stays_planned_through_a_sleep() -> None:
    schedule = schedule_of(HEAVY, 8, wait_first=["throughput"])
    planned = due_at(schedule)
    schedule.woke(1001.0, wait_first=["throughput"])
    assert due_at(schedule) == planned


def test_a_run_outside_its_hours_moves_into_the_next_ones() -> None:
    noon = 1_772_000_000.0 // 86400 * 86400 + 43200
    spread = set()
    for seed in range(50):
        schedule = Schedule(random.Random(seed), unix_now=lambda: noon)
        schedule.follow({"throughput": Rhythm(3600.0, "02:00-03:00")}, 1000.0)
        at = due_at(schedule)
        assert is_within("02:00-03:00", noon + (at - 1000.0))
        spread.add(at)
    assert len(spread) == 50
    assert not schedule.is_open("throughput")


@pytest.mark.parametrize("wall", [0.0, 4.07e9])
def test_a_clock_that_is_set_moves_no_run(wall: float) -> None:
    unix_now = 1.8e9
    schedule = Schedule(random.Random(4), lambda: unix_now)
    schedule.follow(ALL, 1000.0)
    before = schedule.next()
    unix_now = wall
    assert schedule.next() == before
    assert before
    schedule.ran(before[0], before[1])
    assert 0 < due_at(schedule) - 1000.0 <= 3 * 86400.0
