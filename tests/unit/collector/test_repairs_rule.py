"""Which tickets are repairs, and which of them tell of the same one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Connection

from broadgauge_collector.errors import Invalid
from broadgauge_collector.fleet.repairs.once import told_first
from broadgauge_collector.fleet.repairs.rule import (
    BY_HAND,
    DEFAULT,
    Categories,
    RepairRule,
    Verdict,
    Within,
    Words,
    YesOrNo,
    judged,
    repair_rule,
    set_repair_rule,
)

Told = tuple[int, int, int]
"""Device, day, category; -1: not known."""


def verdict(rule: RepairRule = DEFAULT, **ticket: str | None) -> Verdict:
    usual: dict[str, Any] = {"source": "incident-iq", "kind": None, "category": None} | ticket
    return judged(rule, status=usual.pop("status", None), **usual)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Repair", "repair"),
        ("repair", "repair"),
        ("Hardware Support", "other_kind"),
        ("Maintenance", "other_kind"),
        ("Upgrade", "other_kind"),
        ("PAT test", "other_kind"),
        ("PAT Test", "other_kind"),
        ("Calibration", "other_kind"),
        ("Software Support", "other_kind"),
        ("Configuration Change", "other_kind"),
    ],
)
def test_of_what_snipe_it_has_only_repair_is_one(kind: str, expected: Verdict) -> None:
    assert verdict(source="snipe-it", kind=kind) == expected


def test_hardware_support_is_a_repair_if_the_district_says_so() -> None:
    rule = replace(DEFAULT, hardware_support=YesOrNo(yes=True, because="We use it so."))
    assert verdict(rule, source="snipe-it", kind="Hardware Support") == "repair"
    assert verdict(rule, source="snipe-it", kind="Upgrade") == "other_kind"


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("failure", "repair"),
        ("accident", "repair"),
        ("loss", "loss"),
        ("theft", "loss"),
        ("maintenance", "other_category"),
        ("request", "other_category"),
        ("other", "other_category"),
        (None, "no_category"),
    ],
)
def test_failures_and_accidents_are_repairs_and_losses_stand_apart(
    category: str | None, expected: Verdict
) -> None:
    assert verdict(category=category) == expected


@pytest.mark.parametrize(
    "status", ["Cancelled", "CANCELED by staff", "Closed - Duplicate", "No Fault Found"]
)
def test_a_ticket_that_was_cancelled_or_is_anothers_duplicate_is_none(status: str) -> None:
    assert verdict(category="accident", status=status) == "cancelled"
    assert verdict(category="loss", status=status) == "cancelled"


@pytest.mark.parametrize("status", ["Closed", "Avoidable", None, "Deduplicated"])
def test_other_words_that_hold_such_a_word_cancel_nothing(status: str | None) -> None:
    assert verdict(category="accident", status=status) == "repair"


@pytest.mark.parametrize("source", ["tickets", BY_HAND])
def test_a_list_of_repairs_holds_repairs_unless_it_says_otherwise(source: str) -> None:
    assert verdict(source=source) == "repair"
    assert verdict(source=source, category="request") == "other_category"
    assert verdict(source=source, kind="Upgrade") == "other_kind"


def test_every_clause_has_its_reason() -> None:
    clauses = [getattr(DEFAULT, name) for name in RepairRule.__struct_fields__]
    assert all(len(clause.because) > 10 for clause in clauses)


def test_the_rule_is_the_usual_one_until_the_district_has_its_own(c: Connection) -> None:
    assert repair_rule(c) == DEFAULT
    own = replace(DEFAULT, repair_kinds=Words(these=("Werkstatt",), because="So we call it."))
    set_repair_rule(c, own)
    set_repair_rule(c, own)
    assert repair_rule(c) == own


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"categories": Categories(these=("failure", "theft"), because="")}, "counted apart"),
        ({"same_within": Within(days=-1, because="")}, "from 0 to 90"),
        ({"same_within": Within(days=91, because="")}, "from 0 to 90"),
        ({"currency": replace(DEFAULT.currency, code="usd")}, "three letters"),
    ],
)
def test_what_can_be_no_rule_is_refused(c: Connection, change: dict[str, Any], word: str) -> None:
    with pytest.raises(Invalid, match=word):
        set_repair_rule(c, replace(DEFAULT, **change))
    assert repair_rule(c) == DEFAULT


def first_of(told: Sequence[Told], within_days: int = 0) -> list[int]:
    device, day, category = (np.array(column) for column in zip(*told, strict=True))
    days = day.astype("datetime64[D]")
    first = told_first(device.astype(np.int32), days, category.astype(np.int32), within_days)
    return [int(n) for n in first]


def test_two_tickets_of_one_device_on_one_day_are_one_repair() -> None:
    assert first_of([(1, 100, 0), (1, 100, 0)]) == [0, 0]


@pytest.mark.parametrize("other", [(2, 100, 0), (1, 101, 0), (1, 100, 1), (-1, 100, 0)])
def test_another_device_day_or_category_is_another_repair(other: Told) -> None:
    assert first_of([(1, 100, 0), other]) == [0, 1]


def test_tickets_without_a_device_are_never_the_same() -> None:
    assert first_of([(-1, 100, 0), (-1, 100, 0)]) == [0, 1]


def test_a_category_that_nobody_said_may_be_any_but_not_two() -> None:
    assert first_of([(1, 100, -1), (1, 100, 0), (1, 100, 1)]) == [0, 0, 2]


def test_days_count_from_the_first_ticket_of_a_repair_and_not_from_the_last() -> None:
    assert first_of([(1, 100, 0), (1, 107, 0), (1, 114, 0)], within_days=7) == [0, 0, 2]


def naive(told: Sequence[Told], within_days: int) -> list[int]:
    """The same, by going through all that came before for each."""
    first = list(range(len(told)))
    known: dict[int, int] = {}
    for n in sorted(first, key=lambda n: (told[n][1], n)):
        device, day, category = told[n]
        for other in sorted(known, key=lambda n: (told[n][1], n)):
            same = told[other][0] == device >= 0 and day - told[other][1] <= within_days
            if same and (known[other] == category or -1 in (known[other], category)):
                first[n] = other
                known[other] = max(known[other], category)
                break
        else:
            known[n] = category
    return first


TOLD = st.tuples(st.integers(-1, 3), st.integers(0, 12), st.integers(-1, 2))


@given(st.lists(TOLD, min_size=1, max_size=40), st.integers(0, 5))
def test_going_through_all_that_came_before_says_the_same(told: list[Told], within: int) -> None:
    assert first_of(told, within) == naive(told, within)
