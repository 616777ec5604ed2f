"""Costs of repairs by group, against loops, tables and costs whose mean is known."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadgauge_collector.fleet.statistics.costs import RepairCosts, RepairFacts, group_costs

NAN = math.nan
Row = tuple[int, int, bool, float, float, float, float, int]


def _facts(rows: list[Row]) -> RepairFacts:
    """Rows of group, device, in rates, cost, parts, labour, downtime, accident."""
    kinds = (np.int32, np.int32, np.bool_, *[np.float64] * 4, np.int8)
    columns: list[Any] = [np.array([row[i] for row in rows], kd) for i, kd in enumerate(kinds)]
    return RepairFacts(*columns)


def _one(rows: list[Row], years: float = 10.0) -> RepairCosts:
    (found,) = group_costs(1, _facts(rows), np.array([years]))
    return found


def _repair(cost: float, device: int = 0, accident: int = 0, downtime: float = NAN) -> Row:
    return (0, device, True, cost, NAN, NAN, downtime, accident)


def test_a_mean_is_over_known_costs_and_says_how_many_are_missing() -> None:
    found = _one([_repair(1000, 1), _repair(3000, 2), _repair(NAN, 3), _repair(NAN, 4)])
    cost = found.cost_cents
    assert (found.repairs, cost.known, cost.missing, cost.mean) == (4, 2, 2, 2000)
    assert found.cost_cents_per_device_year == pytest.approx(4 / 10 * 2000)


def test_where_no_cost_is_known_nothing_is_said_of_it() -> None:
    found = _one([_repair(NAN), _repair(NAN)])
    assert (found.cost_cents.mean, found.cost_cents.low, found.cost_cents.missing) == (
        None,
        None,
        2,
    )
    assert found.cost_cents_per_device_year is None
    assert found.parts_cents.mean is None
    assert found.labour_cents.mean is None
    assert found.downtime_days_per_device_year is None


def test_a_cost_of_0_is_a_cost() -> None:
    found = _one([_repair(0, 1), _repair(0, 2), _repair(300, 3)])
    assert (found.cost_cents.known, found.cost_cents.mean) == (3, 100)


def test_without_repairs_a_year_costs_0_and_without_device_years_nobody_knows() -> None:
    assert _one([]).cost_cents_per_device_year == 0
    assert _one([]).cost_cents.mean is None
    assert _one([], years=0).cost_cents_per_device_year is None
    assert _one([_repair(500)], years=0).cost_cents_per_device_year is None


def test_repairs_outside_rates_have_costs_but_make_no_year_dearer() -> None:
    outside: Row = (0, 2, False, 9000, NAN, NAN, NAN, 0)
    found = _one([_repair(1000, 1), outside])
    assert found.repairs == 2
    assert found.cost_cents.mean == 5000
    assert found.cost_cents_per_device_year == pytest.approx(1 / 10 * 5000)


def test_downtime_is_days_per_device_and_year() -> None:
    found = _one([_repair(NAN, 1, downtime=4), _repair(NAN, 2, downtime=8), _repair(NAN, 3)])
    assert found.downtime_days.mean == 6
    assert found.downtime_days_per_device_year == pytest.approx(3 / 10 * 6)


@pytest.mark.parametrize(
    ("accidents", "others", "low", "high"),
    # Clopper and Pearson's limits as tables have them.
    [(0, 10, 0, 0.3085), (1, 9, 0.0025, 0.4450), (5, 5, 0.1871, 0.8129), (10, 0, 0.6915, 1)],
)
def test_the_share_of_accidents_has_exact_limits(
    accidents: int, others: int, low: float, high: float
) -> None:
    rows = [_repair(NAN, accident=1)] * accidents + [_repair(NAN, accident=0)] * others
    share = _one([*rows, _repair(NAN, accident=-1)]).accidents
    assert (share.known, share.missing) == (10, 1)
    assert share.share == accidents / 10
    assert share.low == pytest.approx(low, abs=1e-4)
    assert share.high == pytest.approx(high, abs=1e-4)


def test_if_nobody_said_what_was_an_accident_there_is_no_share() -> None:
    share = _one([_repair(NAN, accident=-1)]).accidents
    assert (share.known, share.missing, share.share, share.low, share.high) == (
        0, 1, None, None, None,
    )  # fmt: skip


def test_repairs_of_one_device_tell_nothing_of_what_others_cost() -> None:
    found = _one([_repair(1000, 7), _repair(2000, 7), _repair(1500, 7)])
    assert found.cost_cents.mean == 1500
    assert (found.cost_cents.low, found.cost_cents.high) == (None, None)


def test_repairs_whose_device_is_not_known_count_one_by_one() -> None:
    found = _one([_repair(1000, -1), _repair(2000, -1), _repair(1500, -1)])
    assert found.cost_cents.low is not None


@pytest.mark.parametrize("same_device", [1, 3])
def test_limits_of_a_mean_cost_hold_even_where_a_device_is_always_dear(same_device: int) -> None:
    random = np.random.default_rng(2)
    groups, repairs = 1500, 60
    group = np.repeat(np.arange(groups), repairs)
    device = np.arange(groups * repairs) // same_device
    size = random.normal(size=len(device))
    dear = random.normal(size=len(device))[device] if same_device > 1 else 0
    cost = np.exp(5 + 0.5 * (np.sqrt(0.6) * dear + np.sqrt(0.4 if same_device > 1 else 1) * size))
    nothing = np.full(len(cost), NAN)
    facts = RepairFacts(
        group, device, np.ones(len(cost), np.bool_), cost, nothing, nothing, nothing,
        np.zeros(len(cost), np.int8),
    )  # fmt: skip
    mean = math.exp(5 + 0.5**2 / 2)
    found = [one.cost_cents for one in group_costs(groups, facts, np.ones(groups))]
    held = [(one.low or 0) <= mean <= (one.high or 0) for one in found]
    assert 0.92 < np.mean(held) < 0.97


AMOUNT = st.one_of(st.just(NAN), st.floats(0, 1e6))
ROW = st.tuples(
    st.integers(-1, 2), st.integers(-1, 4), st.booleans(), AMOUNT, AMOUNT, AMOUNT,
    st.one_of(st.just(NAN), st.floats(0, 400)), st.integers(-1, 1),
)  # fmt: skip


@given(st.lists(ROW, max_size=30))
def test_every_group_has_what_a_loop_finds(rows: list[Row]) -> None:
    found = group_costs(3, _facts(rows), np.array([0.0, 2.0, 50.0]))
    for group, one in enumerate(found):
        mine = [row for row in rows if row[0] == group]
        assert one.repairs == len(mine)
        means = (one.cost_cents, one.parts_cents, one.labour_cents, one.downtime_days)
        for column, mean in enumerate(means, 3):
            said = [row[column] for row in mine if not math.isnan(row[column])]
            assert (mean.known, mean.missing) == (len(said), len(mine) - len(said))
            assert mean.mean == (pytest.approx(sum(said) / len(said)) if said else None)
            if mean.low is not None:
                assert mean.mean is not None
                assert mean.high is not None
                assert mean.low <= mean.mean * (1 + 1e-12)
                assert mean.high >= mean.mean * (1 - 1e-12)
        said = [row[7] for row in mine if row[7] >= 0]
        assert one.accidents.share == (pytest.approx(sum(said) / len(said)) if said else None)
