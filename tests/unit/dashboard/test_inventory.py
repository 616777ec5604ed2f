from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from broadgauge_collector.fleet.merging import Conflict
from broadgauge_collector.fleet.model import Device, DeviceGroup, SourceSays, WholeDevice
from broadgauge_collector.fleet.totals import DeviceTotals
from broadgauge_collector.fleet.unplaced import Unplaced
from broadgauge_collector.imports.model import Refused
from broadgauge_collector.imports.runs import Import
from broadgauge_dashboard.views.device import body
from broadgauge_dashboard.views.device_words import name_of, value_of
from broadgauge_dashboard.views.devices import groups_panel, row, totals_panel
from broadgauge_dashboard.views.imports import import_panel, list_panel, places_panel
from broadgauge_wire import new_id
from tests.unit.dashboard.seeing import texts, walk

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def device(**facts: Any) -> Device:
    known: dict[str, Any] = dict.fromkeys(Device.__struct_fields__) | {
        "id": new_id(), "sources": "google", "conflicts": 0, "vanished": False,
    }  # fmt: skip
    return Device(**(known | facts))


def an_import(**facts: Any) -> Import:
    known: dict[str, Any] = dict.fromkeys(Import.__struct_fields__, 0) | {
        "id": new_id(), "format": "google-admin", "source": "google", "state": "ready",
        "asked_by": "Ann", "asked_at": NOW, "ended_at": None, "trouble": None,
    }  # fmt: skip
    return Import(**(known | facts))


def said(component: Any) -> str:
    return texts(component)


def requests(component: Any) -> list[str]:
    found = (getattr(each, "data-request", None) for each in walk(component))
    return [each for each in found if each]


def test_what_is_not_known_is_a_dash_and_never_nothing() -> None:
    shown = row(device(serial="5CD1"))
    assert (shown["started_text"], shown["model"], shown["purchased_on"]) == ("5CD1", "—", "—")


def test_a_device_that_no_source_has_says_so() -> None:
    assert row(device(vanished=True, state="in_service"))["state"] == "Vanished"


def test_values_are_shown_in_peoples_units() -> None:
    assert value_of("purchase_cost_cents", 28_900) == "289.00"
    assert value_of("memory_bytes", 8 * 2**30) == "8 GiB"
    assert value_of("battery_health_ratio", 0.834) == "83%"
    assert value_of("has_keyboard", False) == "No"
    assert (name_of("purchase_cost_cents"), name_of("warranty_ends_on")) == (
        "Price",
        "Warranty ends",
    )


def test_only_what_needs_somebody_leads_on() -> None:
    found = DeviceTotals(
        devices=9, in_service=8, unplaced=0, conflicts=2, vanished=0, off_list=None
    )
    links = [each.href for each in walk(totals_panel(found)) if hasattr(each, "href")]
    assert links == ["/devices?only=conflicts"]


def test_a_group_leads_to_its_devices_with_the_other_filters_kept() -> None:
    group = DeviceGroup(name="HP 11", devices=3, conflicts=0, oldest=date(2021, 8, 1))
    shown = groups_panel([group], "model", {"q": "hp", "school": "Lincoln"})
    (link,) = [each.href for each in walk(shown) if hasattr(each, "href")]
    assert parse_qs(urlsplit(link).query) == {
        "q": ["hp"], "school": ["Lincoln"], "model": ["HP 11"],
    }  # fmt: skip


def test_sources_that_disagree_stand_side_by_side_with_the_one_that_counts() -> None:
    found = WholeDevice(
        device=device(serial="5CD1", model="HP 11"),
        facts={"model": "HP 11"},
        origins={"model": "google"},
        conflicts=(Conflict("model", {"google": "HP 11", "snipe-it": "HP 14"}),),
        sources=(SourceSays(source="google", key="1", said_at=NOW, vanished_at=None, facts={}),),
        tickets=(),
    )
    words = said(body(found))
    assert "Sources disagree" in words
    assert "Google Admin HP 11 Counts" in words
    assert "HP 14" in words


def test_an_import_offers_what_can_be_done_with_it() -> None:
    ready, applied = an_import(), an_import(state="applied")
    assert requests(import_panel(ready, [], [])) == [
        f"POST /import-runs/{ready.id}/apply", f"DELETE /import-runs/{ready.id}",
    ]  # fmt: skip
    assert requests(import_panel(applied, [], [])) == [f"POST /import-runs/{applied.id}/undo"]
    assert requests(import_panel(an_import(state="undone"), [], [])) == []


def test_an_import_in_which_much_vanishes_is_confirmed() -> None:
    found = an_import(trouble="20 of 40 are not in this file any more.")
    shown = import_panel(found, [], [])
    assert requests(shown)[0] == f"POST /import-runs/{found.id}/apply?confirm=true"
    assert "Apply it all the same" in said(shown)


def test_refused_rows_have_their_line_and_why_and_can_be_taken_away() -> None:
    found = an_import(refused=1)
    shown = import_panel(found, [], [Refused(7, "It has no date.")])
    assert "7 It has no date." in said(shown)
    (link,) = [each.href for each in walk(shown) if hasattr(each, "href")]
    assert link == f"/api/v1/import-runs/{found.id}/refused?format=csv"


def test_nothing_imported_and_nothing_to_place_say_so() -> None:
    assert "Nothing was imported yet" in said(list_panel([]))
    assert places_panel([], ["Lincoln"]) is None
    assert "1 place is" in said(places_panel([Unplaced(place="LES", devices=3)], ["Lincoln"]))
