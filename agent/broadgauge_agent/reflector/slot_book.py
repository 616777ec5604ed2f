"""One slot at a time on each line, and no byte beyond what it has.

No clock is trusted here but the one that counts seconds since this program started. Slots of one
line come in an order, which their tokens say: one that begins later ends those before it, and once
it has come, none of those is let in again.
"""

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from uuid import UUID

from msgspec import Struct

from broadgauge_wire import SlotPass
from broadgauge_wire.spec import MAX_SLOT_SECONDS, MAX_SLOT_WAIT_SECONDS

from .answers_to_tests import Grant, Occupied, Refusal

REMEMBERED_SECONDS = MAX_SLOT_SECONDS + MAX_SLOT_WAIT_SECONDS
"""Slots given before that are over by themselves, whatever the collector's clock was set to."""

MARGIN_BYTES = 2**24
MARGIN_SHARE = 1 / 16
"""A message that was begun is sent whole: 1 MiB at most on each of 16 connections, and no more than
a sixteenth of what was sent before. So much before its last byte, a slot begins no other."""

OVER = "This slot is over. Ask the collector for another one."
USED_UP = "The bytes of this slot are used up. Ask the collector for another one."


class Transfer(Struct, frozen=True, kw_only=True):
    """One connection's test under a slot. Seconds since this program began to count."""

    slot_id: UUID
    lines: tuple[UUID, ...]
    began_seconds: float
    ended_seconds: float
    num_bytes: int


class Running:
    """A slot that came here: how long it holds, what each who shares it has moved, and what of it
    is under way."""

    def __init__(self, slot: SlotPass, began: float, ends: float) -> None:
        self.slot = slot
        self.began = began
        self.ends = ends
        self.is_superseded = False
        self.under_way: set[SlotGrant] = set()
        self._moved: dict[UUID | None, int] = {}

    def count(self, member_id: UUID | None, num_bytes: int) -> None:
        """Bytes that were moved for a member of the group that shares the slot, or for who has it
        alone."""
        self._moved[member_id] = self._moved.get(member_id, 0) + num_bytes

    def is_used_up(self, slot: SlotPass) -> bool:
        """Whether whoever shows this pass has moved what it may."""
        limit = slot.bytes - min(MARGIN_BYTES, slot.bytes * MARGIN_SHARE)
        return self._moved.get(slot.member_id, 0) >= limit

    def is_over(self, now: float) -> bool:
        """Whether it holds no more."""
        return self.is_superseded or now >= self.ends

    def supersede(self) -> None:
        """Another slot has its line now: whatever is under way ends."""
        self.is_superseded = True
        for grant in tuple(self.under_way):
            grant.cut()


class SlotGrant(Grant):
    """A transfer under a slot."""

    def __init__(self, slot: SlotPass, running: Running, book: "SlotBook") -> None:
        super().__init__()
        self._slot = slot
        self._running = running
        self._book = book
        self._num_bytes = 0
        self._began = book.now()
        self.cut: Callable[[], None] = lambda: None
        running.under_way.add(self)

    @property
    def is_over(self) -> bool:
        """Whether it has to end, though nothing moves."""
        return self._running.is_used_up(self._slot) or self._running.is_over(self._book.now())

    @property
    def seconds_left(self) -> float:
        """Until it is cut off."""
        return max(0.0, self._running.ends - self._book.now())

    def take(self, num_bytes: int) -> bool:
        """Count bytes that were moved; False once the slot is over or has used up its own."""
        self._num_bytes += num_bytes
        self._running.count(self._slot.member_id, num_bytes)
        return not self.is_over

    def end(self) -> None:
        """The transfer is over."""
        if self in self._running.under_way:
            self._running.under_way.remove(self)
            self._book.ended(self._slot, self._began, self._num_bytes)


class SlotBook:
    """The latest slot of every line. One thread at a time may ask."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        on_transfer: Callable[[Transfer], None] = lambda _: None,
    ) -> None:
        self.now = clock
        self._on_transfer = on_transfer
        self._latest: dict[UUID, Running] = {}

    def enter(self, slot: SlotPass) -> SlotGrant | Refusal | Occupied:
        """Begin a transfer under a slot; Occupied while one that it ends is still closing."""
        now = self.now()
        before = self._before(slot.lines, now)
        own = next((running for running in before if running.slot.id == slot.id), None)
        if own is not None:
            return self._go_on(slot, own, now)
        left = self._seconds_left(slot, now)
        if left <= 0 or any(running.slot.begins >= slot.begins for running in before):
            return _over(OVER)
        for running in before:
            running.supersede()
        if any(running.under_way for running in before):
            return Occupied()
        running = Running(slot, now, now + min(slot.seconds, left))
        self._latest |= dict.fromkeys(slot.lines, running)
        return SlotGrant(slot, running, self)

    def ended(self, slot: SlotPass, began: float, num_bytes: int) -> None:
        """A transfer under a slot has ended."""
        self._on_transfer(
            Transfer(
                slot_id=slot.id,
                lines=slot.lines,
                began_seconds=began,
                ended_seconds=self.now(),
                num_bytes=num_bytes,
            )
        )

    def _before(self, lines: Iterable[UUID], now: float) -> list[Running]:
        """The latest slots of these lines, but for those of long ago."""
        old = [
            line
            for line, running in self._latest.items()
            if now - running.began > REMEMBERED_SECONDS and not running.under_way
        ]
        for line in old:
            del self._latest[line]
        return list({id(r): r for line in lines if (r := self._latest.get(line))}.values())

    def _go_on(self, slot: SlotPass, running: Running, now: float) -> SlotGrant | Refusal:
        if running.is_used_up(slot):
            return _over(USED_UP)
        return _over(OVER) if running.is_over(now) else SlotGrant(slot, running, self)

    def _seconds_left(self, slot: SlotPass, now: float) -> float:
        """Until a slot that wasn't seen yet is over by the collector's clock, at most: that shows
        no less than when the latest slots began, and what passed since."""
        shown = max(
            (running.slot.begins + now - running.began for running in self._latest.values()),
            default=slot.begins,
        )
        return slot.begins + slot.seconds - max(shown, slot.begins)


def _over(words: str) -> Refusal:
    return Refusal(status=HTTPStatus.FORBIDDEN, words=words)
