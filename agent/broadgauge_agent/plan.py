"""The collector's plan: asked for now and then, kept in the spool, and followed until it ends."""

import logging
import random
import time
from collections.abc import Callable
from math import inf

import httpx2
import msgspec
from msgspec import Struct
from msgspec.structs import replace

from broadgauge_wire import Plan, PlanSpan, WireError, decode
from broadgauge_wire.spec import API_PREFIX

from .budget import is_inside_this_machine
from .client import send
from .clock import MAX_OFFSET_SECONDS
from .errors import AgentError, SpoolError
from .hours import ANY, spans_between
from .intensity import Intensity
from .probes import ProbeRequest
from .spool import Spool

log = logging.getLogger(__name__)

FACT = "plan"

PLAN_SECONDS = 3600.0
"""What a line lacks changes by a few tests a day."""

RETRY_SECONDS = 300.0

HOUR = 3600.0


class PlanHeard:
    """What the collector planned last; None where it plans nothing, as earlier ones."""

    def __init__(self, spool: Spool, chance: random.Random) -> None:
        self._spool = spool
        self._chance = chance
        self._due = 0.0
        self.latest: Plan | None = _kept(spool)
        self.listeners: list[Callable[[], None]] = []
        """Called when there is another plan."""

    def due_seconds(self) -> float:
        """Until it is asked for again."""
        return max(0.0, self._due - time.monotonic())

    def refresh(self, client: httpx2.Client) -> None:
        """Ask for it when it is time; what was known holds where there is no answer."""
        if self.due_seconds() > 0:
            return
        spread = self._chance.uniform(0.9, 1.1)
        self._due = time.monotonic() + RETRY_SECONDS * spread
        try:
            answer = send(client, "GET", f"{API_PREFIX}/plan")
            if answer.status == 200:
                self._learn(decode(answer.body, Plan))
            else:
                log.debug("no plan: the collector %s", answer.words)
        except (AgentError, WireError) as error:
            log.debug("no plan: %s", error)
            return
        self._due = time.monotonic() + PLAN_SECONDS * spread

    def _learn(self, plan: Plan) -> None:
        try:
            self._spool.note(FACT, msgspec.to_builtins(plan))
        except SpoolError as error:  # a full disk: it holds all the same, until the next start
            log.warning("plan not kept for the next start: %s", error)
        self.latest = plan
        for listener in self.listeners:
            listener()


class PlanInForce(Struct, frozen=True):
    """A plan by this machine's own clock, which is so many seconds behind the collector's."""

    plan: Plan | None = None
    offset_seconds: float = 0.0

    def intensity(self, mean_seconds: float, hours: str) -> Intensity | None:
        """How often a run is due: as planned, and once in the mean time where nothing is planned.
        None without a plan."""
        if self.plan is None or not self.plan.spans:
            return None
        return self._within(hours, mean_seconds, lambda span: span.tests_per_hour / HOUR)

    def blackouts(self, mean_seconds: float, hours: str) -> Intensity | None:
        """Once in the mean time, but for blackouts. None without any."""
        if self.plan is None or not any(span.blackout for span in self.plan.spans):
            return None
        return self._within(hours, mean_seconds, lambda _: 1 / mean_seconds)

    def fitted(self, request: ProbeRequest, unix_seconds: float) -> ProbeRequest:
        """A test as it is planned for this moment: lighter where students may be there, and only as
        much as the question takes where that is a routine one. Never more than was asked for.
        Bytes that stay inside this machine are nobody's to save."""
        span = self._at(unix_seconds)
        if self.plan is None or span is None:
            return request
        if span.light:
            max_bytes = inf if is_inside_this_machine(request) else self.plan.light_max_bytes
            return replace(
                request,
                max_seconds=min(request.max_seconds, max(self.plan.light_max_seconds, 0.5)),
                max_bytes=min(request.max_bytes, max_bytes),
            )
        if span.routine and request.reflector is not None:
            targets = {t.reflector_id: t.line_bits_per_second for t in self.plan.targets}
            return replace(request, target_bits_per_second=targets.get(request.reflector.id))
        return request

    def _within(
        self, hours: str, mean_seconds: float, rate: Callable[[PlanSpan], float]
    ) -> Intensity:
        assert self.plan is not None  # noqa: S101 - callers looked
        pieces: list[tuple[float, float, float]] = []
        for span in self.plan.spans:
            begins, ends = self._here(span.begins.timestamp()), self._here(span.ends.timestamp())
            if ends > begins:
                per_second = 0.0 if span.blackout else rate(span)
                pieces += _cut(begins, ends, per_second, hours)
        return Intensity.of(pieces, otherwise=1 / mean_seconds)

    def _at(self, unix_seconds: float) -> PlanSpan | None:
        spans = self.plan.spans if self.plan else ()
        return next(
            (
                span
                for span in spans
                if self._here(span.begins.timestamp())
                <= unix_seconds
                < self._here(span.ends.timestamp())
            ),
            None,
        )

    def _here(self, collectors_seconds: float) -> float:
        return collectors_seconds - self.offset_seconds


def in_force(plan: Plan | None, offset_seconds: float | None) -> PlanInForce:
    """A plan by this machine's clock, to the minute so that a clock's drift is no news."""
    offset = offset_seconds or 0.0
    if abs(offset) > MAX_OFFSET_SECONDS:
        offset = 0.0
    return PlanInForce(plan, round(offset / 60) * 60.0)


def _cut(
    begins: float, ends: float, per_second: float, hours: str
) -> list[tuple[float, float, float]]:
    """A piece, with nothing outside the hours that this machine keeps to."""
    if hours == ANY or per_second == 0:
        return [(begins, ends, per_second)]
    pieces: list[tuple[float, float, float]] = []
    for opens, closes in spans_between(hours, begins, ends):
        if opens > begins:
            pieces.append((begins, opens, 0.0))
        pieces.append((opens, closes, per_second))
        begins = closes
    return pieces if begins >= ends else [*pieces, (begins, ends, 0.0)]


def _kept(spool: Spool) -> Plan | None:
    try:
        kept = spool.fact(FACT)
        return None if kept is None else msgspec.convert(kept, Plan)
    except (SpoolError, msgspec.ValidationError) as error:
        log.debug("no plan from before: %s", error)
        return None
