"""Amounts that are typed on pages, and costs that nobody knows."""

from datetime import date
from typing import Any

import pytest

from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.statistics.refresh_model import Need
from broadgauge_collector.fleet.statistics.sums import Money
from broadgauge_dashboard.money import cents_of
from broadgauge_dashboard.pages.repairs import _given
from broadgauge_dashboard.views.refresh import _metric

NOTHING = Money(low_cents=0, expected_cents=0, high_cents=0)


@pytest.mark.parametrize("amount", [1e308, float("inf"), float("nan"), -0.01, 10**11])
def test_an_amount_that_cant_be_is_refused_with_a_sentence(amount: float) -> None:
    with pytest.raises(Invalid, match="An amount is from 0"):
        cents_of(amount)


@pytest.mark.parametrize(("amount", "cents"), [(80.5, 8050), (0, 0), ("", None), (None, None)])
def test_an_amount_is_kept_in_hundredths_and_none_stays_unknown(amount: Any, cents: Any) -> None:
    assert cents_of(amount) == cents


def test_a_repair_that_is_typed_in_has_its_amounts() -> None:
    given = _given(
        "T-1", "accident", None, "2026-10-05", None, 80.5, None, None, None, None
    )  # fmt: skip
    assert (given.opened_on, given.cost_cents, given.parts_cents) == (date(2026, 10, 5), 8050, None)


def test_where_no_price_is_known_the_page_says_so_rather_than_nothing() -> None:
    need = Need(low=8, expected=10.0, high=12, unpriced=10.0, cost=NOTHING)
    assert "no price is known" in str(_metric("In 2027", need, "USD"))
    free = Need(low=0, expected=0.0, high=0, unpriced=0.0, cost=NOTHING)
    assert "$0" in str(_metric("In 2027", free, "USD"))
