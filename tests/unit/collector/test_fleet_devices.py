"""One device seen by several sources is one device, and each source can be taken back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from broadgauge_collector.fleet.by_hand import HandSaid, say_by_hand
from broadgauge_collector.fleet.device_rows import Devices
from broadgauge_collector.fleet.merging import Precedence
from broadgauge_collector.fleet.model import Device
from broadgauge_collector.fleet.other_rows import KEPT, OtherRows, attach_tickets
from broadgauge_collector.fleet.places import SchoolAlias
from broadgauge_collector.fleet.precedence import set_precedence
from broadgauge_collector.fleet.questions import Asked, devices, groups, whole_device
from broadgauge_collector.fleet.supported import SupportedModels, set_supported
from broadgauge_collector.fleet.totals import totals
from broadgauge_collector.fleet.unplaced import say_which_school, unplaced
from broadgauge_collector.imports.model import DeviceRecord, TicketRecord
from broadgauge_collector.schools.repository import add_school
from broadgauge_collector.store import tables
from broadgauge_collector.upkeep.going import going_school, remove

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
MAC, OTHER_MAC = "a" * 32, "b" * 32


def put(c: Connection, source: str, *records: DeviceRecord) -> list[Any]:
    return Devices(c, source, Precedence()).put(records, NOW)


def record(key: str, **facts: Any) -> DeviceRecord:
    return DeviceRecord(key=key, **facts)


def all_devices(c: Connection, **asked: Any) -> tuple[Device, ...]:
    found = devices(c, Asked(**asked), "serial", descending=False, start=0, limit=100)
    assert found.total == len(found.devices)
    return found.devices


@pytest.mark.parametrize(
    "same",
    [{"serial": "5CD1"}, {"asset_tag": "T-7"}, {"macs": (MAC,)}],
    ids=lambda s: next(iter(s)),
)
def test_two_sources_speak_of_one_device(c: Connection, same: dict[str, Any]) -> None:
    put(c, "google", record("g1", model="HP 11", **same))
    put(c, "snipe-it", record("s1", state="in_service", **same))
    (found,) = all_devices(c)
    assert (found.model, found.state, found.sources) == ("HP 11", "in_service", "google, snipe-it")


@pytest.mark.parametrize("same", [{"asset_tag": "T-7"}, {"macs": (MAC,)}])
def test_serial_numbers_that_differ_are_two_devices_whatever_else_is_the_same(
    c: Connection, same: dict[str, Any]
) -> None:
    put(c, "google", record("g1", serial="A", **same))
    put(c, "snipe-it", record("s1", serial="B", **same))
    assert [d.serial for d in all_devices(c)] == ["A", "B"]


def test_two_devices_become_one_once_a_source_learns_the_serial_number(c: Connection) -> None:
    put(c, "google", record("g1", serial="A"))
    put(c, "snipe-it", record("s1", asset_tag="T-1"))
    assert len(all_devices(c)) == 2
    put(c, "snipe-it", record("s1", asset_tag="T-1", serial="A"))
    (found,) = all_devices(c)
    assert (found.serial, found.asset_tag) == ("A", "T-1")


def test_rows_that_come_together_find_each_other(c: Connection) -> None:
    put(c, "google", record("g1", serial="A"), record("g2", serial="A", model="again enrolled"))
    assert len(all_devices(c)) == 1


def test_what_was_there_before_comes_back(c: Connection) -> None:
    put(c, "google", record("g1", serial="A", model="old"))
    before = put(c, "google", record("g1", serial="A", model="new"), record("g2", serial="B"))
    assert [d.model for d in all_devices(c)] == ["new", None]
    Devices(c, "google", Precedence()).restore(before)
    assert [(d.serial, d.model) for d in all_devices(c)] == [("A", "old")]


def test_a_device_that_vanished_stays_and_says_so_until_it_is_there_again(c: Connection) -> None:
    put(c, "google", record("g1", serial="A"))
    rows = Devices(c, "google", Precedence())
    before = rows.vanish(["g1"], NOW + timedelta(days=1))
    assert [d.vanished for d in all_devices(c)] == [True]
    rows.restore(before)
    assert [d.vanished for d in all_devices(c)] == [False]
    rows.vanish(["g1"], NOW)
    put(c, "google", record("g1", serial="A"))
    assert [d.vanished for d in all_devices(c)] == [False]


def test_what_vanished_comes_back_as_vanished(c: Connection) -> None:
    put(c, "google", record("g1", serial="A"))
    rows = Devices(c, "google", Precedence())
    rows.vanish(["g1"], NOW)
    before = put(c, "google", record("g1", serial="A", model="back"))
    rows.restore(before)
    assert [(d.model, d.vanished) for d in all_devices(c)] == [(None, True)]


def test_a_place_is_the_school_by_its_name_or_by_a_part_of_the_path(c: Connection) -> None:
    add_school(c, name="Lincoln Elementary", timezone="America/Chicago")
    put(c, "google", record("g1", serial="A", place="/Students/lincoln  elementary/Grade 5"))
    put(c, "snipe-it", record("s2", serial="B", place="Lincoln Elementary"))
    assert {d.school for d in all_devices(c)} == {"Lincoln Elementary"}


def test_a_place_that_nobody_knows_is_listed_and_told_once(c: Connection) -> None:
    add_school(c, name="Lincoln Elementary", timezone="America/Chicago")
    put(
        c,
        "google",
        record("g1", serial="A", place="/LES"),
        record("g2", serial="B", place="/LES/5"),
    )
    assert [(u.place, u.devices) for u in unplaced(c)] == [("/LES", 1), ("/LES/5", 1)]
    say_which_school(c, SchoolAlias(name="LES", school="Lincoln Elementary"))
    assert unplaced(c) == ()
    assert {d.school for d in all_devices(c)} == {"Lincoln Elementary"}


def test_two_names_of_one_school_are_no_disagreement_once_somebody_said_so(c: Connection) -> None:
    add_school(c, name="Lincoln Elementary", timezone="America/Chicago")
    put(c, "snipe-it", record("s1", serial="A", place="Lincoln Elementary"))
    put(c, "google", record("g1", serial="A", place="/LES"))
    assert [d.conflicts for d in all_devices(c)] == [1]
    say_which_school(c, SchoolAlias(name="LES", school="Lincoln Elementary"))
    assert [d.conflicts for d in all_devices(c)] == [0]


def test_what_is_said_by_hand_wins_until_it_is_taken_back(c: Connection) -> None:
    put(c, "snipe-it", record("s1", serial="A", state="in_service"))
    (found,) = all_devices(c)
    said = say_by_hand(c, found.id, HandSaid(state="stolen"), NOW)
    assert (said.device.state, said.origins["state"]) == ("stolen", "hand")
    assert [conflict.field for conflict in said.conflicts] == ["state"]
    back = say_by_hand(c, found.id, HandSaid(), NOW)
    assert (back.device.state, len(back.sources)) == ("in_service", 1)


def test_another_rule_of_who_wins_changes_every_device(c: Connection) -> None:
    put(c, "google", record("g1", serial="A", asset_tag="G"))
    put(c, "snipe-it", record("s1", serial="A", asset_tag="S"))
    set_precedence(c, Precedence(records=("google",)))
    assert [d.asset_tag for d in all_devices(c)] == ["G"]


def test_a_ticket_waits_for_its_device(c: Connection) -> None:
    rows = OtherRows(c, "tickets", KEPT[TicketRecord])
    rows.put([TicketRecord(key="1", serial="A"), TicketRecord(key="2", asset_tag="T-9")], NOW)
    put(c, "google", record("g1", serial="A", asset_tag="T-9"))
    assert attach_tickets(c) == 2
    (found,) = all_devices(c)
    assert [t.key for t in whole_device(c, found.id).tickets] == ["1", "2"]


def test_a_ticket_stays_when_its_device_goes(c: Connection) -> None:
    before = put(c, "google", record("g1", serial="A"))
    OtherRows(c, "tickets", KEPT[TicketRecord]).put([TicketRecord(key="1", serial="A")], NOW)
    Devices(c, "google", Precedence()).restore(before)
    assert all_devices(c) == ()
    assert c.execute(select(tables.ticket.c.key, tables.ticket.c.device_id)).all() == [("1", None)]


def test_devices_are_found_by_words_and_by_what_they_are(c: Connection) -> None:
    put(
        c, "google",
        record("1", serial="A1", make="HP", model="Chromebook", kind="chromebook", hours_a_week=2),
        record("2", serial="B%2", make="Dell", model="Latitude", kind="laptop", hours_a_week=20.0),
    )  # fmt: skip
    assert [d.serial for d in all_devices(c, search="hp chrome")] == ["A1"]
    assert [d.serial for d in all_devices(c, search="%")] == ["B%2"]
    assert [d.serial for d in all_devices(c, idle_below=5)] == ["A1"]
    assert [d.serial for d in all_devices(c, kind="laptop", source="google")] == ["B%2"]
    assert all_devices(c, source="goog") == ()
    assert [(g.name, g.devices) for g in groups(c, Asked(), "make")] == [("Dell", 1), ("HP", 1)]


def test_a_school_that_is_erased_takes_its_devices_and_all_that_named_them(c: Connection) -> None:
    add_school(c, name="Lincoln", timezone="America/Chicago")
    put(c, "google", record("1", serial="SER1AL", place="Lincoln", macs=(OTHER_MAC,)))
    put(c, "google", record("2", serial="KEPT", place="Grant"))
    remove(c, going_school(c, "Lincoln"))
    assert [d.serial for d in all_devices(c)] == ["KEPT"]
    left = [str(row) for t in tables.metadata.sorted_tables for row in c.execute(select(t))]
    assert not [row for row in left if "SER1AL" in row or OTHER_MAC in row]


def test_what_is_off_the_list_of_supported_models_is_counted_once_there_is_a_list(
    c: Connection,
) -> None:
    put(c, "google", record("1", serial="A", model="HP 11"), record("2", serial="B", model="Old"))
    put(c, "google", record("3", serial="C"))
    assert totals(c).off_list is None
    assert all_devices(c, off_list=True) == ()
    said = set_supported(c, SupportedModels(models=("hp  11", "HP 11")))
    assert said.models == ("HP 11",)
    assert [d.serial for d in all_devices(c, off_list=True)] == ["B"]
    assert totals(c).off_list == 1
    assert set_supported(c, SupportedModels()).models == ()
    assert totals(c).off_list is None
