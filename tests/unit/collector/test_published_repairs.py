"""Published figures, through import and API, to the digit that is printed."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.api_client import Api
from tests.unit.collector.published import bring
from tests.unit.collector.test_api_imports import Importing

SCHOOL = "Lincoln Elementary"
BEGAN = date(2024, 1, 1)
"""Long enough ago for all that follows."""

REMISSION_WEEKS = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
"""Gehan 1965, leukemia, those on 6-MP; +: censored."""

SHARES = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}


@pytest.fixture
def importing(api: Api) -> Importing:
    api.school()
    return Importing(api)


def watch(importing: Importing) -> None:
    """Repairs of the school are told of from the beginning on."""
    answer = importing.api.http.put(
        "/api/v1/repair-feeds",
        json={"school": SCHOOL, "has_feed": True, "since": str(BEGAN - timedelta(days=400))},
        headers=importing.admin,
    )
    assert answer.status_code == 200, answer.text


def devices_of(weeks: list[str]) -> tuple[list[str], list[str]]:
    """Devices bought on one day, repaired or retired after so many weeks."""
    devices, tickets = [], []
    for number, said in enumerate(weeks):
        day = BEGAN + timedelta(weeks=int(said.rstrip("+")))
        retired = day if said.endswith("+") else BEGAN + timedelta(weeks=60)
        devices.append(f"S{number:02},HP 11,{SCHOOL},{BEGAN},Retired,{retired}")
        if not said.endswith("+"):
            tickets.append(f"{number},{day},S{number:02},accident")
    return devices, tickets


def test_gehans_remissions_have_the_shares_that_every_textbook_prints(
    importing: Importing,
) -> None:
    devices, tickets = devices_of(REMISSION_WEEKS.split())
    heading = "Serial Number,Model,School,Purchase Date,Status,Retired On"
    bring(importing, "devices", heading, devices)
    bring(importing, "tickets", "Ticket #,Opened,Serial,Category", tickets)
    watch(importing)
    whole = importing.get("/repairs/lifetimes")["groups"][0]
    found = {
        round(point["age"] * 365 / 7, 6): (round(point["value"], 4), point["at_risk"])
        for point in whole["unrepaired"][1:]
    }
    assert {week: share for week, (share, _) in found.items()} == SHARES
    assert [at_risk for _, at_risk in found.values()] == [21, 17, 15, 12, 11, 7, 6]
    assert whole["median_age"] == pytest.approx(23 * 7 / 365)


@pytest.mark.parametrize(
    ("repairs", "low", "high"),
    [(1, 0.0253, 5.5716), (2, 0.2422, 7.2247), (5, 1.6235, 11.6683), (10, 4.7954, 18.3904)],
)
def test_garwoods_limits_are_those_of_the_table(
    importing: Importing, repairs: int, low: float, high: float
) -> None:
    """A hundred devices watched for a year, each repaired once at most."""
    end = BEGAN + timedelta(days=364)  # the last day counts
    heading = "Serial Number,Model,School,Purchase Date,Status,Retired On"
    rows = [f"S{n:03},HP 11,{SCHOOL},{BEGAN},Retired,{end}" for n in range(100)]
    bring(importing, "devices", heading, rows)
    tickets = [f"{n},{BEGAN + timedelta(days=20 * n + 7)},S{n:03},accident" for n in range(repairs)]
    bring(importing, "tickets", "Ticket #,Opened,Serial,Category", tickets)
    watch(importing)
    rate: dict[str, Any] = importing.get("/repairs/rates")["district"]
    assert (rate["repairs"], rate["device_years"]) == (repairs, 100.0)
    assert rate["per_100"] == repairs
    assert round(rate["low"], 4) == low
    assert round(rate["high"], 4) == high


def test_the_reserve_of_the_worked_example_is_285_repairs(importing: Importing) -> None:
    found = importing.get(
        "/insurance", repairs=12, device_years=100, devices=500, term_years=3,
        mean_cost_cents=9900, sd_cost_cents=4000, premium_cents=4500, deductible_cents=2000,
    )["comparison"]  # fmt: skip
    assert found["reserve"]["repairs"] == 285
    assert found["expected_repairs"] == pytest.approx(180)
    assert found["break_even_per_100"] == pytest.approx(100 * 4500 / (3 * (9900 - 2000)))
