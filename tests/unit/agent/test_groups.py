"""An agent hears of a group test, holds still, counts the begin, and makes its part."""

import random
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from broadgauge_agent.budget import Budget
from broadgauge_agent.client import client_of
from broadgauge_agent.groups import NO_GROUPS_SECONDS, Called, GroupsHeard
from broadgauge_agent.measuring import CancelledError
from broadgauge_agent.probes import ProbeRequest
from broadgauge_agent.spool import Spool
from broadgauge_agent.taking_part import take_part, why_no_part
from broadgauge_wire import (
    GroupAnswer,
    GroupAsk,
    GroupBegin,
    GroupCall,
    Reflector,
    Result,
    SkippedResult,
    ThroughputResult,
    decode,
    encode,
    new_id,
)
from broadgauge_wire.settings import ThroughputConfig
from tests.scripted_collector import Behaviour, ScriptedCollector, make_identity

MB = 10**6
LIMITS = ThroughputConfig(skip_when_busy=False)
FAR = ProbeRequest(
    trigger="swarm",
    reflector=Reflector(id=new_id(), name="Core", host="192.0.2.1", port=8485, segment="wan"),
    directions=("download",),
)


def a_call(begins_in: float | None = None) -> GroupCall:
    return GroupCall(
        group_id=new_id(),
        reflector_id=new_id(),
        direction="download",
        bytes_at_most=16 * MB,
        begin=None
        if begins_in is None
        else GroupBegin(
            result_id=new_id(),
            slot_id=new_id(),
            token="of the group",
            begins_in_seconds=begins_in,
            joins_after_seconds=4.0,
            ends_after_seconds=9.5,
            connections=2,
            bytes_at_most=16 * MB,
        ),
    )


def says(call: GroupCall | None, again: float = 2.0) -> Behaviour:
    return lambda request: request.answer(
        200, encode(GroupAnswer(call=call, ask_again_seconds=again))
    )


@pytest.fixture
def client(collector: ScriptedCollector) -> Iterator[httpx2.Client]:
    with client_of(make_identity(collector.url)) as made:
        yield made


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def groups(clock: Clock) -> GroupsHeard:
    return GroupsHeard(random.Random(1), lambda: None, clock)


def asked(collector: ScriptedCollector) -> list[GroupAsk]:
    seen = [one for one in collector.requests if one.path == "/api/v1/group-calls"]
    return [decode(one.body, GroupAsk) for one in seen]


def measured(request: ProbeRequest, _cancelled: Any) -> tuple[Result, ...]:
    assert request.group is not None
    return (
        ThroughputResult(
            id=new_id(),
            started_at=datetime.now(UTC),
            duration_seconds=1.0,
            agent_version="0.1.0",
            direction="download",
            method="ndt7",
            server="192.0.2.1:8485",
            bytes_transferred=5 * MB,
            bound="exact",
            burst_test_id=new_id(),
        ),
    )


def test_it_asks_as_often_as_it_is_told_and_says_what_it_heard(
    collector: ScriptedCollector, client: httpx2.Client, groups: GroupsHeard, clock: Clock
) -> None:
    call = a_call()
    collector.grouping = [says(None, 30.0), says(call), says(call)]
    groups.refresh(client)
    assert groups.due_seconds() == 30
    groups.refresh(client)
    clock.seconds += 31
    groups.refresh(client)
    clock.seconds += 2
    groups.refresh(client)
    assert [(one.group_id, one.state) for one in asked(collector)] == [
        (None, "idle"), (None, "idle"), (call.group_id, "busy"),
    ]  # fmt: skip


def test_a_collector_that_knows_of_no_groups_is_asked_again_in_an_hour(
    collector: ScriptedCollector, client: httpx2.Client, groups: GroupsHeard
) -> None:
    groups.refresh(client)
    assert groups.due_seconds() == NO_GROUPS_SECONDS


def test_the_begin_is_counted_from_the_middle_of_the_fastest_answer(
    collector: ScriptedCollector, client: httpx2.Client, groups: GroupsHeard, clock: Clock
) -> None:
    told = a_call(8.0)
    later = GroupCall(
        group_id=told.group_id,
        reflector_id=told.reflector_id,
        direction="download",
        bytes_at_most=16 * MB,
        begin=told.begin,
    )

    def slow(request: Any) -> None:
        clock.seconds += 1.0
        says(told)(request)

    collector.grouping = [slow, says(later)]
    groups.refresh(client)
    assert groups.called is not None
    assert groups.called.begins == pytest.approx(1008.5)
    clock.seconds = 1003.0
    groups.refresh(client)
    assert groups.called.begins == pytest.approx(1011.0)


def test_a_call_that_nobody_speaks_of_any_more_lapses(
    collector: ScriptedCollector, client: httpx2.Client, groups: GroupsHeard, clock: Clock
) -> None:
    collector.grouping = [says(a_call())]
    groups.refresh(client)
    assert groups.called is not None
    clock.seconds += 300
    assert groups.called is None


def heard(call: GroupCall, begins: float | None = None) -> GroupsHeard:
    made = GroupsHeard(random.Random(1), lambda: None)
    made._called = Called(call, time.monotonic(), begins)
    return made


def part(
    groups: GroupsHeard, spool: Spool, request: ProbeRequest | None = FAR, **about: Any
) -> tuple[Result, ...]:
    called = groups.called
    assert called is not None
    wish: dict[str, Any] = {"cancelled": lambda: False, "limits": LIMITS} | about
    return take_part(
        called,
        groups,
        request,
        wish["limits"],
        Budget(spool),
        None,
        measured,
        wish["cancelled"],
        may_be_busy=True,
    )


def test_its_part_is_a_result_of_the_group_without_a_say_of_its_own(spool: Spool) -> None:
    call = a_call(1.0)
    assert call.begin
    groups = heard(call, time.monotonic() + 1.0)
    (result,) = part(groups, spool)
    assert isinstance(result, ThroughputResult)
    assert (result.id, result.swarm_id) == (call.begin.result_id, call.group_id)
    assert (result.slot_id, result.trigger) == (call.begin.slot_id, "swarm")
    assert (result.bound, result.burst_test_id) == (None, None)
    assert Budget(spool).spent_bytes() == 5 * MB
    assert groups.called is None


def test_it_holds_still_until_the_begin_is_known(spool: Spool) -> None:
    waiting, told = a_call(), a_call(1.0)
    groups = heard(waiting)
    known = Called(
        GroupCall(
            group_id=waiting.group_id,
            reflector_id=waiting.reflector_id,
            direction="download",
            bytes_at_most=16 * MB,
            begin=told.begin,
        ),
        time.monotonic(),
        time.monotonic() + 1.0,
    )
    threading.Timer(0.3, lambda: setattr(groups, "_called", known)).start()
    (result,) = part(groups, spool)
    assert result.swarm_id == waiting.group_id
    assert groups._said[0] == "ready"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (ThroughputConfig(enabled=False), "switched off"),
        (ThroughputConfig(max_seconds=5.0), "no longer than 5 s"),
        (ThroughputConfig(max_bytes_per_day=1e6), "more bytes than this machine has left"),
        (ThroughputConfig(max_bytes=1e6), "than one test may"),
    ],
)
def test_why_it_takes_no_part_is_said(spool: Spool, limits: ThroughputConfig, words: str) -> None:
    call = a_call()
    why = why_no_part(FAR, call, limits, Budget(spool), may_be_busy=True)
    assert why is not None
    assert words in why
    groups = heard(call)
    assert part(groups, spool, limits=limits) == ()
    assert groups._said == ("cannot", why)


def test_a_test_server_that_is_not_known_yet_is_no_reason_to_guess(spool: Spool) -> None:
    groups = heard(a_call())
    assert part(groups, spool, None) == ()
    assert groups._said[0] == "cannot"


def test_an_agent_that_is_to_stop_waits_for_no_group(spool: Spool) -> None:
    with pytest.raises(CancelledError):
        part(heard(a_call()), spool, cancelled=lambda: True)


def test_bytes_that_cannot_be_set_aside_are_not_spent(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Budget, "reserve", lambda *_: False)
    call = a_call(1.0)
    assert call.begin
    (result,) = part(heard(call, time.monotonic() + 1.0), spool)
    assert isinstance(result, SkippedResult)
    assert result.id == call.begin.result_id


def test_whoever_hears_of_the_begin_too_late_says_so_and_loads_no_line(spool: Spool) -> None:
    call = a_call(-6.0)
    groups = heard(call, time.monotonic() - 6.0)
    (result,) = part(groups, spool)
    assert isinstance(result, ThroughputResult)
    assert result.error == "it heard of the begin too late"
    assert result.bytes_transferred is None
