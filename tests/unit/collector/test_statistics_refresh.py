"""How many devices must be bought, with ranges that hold."""

from datetime import date

import numpy as np
import pytest

from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.statistics.refresh import forecast
from broadgauge_collector.fleet.statistics.refresh_model import (
    Attrition,
    Need,
    Outlook,
    RefreshForecast,
    RepairWear,
    UnitCost,
)
from broadgauge_collector.fleet.statistics.replace_by import AgingDevices
from broadgauge_collector.fleet.statistics.replace_rules import AgeLimit, ReplaceRules
from broadgauge_collector.fleet.statistics.sums import counts
from broadgauge_collector.fleet.statistics.wear import Weibull
from tests.unit.collector.aging import TODAY, Aging, aging
from tests.unit.collector.refresh_world import LIMIT_YEARS, fitted, live, losses, world

RULES = ReplaceRules()
NONE_LOST = Attrition(events=0, device_years=1e12)
SURE = Outlook(attrition={"laptop": NONE_LOST, "printer": NONE_LOST}, years=7)
LOSING = Outlook(attrition={"laptop": Attrition(events=50, device_years=1000)}, years=3)
PRICE = UnitCost(cents=30_000, low_cents=25_000, high_cents=40_000)


def ahead(outlook: Outlook, *devices: Aging, rules: ReplaceRules = RULES) -> RefreshForecast:
    return forecast(aging(*devices), rules, outlook, TODAY)


def expected(found: RefreshForecast) -> list[float]:
    return [round(year.need.expected, 3) for year in found.district.years]


def width(need: Need) -> int:
    return need.high - need.low


def test_where_all_is_sure_each_device_is_bought_in_its_year_and_again_after_its_age_limit() -> (
    None
):
    found = ahead(
        SURE, Aging(times=7, born=date(2022, 8, 1)), Aging(times=3, born=date(2023, 8, 1))
    )
    assert [year.fiscal_year for year in found.district.years] == [*range(2027, 2034)]
    assert expected(found) == [0, 7, 3, 0, 0, 0, 7]
    assert all(year.need.low == year.need.high for year in found.district.years)
    assert found.district.total.low == found.district.total.high == 17


def test_what_is_overdue_is_bought_now() -> None:
    assert expected(ahead(SURE, Aging(times=4, born=date(2015, 1, 1))))[0] == 4


def test_a_fiscal_year_begins_when_the_district_says() -> None:
    rules = ReplaceRules(fiscal_year_begins_in=1)
    found = ahead(SURE, Aging(times=4, born=date(2022, 3, 1)), rules=rules)
    assert found.district.years[0].fiscal_year == 2026
    assert found.district.years[1].begins_on == date(2027, 1, 1)
    assert expected(found)[:2] == [0, 4]


def test_losses_are_bought_again_unless_the_district_does_not() -> None:
    """5% a year of a thousand."""
    device = Aging(times=1000, born=date(2025, 7, 1))
    first = ahead(LOSING, device).district.years[0].need
    assert abs(first.expected - 49) < 2
    without = Outlook(attrition=LOSING.attrition, buys_lost=False, years=5)
    found = ahead(without, device)
    assert expected(found)[:3] == [0, 0, 0]
    assert abs(expected(found)[4] - 1000 * np.exp(-0.05 * 4.5)) < 40


def test_a_range_of_losses_holds_what_is_not_known_of_their_rate() -> None:
    few = Outlook(attrition={"laptop": Attrition(events=2, device_years=40)}, years=1)
    many = Outlook(attrition={"laptop": Attrition(events=2000, device_years=40_000)}, years=1)
    one, other = (ahead(each, Aging(times=1000, born=TODAY)).district.total for each in (few, many))
    assert width(one) > 3 * width(other)
    assert abs(width(other) - 2 * 1.2816 * np.sqrt(1000 * 0.0488 * 0.9512)) < 4


def test_the_range_of_the_district_is_narrower_than_the_sum_of_its_schools() -> None:
    schools = [Aging(times=100, school=f"S{n}", born=date(2025, 1, 1)) for n in range(30)]
    found = ahead(LOSING, *schools)
    of_schools = sum(width(school.total) for school in found.schools)
    assert width(found.district.total) < 0.7 * of_schools
    low, high = (sum(getattr(s.total, end) for s in found.schools) for end in ("low", "high"))
    assert low < found.district.total.low < found.district.total.high < high
    together = sum(school.total.expected for school in found.schools)
    assert abs(found.district.total.expected - together) < 1e-6


def test_the_range_of_years_is_narrower_than_the_sum_of_years() -> None:
    found = ahead(LOSING, Aging(times=500, born=date(2025, 1, 1)))
    assert width(found.district.total) < sum(width(year.need) for year in found.district.years)


def test_devices_of_unknown_age_widen_ranges_and_are_never_dropped() -> None:
    known = [Aging(times=50, born=date(year, 8, 1)) for year in (2022, 2023, 2024, 2025)]
    unknown = Aging(times=200, born=(date(2022, 8, 1), date(2025, 8, 1)))
    one, other = ahead(SURE, *known), ahead(SURE, unknown)
    assert other.district.age_unknown == 200
    assert width(one.district.years[2].need) == 0
    assert width(other.district.years[2].need) > 50
    assert abs(sum(expected(other)[:5]) - 200) < 0.1
    assert one.district.total.expected > 0


def test_known_ages_of_a_model_say_where_its_unknown_ones_are_likely() -> None:
    unknown = Aging(times=100, born=(date(2022, 8, 1), date(2025, 8, 1)))
    found = ahead(SURE, Aging(times=300, born=date(2023, 8, 1)), unknown)
    assert expected(found)[2] - 300 > 75


def test_devices_without_a_day_are_counted_and_bought_if_lost() -> None:
    found = ahead(SURE, Aging(kind="printer", times=5))
    assert (found.district.devices, found.district.without_day) == (5, 5)
    lost = Outlook(attrition={"printer": Attrition(events=100, device_years=1000)}, years=3)
    total = ahead(lost, Aging(kind="printer", times=100)).district.total
    assert 20 < total.expected < 32


def test_devices_without_a_school_are_in_the_district() -> None:
    found = ahead(SURE, Aging(school=None, times=3, born=date(2022, 8, 1)), Aging(times=2))
    assert [(school.name, school.devices) for school in found.schools] == [("A", 2), (None, 3)]
    assert found.district.devices == 5 and expected(found)[1] == 3


def test_gone_devices_are_not_bought_again() -> None:
    found = ahead(SURE, Aging(gone=True, times=9, born=date(2022, 8, 1)))
    assert found.district.devices == 0 and found.district.total.high == 0 and not found.schools


def test_costs_are_those_of_a_price_with_its_range() -> None:
    outlook = Outlook(attrition=SURE.attrition, unit_costs={"laptop": PRICE}, years=2)
    need = ahead(outlook, Aging(times=10, born=date(2022, 8, 1))).district.years[1].need
    assert abs(need.cost.expected_cents - 10 * (25 + 30 + 40) / 3 * 1000) < 2_000
    assert 10 * 25_000 < need.cost.low_cents < 10 * 30_000 < need.cost.high_cents < 10 * 40_000


def test_the_price_of_a_model_counts_before_that_of_its_kind() -> None:
    ten = UnitCost(cents=10_000, low_cents=10_000, high_cents=10_000)
    outlook = Outlook(attrition=SURE.attrition, unit_costs={"laptop": PRICE, "M": ten}, years=2)
    found = ahead(outlook, Aging(model="M", times=3, born=date(2022, 8, 1)))
    assert found.district.total.cost.low_cents == found.district.total.cost.high_cents == 30_000


def test_devices_without_a_price_are_said_to_be_missing_in_the_cost() -> None:
    need = ahead(SURE, Aging(times=3, born=date(2022, 8, 1))).district.total
    assert need.unpriced == need.expected and need.cost.high_cents == 0


def test_prices_of_two_models_vary_the_cost_where_it_is_open_which_is_bought() -> None:
    """Given how many are lost, which of them is by chance: sd of 10% x 2,000 laptops at 100 or at
    900."""
    cheap, dear = (UnitCost(cents=c, low_cents=c, high_cents=c) for c in (10_000, 90_000))
    lost = Attrition(events=10**8, device_years=10**9)
    outlook = Outlook(
        attrition={"laptop": lost}, unit_costs={"C": cheap, "D": dear}, years=1, buys_again=False
    )
    each = [Aging(model=m, times=1000, born=TODAY) for m in ("C", "D")]
    cost = ahead(outlook, *each).district.total.cost
    chance = 1 - np.exp(-0.1)
    sd = np.sqrt(1000 * chance * (1 - chance) * (10_000**2 + 90_000**2))
    assert abs((cost.high_cents - cost.low_cents) / (2 * 1.2816 * sd) - 1) < 0.15


def test_repairs_that_grow_dear_bring_replacements_forward_with_a_range() -> None:
    fit = Weibull(shape=2, scale_years=4, var_log_shape=0.005, var_log_scale=0.005)
    wear = RepairWear(wear=fit, mean_cents=15_000)
    outlook = Outlook(
        attrition=SURE.attrition, unit_costs={"laptop": PRICE}, repairs={"laptop": wear}, years=4
    )
    device = Aging(times=100, born=date(2024, 7, 1))
    found = ahead(outlook, device)
    assert 3 * 100 > sum(expected(found)[:2]) > 50
    assert width(found.district.years[1].need) > 50
    off = ReplaceRules(repairs_above=None)
    assert sum(expected(ahead(outlook, device, rules=off))[:2]) < 0.1


def test_losses_nobody_told_of_are_another_districts_and_that_is_said() -> None:
    found = ahead(Outlook(years=1), Aging(times=1000, born=TODAY))
    assert found.attrition_assumed == ("laptop",)
    assert 1 < found.district.total.expected < 8
    assert ahead(SURE, Aging()).attrition_assumed == ()


def test_models_say_what_of_them_is_replaced() -> None:
    found = ahead(SURE, Aging(model="B", times=2, born=date(2022, 8, 1)), Aging(model="C"))
    assert [(m.model, m.kind, m.devices) for m in found.models] == [
        ("B", "laptop", 2), ("C", "laptop", 1),
    ]  # fmt: skip
    assert abs(found.models[0].expected[1] - 2) < 1e-3


def test_asked_again_it_says_the_same_and_another_seed_nearly_the_same() -> None:
    devices = aging(Aging(times=400, born=date(2024, 1, 1)))
    one, again = (forecast(devices, RULES, LOSING, TODAY) for _ in range(2))
    assert one == again
    other = forecast(devices, RULES, LOSING, TODAY, seed=2)
    assert other != one
    assert abs(other.district.total.expected / one.district.total.expected - 1) < 0.02


def test_no_devices_need_nothing() -> None:
    found = forecast(aging(), RULES, SURE, TODAY)
    assert found.district.total.high == 0 and found.district.devices == 0


@pytest.mark.parametrize(
    "outlook",
    [
        Outlook(years=0),
        Outlook(shares=(0.9, 0.1)),
        Outlook(unit_costs={"x": UnitCost(cents=1, low_cents=2, high_cents=3)}),
        Outlook(attrition={"x": Attrition(events=1, device_years=0)}),
    ],
)
def test_an_outlook_that_cannot_be_is_refused(outlook: Outlook) -> None:
    with pytest.raises(Invalid):
        ahead(outlook, Aging())


def test_drawn_counts_have_the_mean_and_variance_asked_for() -> None:
    rng = np.random.default_rng(1)
    for mean, variance in ((0.3, 0.25), (3.0, 2.0), (12.0, 12.0), (400.0, 150.0)):
        drawn = counts(np.full(100_000, mean), np.full(100_000, variance), rng)
        assert abs(drawn.mean() - mean) < 0.02 * max(mean, 1)
        assert abs(drawn.var() - variance) < 0.1 * max(variance, 1)
        assert (drawn == np.round(drawn)).all() and (drawn >= 0).all()


def district(devices: int, schools: int, models: int) -> AgingDevices:
    rng = np.random.default_rng(1)
    found = aging(Aging(times=devices))
    model = rng.integers(0, models, devices).astype(np.int32)
    born = np.datetime64(TODAY) - rng.integers(0, 2500, devices).astype("timedelta64[D]")
    unknown = rng.random(devices) < 0.1
    oldest = np.where(unknown, np.datetime64(TODAY) - np.timedelta64(2500, "D"), born)
    return AgingDevices(
        school=rng.integers(0, schools, devices).astype(np.int32),
        schools=tuple(f"School {n}" for n in range(schools)),
        model=model,
        models=tuple(f"Model {n}" for n in range(models)),
        kind=model % 3,
        kinds=("chromebook", "laptop", "desktop"),
        born_earliest=oldest,
        born_latest=born,
        support_ends=np.where(model % 3 == 0, born + np.timedelta64(2800, "D"), found.said_ends),
        extended_ends=found.extended_ends,
        system_ends=found.system_ends,
        said_ends=found.said_ends,
        battery=np.where(rng.random(devices) < 0.5, rng.uniform(0.5, 1, devices), np.nan),
        battery_on=found.battery_on,
        gone=found.gone,
    )


def test_a_hundred_thousand_devices_of_a_hundred_schools_are_forecast_at_once() -> None:
    devices = district(100_000, schools=100, models=30)
    outlook = Outlook(
        unit_costs={"chromebook": PRICE, "laptop": PRICE},
        lifetimes={"chromebook": Weibull(shape=2, scale_years=9, var_log_shape=0.01)},
    )
    found = forecast(devices, RULES, outlook, TODAY)
    assert (len(found.schools), len(found.district.years)) == (100, 10)


FLEETS = 2000


def test_of_2000_fleets_four_in_five_need_what_was_forecast_three_years_before() -> None:
    """Lifetimes and losses are estimated from each fleet's log until then."""
    rng = np.random.default_rng(3)
    made = world(FLEETS, rng)
    lived = live(made, rng)
    fits, lost = fitted(lived.lives, FLEETS), losses(lived.lives, FLEETS)
    ages = np.split(lived.ages, np.flatnonzero(np.diff(made.fleet)) + 1)
    needed = lived.needs.sum(axis=1)
    within = [
        total.low <= need <= total.high
        for total, need in zip(map(_total, ages, fits, lost), needed.tolist(), strict=True)
    ]
    assert 0.77 < np.mean(within) < 0.83


def _total(ages: np.ndarray, fit: Weibull, lost: Attrition) -> Need:
    days = np.datetime64(TODAY) - np.round(ages * 365.25).astype("timedelta64[D]")
    empty, none = np.full(len(ages), np.datetime64("NaT", "D")), np.zeros(len(ages), np.int32)
    devices = AgingDevices(
        school=none,
        schools=("A",),
        model=none,
        models=("M",),
        kind=none,
        kinds=("laptop",),
        born_earliest=days,
        born_latest=days,
        support_ends=empty,
        extended_ends=empty,
        system_ends=empty,
        said_ends=empty,
        battery=np.full(len(ages), np.nan),
        battery_on=empty,
        gone=np.zeros(len(ages), bool),
    )
    rules = ReplaceRules(age_limits=(AgeLimit(kind="laptop", years=LIMIT_YEARS),))
    outlook = Outlook(lifetimes={"laptop": fit}, attrition={"laptop": lost}, years=3)
    return forecast(devices, rules, outlook, TODAY).district.total
