"""What upkeep promises, whichever engine is behind it: only what was to go is gone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from broadgauge_collector.store.questions import Charted, SchoolClock, Spread, Window
from broadgauge_collector.store.results import ExpiringKind, ResultStore
from broadgauge_wire import RESULT_KINDS, LatencyResult, new_id
from tests.collecting import NOW, an_agent, latency, throughput

from .oracle import Kept, Oracle
from .result_stores import (
    MINUTE,
    OpenedAgain,
    State,
    Term,
    all_ids,
    brought_to,
    commit,
    ids_of,
    incoming,
)

TERM = Term(seed=2, size=200)
ALWAYS = Window(datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
MIDDLE = datetime(2026, 2, 11, 7, 0, tzinfo=UTC)
"""On the hour, in the middle of a month."""

some_states = pytest.mark.parametrize("state", ["hot", "sealed again"])


KINDS: tuple[ExpiringKind, ...] = ("throughput", "inventory", "skipped", "latency")


def ids_among(kept: list[Kept], kind: str) -> set[UUID]:
    return {one.result.id for one in kept if isinstance(one.result, RESULT_KINDS[kind])}


@some_states
def test_what_began_before_an_instant_expires_and_nothing_else(
    opened: OpenedAgain, state: State
) -> None:
    store = brought_to(state, opened, TERM)
    old = [one for one in TERM.kept if one.moment < MIDDLE]
    gone: set[UUID] = set()
    for kind in KINDS:
        expired = ids_among(old, kind)
        assert store.expire(kind, MIDDLE) == len(expired) > 0
        gone |= expired
        assert set(all_ids(store)) == {one.result.id for one in TERM.kept} - gone
        assert store.expire(kind, MIDDLE) == 0
    left = all_ids(store)
    assert all_ids(opened()) == left


def chart(store: ResultStore, school_id: UUID, window: Window = ALWAYS) -> list[Spread]:
    charted = Charted(school_id, "internet", "network", "America/Chicago", window)
    with store.questions() as asked:
        both = [
            *asked.round_trips(charted, "day"),
            *asked.loss(charted, "hour"),
            *asked.round_trips(charted, "location"),
        ]
    return rounded(both)


def percentiles(store: ResultStore) -> list[str]:
    clocks = [SchoolClock(school_id, "America/Chicago") for school_id in TERM.school_ids]
    with store.questions() as asked:
        rows = asked.percentiles("round_trip", ALWAYS, clocks).to_pylist()
    return [f"{list(row.values())[:5]} {row['p5']:.9g} {row['p99']:.9g}" for row in rows]


def rounded(spreads: list[Spread]) -> list[Any]:
    return [(*each[:3], *(f"{number:.9g}" for number in each[3:])) for each in spreads]


@some_states
def test_charts_show_the_same_after_latency_windows_went(opened: OpenedAgain, state: State) -> None:
    store = brought_to(state, opened, TERM)
    before = {school_id: chart(store, school_id) for school_id in TERM.school_ids}
    assert any(before.values())
    by_hour = percentiles(store)
    assert by_hour
    assert store.expire("latency", MIDDLE) > 0
    assert {school_id: chart(store, school_id) for school_id in TERM.school_ids} == before
    assert percentiles(store) == by_hour
    with store.questions() as asked:
        for school_id in TERM.school_ids:
            expected = Oracle(TERM.kept).ways(ALWAYS, school_id)
            assert asked.ways(ALWAYS, school_id) == expected


def test_latency_windows_that_come_after_their_hour_expired_join_it(opened: OpenedAgain) -> None:
    store, agent = opened(), an_agent()
    hour = datetime(2026, 1, 7, 9, 0, tzinfo=UTC)
    facts = {"segment": "internet", "path_kind": "network", "location": "Room 1"}
    windows = [latency(started_at=hour + n * MINUTE, lost=n, **facts) for n in range(9)]
    commit(store, incoming(agent, *windows[:5]))
    store.seal(NOW)
    assert store.expire("latency", NOW - timedelta(days=9)) == 5
    commit(store, incoming(agent, *windows[5:], sequence=2))
    expected = chart(store, agent.school_id)
    assert {each[2] for each in expected} == {9}
    for _ in range(2):
        store.seal(NOW)
        store.expire("latency", NOW - timedelta(days=9))
        store.compact()
        assert chart(store, agent.school_id) == expected
    assert ids_of(store, "latency") == []


def test_hours_expire_too(opened: OpenedAgain) -> None:
    store = brought_to("sealed again", opened, TERM)
    store.expire("latency", MIDDLE)
    assert store.expire("latency_hourly", MIDDLE) > 0
    kept = [one for one in TERM.kept if one.moment >= MIDDLE]
    for school_id in TERM.school_ids:
        charted = Charted(school_id, "internet", "network", "America/Chicago", ALWAYS)
        with store.questions() as asked:
            found = asked.round_trips(charted, "day")
        assert rounded(found) == rounded(Oracle(kept).round_trips(charted, "day"))


def test_refused_records_expire_by_when_they_were_received(store: ResultStore) -> None:
    agent = an_agent()
    commit(store, incoming(agent, b"{}", throughput(), received_at=NOW - 9 * MINUTE))
    commit(store, incoming(agent, b"[]", sequence=2))
    assert store.expire("refused", NOW - MINUTE) == 1
    assert [record.body for record in store.refused(limit=9)] == ["[]"]
    assert len(all_ids(store)) == 1


@some_states
def test_an_agents_erasure_leaves_nothing_of_it_and_all_of_others(
    opened: OpenedAgain, state: State
) -> None:
    store = brought_to(state, opened, TERM)
    gone, other = TERM.agents[0], TERM.agents[1]
    commit(store, *(incoming(each, b"{}", epoch=new_id()) for each in (gone, other)))
    store.expire("latency", MIDDLE)
    assert store.erase(agent_ids=[gone.id]) > 0
    rest = [one for one in TERM.kept if one.agent_id != gone.id]
    assert_holds(store, rest)
    assert [record.agent_id for record in store.refused(limit=9)] == [other.id]
    assert_holds(opened(), rest)


def test_a_schools_erasure_leaves_nothing_of_it_and_all_of_others(opened: OpenedAgain) -> None:
    store = brought_to("late", opened, TERM)
    store.expire("latency", MIDDLE)
    assert store.erase(school_ids=[TERM.school_ids[1]]) > 0
    assert_holds(store, [one for one in TERM.kept if one.school_id != TERM.school_ids[1]])


def assert_holds(store: ResultStore, kept: list[Kept]) -> None:
    """These results, of which latency windows from before MIDDLE are in their hours."""
    stays: Callable[[Kept], bool] = lambda one: (  # noqa: E731 - a condition with a name
        one.moment >= MIDDLE or not isinstance(one.result, LatencyResult)
    )
    assert all_ids(store) == sorted(one.result.id for one in kept if stays(one))
    for school_id in TERM.school_ids:
        charted = Charted(school_id, "internet", "network", "America/Chicago", ALWAYS)
        with store.questions() as asked:
            found = asked.round_trips(charted, "day")
        assert rounded(found) == rounded(Oracle(kept).round_trips(charted, "day"))


def test_batches_are_taken_after_erasing_others(store: ResultStore) -> None:
    one, two = an_agent(), an_agent()
    first = incoming(two, throughput())
    commit(store, incoming(one, throughput()), first)
    store.erase(agent_ids=[one.id])
    assert commit(store, first, incoming(two, throughput(), sequence=2)) == ["seen", "stored"]
    assert len(all_ids(store)) == 2


@pytest.mark.parametrize("opened", ["duckdb"], indirect=True)  # ClickHouse makes its own
def test_a_backup_holds_all_of_one_moment_and_is_another_incarnation(
    opened: OpenedAgain, tmp_path: Path
) -> None:
    store = brought_to("late", opened, TERM)
    store.expire("latency", MIDDLE)
    copy = tmp_path / "copy"
    store.backup(copy)
    original, held = store.incarnation, all_ids(store)
    charts = {school_id: chart(store, school_id) for school_id in TERM.school_ids}
    known = next(one for one in TERM.kept if one.moment >= MIDDLE)
    commit(store, incoming(an_agent(), throughput()))
    assert len(all_ids(store)) == len(held) + 1
    restored = opened.from_backup(copy)
    assert all_ids(restored) == held
    assert {school_id: chart(restored, school_id) for school_id in TERM.school_ids} == charts
    assert commit(restored, TERM.batch(known)) == ["seen"]
    assert restored.incarnation != original
