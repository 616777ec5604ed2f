"""What every store of results promises about batches, whichever engine is behind it."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadgauge_collector.store.results import Changes, Place, ResultStore, place_of
from broadgauge_collector.store.schema import columns_of
from broadgauge_wire import (
    RESULT_KINDS,
    Application,
    Battery,
    Disk,
    HoursOn,
    InventoryResult,
    NetworkLink,
    Result,
    new_id,
)
from broadgauge_wire.catalogue import fields_of
from tests.collecting import NOW, an_agent, latency, skipped, throughput
from tests.made_up import full_reading

from .result_stores import MINUTE, OpenedAgain, all_ids, commit, ids_of, incoming

MANY = 40
"""Batches of one lane, more than any store keeps digests of."""


def full_inventory() -> InventoryResult:
    return InventoryResult(
        id=new_id(), started_at=NOW, duration_seconds=0.1, agent_version="0.1.0", make="Lenovo",
        model="300e", serial="PF1", cpu_cores=4, memory_bytes=4 * 2**30, batteries=(
            Battery(design_capacity_watt_hours=47.0, full_capacity_watt_hours=40.1, cycles=310),
        ), disks=(Disk(name="mmcblk0", size_bytes=32 * 10**9, rotational=False,
        health="warning", life_used_ratio=0.8),),
        interfaces=(NetworkLink(name="wlan0", kind="wifi", speed_bits_per_second=433e6),),
        os_build="19045.4291", os_edition="Education", manufactured_year=2021, screen_inches=11.6,
        screen_width_pixels=1366, screen_height_pixels=768, has_keyboard=False,
        wifi_standard="802.11ac", hours_on_a_day=(HoursOn(day=date(2026, 3, 1), hours=6.5),),
        applications=(Application(name="gimp", version="2.10"), Application(name="vim")),
    )  # fmt: skip


def test_each_kind_has_the_wires_columns(store: ResultStore) -> None:
    for kind in RESULT_KINDS:
        names = [field.name for field in fields_of(kind)]
        assert store.select(kind, limit=1).column_names == [
            *names, "agent_id", "school_id", "received_at"
        ]  # fmt: skip


@pytest.mark.parametrize(
    "result", [throughput(), full_reading(), latency(), skipped(), full_inventory()]
)
def test_a_result_is_found_with_every_value_it_was_sent_with(
    store: ResultStore, result: Result
) -> None:
    agent = an_agent()
    kind = str(result.__struct_config__.tag)
    commit(store, incoming(agent, result))
    (row,) = store.select(kind, limit=10).to_pylist()
    assert store.find(kind, result.id).to_pylist() == [row]
    assert (row.pop("agent_id"), row.pop("school_id")) == (str(agent.id), str(agent.school_id))
    assert row.pop("received_at").replace(tzinfo=UTC) == NOW
    assert (
        msgspec.convert({"kind": kind, **_wired(kind, row)}, type(result), strict=False) == result
    )


def _wired(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    for column in columns_of(kind):
        if column.sql == "TIMESTAMP" and column.name in row:
            row[column.name] = row[column.name].replace(tzinfo=UTC)
        elif str(row.get(column.name)).startswith(("{", "[")):
            row[column.name] = msgspec.json.decode(row[column.name])
    return {name: value for name, value in row.items() if value is not None}


def test_there_is_no_row_for_an_id_that_nobody_sent(store: ResultStore) -> None:
    commit(store, incoming(an_agent(), throughput()))
    assert store.find("throughput", new_id()).num_rows == 0


def test_moments_are_kept_in_utc_to_the_microsecond(store: ResultStore) -> None:
    denver = datetime(2026, 3, 2, 7, 59, 59, 123456, tzinfo=timezone(timedelta(hours=-7)))
    commit(store, incoming(an_agent(), throughput(started_at=denver)))
    (row,) = store.select("throughput", limit=1).to_pylist()
    assert row["started_at"] == denver.astimezone(UTC).replace(tzinfo=None)


def test_any_text_comes_back_as_it_was(store: ResultStore) -> None:
    odd = ["a\x00b", "'; DROP TABLE throughput --", "=1+1", "\U0001f3eb \u202e", " ", "\\N", "\\"]
    commit(store, incoming(an_agent(), *(throughput(location=text) for text in odd)))
    rows = store.select("throughput", limit=10).to_pylist()
    assert sorted(row["location"] for row in rows) == sorted(odd)


def test_a_batch_sent_twice_is_stored_once(store: ResultStore) -> None:
    sent = incoming(an_agent(), throughput(), latency())
    assert commit(store, sent) == ["stored"]
    assert commit(store, sent) == ["seen"]
    assert len(all_ids(store)) == 2


def test_a_batch_twice_in_one_group_is_stored_once(store: ResultStore) -> None:
    sent = incoming(an_agent(), throughput(), b"{}")
    outcomes = store.commit([sent, sent])
    assert [outcome.state for outcome in outcomes] == ["stored", "seen"]
    assert outcomes[0].refused == outcomes[1].refused != ()
    assert len(all_ids(store)) == 1


def test_a_batch_sent_again_after_a_restart_is_stored_once(opened: OpenedAgain) -> None:
    sent = incoming(an_agent(), throughput(), b"{}")
    outcomes = [outcome for _ in range(2) for outcome in opened().commit([sent])]
    assert [outcome.state for outcome in outcomes] == ["stored", "seen"]
    assert outcomes[0].refused == outcomes[1].refused != ()
    assert len(all_ids(opened())) == 1


def test_lanes_and_epochs_number_their_batches_apart(store: ResultStore) -> None:
    agent = an_agent()
    group = [
        incoming(agent, throughput(), lane=lane, epoch=epoch)
        for lane in ("live", "backlog")
        for epoch in (new_id(), new_id())
    ]
    assert commit(store, *group) == ["stored"] * 4
    assert len(all_ids(store)) == 4


def test_a_number_used_again_with_other_content_is_kept_aside_once(store: ResultStore) -> None:
    agent = an_agent()
    first, other = (incoming(agent, throughput(), latency()) for _ in range(2))
    assert commit(store, first) == ["stored"]
    for _ in range(2):
        assert commit(store, other) == ["conflict"]
    assert all_ids(store) == sorted(result.id for result in first.accepted)
    aside = sorted(store.refused(limit=10), key=lambda record: record.index)
    assert [record.body.encode() for record in aside] == list(other.records)
    assert all("other content" in record.reason for record in aside)


def test_a_conflict_in_a_group_hurts_no_other_batch(store: ResultStore) -> None:
    one, two = an_agent(), an_agent()
    group = [incoming(agent, throughput()) for agent in (one, one, two)]
    assert commit(store, *group) == ["stored", "conflict", "stored"]
    assert len(all_ids(store)) == 2


def test_a_conflict_in_the_group_of_a_batch_with_refused_records_is_kept_aside(
    store: ResultStore,
) -> None:
    agent = an_agent()
    group = [incoming(agent, throughput(), b"{}"), incoming(agent, latency())]
    assert commit(store, *group) == ["stored", "conflict"]
    aside = [record for record in store.refused(limit=9) if "other content" in record.reason]
    assert [record.body.encode() for record in aside] == list(group[1].records)


def test_a_refused_record_is_kept_with_its_reason_up_to_4_kib(store: ResultStore) -> None:
    agent = an_agent()
    long = b'{"kind":"skipped","probe":"' + b"x" * 10_000 + b'"}'
    commit(store, incoming(agent, throughput(), long, sequence=7, lane="backlog"))
    (record,) = store.refused(limit=10)
    assert record[:6] == (agent.id, agent.school_id, NOW, agent.id, "backlog", 7)
    assert (record.index, record.id, record.body) == (1, None, long[:4096].decode())
    assert record.reason


def test_refused_records_are_listed_by_whom_why_and_since_when(store: ResultStore) -> None:
    one, two = an_agent(), an_agent()
    commit(store, incoming(one, b"{}", received_at=NOW - MINUTE), incoming(two, b"[]"))
    newest, oldest = store.refused(limit=10)
    assert (newest.agent_id, oldest.agent_id) == (two.id, one.id)
    assert store.refused(limit=1) == store.refused(limit=9, since=NOW) == [newest]
    assert store.refused(limit=9, school_id=one.school_id) == [oldest]
    assert store.refused(limit=9, agent_id=one.id, reason=oldest.reason) == [oldest]
    assert store.refused(limit=9, agent_id=one.id, reason="another") == []


def test_refused_records_are_counted_by_agent_and_reason(store: ResultStore) -> None:
    agent = an_agent()
    commit(store, incoming(agent, b"{}", b"{}", received_at=NOW - MINUTE))
    commit(store, incoming(agent, b"{}", sequence=2))
    (tally,) = store.tally_refused()
    assert tally[:2] == (agent.id, agent.school_id)
    assert tally[3:] == (3, NOW - MINUTE, NOW)


def test_an_old_batch_is_known_again_and_another_in_its_place_is_told(opened: OpenedAgain) -> None:
    agent, store = an_agent(), opened()
    early = incoming(agent, skipped(started_at=NOW + timedelta(hours=30)), throughput())
    (first,) = store.commit([early])
    sent = [incoming(agent, skipped(), sequence=number) for number in range(2, MANY)]
    commit(store, *sent)
    for restarts in range(2):
        again = opened() if restarts else store
        assert set(commit(again, *sent[:3], *sent[-3:])) == {"seen"}
        (later,) = again.commit([early])
        assert (later.state, later.refused) == ("seen", first.refused)
        assert commit(again, incoming(agent, skipped(), sequence=5)) == ["conflict"]
    assert len(all_ids(again)) == MANY - 1


def test_a_missing_number_is_still_taken_after_those_behind_it(store: ResultStore) -> None:
    agent = an_agent()
    commit(store, *(incoming(agent, skipped(), sequence=number) for number in range(2, MANY)))
    missing = incoming(agent, skipped(), sequence=1)
    assert commit(store, missing, missing) == ["stored", "seen"]


def test_results_are_selected_by_school_agent_and_time(store: ResultStore) -> None:
    one, two = an_agent(), an_agent()
    mine = [throughput(started_at=NOW - minutes * MINUTE) for minutes in range(4)]
    commit(store, incoming(one, *mine), incoming(two, throughput()))
    newest_first = [result.id for result in mine]

    def ids(**conditions: Any) -> list[UUID]:
        return ids_of(store, "throughput", **conditions)

    assert ids(agent_id=one.id) == ids(school_id=one.school_id) == newest_first
    assert ids(agent_id=one.id, since=NOW - MINUTE) == newest_first[:2]
    assert ids(agent_id=one.id, until=NOW - MINUTE) == newest_first[2:]
    assert ids(agent_id=one.id, school_id=two.school_id) == []
    assert ids_of(store, "latency") == []


def pages(store: ResultStore, limit: int) -> list[UUID]:
    seen: list[UUID] = []
    place: Place | None = None
    while rows := store.select("throughput", before=place, limit=limit).to_pylist():
        seen += [UUID(row["id"]) for row in rows]
        place = place_of(rows[-1])
    return seen


@given(
    minutes=st.lists(st.integers(0, 3), min_size=1, max_size=12),
    limit=st.integers(1, 5),
)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_pages_show_every_result_once_even_at_the_same_moment(
    store: ResultStore, minutes: list[int], limit: int
) -> None:
    sent = incoming(an_agent(), *(throughput(started_at=NOW - each * MINUTE) for each in minutes))
    commit(store, sent)
    seen = pages(store, limit)
    assert len(seen) == len(set(seen)) == len(all_ids(store))
    assert {result.id for result in sent.accepted} <= set(seen)


def changed(changes: Changes) -> list[UUID]:
    return [
        UUID(id_) for table in changes.tables.values() for id_ in table.column("id").to_pylist()
    ]


def test_nothing_committed_is_no_change(store: ResultStore) -> None:
    assert store.changes(0, 100) == Changes(0, {})


def test_changes_come_commit_by_commit_and_each_once(store: ResultStore) -> None:
    sent = [throughput() for _ in range(6)]
    for one in sent:
        commit(store, incoming(an_agent(), one))
    seen, at = [], 0
    while (changes := store.changes(at, 2)).tables:
        seen += changed(changes)
        at = changes.upto
    assert seen == [one.id for one in sent]


def test_a_commit_is_never_divided(store: ResultStore) -> None:
    big: list[Result] = [throughput(), latency(), skipped()]
    commit(store, incoming(an_agent(), *big))
    commit(store, incoming(an_agent(), throughput()))
    changes = store.changes(0, 1)
    assert sorted(changed(changes)) == sorted(one.id for one in big)
    assert len(changed(store.changes(changes.upto, 1))) == 1


def test_batches_of_one_group_are_one_commit(store: ResultStore) -> None:
    commit(store, incoming(an_agent(), throughput()), incoming(an_agent(), latency()))
    assert set(store.changes(0, 1).tables) == {"throughput", "latency"}


def test_changes_go_on_after_the_store_was_opened_again(opened: OpenedAgain) -> None:
    commit(opened(), incoming(an_agent(), throughput()))
    store = opened()
    at = store.changes(0, 100).upto
    new = throughput()
    commit(store, incoming(an_agent(), new))
    assert changed(store.changes(at, 100)) == [new.id]


def test_a_store_keeps_its_incarnation(opened: OpenedAgain) -> None:
    assert opened().incarnation == opened().incarnation
