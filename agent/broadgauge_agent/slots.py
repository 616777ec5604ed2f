"""A slot for each test that loads a line: asked for before it, told the end of after it.

All times are counted from the collector's answers by a clock that only counts, so it matters
nothing what the time of day is on either side.
"""

import random
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx2
import msgspec
from msgspec import Struct

from broadgauge_wire import SlotAnswer, SlotEnd, SlotRequest, WireError, decode, encode
from broadgauge_wire.spec import API_PREFIX

from .client import client_of, send
from .errors import AgentError, SpoolError, UnreachableError
from .identity import Identity
from .measuring import CancelledError
from .presence import Facts

FACT = "slots_to_end"
"""Slots whose end the collector hasn't heard of yet: id and bytes used."""

MAX_TO_END = 50
LOOK_SECONDS = 0.2
DEFAULT_WAIT_SECONDS = 5.0
SPREAD_SECONDS = 1.0
"""Of those who were told the same moment, so that not all ask again at once."""

NOT_NOW = (409, 429)
NO_SLOTS = (404, 405)
"""Of a collector that knows of no slots: an earlier one."""

NEVER_HEARD = (404, 422)
"""To the end of a slot that the collector has forgotten, or never gave."""


class Slot(Struct, frozen=True, kw_only=True):
    """A line for one test. Moments by this machine's monotonic clock."""

    id: UUID
    token: str | None
    begins: float
    ends: float
    bytes_at_most: int


class NoSlot(Struct, frozen=True):
    """Why there is none, in words; whether that is the collector's answer."""

    why: str
    was_said: bool = False


class Noted:
    """Facts for as long as a program runs."""

    def __init__(self) -> None:
        self._facts: dict[str, object] = {}

    def fact(self, key: str) -> object:
        """A fact noted earlier, or None."""
        return self._facts.get(key)

    def note(self, key: str, value: object) -> None:
        """Keep a fact."""
        self._facts[key] = value


class Slots:
    """Asks the collector. For one thread."""

    def __init__(
        self,
        identity: Callable[[], Identity],
        facts: Facts,
        chance: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._identity = identity
        self._facts = facts
        self._chance = chance or random.Random()  # noqa: S311
        self._clock = clock

    def ask(
        self, wish: SlotRequest, wait_seconds: float, cancelled: Callable[[], bool]
    ) -> Slot | NoSlot | None:
        """A slot that has begun, or why there is none; None where the collector knows of no slots.
        Waits so long for others to end. CancelledError if `cancelled` says so meanwhile."""
        until = self._clock() + wait_seconds
        with client_of(self._identity()) as client:
            self._tell_ends(client)
            while True:
                left = max(0.0, until - self._clock())
                found = self._ask_once(client, msgspec.structs.replace(wish, waits_seconds=left))
                if isinstance(found, Slot):
                    self._wait_until(found.begins, cancelled)
                if not isinstance(found, _Later):
                    return found
                again = self._clock() + found.seconds + self._chance.uniform(0, SPREAD_SECONDS)
                if again > until:
                    return NoSlot(found.why, was_said=True)
                self._wait_until(again, cancelled)

    def end(self, slot: Slot, bytes_used: int) -> None:
        """The test is over. If the collector can't be told now, it is before the next one."""
        self.end_by_id(slot.id, bytes_used)

    def end_by_id(self, slot_id: UUID, bytes_used: int) -> None:
        """The same for a slot that was given otherwise."""
        self._note([*self._to_end(), [str(slot_id), bytes_used]])
        with client_of(self._identity()) as client:
            self._tell_ends(client)

    def _ask_once(
        self, client: httpx2.Client, wish: SlotRequest
    ) -> "Slot | NoSlot | _Later | None":
        asked = self._clock()
        try:
            answer = send(client, "POST", f"{API_PREFIX}/slots", encode(wish))
        except UnreachableError as error:
            self._note([*self._to_end(), [str(wish.id), 0]])  # it may have been given one
            return NoSlot(f"no slot for this test, as the collector can't be asked: {error}")
        if answer.status in NO_SLOTS and answer.problem is not None:
            return None
        if answer.status in NOT_NOW and answer.problem is not None:
            said = answer.retry_after_seconds(answer.received_at)
            return _Later(answer.problem, DEFAULT_WAIT_SECONDS if said is None else said)
        if answer.status != 200:
            return NoSlot(f"no slot for this test: the collector {answer.words}")
        try:
            return self._slot(decode(answer.body, SlotAnswer), asked)
        except WireError:
            return NoSlot("no slot for this test: the collector's address answered nonsense")

    def _slot(self, said: SlotAnswer, asked: float) -> Slot:
        """It begins no sooner than the collector meant, and ends no later."""
        return Slot(
            id=said.slot_id,
            token=said.token,
            begins=self._clock() + said.begins_in_seconds,
            ends=asked + said.begins_in_seconds + said.holds_seconds,
            bytes_at_most=said.bytes_at_most,
        )

    def _wait_until(self, moment: float, cancelled: Callable[[], bool]) -> None:
        while (left := moment - self._clock()) > 0:
            if cancelled():
                raise CancelledError
            time.sleep(min(left, LOOK_SECONDS))

    def _tell_ends(self, client: httpx2.Client) -> None:
        """What can't be told stays noted, unless the collector will never want to hear it."""
        waiting = self._to_end()
        while waiting:
            slot_id, bytes_used = waiting[0]
            path = f"{API_PREFIX}/slots/{slot_id}/end"
            try:
                answer = send(client, "POST", path, encode(SlotEnd(bytes_used=bytes_used)))
            except AgentError:
                return
            is_final = answer.status in NEVER_HEARD and answer.problem is not None
            if answer.status // 100 != 2 and not is_final:
                return
            waiting = waiting[1:]
            self._note(waiting)

    def _to_end(self) -> list[Any]:
        try:
            found = self._facts.fact(FACT)
        except SpoolError:
            return []
        return found if isinstance(found, list) else []

    def _note(self, waiting: list[Any]) -> None:
        try:
            self._facts.note(FACT, waiting[-MAX_TO_END:])
        except SpoolError:
            return  # the runner says so when it keeps the results


class _Later(Struct, frozen=True):
    why: str
    seconds: float
