"""Counts of many connections, read at odd moments, become one rate over time."""

import random
from itertools import pairwise

import pytest

from broadgauge_agent.probes.throughput.observation import Sample
from broadgauge_agent.probes.throughput.progress import INTERVAL_SECONDS, rates_over_time


def curve(*points: tuple[float, float]) -> list[Sample]:
    return [Sample(seconds, arrived) for seconds, arrived in points]


def constant(bytes_per_second: float, begin: float, end: float, seed: int = 1) -> list[Sample]:
    """Read at moments that fit no interval."""
    chance, at = random.Random(seed), begin
    samples = [Sample(begin, 0.0)]
    while (at := at + chance.uniform(0.02, 0.18)) < end:
        samples.append(Sample(at, (at - begin) * bytes_per_second))
    return [*samples, Sample(end, (end - begin) * bytes_per_second)]


def test_a_constant_rate_is_found_whenever_it_was_read() -> None:
    rates = rates_over_time([constant(1e6, 0.0, 2.0)])
    assert len(rates) == 2.0 / INTERVAL_SECONDS
    assert rates == pytest.approx([8e6] * len(rates))


def test_connections_are_added_up_each_from_its_own_beginning() -> None:
    late = 10 * INTERVAL_SECONDS
    rates = rates_over_time([constant(1e6, 0.0, 2.0), constant(3e6, late, 2.0, seed=2)])
    assert rates == pytest.approx([8e6] * 10 + [32e6] * 10)


def test_a_rate_is_told_only_as_far_as_every_connection_was_heard_of() -> None:
    rates = rates_over_time([constant(1e6, 0.0, 2.0), constant(1e6, 0.0, 1.25)])
    assert rates == pytest.approx([16e6] * 12)


def test_a_connection_that_tells_nothing_yet_holds_nothing_up() -> None:
    told = constant(1e6, 0.0, 1.0)
    assert rates_over_time([told, curve((0.9, 0.0))]) == rates_over_time([told])


@pytest.mark.parametrize(
    "curves",
    [[], [[]], [curve((0.0, 0.0))], [curve((0.0, 0.0), (INTERVAL_SECONDS / 2, 5000.0))]],
    ids=["no connection", "no sample", "only its beginning", "less than an interval"],
)
def test_before_there_is_anything_to_tell_there_are_no_rates(curves: list[list[Sample]]) -> None:
    assert rates_over_time(curves) == ()


def test_what_arrived_in_all_is_what_the_rates_come_to() -> None:
    chance = random.Random(7)
    moments = sorted({round(chance.uniform(0, 3), 4) for _ in range(50)} | {0.0, 3.0})
    arrived = sorted(chance.uniform(0, 1e6) for _ in moments)
    counts = curve(*zip(moments, [0.0, *arrived[1:]], strict=True))
    assert sum(rates_over_time([counts])) * INTERVAL_SECONDS / 8 == pytest.approx(arrived[-1])


def test_between_two_readings_the_rate_is_even() -> None:
    rates = rates_over_time([curve((0.0, 0.0), (1.0, 1e6), (2.0, 1e6))])
    assert rates == pytest.approx([8e6] * 10 + [0.0] * 10)
    assert all(after <= before + 1e-6 for before, after in pairwise(rates))
