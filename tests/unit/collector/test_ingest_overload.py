"""More than can be stored: live results first, memory bounded, and a moment to come back at."""

import random
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from broadgauge_collector.errors import Busy, StorageFull
from broadgauge_collector.ingest.group_commit import (
    BACKLOG_RESULTS,
    MAX_GROUP_RESULTS,
    MAX_WAITING_RESULTS,
    GroupCommit,
)
from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.ingest.pace import LONGEST_SECONDS, Pace
from broadgauge_collector.store.results import Incoming, Outcome
from broadgauge_wire import Lane, encode, new_id
from broadgauge_wire.spec import MAX_BATCH_RESULTS
from tests.api_client import Api
from tests.collecting import NOW, an_agent, batch, skipped, throughput

NUMBERS = count(1)
RECORDS = [skipped() for _ in range(MAX_BATCH_RESULTS)]
AGENT = an_agent()
BATCH = read(AGENT, encode(batch(AGENT, *RECORDS)), None, NOW)


def incoming(lane: Lane, sequence: int = 0) -> Incoming:
    """The largest batch there may be."""
    key = replace(BATCH.key, lane=lane, sequence=sequence or next(NUMBERS))
    return replace(BATCH, key=key)


class HeldStore:
    """A store that commits a group each time it is let, and keeps which lanes were in it."""

    incarnation = new_id()

    def __init__(self) -> None:
        self.groups: list[list[Lane]] = []
        self._let = threading.Semaphore(0)
        self._begun = threading.Semaphore(0)

    def commit(self, group: Sequence[Incoming]) -> tuple[Outcome, ...]:
        self.groups.append([each.key.lane for each in group])
        self._begun.release()
        assert self._let.acquire(timeout=30)
        return tuple(Outcome(state="stored") for _ in group)

    def begin(self) -> None:
        """Wait until a group is at it."""
        assert self._begun.acquire(timeout=30)

    def let(self, groups: int) -> None:
        self._let.release(groups)


def shares(group: list[Lane]) -> tuple[int, int]:
    """Results of each lane in a group."""
    return (
        group.count("live") * MAX_BATCH_RESULTS,
        group.count("backlog") * MAX_BATCH_RESULTS,
    )


def in_line(
    store: HeldStore, *lanes: tuple[Lane, int]
) -> tuple[GroupCommit, list[Future[Outcome]]]:
    """A group commit that is busy with one batch while so many batches are handed in."""
    commit = GroupCommit(store)
    futures = [commit.hand_in(incoming("live"))]
    store.begin()
    for lane, batches in lanes:
        futures += [commit.hand_in(incoming(lane)) for _ in range(batches)]
    return commit, futures


def finish(store: HeldStore, commit: GroupCommit, futures: list[Future[Outcome]]) -> None:
    store.let(1000)
    for future in futures:
        future.result(30)
    commit.close()


def test_live_batches_go_before_a_backlog_that_came_first() -> None:
    store = HeldStore()
    finish(store, *in_line(store, ("backlog", 40), ("live", 10)))
    live, backlog = shares(store.groups[1])
    assert live == 10 * MAX_BATCH_RESULTS
    assert live + backlog == MAX_GROUP_RESULTS


def test_a_backlog_gets_some_room_however_many_live_batches_wait() -> None:
    store = HeldStore()
    finish(store, *in_line(store, ("live", 60), ("backlog", 10)))
    assert shares(store.groups[1]) == (MAX_GROUP_RESULTS - BACKLOG_RESULTS, BACKLOG_RESULTS)
    assert shares(store.groups[2]) == (MAX_GROUP_RESULTS - BACKLOG_RESULTS, BACKLOG_RESULTS)


def test_a_backlog_alone_uses_the_whole_room() -> None:
    store = HeldStore()
    finish(store, *in_line(store, ("backlog", 40)))
    assert shares(store.groups[1]) == (0, MAX_GROUP_RESULTS)


def test_batches_of_a_lane_are_stored_in_the_order_they_came() -> None:
    stored: list[int] = []

    class Noting(HeldStore):
        def commit(self, group: Sequence[Incoming]) -> tuple[Outcome, ...]:
            stored.extend(each.key.sequence for each in group if each.key.lane == "backlog")
            return super().commit(group)

    store = Noting()
    finish(store, *in_line(store, ("live", 30), ("backlog", 30), ("live", 30)))
    assert stored == sorted(stored)
    assert len(stored) == 30


def test_a_full_backlog_leaves_room_for_live_batches() -> None:
    store = HeldStore()
    full = MAX_WAITING_RESULTS["backlog"] // MAX_BATCH_RESULTS
    commit, futures = in_line(store, ("backlog", full))
    with pytest.raises(Busy, match="waiting"):
        commit.hand_in(incoming("backlog"))
    with pytest.raises(Busy, match="waiting"):
        commit.admit("backlog")
    commit.admit("live")
    futures.append(commit.hand_in(incoming("live")))
    finish(store, commit, futures)


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_whoever_is_turned_away_comes_back_when_there_is_room_and_not_with_all_others() -> None:
    clock = Clock()
    pace = Pace(clock, random.Random(1))
    for _ in range(50):
        pace.stored(10_000, 1.0)
    turns = [pace.turn(50_000, 500) for _ in range(1000)]
    # 50,000 results wait at 10,000 a second, and each of those turned away has 500.
    assert min(turns) >= 5
    assert max(turns[:10]) <= 8
    assert turns[-1] >= 50
    assert len(set(turns)) > 30


def test_turns_pass_with_time() -> None:
    clock = Clock()
    pace = Pace(clock, random.Random(1))
    for _ in range(1000):
        pace.turn(0, 500)
    clock.now += 3600
    assert pace.turn(0, 500) == 1


def test_nobody_is_told_to_wait_for_longer_than_a_few_minutes() -> None:
    pace = Pace(Clock(), random.Random(1))
    turns = [pace.turn(10**9, 10**6) for _ in range(100)]
    assert max(turns) <= LONGEST_SECONDS * 1.25 + 1


def test_what_is_being_read_counts_as_waiting_and_is_taken_once_it_was_read() -> None:
    store = HeldStore()
    commit, _ = in_line(store, ("backlog", MAX_WAITING_RESULTS["backlog"] // MAX_BATCH_RESULTS - 1))
    with commit.expecting("backlog"):
        with pytest.raises(Busy, match="waiting to be stored"):
            commit.admit("backlog")
        commit.admit("live")
    taken = commit.hand_in(incoming("backlog"))
    store.let(9)
    assert taken.result(30).state == "stored"
    commit.close()


def test_a_calm_day_of_small_commits_says_nothing_of_how_fast_a_storm_is_stored() -> None:
    pace = Pace(chance=random.Random(1))
    for _ in range(1000):
        pace.stored(3, 0.02)
    assert pace.turn(10_000, 500) <= 2


def test_the_pace_follows_how_fast_results_are_stored() -> None:
    slow, fast = Pace(Clock(), random.Random(1)), Pace(Clock(), random.Random(1))
    for _ in range(50):
        slow.stored(5000, 5.0)
        fast.stored(100_000, 1.0)
    assert slow.turn(50_000, 500) > 10 * fast.turn(50_000, 500)


def test_a_commit_that_failed_says_nothing_of_the_pace() -> None:
    class Full(HeldStore):
        def commit(self, group: Sequence[Incoming]) -> tuple[Outcome, ...]:
            raise StorageFull("no room")

    told: list[int] = []

    class Noting(Pace):
        def stored(self, results: int, seconds: float) -> None:
            told.append(results)

    commit = GroupCommit(Full(), Noting())
    with pytest.raises(StorageFull):
        commit.hand_in(incoming("live")).result(30)
    commit.close()
    assert told == []


def test_an_overloaded_collector_refuses_before_the_body_is_read(api: Api) -> None:
    agent, headers = api.agent(api.school())
    read_bodies: list[int] = []

    def full(lane: Lane) -> None:
        if lane == "backlog":
            raise Busy("Too many results are waiting to be stored.", 17)

    async def submit(_agent: Any, body: bytes, *_: Any, **__: Any) -> Any:
        read_bodies.append(len(body))
        raise Busy("not now")

    api.services.ingest.admit = full  # type: ignore[method-assign]
    api.services.ingest.submit = submit  # type: ignore[assignment, method-assign]
    sent = batch(agent, throughput(), lane="backlog")

    answer = api.send(sent, {**headers, "Broadgauge-Lane": "backlog"})

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "17")
    assert read_bodies == []
    api.send(batch(agent, throughput()), {**headers, "Broadgauge-Lane": "live"})
    assert len(read_bodies) == 1


def test_a_stranger_is_told_nothing_of_the_load(api: Api) -> None:
    def full(lane: Lane) -> None:
        raise Busy("Too many results are waiting to be stored.")

    api.services.ingest.admit = full  # type: ignore[method-assign]
    answer = api.http.post("/api/v1/batches", content=b"{}", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401


def test_a_line_full_of_live_batches_takes_no_more_and_memory_is_bounded() -> None:
    store = HeldStore()
    full = MAX_WAITING_RESULTS["live"] // MAX_BATCH_RESULTS
    commit, futures = in_line(store, ("live", full))
    refused = 0
    for _ in range(100):
        try:
            commit.hand_in(incoming("live"))
        except Busy as busy:
            refused += 1
            assert busy.retry_after_seconds
    assert refused == 100
    assert commit.waiting_results == MAX_WAITING_RESULTS["live"]
    finish(store, commit, futures)
    assert commit.waiting_results == 0
