"""What must not bring repairs to a wrong number or a fault, however it is said."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection

from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.refresh.aging import AgingSaid
from broadgauge_collector.fleet.refresh.outlook import outlook_of, paid
from broadgauge_collector.fleet.refresh.settings import UnitCosts
from broadgauge_collector.fleet.repairs.by_hand import HandRepair, add_repair
from broadgauge_collector.fleet.repairs.insurance import AskedInsurance, insurance
from broadgauge_collector.fleet.repairs.reading import read_fleet
from broadgauge_collector.fleet.repairs.rule import (
    DEFAULT,
    Categories,
    RepairRule,
    Words,
    judged,
    set_repair_rule,
)
from broadgauge_collector.fleet.repairs.today import day_here
from broadgauge_collector.fleet.statistics.self_insurance import costs_like
from broadgauge_collector.imports.amounts import cents
from broadgauge_collector.schools.repository import add_school
from tests.unit.collector.fleet_days import (
    LOG_BEGAN,
    NOW,
    TODAY,
    begin_log,
    put_device,
    put_school,
    put_ticket,
)

NONE: dict[str, Any] = {"these": (), "because": ""}


@pytest.fixture
def school(c: Connection) -> Connection:
    put_school(c)
    return c


def rule(**changed: Any) -> RepairRule:
    clauses = {name: getattr(DEFAULT, name) for name in DEFAULT.__struct_fields__}
    return RepairRule(**clauses | changed)


def test_amounts_of_two_tickets_of_one_repair_keep_their_currencies(school: Connection) -> None:
    put_device(school, "A")
    begin_log(school, "A")
    day = date(2025, 3, 3)
    put_ticket(school, "1", "A", day)
    put_ticket(school, "2", "A", day, cost_cents=8000)
    put_ticket(school, "3", "A", day, cost_cents=9000, currency="EUR")
    repairs = read_fleet(school, TODAY).repairs
    assert (repairs.cost_cents.tolist(), repairs.currency.tolist()) == ([8000.0], [-1])


def test_a_foreign_amount_of_another_ticket_brings_its_currency_along(school: Connection) -> None:
    put_device(school, "A")
    begin_log(school, "A")
    day = date(2025, 3, 3)
    put_ticket(school, "1", "A", day, currency="USD")
    put_ticket(school, "2", "A", day, cost_cents=9000, currency="EUR")
    repairs = read_fleet(school, TODAY).repairs
    assert (np.isnan(repairs.cost_cents).tolist(), repairs.other_cents.tolist()) == ([True], [9000])
    assert repairs.currencies[repairs.currency[0]] == "EUR"


def test_a_rule_by_which_nothing_is_a_repair_is_refused(c: Connection) -> None:
    nothing = rule(
        categories=Categories(**NONE), repair_kinds=Words(**NONE), repair_lists=Words(**NONE)
    )
    with pytest.raises(Invalid, match="no ticket is a repair"):
        set_repair_rule(c, nothing)


def test_a_word_without_a_letter_neither_stands_in_a_rule_nor_cancels_anything(
    c: Connection,
) -> None:
    marks = rule(cancelled=Words(these=("!!!",), because=""))
    with pytest.raises(Invalid, match="needs a letter"):
        set_repair_rule(c, marks)
    assert judged(marks, source="x", kind=None, category="failure", status=None) == "repair"


@pytest.mark.parametrize("amount", ["99999999999999999", "012345678905"])
def test_an_amount_that_is_another_columns_is_refused_as_the_file_is_read(amount: str) -> None:
    with pytest.raises(ValueError, match="another column"):
        cents(amount)
    assert cents("10000000000.00") == 10**12


def test_a_whole_cost_below_its_parts_is_refused(school: Connection) -> None:
    put_device(school, "A")
    given = HandRepair(
        device="A", opened_on=date(2025, 3, 3), category="accident", cost_cents=3, parts_cents=5
    )
    with pytest.raises(Invalid, match="less than parts and labour"):
        add_repair(school, given, NOW)


def test_what_was_repaired_today_on_guam_is_not_of_the_future(c: Connection) -> None:
    add_school(c, name="Dededo Middle", timezone="Pacific/Guam")
    put_device(c, "A", "Dededo Middle")
    begin_log(c, "A")
    evening = datetime(2026, 11, 2, 22, tzinfo=UTC)
    its_today = date(2026, 11, 3)
    assert day_here(c, evening) == its_today
    add_repair(c, HandRepair(device="A", opened_on=its_today, category="accident"), evening)
    repairs = read_fleet(c, day_here(c, evening)).repairs
    assert repairs.day.astype(object).tolist() == [its_today]
    assert repairs.in_rates.tolist() == [True]
    tomorrow = HandRepair(device="A", opened_on=date(2026, 11, 4), category="accident")
    with pytest.raises(Invalid, match="after today"):
        add_repair(c, tomorrow, evening)


def with_costs(c: Connection) -> None:
    """Repairs of which some say why, and cost more than those that don't."""
    for number in range(20):
        put_device(c, f"D{number}")
    begin_log(c, "D0")
    for number in range(20):
        why = "accident" if number % 2 else None
        day = LOG_BEGAN + timedelta(days=30 + number)
        put_ticket(
            c, f"t{number}", f"D{number}", day, source="tickets", category=why,
            cost_cents=20_000 if why else 4_000,
        )  # fmt: skip


def test_paying_oneself_costs_the_same_beside_a_plan_and_beside_fees(school: Connection) -> None:
    with_costs(school)
    found = insurance(read_fleet(school, TODAY), AskedInsurance(premium_cents=4500))
    assert found.comparison is not None
    assert found.fees is not None
    mean = found.comparison.self_insured.expected_cents / found.comparison.expected_repairs
    assert mean == pytest.approx(12_000, rel=1e-4)
    expected = found.comparison.self_insured.expected_cents
    assert found.fees.repairs.expected_cents == pytest.approx(expected, rel=0.05)
    even = 100 * 4500 / (3 * 12_000)
    assert found.comparison.break_even_per_100 == pytest.approx(even)


def test_students_own_devices_are_not_insured_by_the_district(school: Connection) -> None:
    with_costs(school)
    put_device(school, "OWN", byod=True)
    found = insurance(read_fleet(school, TODAY), AskedInsurance())
    assert found.comparison is not None
    assert found.comparison.devices == 20


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (AskedInsurance(devices=0), "No such device is in service"),
        (AskedInsurance(sd_cost_cents=5), "on average"),
        (AskedInsurance(mean_cost_cents=1e-300, sd_cost_cents=1e9), "standard deviation"),
    ],
)
def test_an_offer_that_says_nothing_is_refused(
    school: Connection, asked: AskedInsurance, words: str
) -> None:
    with_costs(school)
    with pytest.raises(Invalid, match=words):
        insurance(read_fleet(school, TODAY), asked)
    assert costs_like(100.0, 9_000.0).sd_cents == 9_000.0


def test_devices_that_the_inventory_calls_lost_are_losses_once(school: Connection) -> None:
    for number in range(60):
        put_device(school, f"D{number}", kind="laptop")
    begin_log(school, "D0")
    lost_on = date(2025, 6, 1)
    put_ticket(school, "theft", "D1", lost_on, category="theft")
    put_device(school, "D1", kind="laptop", state="stolen", state_since=lost_on)
    put_device(school, "D2", kind="laptop", state="lost", state_since=lost_on)
    put_device(school, "D3", kind="laptop", state="lost")
    before_the_log = date(2024, 12, 1)
    put_device(school, "D4", kind="laptop", state="lost", state_since=before_the_log)
    put_device(school, "D5", kind="laptop", state="lost", byod=True)
    put_device(school, "D6", kind="laptop", state="retired", state_since=lost_on)
    outlook = outlook_of(read_fleet(school, TODAY), [], UnitCosts())
    assert outlook.attrition["laptop"].events == 3


def test_one_absurd_cost_from_before_spoils_neither_sums_nor_the_file(school: Connection) -> None:
    put_device(school, "A")
    begin_log(school, "A")
    put_ticket(school, "1", "A", date(2025, 3, 3), cost_cents=8000)
    put_ticket(school, "2", "A", date(2025, 4, 3), cost_cents=10**19)
    data = read_fleet(school, TODAY)
    assert data.repairs.cost_cents[0] == 8000
    assert np.isnan(data.repairs.cost_cents[1])
    assert data.incomplete == {"negative_cost": 1}
    absurd = AgingSaid(model="HP 11", kind="laptop", purchase_cost_cents=10**16)
    usual = AgingSaid(model="HP 11", kind="laptop", purchase_cost_cents=30_000)
    assert paid([absurd, usual], "USD")["HP 11"].high_cents == 30_000
