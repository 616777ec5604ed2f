"""Paying for repairs oneself: what it will cost, what to set aside, a plan, and fees."""

from math import isclose, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.statistics.fees import Fee, fee_cover
from broadgauge_collector.fleet.statistics.self_insurance import (
    Costs,
    Log,
    chance_of_at_most,
    costs_like,
    costs_of,
    drawn_cents,
    expected_cents,
    repairs_reserve,
    self_insured,
    variance_of,
)
from broadgauge_collector.fleet.statistics.warranty import (
    Plan,
    all_covered,
    break_even_rate,
    compare,
    repaired,
)

LOG = Log(repairs=400, device_years=4000)
BILLS = np.random.default_rng(7).lognormal(9, 0.8, 400)


def bills() -> Costs:
    found = costs_of(BILLS)
    assert found
    return found


def test_mean_and_variance_are_those_of_a_million_simulated_terms() -> None:
    rng = np.random.default_rng(1)
    costs = bills()
    devices, rate, years, terms = 20, 0.1, 3.0, 1_000_000
    repairs = rng.poisson(devices * rate * years, terms)
    cents = rng.choice(BILLS, repairs.sum())
    sums = np.bincount(np.repeat(np.arange(terms), repairs), cents, terms)
    assert isclose(expected_cents(devices, rate, years, costs), sums.mean(), rel_tol=0.01)
    assert isclose(variance_of(devices, rate, years, costs), sums.var(), rel_tol=0.01)


def test_twelve_repairs_in_100_device_years_ask_for_285_for_500_devices_in_three_years() -> None:
    assert repairs_reserve(Log(repairs=12, device_years=100), 500, 3) == 285
    assert stats.poisson.ppf(0.95, 500 * 3 * 0.12) == 202


def test_the_count_to_come_is_negative_binomial_with_half_a_repair_more() -> None:
    log = Log(repairs=12, device_years=100)
    expected = stats.nbinom.cdf(285, 12.5, 100 / 1600)
    assert isclose(chance_of_at_most(285, log, 500, 3), expected, rel_tol=1e-9)
    assert round(expected, 4) == 0.95


def test_drawn_costs_have_the_spread_of_rate_and_chance_together() -> None:
    log, costs = Log(repairs=30, device_years=300), costs_like(10_000, 8_000)
    spread, _ = self_insured(log, costs, 1000, 2)
    average = 30.5 / 300 * 2000
    counts = average * (1 + 2000 / 300)
    sd = sqrt(average * costs.sd_cents**2 + counts * costs.mean_cents**2)
    assert isclose(spread.sd_cents, sd, rel_tol=0.03)
    assert spread.chance_sd_cents < sd / 2


def test_a_reserve_of_money_suffices_in_19_of_20_futures() -> None:
    log, costs = Log(repairs=12, device_years=100), costs_like(9_900, 5_000)
    _, reserve = self_insured(log, costs, 500, 3)
    rng = np.random.default_rng(5)
    repairs = rng.poisson(1500 * rng.gamma(12.5, 1 / 100, 200_000))
    cents = rng.gamma(repairs * (99 / 50) ** 2, 5_000**2 / 9_900)
    assert abs(np.mean(cents <= reserve.cents) - 0.95) < 0.006


def test_few_bills_say_less_of_what_a_repair_costs_than_many() -> None:
    few, many = costs_of([5_000, 9_000, 20_000]), costs_of([5_000, 9_000, 20_000] * 100)
    assert few and many and few.mean_cents == many.mean_cents
    one, other = (self_insured(LOG, each, 5000, 3)[0] for each in (few, many))
    assert one.high_95_cents - one.low_95_cents > 1.5 * (other.high_95_cents - other.low_95_cents)


def test_a_long_log_in_groups_keeps_its_mean_and_nearly_its_spread() -> None:
    long = np.random.default_rng(2).lognormal(9, 1, 20_000)
    costs = costs_of(long)
    assert costs and len(costs.values_cents) == 150
    drawn = drawn_cents(np.full(4000, 100.0), costs, np.random.default_rng(3))
    assert isclose(drawn.mean(), 100 * long.mean(), rel_tol=0.01)
    assert isclose(drawn.std(), 10 * long.std(), rel_tol=0.05)


def test_without_a_repair_nothing_is_expected_and_still_something_set_aside() -> None:
    spread, reserve = self_insured(Log(repairs=0, device_years=50), costs_like(9_900, 0), 100, 3)
    assert spread.expected_cents == 0
    assert reserve.repairs > 0 and reserve.cents == 9_900 * reserve.repairs


def test_costs_that_are_not_known_are_left_out_and_none_at_all_is_no_cost() -> None:
    assert costs_of([]) is None and costs_of([float("nan")]) is None
    found = costs_of([float("nan"), 100, 300])
    assert found and (found.mean_cents, found.known) == (200, 2)


counts = st.integers(0, 500)
exposures = st.floats(1, 5000)


@given(counts, exposures, st.integers(0, 5000), st.integers(0, 5000))
def test_more_devices_or_repairs_never_ask_for_less(k: int, t: float, n: int, more: int) -> None:
    least = repairs_reserve(Log(repairs=k, device_years=t), n, 3)
    assert repairs_reserve(Log(repairs=k, device_years=t), n + more, 3) >= least
    assert repairs_reserve(Log(repairs=k + 1, device_years=t), n, 3) >= least
    assert repairs_reserve(Log(repairs=k, device_years=t * 2), n, 3) <= least


@given(counts, exposures, st.integers(0, 5000), st.floats(0.5, 0.98))
def test_a_reserve_is_the_fewest_that_suffice(k: int, t: float, n: int, chance: float) -> None:
    log = Log(repairs=k, device_years=t)
    found = repairs_reserve(log, n, 3, chance)
    assert chance_of_at_most(found, log, n, 3) >= chance - 2e-5
    assert found == 0 or chance_of_at_most(found - 1, log, n, 3) < chance - 2e-5


def test_the_break_even_rate_is_the_premium_by_what_a_year_of_repairs_would_save() -> None:
    assert break_even_rate(6_000, 3, 12_000, 2_000) == 0.2
    assert break_even_rate(6_000, 3, 12_000, 2_000, covered_share=0.5) == 0.4


@pytest.mark.parametrize("deductible", [12_000, 15_000])
def test_a_deductible_as_high_as_a_repair_never_pays_and_the_comparison_says_so(
    deductible: int,
) -> None:
    assert break_even_rate(6_000, 3, 12_000, deductible) is None
    plan = Plan(premium_cents=6_000, term_years=3, deductible_cents=deductible)
    found = compare(plan, all_covered(LOG, costs_like(12_000, 4_000)), 500)
    assert found and found.break_even_per_100 is None
    assert any("at no rate" in note for note in found.notes)


@settings(max_examples=30)
@given(
    st.integers(1, 20_000), st.floats(1, 5), st.integers(0, 9_000), st.floats(0.1, 1.0),
    st.integers(1, 2000),
)  # fmt: skip
def test_at_the_break_even_rate_both_cost_the_same(
    premium: int, years: float, deductible: int, share: float, devices: int
) -> None:
    rate = break_even_rate(premium, years, 10_000, deductible, share)
    assert rate is not None
    repairs = devices * rate * years
    paid = devices * premium + repairs * (share * deductible + (1 - share) * 10_000)
    assert isclose(paid, repairs * 10_000, rel_tol=1e-9)


def test_a_dearer_plan_makes_paying_oneself_more_likely_the_cheaper_way() -> None:
    seen = all_covered(LOG, bills())
    found = [
        compare(Plan(premium_cents=premium, term_years=3), seen, 500)
        for premium in (1_000, 2_500, 3_000, 3_500, 6_000)
    ]
    chances = [each.chance_self_insuring_is_cheaper for each in found if each]
    assert chances == sorted(chances)
    assert chances[0] < 0.01 and chances[-1] > 0.99


def test_a_plan_costs_its_premiums_and_deductibles_and_what_it_does_not_cover() -> None:
    plan = Plan(premium_cents=4_000, term_years=3, deductible_cents=1_000)
    found = compare(plan, all_covered(LOG, costs_like(10_000, 0), share=0.8), 500)
    assert found
    assert found.plan.expected_cents == 500 * 4_000 + 150 * (0.8 * 1_000 + 0.2 * 10_000)
    assert found.self_insured.expected_cents == 150 * 10_000


def test_what_a_plan_covers_follows_from_the_categories_of_repairs() -> None:
    seen = repaired(LOG, [100, 200, 900, 50], ["failure", "failure", "accident", None])
    assert seen.covered_share == 2 / 3 and seen.told == 3
    assert seen.covered and seen.covered.mean_cents == 150
    assert seen.others and seen.others.mean_cents == 900


def test_where_no_repair_has_a_category_all_are_taken_to_be_covered() -> None:
    seen = repaired(LOG, [100, 200], [None, None])
    assert seen.covered_share == 1 and seen.covered and seen.covered.mean_cents == 150


def test_without_any_known_cost_there_is_no_comparison() -> None:
    assert compare(Plan(premium_cents=1, term_years=3), all_covered(LOG, None), 500) is None


def test_asked_again_it_says_the_same() -> None:
    plan, seen = Plan(premium_cents=3_000, term_years=3), all_covered(LOG, bills())
    assert compare(plan, seen, 500) == compare(plan, seen, 500)


def test_fees_are_held_against_repairs() -> None:
    fee = Fee(cents=2_500, take_up=0.75, take_up_low=0.75, take_up_high=0.75, waived=0.2)
    found = fee_cover(fee, LOG, costs_like(10_000, 5_000), 500, 1)
    assert found.income.expected_cents == 500 * 0.75 * 0.8 * 2_500
    assert abs(found.repairs.expected_cents - 500_000) < 15_000
    surplus = found.income.expected_cents - found.repairs.expected_cents
    assert abs(found.surplus.expected_cents - surplus) <= 1
    assert found.even_cents and abs(found.even_cents - 1_667) < 50


def test_the_fee_that_is_said_to_be_enough_is_short_in_one_future_of_twenty() -> None:
    first = fee_cover(Fee(), LOG, bills(), 500, 3)
    assert first.enough_cents and first.even_cents and first.enough_cents > first.even_cents
    again = fee_cover(Fee(cents=first.enough_cents), LOG, bills(), 500, 3)
    assert abs(again.chance_of_shortfall - 0.05) < 0.005


def test_an_insurance_pays_only_for_those_who_take_it() -> None:
    all_, some = (
        fee_cover(Fee(covers_all=covers), LOG, bills(), 500, 3) for covers in (True, False)
    )
    ratio = some.repairs.expected_cents / all_.repairs.expected_cents
    assert abs(ratio - 0.75) < 0.02


def test_where_nobody_pays_no_fee_is_enough() -> None:
    found = fee_cover(Fee(waived=1.0), LOG, bills(), 500, 3)
    assert found.even_cents is None and found.enough_cents is None
    assert found.chance_of_shortfall == 1


@pytest.mark.parametrize(
    ("log", "devices", "years", "says"),
    [
        (Log(repairs=-1, device_years=10), 5, 3, "Repairs are"),
        (Log(repairs=1, device_years=0), 5, 3, "0 device-years"),
        (Log(repairs=1, device_years=float("nan")), 5, 3, "0 device-years"),
        (Log(repairs=10**9, device_years=1), 5, 3, "can't be"),
        (LOG, -1, 3, "Devices to be insured"),
        (LOG, 5, 0, "Years to be insured"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    log: Log, devices: int, years: float, says: str
) -> None:
    with pytest.raises(Invalid, match=says):
        repairs_reserve(log, devices, years)


@pytest.mark.parametrize("cost", [-1.0, float("inf")])
def test_a_cost_below_nothing_or_without_end_is_refused(cost: float) -> None:
    with pytest.raises(Invalid, match="What a repair costs"):
        costs_of([100, cost])


@pytest.mark.parametrize(
    "plan", [Plan(premium_cents=-1, term_years=3), Plan(premium_cents=1, term_years=0)]
)
def test_a_plan_that_none_is_is_refused(plan: Plan) -> None:
    with pytest.raises(Invalid, match="A plan's"):
        compare(plan, all_covered(LOG, bills()), 5)


def test_a_take_up_beside_its_range_is_refused() -> None:
    with pytest.raises(Invalid, match="Take-up"):
        fee_cover(Fee(take_up=0.95), LOG, bills(), 5, 1)
