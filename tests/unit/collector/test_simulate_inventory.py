"""What made-up schools own and repair, as the importer reads it."""

from collections import Counter, defaultdict
from datetime import date
from functools import cache
from typing import cast

from msgspec.structs import replace

from broadgauge_collector.imports.model import DeviceRecord, TicketRecord
from broadgauge_collector.simulate.inventory import has_inventory, lists_of
from broadgauge_collector.simulate.world import World
from tests.unit.collector.example_exports import records

DISTRICT = World(
    seed=1, scale="district", schools=40, agents_per_school=2, since=date(2024, 2, 1), days=365
)
TODAY = date(2025, 1, 31)


@cache
def devices() -> tuple[DeviceRecord, ...]:
    return tuple(
        cast("DeviceRecord", r) for r in records("devices", lists_of(DISTRICT).devices_csv)
    )


@cache
def tickets() -> tuple[TicketRecord, ...]:
    return tuple(
        cast("TicketRecord", r) for r in records("tickets", lists_of(DISTRICT).tickets_csv)
    )


def test_forty_schools_have_some_ten_thousand_devices_and_tickets_and_no_row_is_refused() -> None:
    assert 8_000 < len(devices()) < 13_000
    assert 7_000 < len(tickets()) < 13_000
    assert lists_of(DISTRICT).devices == len(devices())
    assert lists_of(DISTRICT).tickets == len(tickets())


def test_the_same_seed_makes_the_same_lists_and_another_makes_others() -> None:
    assert lists_of(replace(DISTRICT)) == lists_of(DISTRICT)
    assert lists_of(replace(DISTRICT, seed=2)).devices_csv != lists_of(DISTRICT).devices_csv


def test_each_school_has_some_hundreds_and_every_device_a_number_of_its_own() -> None:
    by_school = Counter(device.place for device in devices())
    assert set(by_school) == {school.name for school in DISTRICT.district(0).schools}
    assert 150 < sum(by_school.values()) / len(by_school) < 400
    assert len({device.serial for device in devices()}) == len(devices())
    assert len({device.asset_tag for device in devices()}) == len(devices())


def test_there_are_models_and_years_and_every_state() -> None:
    of_kind = defaultdict[str | None, set[str | None]](set)
    for device in devices():
        of_kind[device.kind].add(device.model)
    assert len(of_kind["chromebook"]) == 5
    assert {"laptop", "tablet", "desktop"} < of_kind.keys()
    years = Counter(d.purchased_on.year for d in devices() if d.purchased_on)
    assert len(years) >= 7
    states = Counter(device.state for device in devices())
    assert states.keys() == {
        "in_service", "storage", "loaner", "in_repair", "lost", "stolen", "retired",
    }  # fmt: skip
    assert states["in_service"] > 0.7 * len(devices())


def test_updates_of_some_models_have_ended_and_those_of_others_go_on_for_years() -> None:
    ends = {d.model: d.support_ends_on for d in devices() if d.kind == "chromebook"}
    known = [end for end in ends.values() if end is not None]
    assert len(known) == len(ends)
    assert min(known) < TODAY
    assert max(known) > date(2030, 1, 1)


def test_nothing_is_repaired_before_it_was_there_or_after_it_was_gone() -> None:
    by_tag = {device.asset_tag: device for device in devices()}
    for ticket in tickets():
        device = by_tag[ticket.asset_tag]
        assert device.enrolled_on is not None
        assert ticket.opened_on is not None
        assert device.enrolled_on <= ticket.opened_on <= (device.state_since or TODAY)


def test_one_school_tells_of_no_repair_and_all_others_do() -> None:
    told = {ticket.place for ticket in tickets()}
    assert len({device.place for device in devices()} - told) == 1


def test_what_breaks_under_warranty_costs_nothing_and_accidents_are_never_under_it() -> None:
    for ticket in tickets():
        if ticket.under_warranty:
            assert ticket.category == "failure"
            assert not ticket.cost_cents


def test_one_model_fails_more_often_than_another_of_its_age() -> None:
    """Failures a device-year in their third year, of the weakest and of the one beside it."""
    model = {device.asset_tag: device.model for device in devices()}
    many = Counter(model.values())
    failed = Counter(model[t.asset_tag] for t in tickets() if t.category == "failure")
    assert failed["Waffle 14e"] / many["Waffle 14e"] > (
        1.5 * failed["Kazoo Flip 12"] / many["Kazoo Flip 12"]
    )


def test_a_device_that_broke_breaks_again_more_often_than_chance_would_have_it() -> None:
    """Of a Poisson without frailty the variance would be the mean."""
    tag_of = {d.asset_tag: 0 for d in devices() if d.model == "Waffle 14e"}
    for ticket in tickets():
        if ticket.asset_tag in tag_of and ticket.category in ("failure", "accident"):
            tag_of[ticket.asset_tag] += 1
    counts = list(tag_of.values())
    mean = sum(counts) / len(counts)
    assert sum((n - mean) ** 2 for n in counts) / len(counts) > 1.2 * mean


def test_a_lost_device_has_a_ticket_that_says_so() -> None:
    lost = {t.asset_tag for t in tickets() if t.category in ("loss", "theft")}
    gone = {d.asset_tag for d in devices() if d.state in ("lost", "stolen")}
    assert lost <= gone
    assert len(lost) > 0.5 * len(gone)


def test_a_state_of_thousands_of_schools_has_no_inventory() -> None:
    assert has_inventory(DISTRICT)
    assert not has_inventory(replace(DISTRICT, scale="state", schools=2_000))
    assert not has_inventory(replace(DISTRICT, schools=2_000))
