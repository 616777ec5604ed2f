"""An agent asks before it loads a line, waits a little, and says what it used."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from broadgauge_agent import heavy
from broadgauge_agent.budget import Budget
from broadgauge_agent.heavy import run_by_hand, run_heavy
from broadgauge_agent.measuring import CancelledError
from broadgauge_agent.probes import ProbeRequest
from broadgauge_agent.slots import FACT, NoSlot, Noted, Slot, Slots
from broadgauge_agent.spool import Spool
from broadgauge_wire import (
    Reflector,
    Result,
    SkippedResult,
    SlotAnswer,
    SlotEnd,
    SlotRequest,
    ThroughputResult,
    decode,
    encode,
    new_id,
)
from broadgauge_wire.settings import ThroughputConfig
from tests.scripted_collector import Behaviour, Request, ScriptedCollector, make_identity

FAR = ProbeRequest(
    reflector=Reflector(id=new_id(), name="Core", host="192.0.2.1", port=8485, segment="wan"),
    access_token="ordinary",
)
LIMITS = ThroughputConfig(max_wait_seconds=5.0)
MB = 10**6


@pytest.fixture
def slots(collector: ScriptedCollector, spool: Spool) -> Slots:
    return Slots(lambda: make_identity(collector.url), spool, random.Random(1))


def give(*, begins: float = 0.0, most: int = 100 * MB) -> Behaviour:
    def answer(request: Request) -> None:
        slot_id = decode(request.body, SlotRequest).id
        request.answer(
            200,
            encode(
                SlotAnswer(
                    slot_id=slot_id,
                    token="of the slot",
                    begins_in_seconds=begins,
                    holds_seconds=30,
                    bytes_at_most=most,
                )
            ),
        )

    return answer


def refuse(status: int, words: str, **headers: str) -> Behaviour:
    return lambda request: request.problem(status, words, **headers)


def hear(request: Request) -> None:
    request.answer(204)


def measured(cost: int | None = 5 * MB) -> Callable[[ProbeRequest, Any], tuple[Result, ...]]:
    def measure(request: ProbeRequest, _cancelled: Any) -> tuple[Result, ...]:
        asked.append(request)
        return tuple(
            ThroughputResult(
                id=new_id(),
                started_at=datetime.now(UTC),
                duration_seconds=1.0,
                agent_version="0.1.0",
                direction=direction,
                method="ndt7",
                server="192.0.2.1:8485",
                bytes_transferred=cost,
            )
            for direction in request.directions
        )

    asked = list[ProbeRequest]()
    measure.asked = asked  # type: ignore[attr-defined]
    return measure


def run(
    slots: Slots,
    spool: Spool,
    measure: Any,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Result, ...]:
    return run_heavy("throughput", FAR, LIMITS, Budget(spool), slots, measure, cancelled)


def reason(results: tuple[Result, ...]) -> str:
    (only,) = results
    assert isinstance(only, SkippedResult)
    return only.reason


def test_a_test_runs_in_its_slot_with_its_token_and_its_bytes(
    collector: ScriptedCollector, slots: Slots, spool: Spool
) -> None:
    collector.slotting = [give(most=32 * MB), hear]
    measure = measured()
    results = run(slots, spool, measure)
    wish = decode(collector.requests[0].body, SlotRequest)
    assert {result.slot_id for result in results} == {wish.id}
    (asked,) = measure.asked  # type: ignore[attr-defined]
    assert asked.access_token == "of the slot"
    assert asked.max_bytes == 32 * MB * 15 / 16 / 2
    ended = collector.requests[1]
    assert ended.path == f"/api/v1/slots/{wish.id}/end"
    assert decode(ended.body, SlotEnd).bytes_used == 10 * MB
    assert spool.fact(FACT) == []


def test_what_later_tests_may_cost_follows_from_those_before(
    collector: ScriptedCollector, slots: Slots, spool: Spool
) -> None:
    collector.slotting = [give(), hear, give(), hear]
    run(slots, spool, measured())
    run(slots, spool, measured())
    first, _, second, _ = collector.requests
    assert decode(first.body, SlotRequest).bytes_expected == 0
    assert decode(second.body, SlotRequest).bytes_expected == 10 * MB
    assert decode(second.body, SlotRequest).bytes_at_most == 80 * MB


def test_a_busy_line_is_waited_for(
    collector: ScriptedCollector, slots: Slots, spool: Spool
) -> None:
    collector.slotting = [refuse(409, "Other tests", retry_after="1"), give(begins=0.3), hear]
    results = run(slots, spool, measured())
    assert all(isinstance(result, ThroughputResult) for result in results)
    ids = {decode(seen.body, SlotRequest).id for seen in collector.requests[:2]}
    assert len(ids) == 1


@pytest.mark.parametrize("status", [409, 429])
def test_what_lasts_longer_than_a_test_waits_is_a_result(
    collector: ScriptedCollector, slots: Slots, spool: Spool, status: int
) -> None:
    collector.slotting = [refuse(status, "State testing", retry_after="900")]
    assert reason(run(slots, spool, measured())) == "State testing"


def test_without_the_collector_no_test_loads_the_line(spool: Spool) -> None:
    slots = Slots(lambda: make_identity("http://127.0.0.1:1"), spool)
    measure = measured()
    assert "the collector can't be asked" in reason(run(slots, spool, measure))
    assert measure.asked == []  # type: ignore[attr-defined]


def test_a_slot_whose_answer_was_lost_is_given_back(
    collector: ScriptedCollector, slots: Slots, spool: Spool
) -> None:
    def hang_up(request: Request) -> None:
        request.close_connection = True
        request.connection.close()

    collector.slotting = [hang_up, hear, give(), hear]
    reason(run(slots, spool, measured()))
    lost = decode(collector.requests[0].body, SlotRequest).id
    run(slots, spool, measured())
    assert collector.requests[1].path == f"/api/v1/slots/{lost}/end"
    assert decode(collector.requests[1].body, SlotEnd).bytes_used == 0


def test_an_end_that_was_not_heard_is_said_before_the_next_test(
    collector: ScriptedCollector, slots: Slots, spool: Spool
) -> None:
    collector.slotting = [give(), refuse(503, "Busy"), hear, give(), hear]
    run(slots, spool, measured())
    assert len(msgspec.convert(spool.fact(FACT), list[Any])) == 1
    run(slots, spool, measured())
    assert collector.requests[2].path == collector.requests[1].path
    assert spool.fact(FACT) == []


def test_an_earlier_collector_knows_of_no_slots_and_the_test_runs_as_before(
    collector: ScriptedCollector, slots: Slots, spool: Spool
) -> None:
    collector.slotting = [refuse(404, "There is nothing at this address.")]
    measure = measured()
    (result, _) = run(slots, spool, measure)
    assert result.slot_id is None
    (asked,) = measure.asked  # type: ignore[attr-defined]
    assert asked.access_token == "ordinary"


def test_what_is_no_collector_gives_no_leave(
    collector: ScriptedCollector, slots: Slots, spool: Spool
) -> None:
    collector.slotting = [lambda request: request.answer(404, b"<html>", "text/html")]
    assert "404" in reason(run(slots, spool, measured()))


def test_an_agent_that_is_to_stop_waits_no_longer(
    collector: ScriptedCollector, slots: Slots, spool: Spool
) -> None:
    collector.slotting = [give(begins=5.0)]
    with pytest.raises(CancelledError):
        run(slots, spool, measured(), cancelled=lambda: True)


def test_a_test_that_outlasts_its_slot_is_ended(
    collector: ScriptedCollector, slots: Slots, spool: Spool
) -> None:
    def endless(_request: ProbeRequest, cancelled: Callable[[], bool]) -> tuple[Result, ...]:
        assert not cancelled()
        raise CancelledError

    collector.slotting = [give(), hear]
    assert {result.error for result in run(slots, spool, endless)} == {heavy.SLOT_OVER}


def test_bytes_of_a_test_that_a_power_cut_ended_count_whole(
    collector: ScriptedCollector, slots: Slots, spool: Spool
) -> None:
    def cut(_request: ProbeRequest, _cancelled: Any) -> tuple[Result, ...]:
        raise KeyboardInterrupt

    collector.slotting = [give(most=32 * MB)]
    with pytest.raises(KeyboardInterrupt):
        run(slots, spool, cut)
    assert Budget(spool).spent_bytes() == 32 * MB


def test_a_person_who_waits_is_a_guest_where_the_collector_is_away() -> None:
    away = Slots(lambda: make_identity("http://127.0.0.1:1"), Noted())
    measure = measured()
    run_by_hand("throughput", FAR, away, measure, 0.0)
    (asked,) = measure.asked  # type: ignore[attr-defined]
    assert asked.access_token == "ordinary"


def test_a_person_who_waits_has_a_slot_or_hears_why_not(
    collector: ScriptedCollector, slots: Slots
) -> None:
    collector.slotting = [refuse(429, "State testing", retry_after="900"), give(), hear]
    assert reason(run_by_hand("throughput", FAR, slots, measured(), 0.0)) == "State testing"
    results = run_by_hand("throughput", FAR, slots, measured(), 0.0)
    assert all(result.slot_id for result in results)
    assert decode(collector.requests[2].body, SlotEnd).bytes_used == 10 * MB


def test_a_month_is_a_budget_too(spool: Spool) -> None:
    clock = [datetime(2026, 3, 30, 12, tzinfo=UTC).timestamp()]
    budget = Budget(spool, lambda: clock[0])
    budget.spend(FAR, measured(40 * MB)(FAR, None))
    clock[0] += 86400
    again = Budget(spool, lambda: clock[0])
    assert again.spent_bytes() == 0
    assert again.left_bytes(100 * MB, 100 * MB) == 20 * MB
    assert "month" in again.allow(FAR, 100 * MB, 80 * MB).refusals[0]
    clock[0] += 2 * 86400
    assert again.left_bytes(100 * MB, 90 * MB) == 90 * MB


def test_a_slot_is_held_no_longer_than_the_collector_means(
    collector: ScriptedCollector, spool: Spool
) -> None:
    moments = iter([100.0, 100.0, 100.0, 104.0])
    slots = Slots(lambda: make_identity(collector.url), spool, clock=lambda: next(moments, 200.0))
    collector.slotting = [give(begins=2.0)]
    wish = SlotRequest(id=new_id(), directions=("download",), bytes_at_most=1, seconds=30)
    slot = slots.ask(wish, 0.0, lambda: False)
    assert isinstance(slot, Slot)
    assert slot.begins == 106
    assert slot.ends == 132


def test_no_slot_says_why(slots: Slots, collector: ScriptedCollector) -> None:
    collector.slotting = [refuse(422, "That slot is over")]
    wish = SlotRequest(id=new_id(), directions=("download",), bytes_at_most=1, seconds=30)
    found = slots.ask(wish, 0.0, lambda: False)
    assert isinstance(found, NoSlot)
    assert "That slot is over" in found.why
