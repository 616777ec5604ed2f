"""Lifetimes, rates and insurance over HTTP, from devices and tickets as sources say them."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from broadgauge_collector.errors import Invalid, NotFound
from broadgauge_collector.fleet.repairs.compared import compared
from broadgauge_collector.fleet.repairs.histories import histories
from broadgauge_collector.fleet.repairs.insurance import AskedInsurance, insurance
from broadgauge_collector.fleet.repairs.lifetimes import lifetimes
from broadgauge_collector.fleet.repairs.rated import RatesBy, repair_rates
from broadgauge_collector.fleet.repairs.reading import read_fleet
from broadgauge_collector.fleet.repairs.rule import repair_rule, set_repair_rule
from broadgauge_collector.imports.model import TicketCategory
from tests.api_client import Api
from tests.unit.collector.fleet_days import (
    BOUGHT,
    LOG_BEGAN,
    NOW,
    TODAY,
    begin_log,
    put_device,
    put_school,
    put_ticket,
)

DAYS = 365.0
FROM = LOG_BEGAN + timedelta(days=1)
"""First day on which repairs would be known."""


@pytest.fixture
def watched(c: Connection) -> Connection:
    """Thirty devices of two models, watched from the day after the first ticket of all."""
    put_school(c)
    for number in range(30):
        put_device(c, f"S{number:02}", model="HP 11" if number < 20 else "Lenovo 300e")
    begin_log(c, "S00")
    return c


def repair(c: Connection, number: int, day: date, **said: Any) -> None:
    put_ticket(c, f"{number}-{day}", f"S{number:02}", day, **said)


def years(day: date) -> float:
    return (day - BOUGHT).days / DAYS


def test_ages_count_from_the_purchase_and_late_entry_is_known(watched: Connection) -> None:
    first, second = FROM + timedelta(days=90), FROM + timedelta(days=200)
    repair(watched, 3, first)
    repair(watched, 3, second)
    found = histories(read_fleet(watched, TODAY))
    assert len(found.places) == 30
    assert np.allclose(found.entries, years(FROM))
    assert found.repaired.sum() == 1
    at = int(np.flatnonzero(found.repaired)[0])
    assert found.first_exits[at] == pytest.approx(years(first))
    assert np.allclose(sorted(found.ages), [years(d) for d in (first, second)])


def test_a_device_repaired_before_it_was_watched_has_no_first_repair_to_wait_for(
    watched: Connection,
) -> None:
    repair(watched, 4, LOG_BEGAN - timedelta(days=60))
    repair(watched, 4, FROM + timedelta(days=60))
    data = read_fleet(watched, TODAY)
    found = histories(data)
    assert found.before.sum() == 1
    (whole, *_) = lifetimes(data, "model", 5).groups
    assert (whole.devices, whole.left_out, whole.repairs) == (30, 1, 1)
    assert whole.unrepaired[0].at_risk == 29


def test_groups_with_too_few_repairs_have_no_curve_of_their_own(watched: Connection) -> None:
    for number in range(6):
        repair(watched, number, FROM + timedelta(days=30 * number + 10))
    repair(watched, 25, FROM + timedelta(days=33))
    found = lifetimes(read_fleet(watched, TODAY), "model", 5)
    assert [group.name for group in found.groups] == ["All devices", "HP 11"]
    assert found.too_few == 1
    hp = found.groups[1]
    assert (hp.devices, hp.repairs) == (20, 6)
    last = hp.unrepaired[-1]
    assert last.value == pytest.approx(1 - 6 / 20)
    assert hp.mean_repairs[-1].value == pytest.approx(6 / 20)


def test_rates_count_what_was_watched_and_nothing_else(watched: Connection) -> None:
    for number in range(12):
        repair(watched, number, FROM + timedelta(days=7 * number + 3))
    repair(watched, 25, FROM + timedelta(days=3))
    repair(watched, 26, FROM + timedelta(days=4), category="request")
    put_school(watched, "Adams Middle")
    put_device(watched, "Z", place="Adams Middle", model="HP 11")
    found = repair_rates(read_fleet(watched, TODAY), "model")
    by_name = {group.name: group for group in found.groups}
    years = ((TODAY - FROM).days + 1) / DAYS
    assert by_name["HP 11"].devices == 20
    assert by_name["HP 11"].rate.device_years == pytest.approx(20 * years)
    assert by_name["HP 11"].rate.per_100 == pytest.approx(100 * 12 / (20 * years))
    assert (by_name["Lenovo 300e"].rate.repairs, found.district.repairs) == (1, 13)
    assert found.without_feed == ("Adams Middle",)
    assert found.left_out == {"other_category": 2}
    assert found.devices_left_out == {"no_feed": 1}


def test_whatever_a_rule_counts_has_its_category(watched: Connection) -> None:
    rule = repair_rule(watched)
    counted = replace(rule.categories, these=("failure", "maintenance"))
    set_repair_rule(watched, replace(rule, categories=counted))
    repair(watched, 3, FROM + timedelta(days=4), category="failure")
    repair(watched, 4, FROM + timedelta(days=5), category="maintenance")
    found = repair_rates(read_fleet(watched, TODAY), "category")
    assert {group.name: group.rate.repairs for group in found.groups} == {
        "failure": 1,
        "maintenance": 1,
    }


def test_rates_by_age_and_category_add_up_to_those_of_all(watched: Connection) -> None:
    for number in range(15):
        category = "accident" if number % 3 else "failure"
        repair(watched, number, FROM + timedelta(days=11 * number + 3), category=category)
    data = read_fleet(watched, TODAY)
    several: tuple[RatesBy, ...] = ("age", "category", "school", "kind")
    for by in several:
        found = repair_rates(data, by)
        known = [group.rate for group in found.groups]
        if by != "kind":  # nobody said what these devices are
            assert sum(rate.repairs for rate in known) == 15
        if by == "age":
            years = sum(rate.device_years for rate in known)
            assert years == pytest.approx(found.district.device_years)


def test_costs_stand_beside_rates_and_missing_ones_are_told(watched: Connection) -> None:
    for number in range(4):
        cost = None if number == 3 else 10_000 + 1000 * number
        repair(watched, number, FROM + timedelta(days=9 * number + 5), cost_cents=cost,
               closed_on=FROM + timedelta(days=9 * number + 8))  # fmt: skip
    (hp, _) = repair_rates(read_fleet(watched, TODAY), "model").groups
    assert hp.costs is not None
    assert (hp.costs.cost_cents.known, hp.costs.cost_cents.missing) == (3, 1)
    assert hp.costs.cost_cents.mean == pytest.approx(11_000)
    years = hp.rate.device_years
    assert hp.costs.cost_cents_per_device_year == pytest.approx(4 / years * 11_000)
    assert hp.costs.downtime_days_per_device_year == pytest.approx(4 * 3 / years)
    assert hp.costs.accidents.share == 1.0


def test_two_models_are_compared_at_the_same_age_and_school(watched: Connection) -> None:
    for number in range(20):
        repair(watched, number, FROM + timedelta(days=13 * number + 3))
    for number in range(20, 22):
        repair(watched, number, FROM + timedelta(days=5))
    data = read_fleet(watched, TODAY)
    found = compared(data, "HP 11", "Lenovo 300e", "model")
    assert (found.first_repairs, found.second_repairs, found.schools) == (20, 2, 1)
    assert found.ratio == pytest.approx(5.0)
    turned = compared(data, "Lenovo 300e", "HP 11", "model")
    assert turned.ratio == pytest.approx(0.2)
    assert found.verdict == {"second_more": "first_more"}.get(turned.verdict, "same")
    with pytest.raises(Invalid, match="two that differ"):
        compared(data, "HP 11", "HP 11", "model")
    with pytest.raises(NotFound, match="no device"):
        compared(data, "HP 11", "Unheard of", "model")


def test_a_district_without_tickets_has_no_rate(c: Connection) -> None:
    put_school(c)
    put_device(c, "A")
    found = repair_rates(read_fleet(c, TODAY), "model")
    assert (found.district.per_100, found.groups, found.without_feed) == (
        None, (), ("Lincoln Elementary",),
    )  # fmt: skip


def test_the_self_insured_reserve_is_of_the_figures_that_are_given(watched: Connection) -> None:
    asked = AskedInsurance(
        devices=500, term_years=3, premium_cents=4500, repairs=12, device_years=100,
        mean_cost_cents=10_000, sd_cost_cents=0,
    )  # fmt: skip
    found = insurance(read_fleet(watched, TODAY), asked)
    assert found.comparison is not None
    assert found.comparison.reserve.repairs == 285
    assert found.comparison.break_even_per_100 == pytest.approx(15.0)
    assert found.comparison.self_insured.expected_cents == 180 * 10_000
    assert found.comparison.plan.expected_cents == 500 * 4500


def test_a_plan_without_accidents_leaves_them_to_the_district(watched: Connection) -> None:
    for number in range(10):
        category = "accident" if number % 2 else "failure"
        repair(watched, number, FROM + timedelta(days=9 * number + 5), category=category,
               cost_cents=10_000)  # fmt: skip
    data = read_fleet(watched, TODAY)
    whole = insurance(data, AskedInsurance(premium_cents=3000))
    part = insurance(data, AskedInsurance(premium_cents=3000, covers_accidents=False))
    assert whole.comparison is not None
    assert part.comparison is not None
    assert (whole.repairs, whole.comparison.devices) == (10, 30)
    assert whole.comparison.covered_share == 1.0
    assert part.comparison.covered_share == pytest.approx(0.5)
    assert part.comparison.plan.expected_cents > whole.comparison.plan.expected_cents


def test_fees_and_paying_oneself_are_priced_by_the_same_repairs(watched: Connection) -> None:
    dear: tuple[tuple[TicketCategory | None, int], ...] = (
        ("failure", 5_000), ("accident", 9_000), (None, 30_000),
    )  # fmt: skip
    for number in range(18):
        category, cost = dear[number % 3]
        repair(watched, number, FROM + timedelta(days=9 * number + 5), category=category,
               kind="Repair", cost_cents=cost)  # fmt: skip
    data = read_fleet(watched, TODAY)
    whole, part = (
        insurance(data, AskedInsurance(premium_cents=3000, covers_accidents=covers))
        for covers in (True, False)
    )
    assert whole.comparison and part.comparison and whole.fees and part.fees
    oneself = whole.comparison.self_insured.expected_cents
    assert part.comparison.self_insured.expected_cents == oneself
    assert part.costs_known == whole.costs_known == 18
    ratios = [found.fees.repairs.expected_cents / oneself for found in (whole, part) if found.fees]
    assert ratios[0] == pytest.approx(ratios[1], rel=0.03)
    assert any("33% of the repairs have no category" in note for note in part.comparison.notes)
    assert not any("no category" in note for note in whole.comparison.notes)


def test_repairs_that_come_in_runs_widen_the_reserve_and_it_is_said(watched: Connection) -> None:
    for number in range(20):
        repair(watched, number, FROM + timedelta(days=60), cost_cents=10_000)
    data = read_fleet(watched, TODAY)
    found = insurance(data, AskedInsurance(premium_cents=3000))
    typed = insurance(
        data, AskedInsurance(premium_cents=3000, repairs=20, device_years=found.device_years)
    )
    assert found.comparison and typed.comparison
    assert (round(found.dispersion), typed.dispersion) == (20, 1)
    assert found.comparison.reserve.repairs > 1.5 * typed.comparison.reserve.repairs
    assert any("come in runs" in note for note in found.comparison.notes)
    assert not any("come in runs" in note for note in typed.comparison.notes)


def test_no_cost_known_is_told_and_nothing_watched_is_refused(watched: Connection) -> None:
    repair(watched, 1, FROM + timedelta(days=5))
    found = insurance(read_fleet(watched, TODAY), AskedInsurance(premium_cents=3000))
    assert (found.comparison, found.fees, found.costs_known) == (None, None, 0)
    with pytest.raises(Invalid, match="no device of the model"):
        insurance(read_fleet(watched, TODAY), AskedInsurance(model="Unheard of"))


def test_a_district_without_tickets_is_asked_for_figures(c: Connection) -> None:
    put_school(c)
    put_device(c, "A")
    with pytest.raises(Invalid, match="give repairs and device-years"):
        insurance(read_fleet(c, TODAY), AskedInsurance())


def test_both_are_answered_over_http(api: Api) -> None:
    api.school()
    with api.services.stores.control.begin() as c:
        for number in range(12):
            put_device(c, f"S{number:02}", model="HP 11")
        begin_log(c, "S00")
        for number in range(6):
            repair(c, number, FROM + timedelta(days=20 * number + 3), cost_cents=8000)
    assert NOW.date() == TODAY
    got = api.http.get("/api/v1/repairs/lifetimes", headers=api.admin)
    assert got.status_code == 200, got.text
    assert [group["name"] for group in got.json()["groups"]] == ["All devices", "HP 11"]
    both = {"first": "HP 11", "second": "Lenovo"}
    got = api.http.get("/api/v1/repairs/comparison", params=both, headers=api.admin)
    assert got.status_code == 404, got.text
    for by in ("model", "school", "kind", "age", "category"):
        for format_ in ("json", "csv", "xlsx", "parquet"):
            asked = {"by": by, "format": format_}
            got = api.http.get("/api/v1/repairs/rates", params=asked, headers=api.admin)
            assert got.status_code == 200, got.text
    got = api.http.get(
        "/api/v1/insurance", params={"model": "HP 11", "premium_cents": 2500}, headers=api.admin
    )
    assert got.status_code == 200, got.text
    assert got.json()["repairs"] == 6
    assert got.json()["fees"]["surplus"]["low_cents"] <= got.json()["fees"]["surplus"]["high_cents"]
    refused = api.http.get("/api/v1/insurance", params={"repairs": 3}, headers=api.admin)
    assert refused.status_code == 422
    assert "both repairs and device-years" in refused.json()["detail"]
