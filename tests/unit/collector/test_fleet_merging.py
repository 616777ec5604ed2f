"""Several sources, one device: who wins, and where they disagree."""

from datetime import UTC, date, datetime
from typing import Any

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
