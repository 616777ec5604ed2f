"""Group tests: the sending thread hears of them, the measuring one takes part.

The begin is counted by a clock that only counts, from the middle between question and answer. Of
several answers the one that came fastest is taken, since it leaves least to guess.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from uuid import UUID

import httpx2
from msgspec import Struct

from broadgauge_wire import (
    GroupAnswer,
    GroupAsk,
    GroupBegin,
    GroupCall,
    GroupReadiness,
    WireError,
    decode,
    encode,
)
from broadgauge_wire.spec import API_PREFIX

from .client import send
from .errors import AgentError

log = logging.getLogger(__name__)

RETRY_SECONDS = 60.0
CALLED_RETRY_SECONDS = 2.0
NO_GROUPS_SECONDS = 3600.0
"""Of a collector that knows of no group tests: an earlier one."""

LAPSES_SECONDS = 240.0
"""Without a word from the collector, a call whose begin isn't known holds up no other test."""

TELLS_SECONDS = 30.0
"""In which this machine says that it heard of the begin too late."""

START_SECONDS = 4.0
"""Before the begin: starting a process on a slow machine."""

NO_GROUPS = (404, 405)


class Called(Struct, frozen=True):
    """What this machine is called to. `begins` is by its monotonic clock, once that is known."""

    call: GroupCall
    heard: float
    begins: float | None = None
    answer_seconds: float = float("inf")

    @property
    def begin(self) -> GroupBegin | None:
        """This machine's part, once it is set."""
        return self.call.begin

    def ends(self) -> float:
        """When it is over for this machine, or holds it up no longer."""
        if self.begin is None or self.begins is None:
            return self.heard + LAPSES_SECONDS
        return max(self.begins + self.begin.ends_after_seconds, self.heard + TELLS_SECONDS)


class GroupsHeard:
    """What the collector says of group tests. `refresh` is for the thread that sends."""

    def __init__(
        self,
        chance: random.Random,
        answered: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`answered` is called when there is something to tell the collector."""
        self._chance = chance
        self._answered = answered
        self._clock = clock
        self._lock = threading.Lock()
        self._due = 0.0
        self._called: Called | None = None
        self._said: tuple[GroupReadiness, str | None] = ("idle", None)
        self._over: UUID | None = None
        self.listeners: list[Callable[[], None]] = []
        """Called when there is another call, or its begin is set."""

    def due_seconds(self) -> float:
        """Until it is asked again."""
        return max(0.0, self._due - self._clock())

    @property
    def called(self) -> Called | None:
        """What this machine is to take part in, and hasn't yet."""
        known = self._called
        return None if known is None or self._clock() > known.ends() else known

    def say(self, state: GroupReadiness, why_not: str | None = None) -> None:
        """How this machine stands to what it is called to."""
        with self._lock:
            self._said = (state, why_not)
            self._due = 0.0
        self._answered()

    def over(self, group_id: UUID) -> None:
        """It took part, or will not."""
        with self._lock:
            self._over = group_id
            self._called = None

    def refresh(self, client: httpx2.Client) -> None:
        """Ask when it is time."""
        if self.due_seconds() > 0:
            return
        with self._lock:
            known, (state, why_not) = self._called, self._said
            self._due = self._clock() + (CALLED_RETRY_SECONDS if known else self._retry())
        group_id = known.call.group_id if known else self._over if state == "cannot" else None
        said = GroupAsk(
            group_id=group_id,
            state=state if group_id else "idle",
            why_not=why_not and why_not[:900],
        )
        asked = self._clock()
        try:
            answer = send(client, "POST", f"{API_PREFIX}/group-calls", encode(said))
            if answer.status == 200:
                self._learn(decode(answer.body, GroupAnswer), asked, state)
            elif answer.status in NO_GROUPS:
                self._due = self._clock() + NO_GROUPS_SECONDS
        except (AgentError, WireError) as error:
            log.debug("group tests not asked for: %s", error)

    def _retry(self) -> float:
        return RETRY_SECONDS * self._chance.uniform(0.9, 1.1)

    def _learn(self, said: GroupAnswer, asked: float, told: GroupReadiness) -> None:
        now = self._clock()
        with self._lock:
            former = self._called
            self._called = self._taken(said.call, asked, now)
            if self._called is None and self._said[0] == told:
                self._said = ("idle", None)
            elif self._called and not (former and _is_same(former, self._called)):
                self._said = ("busy", None)
            self._due = self._next(said, now)
        if _news(former, self._called):
            for listener in self.listeners:
                listener()

    def _taken(self, call: GroupCall | None, asked: float, now: float) -> Called | None:
        if call is None or call.group_id == self._over:
            return None
        if call.begin is None:
            return Called(call, now)
        known, took = self._called, now - asked
        is_known = known is not None and known.call.group_id == call.group_id
        if known is not None and is_known and known.answer_seconds <= took:
            return known
        return Called(call, now, (asked + now) / 2 + call.begin.begins_in_seconds, took)

    def _next(self, said: GroupAnswer, now: float) -> float:
        known = self._called
        if known is None or known.begins is None:
            return now + said.ask_again_seconds
        if now + said.ask_again_seconds < known.begins - START_SECONDS:
            return now + said.ask_again_seconds
        return known.ends() + self._chance.uniform(0, CALLED_RETRY_SECONDS)


def _is_same(one: Called, other: Called) -> bool:
    return one.call.group_id == other.call.group_id


def _news(former: Called | None, now: Called | None) -> bool:
    if former is None or now is None:
        return former is not now
    return not _is_same(former, now) or (former.begin is None) != (now.begin is None)
