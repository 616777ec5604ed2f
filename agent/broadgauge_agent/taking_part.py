"""A part in a group test: whether this machine can, holding still until all begin, and the test."""

import logging
import time
from collections.abc import Callable

from msgspec.structs import replace

from broadgauge_wire import GroupCall, Result
from broadgauge_wire.settings import ThroughputConfig

from .budget import Budget
from .busy import why_not_now
from .groups import START_SECONDS, Called, GroupsHeard
from .heavy import Cancelled, Measure, run_in_group
from .hours import is_within
from .measuring import CancelledError
from .outcomes import failed_now
from .power import why_spared
from .probes import ProbeRequest
from .probes.base import GroupTime
from .slots import Slots

log = logging.getLogger(__name__)

NAME = "throughput"
LOOK_SECONDS = 0.1
LONGEST_SECONDS = 10.0
"""Of a group test."""

UNKNOWN_SERVER = "it does not know the test server yet: it will within ten minutes"
TOO_LATE = "it heard of the begin too late"
SWITCHED_OFF = "throughput tests are switched off on it"


def take_part(
    called: Called,
    groups: GroupsHeard,
    request: ProbeRequest | None,
    limits: ThroughputConfig,
    budget: Budget,
    slots: Slots | None,
    measure: Measure,
    cancelled: Callable[[], bool],
    *,
    may_be_busy: bool,
) -> tuple[Result, ...]:
    """Say that it can, wait for the begin, and test; nothing where it can't, which is said with
    the reason. CancelledError if the agent is to stop."""
    call = called.call
    why = (
        why_no_part(request, call, limits, budget, may_be_busy=may_be_busy)
        if called.begin is None
        else None
        if request
        else UNKNOWN_SERVER
    )
    if why is not None or request is None:
        log.info("takes no part group=%s: %s", call.group_id, why)
        groups.say("cannot", why)
        groups.over(call.group_id)
        return ()
    if called.begin is None:
        groups.say("ready")
    set_one = _wait(call, groups, cancelled)
    if set_one is None or set_one.begin is None or set_one.begins is None:
        groups.over(call.group_id)
        return ()
    part = set_one.begin
    log.info("group test group=%s", call.group_id)
    if set_one.begins + part.joins_after_seconds < time.monotonic():
        measure = _too_late
    fitting = replace(
        request,
        access_token=part.token or request.access_token,
        max_streams=min(request.max_streams, part.connections),
        max_seconds=LONGEST_SECONDS,
        group=GroupTime(
            began=set_one.begins,
            joins_after_seconds=part.joins_after_seconds,
            ends_after_seconds=part.ends_after_seconds,
        ),
    )
    try:
        return run_in_group(NAME, fitting, call, part, budget, slots, measure, cancelled)
    finally:
        groups.over(call.group_id)


def why_no_part(
    request: ProbeRequest | None,
    call: GroupCall,
    limits: ThroughputConfig,
    budget: Budget,
    *,
    may_be_busy: bool,
) -> str | None:
    """Why this machine can't take part, in words; None if it can."""
    if not limits.enabled:
        return SWITCHED_OFF
    if request is None:
        return UNKNOWN_SERVER
    if not is_within(limits.hours, time.time()):
        return f"it loads no line outside of {limits.hours}, by its clock"
    if limits.max_seconds < LONGEST_SECONDS - 0.5:
        return f"its tests may take no longer than {limits.max_seconds:g} s, and this one takes ten"
    left = budget.left_bytes(limits.max_bytes_per_day, limits.max_bytes_per_month)
    if min(left, limits.max_bytes) < call.bytes_at_most:
        return "the test may cost more bytes than this machine has left, or than one test may"
    if spared := why_spared(request, limits):
        return spared
    return why_not_now(request) if limits.skip_when_busy and not may_be_busy else None


def _too_late(request: ProbeRequest, _cancelled: Cancelled) -> tuple[Result, ...]:
    return failed_now(NAME, request, TOO_LATE)


def _wait(call: GroupCall, groups: GroupsHeard, cancelled: Callable[[], bool]) -> Called | None:
    """Until shortly before the begin; None if it comes to nothing."""
    while (known := groups.called) is not None and known.call.group_id == call.group_id:
        if cancelled():
            raise CancelledError
        if known.begins is not None and known.begins - time.monotonic() <= START_SECONDS:
            return known
        time.sleep(LOOK_SECONDS)
    return None
