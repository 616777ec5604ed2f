"""Several sources, one device: who wins, and where they disagree."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from broadgauge_collector.fleet.merging import Merged, Precedence, Said, merged
from broadgauge_collector.imports.model import DeviceRecord


def said(source: str, *, vanished: bool = False, **facts: Any) -> Said:
    return Said(source=source, record=DeviceRecord(key="1", **facts), vanished=vanished)


def of(*sources: Said, schools: dict[str, str] | None = None) -> Merged:
    return merged(sources, Precedence(), schools or {})


def test_what_people_write_down_is_taken_from_the_asset_system() -> None:
    found = of(said("google", asset_tag="G-1"), said("snipe-it", asset_tag="S-1"))
    assert (found.record.asset_tag, found.origins["asset_tag"]) == ("S-1", "snipe-it")


def test_what_a_device_is_is_taken_from_the_device() -> None:
    found = of(said("snipe-it", model="Latitude"), said("agent", model="Latitude 3120"))
    assert (found.record.model, found.origins["model"]) == ("Latitude 3120", "agent")


def test_a_source_that_says_nothing_of_a_field_leaves_it_to_the_next() -> None:
    found = of(said("agent", serial="A1"), said("snipe-it", purchased_on=date(2023, 8, 1)))
    assert (found.record.serial, found.record.purchased_on) == ("A1", date(2023, 8, 1))


def test_what_somebody_here_said_wins() -> None:
    found = of(said("hand", state="retired"), said("snipe-it", state="in_service"))
    assert found.record.state == "retired"


def test_a_source_in_which_the_device_has_vanished_comes_last() -> None:
    found = of(said("snipe-it", asset_tag="OLD", vanished=True), said("google", asset_tag="NEW"))
    assert found.record.asset_tag == "NEW"
    assert found.conflicts == ()


def test_it_was_last_seen_when_anybody_saw_it_last() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    found = of(said("agent", last_seen_at=early), said("intune", last_seen_at=late))
    assert found.record.last_seen_at == late


def test_sources_that_differ_are_shown_side_by_side() -> None:
    found = of(
        said("google", purchased_on=date(2023, 8, 1)),
        said("snipe-it", purchased_on=date(2021, 8, 1)),
    )
    (conflict,) = found.conflicts
    assert conflict.field == "purchased_on"
    assert conflict.said == {"google": "2023-08-01", "snipe-it": "2021-08-01"}


def test_a_school_by_two_names_is_one() -> None:
    two = (said("google", place="/LES/Students"), said("snipe-it", place="Lincoln"))
    assert [c.field for c in of(*two).conflicts] == ["place"]
    assert of(*two, schools={"/LES/Students": "1", "Lincoln": "1"}).conflicts == ()


def test_case_is_no_disagreement() -> None:
    assert of(said("google", model="HP 11 G8"), said("intune", model="hp 11 g8")).conflicts == ()


def test_a_districts_own_rule_is_kept_to() -> None:
    rule = Precedence(records=("google", "snipe-it"))
    two = (said("google", asset_tag="G-1"), said("snipe-it", asset_tag="S-1"))
    assert merged(two, rule, {}).record.asset_tag == "G-1"


def test_a_device_that_one_source_lists_twice_is_told() -> None:
    found = merged(
        [
            Said(source="snipe-it", record=DeviceRecord(key="12", serial="A")),
            Said(source="snipe-it", record=DeviceRecord(key="77", serial="A")),
            Said(source="google", record=DeviceRecord(key="g", serial="A")),
        ],
        Precedence(),
        {},
    )
    assert [(each.field, each.said) for each in found.conflicts] == [
        ("key", {"snipe-it": "12, 77"})
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_a_device_that_was_wiped_and_enrolled_again_is_what_its_last_row_says(
    turned: bool,
) -> None:
    old = said("google", state="retired", place="Lincoln", enrolled_on=date(2021, 8, 1))
    new = said("google", state="in_service", place="Grant", enrolled_on=date(2024, 8, 1))
    found = of(*((new, old) if turned else (old, new)))
    assert (found.record.state, found.record.place) == ("in_service", "Grant")
    assert found.conflicts == ()


@pytest.mark.parametrize("turned", [False, True])
def test_of_two_rows_of_one_source_the_later_one_counts(turned: bool) -> None:
    early = said("google", asset_tag="OLD", last_seen_at=datetime(2025, 1, 1, tzinfo=UTC))
    late = said("google", asset_tag="NEW", last_seen_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert of(*((late, early) if turned else (early, late))).record.asset_tag == "NEW"
