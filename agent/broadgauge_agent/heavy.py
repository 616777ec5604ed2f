"""A test that loads a line, from the wish to the end: its bytes are set aside, its slot given."""

import time
from collections.abc import Callable

from msgspec.structs import replace

from broadgauge_wire import (
    GroupBegin,
    GroupCall,
    Result,
    SlotRequest,
    ThroughputResult,
    new_id,
)
from broadgauge_wire.settings import ThroughputConfig

from .budget import Budget, is_inside_this_machine
from .measuring import AFTER_TEST_SECONDS, CancelledError
from .outcomes import failed_now, skipped
from .probes import ProbeRequest
from .slots import NoSlot, Slot, Slots

Cancelled = Callable[[], bool]
Measure = Callable[[ProbeRequest, Cancelled], tuple[Result, ...]]

STARTING_SECONDS = 10.0
"""Of a slot: starting a process, finding the server, connecting."""

MARGIN_SHARE = 1 / 16
"""Of what was set aside, for what is under way when a test sees that it has had its bytes."""

NOT_KEPT = (
    "what the test may cost could not be kept on the disk before it: free some space where the "
    "agent keeps its state"
)
SLOT_OVER = "the test took longer than the line was its: it was ended"


def run_heavy(
    name: str,
    request: ProbeRequest,
    limits: ThroughputConfig,
    budget: Budget,
    slots: Slots | None,
    measure: Measure,
    cancelled: Cancelled,
) -> tuple[Result, ...]:
    """Run a test that fits into the budget, as soon as its line is free; else one skipped result
    that says why. A test inside this machine loads no line and costs nothing."""
    if is_inside_this_machine(request):
        return _spent(budget, request, measure(request, cancelled))[0]
    most = min(
        budget.most_bytes(request),
        budget.left_bytes(limits.max_bytes_per_day, limits.max_bytes_per_month),
    )
    slot = (
        slots.ask(_wish(request, budget, most), limits.max_wait_seconds, cancelled)
        if slots
        else None
    )
    if isinstance(slot, NoSlot):
        return (skipped(name, request, (slot.why,)),)
    most = min(most, slot.bytes_at_most) if slot else most
    if not budget.reserve(most):
        if slots and slot:
            slots.end(slot, 0)
        return (skipped(name, request, (NOT_KEPT,)),)
    fitting = _fitting(request, slot, most)
    results, cost = _spent(budget, request, _in_time(name, fitting, slot, measure, cancelled))
    if slots and slot:
        slots.end(slot, cost)
        results = tuple(replace(result, slot_id=slot.id) for result in results)
    return results


def run_by_hand(
    name: str, request: ProbeRequest, slots: Slots | None, measure: Measure, wait_seconds: float
) -> tuple[Result, ...]:
    """Run a test that a person waits for: in a slot if the collector can be asked, and if it can't,
    as a guest of the test server. What the machine itself may spend a day is not its business."""
    wish = _plain_wish(request, 0, round(len(request.directions) * request.max_bytes))
    slot = slots.ask(wish, wait_seconds, _never) if slots else None
    if isinstance(slot, NoSlot) and slot.was_said:
        return (skipped(name, request, (slot.why,)),)
    if slots is None or slot is None or isinstance(slot, NoSlot):
        return measure(request, _never)
    results = _in_time(name, _fitting(request, slot, slot.bytes_at_most), slot, measure, _never)
    costs = [r.bytes_transferred for r in results if isinstance(r, ThroughputResult)]
    slots.end(slot, sum(cost or 0 for cost in costs))
    return tuple(replace(result, slot_id=slot.id) for result in results)


def run_in_group(
    name: str,
    request: ProbeRequest,
    call: GroupCall,
    part: GroupBegin,
    budget: Budget,
    slots: Slots | None,
    measure: Measure,
    cancelled: Cancelled,
) -> tuple[Result, ...]:
    """Run this machine's part in a group test, whose slot was given already. Alone it says nothing
    of the line, so it has no bound."""
    if not budget.reserve(part.bytes_at_most):
        results: tuple[Result, ...] = (skipped(name, request, (NOT_KEPT,)),)
        cost = 0
    else:
        most = part.bytes_at_most * (1 - MARGIN_SHARE)
        results, cost = _spent(
            budget, request, measure(replace(request, max_bytes=most), cancelled)
        )
    if slots:
        slots.end_by_id(part.slot_id, cost)
    return tuple(_as_part(result, call, part) for result in results[:1])


def _as_part(result: Result, call: GroupCall, part: GroupBegin) -> Result:
    named = replace(
        result, id=part.result_id, slot_id=part.slot_id, swarm_id=call.group_id, trigger="swarm"
    )
    if isinstance(named, ThroughputResult):
        return replace(named, bound=None, burst_test_id=None)
    return named


def _never() -> bool:
    return False


def _wish(request: ProbeRequest, budget: Budget, most: int) -> SlotRequest:
    expected = sum(budget.expected_bytes(request, way) for way in request.directions)
    return _plain_wish(request, expected, most)


def _plain_wish(request: ProbeRequest, expected: int, most: int) -> SlotRequest:
    return SlotRequest(
        id=new_id(),
        reflector_id=request.reflector.id if request.reflector else None,
        directions=request.directions,
        trigger=request.trigger,
        bytes_expected=expected,
        bytes_at_most=max(1, most),
        seconds=STARTING_SECONDS
        + len(request.directions) * (request.max_seconds + AFTER_TEST_SECONDS),
    )


def _fitting(request: ProbeRequest, slot: Slot | None, most: int) -> ProbeRequest:
    share = most * (1 - MARGIN_SHARE) / len(request.directions)
    token = slot.token if slot and slot.token else request.access_token
    return replace(request, access_token=token, max_bytes=min(request.max_bytes, share))


def _in_time(
    name: str, request: ProbeRequest, slot: Slot | None, measure: Measure, cancelled: Cancelled
) -> tuple[Result, ...]:
    """CancelledError if the agent is to stop; past the slot's end, a failed test."""
    try:
        return measure(
            request, lambda: cancelled() or (slot is not None and time.monotonic() > slot.ends)
        )
    except CancelledError:
        if cancelled():
            raise
        return failed_now(name, request, SLOT_OVER)


def _spent(
    budget: Budget, request: ProbeRequest, results: tuple[Result, ...]
) -> tuple[tuple[Result, ...], int]:
    return results, budget.spend(request, results)
