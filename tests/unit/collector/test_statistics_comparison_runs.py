"""Comparisons of two models whose repairs come on one day, or of which one was hardly watched."""

import numpy as np
import pytest

from broadgauge_collector.fleet.statistics.comparison import Comparison, compare, compare_pieces
from broadgauge_collector.fleet.statistics.strata import Dated
from tests.unit.collector.test_statistics_comparison import _district

EACH = 20
"""Devices of each kind at a school, watched for a year."""


def _compared(schools: int, repairs: list[tuple[int, int, int]]) -> Comparison:
    """Repairs are a device's row, its day, and how many: rows go by school, then kind."""
    rows = 2 * EACH * schools
    side = np.tile(np.repeat([0, 1], EACH), schools)
    school = np.repeat(np.arange(schools), 2 * EACH)
    device, day, many = (np.array(one) for one in zip(*repairs, strict=True))
    device, day = np.repeat(device, many), np.repeat(day, many)
    return compare(side, school, np.zeros(rows), np.ones(rows), device, day / 365, days=day)


def _row(school: int, kind: int, number: int) -> int:
    return (2 * school + kind) * EACH + number


def _steady(schools: int, many: int) -> list[tuple[int, int, int]]:
    """The second kind is repaired so often at each school, on days of their own."""
    return [
        (_row(school, 1, number), 3 + 30 * number + school, 1)
        for school in range(schools)
        for number in range(many)
    ]


@pytest.mark.parametrize("schools", [3, 8, 12])
def test_a_flood_that_breaks_20_on_one_day_does_not_make_a_model_surely_worse(
    schools: int,
) -> None:
    flood = [(_row(school, 0, number), 200, 1) for school in range(schools) for number in range(20)]
    found = _compared(schools, [*flood, *_steady(schools, 2)])
    assert found.ratio == pytest.approx(10)
    assert (found.verdict, found.method) == ("same", "days")
    assert found.low is not None
    assert found.low < 1
    assert "can't be told apart" in found.sentence


@pytest.mark.parametrize("schools", [3, 8, 12])
def test_as_many_repairs_on_days_of_their_own_do(schools: int) -> None:
    one_by_one = [
        (_row(school, 0, number), 5 + 17 * number, 1)
        for school in range(schools)
        for number in range(20)
    ]
    found = _compared(schools, [*one_by_one, *_steady(schools, 2)])
    assert found.verdict == "first_more"
    assert found.low is not None
    assert found.low > 1


def test_20_repairs_at_one_school_on_one_day_are_no_verdict() -> None:
    at_one = [(_row(0, 0, number), 200, 1) for number in range(20)]
    assert _compared(10, [*at_one, *_steady(10, 1)]).verdict == "same"


def test_one_repair_in_one_device_day_tells_nothing() -> None:
    side, years = np.array([0, *[1] * 500]), np.array([1 / 365, *[1.0] * 500])
    found = compare(
        side, np.zeros(501, np.int64), np.zeros(501), years,
        np.array([0]), np.array([0.0]), days=np.array([0]),
    )  # fmt: skip
    assert (found.verdict, found.method) == ("same", "exact")
    assert found.low is not None
    assert found.low < 1
    assert found.p_value == pytest.approx(0.6)


@pytest.mark.parametrize(("repaired", "verdict"), [(3, "same"), (4, "first_more")])
def test_so_few_repaired_devices_are_no_verdict_however_rare_their_kind(
    repaired: int, verdict: str
) -> None:
    side = np.array([*[0] * 10, *[1] * 500])
    device = np.arange(repaired)
    found = compare(
        side, np.zeros(510, np.int64), np.zeros(510), np.ones(510),
        device, device / 10, days=device,
    )  # fmt: skip
    assert found.verdict == verdict


def test_in_the_exact_test_a_day_counts_once_however_many_broke() -> None:
    side = np.repeat([0, 1], 20)
    device = np.arange(20)
    one = np.zeros(20, np.int64)
    for days, clusters, verdict in ((one, 1, "same"), (device, 20, "first_more")):
        found = compare(
            side, np.zeros(40, np.int64), np.zeros(40), np.ones(40), device, days / 365, days=days
        )
        assert (found.method, found.clusters, found.verdict) == ("exact", clusters, verdict)


def test_days_of_their_own_leave_the_test_as_cautious_as_it_was() -> None:
    # In 800 of each it was 3 to 4.6% with and without days.
    random = np.random.default_rng(5)
    plain, dated = 0, 0
    for _ in range(400):
        district = _district(random, 40, 1.0, 0.3)
        piece = np.repeat(np.arange(len(district[5])), district[5])
        days = Dated(piece, random.integers(0, 500, len(piece)))
        plain += compare_pieces(*district).verdict != "same"
        dated += compare_pieces(*district, dated=days).verdict != "same"
    assert 0.025 < dated / 400 <= plain / 400 < 0.07


def test_the_published_estimate_and_limits_do_not_change_with_days() -> None:
    random = np.random.default_rng(7)
    district = _district(random, 12, 1.5)
    piece = np.repeat(np.arange(len(district[5])), district[5])
    there = compare_pieces(*district)
    found = compare_pieces(*district, dated=Dated(piece, np.zeros(len(piece), np.int64)))
    assert (found.ratio, found.poisson_low, found.poisson_high) == (
        there.ratio, there.poisson_low, there.poisson_high,
    )  # fmt: skip
    assert (found.verdict, found.low) == ("same", 0.0)
