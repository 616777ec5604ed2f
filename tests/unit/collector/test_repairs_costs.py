"""What repairs cost and how long they took, of tickets, parts, and of what is told twice."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection

from broadgauge_collector.fleet.repairs.model import CATEGORIES, NOT_KNOWN, YES
from tests.unit.collector.fleet_days import lincoln, put_part, put_ticket, read

__all__ = ("lincoln",)

DAY = date(2025, 3, 3)
ONE_DAY = timedelta(days=1)


def test_what_two_systems_tell_is_one_repair_with_what_either_knows(lincoln: Connection) -> None:
    put_ticket(lincoln, "1", "A", DAY, source="incident-iq")
    put_ticket(
        lincoln, "9", "A", DAY, source="snipe-it", kind="Repair", category=None, cost_cents=700,
        under_warranty=True, closed_on=DAY + ONE_DAY,
    )  # fmt: skip
    data = read(lincoln)
    assert data.repairs.key == ("1",)
    assert data.repairs.cost_cents.tolist() == [700.0]
    assert data.repairs.downtime_days.tolist() == [1.0]
    assert data.repairs.under_warranty.tolist() == [YES]
    assert data.left_out == {"other_category": 1, "told_twice": 1}


def test_parts_give_the_cost_the_warranty_and_the_accident(lincoln: Connection) -> None:
    put_ticket(lincoln, "1", "A", DAY, category=None)
    put_part(lincoln, "p1", "1", cost_cents=4000, warranty_claim=True, student_damage=True)
    put_part(lincoln, "p2", "1", cost_cents=600, quantity=2.0)
    data = read(lincoln)
    assert (data.repairs.cost_cents.tolist(), data.repairs.parts_cents.tolist()) == (
        [4600.0],
        [4600.0],
    )
    assert CATEGORIES[data.repairs.category[0]] == "accident"
    assert data.repairs.under_warranty.tolist() == [YES]
    assert data.incomplete == {"several_of_a_part": 1}


def test_a_part_of_unknown_cost_makes_the_cost_unknown(lincoln: Connection) -> None:
    put_ticket(lincoln, "1", "A", DAY)
    put_part(lincoln, "p1", "1", cost_cents=4000)
    put_part(lincoln, "p2", "1")
    data = read(lincoln)
    assert np.isnan(data.repairs.cost_cents[0])
    assert data.repairs.under_warranty.tolist() == [NOT_KNOWN]
    assert data.incomplete == {"parts_without_cost": 1}


def test_a_tickets_own_cost_wins_over_that_of_its_parts(lincoln: Connection) -> None:
    put_ticket(lincoln, "1", "A", DAY, cost_cents=9900)
    put_part(lincoln, "p1", "1", cost_cents=4000)
    assert read(lincoln).repairs.cost_cents.tolist() == [9900.0]


@pytest.mark.parametrize(
    ("said", "cost"),
    [
        ({"parts_cents": 400, "labour_cents": 250}, 650.0),
        ({"parts_cents": 400}, 400.0),
        ({"cost_cents": 0, "parts_cents": 400}, 0.0),
    ],
)
def test_a_cost_that_nobody_said_is_parts_and_labour(
    lincoln: Connection, said: dict[str, Any], cost: float
) -> None:
    put_ticket(lincoln, "1", "A", DAY, **said)
    assert read(lincoln).repairs.cost_cents.tolist() == [cost]


def test_another_currency_is_kept_and_told_and_never_added(lincoln: Connection) -> None:
    put_ticket(lincoln, "1", "A", DAY, cost_cents=1000, currency="EUR")
    put_ticket(lincoln, "2", "A", DAY + ONE_DAY, cost_cents=50, currency="USD")
    put_ticket(lincoln, "3", "A", DAY + 2 * ONE_DAY, cost_cents=7)
    data = read(lincoln)
    assert np.nansum(data.repairs.cost_cents) == 57
    assert data.repairs.other_cents[0] == 1000
    assert data.repairs.currencies[data.repairs.currency[0]] == "EUR"
    assert data.incomplete == {"other_currency": 1}


def test_closed_before_opened_counts_as_a_repair_that_took_nobody_knows_how_long(
    lincoln: Connection,
) -> None:
    put_ticket(lincoln, "1", "A", DAY, closed_on=DAY - ONE_DAY)
    put_ticket(lincoln, "2", "A", DAY + ONE_DAY, closed_on=DAY, downtime_days=2.5)
    data = read(lincoln)
    assert np.isnan(data.repairs.downtime_days[0])
    assert data.repairs.downtime_days[1] == 2.5
    assert data.incomplete == {"closed_before_opened": 2}


def test_a_negative_cost_is_not_known(lincoln: Connection) -> None:
    put_ticket(lincoln, "1", "A", DAY, cost_cents=-5)
    data = read(lincoln)
    assert np.isnan(data.repairs.cost_cents[0])
    assert data.incomplete == {"negative_cost": 1}
