"""Tests that pages announced and whose results are awaited.

A test that was begun and never finished becomes a failed result, because silence is information: a
device that loses the Wi-Fi in mid-test is what a survey is for. The collector where it began sees
to that; one that stops forgets it. Any collector takes the result, if it comes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Concatenate, ParamSpec, Protocol, TypeVar
from uuid import UUID, uuid4

import structlog
from sqlalchemy import Connection

from broadgauge_host.senders import is_own_machine

from ..errors import CollectorError, Conflict, NotFound, TooManyTests
from . import awaited
from .awaited import UnderWay
from .limits import Allowance
from .model import FinishedTest, Room
from .plausible import check_plausible
from .results import CLOSED
from .servers import PageServer

LIFETIME_SECONDS = 90.0
"""The slowest test ends well within this: 10 s to connect and 10 s of load, each way, and words."""

ROOM_BURST, ROOM_EVERY_SECONDS = 12, 120.0
"""A room: a dozen devices one after the other, then thirty an hour. A test that is given up counts
twice: it kept others out all the while."""

ADDRESS_BURST, ADDRESS_EVERY_SECONDS = 60, 15.0
"""An address: a whole school may share one, or a district. Rooms have limits of their own."""

OFTEN_IN_ROOM = "This room was tested often just now."
OFTEN_FROM_NETWORK = "Many tests came from this network just now, of this room and of others."

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")
Keep = Callable[[UnderWay, FinishedTest], Awaitable[None]]
Afterwards = Callable[[Connection, UUID], None]


class Write(Protocol):
    """How to change the control database, as Services.write."""

    async def __call__(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`function(connection, ...)` in one transaction."""


class RoomTests:
    """The tests under way, each with the moment at which it is given up. In the event loop only."""

    def __init__(
        self,
        keep: Keep,
        write: Write,
        *,
        lifetime_seconds: float = LIFETIME_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lifetime_seconds = lifetime_seconds
        self._keep = keep
        self._write = write
        self._clock = clock
        self._began_seconds: dict[UUID, float] = {}
        self._timers: dict[UUID, asyncio.TimerHandle] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._rooms = Allowance(burst=ROOM_BURST, every_seconds=ROOM_EVERY_SECONDS)
        self._addresses = Allowance(burst=ADDRESS_BURST, every_seconds=ADDRESS_EVERY_SECONDS)

    async def begin(self, room: Room, server: PageServer, address: str, now: datetime) -> UnderWay:
        """Note a test. TooManyTests if others are under way, or there were too many lately.

        The address is counted in memory and never kept.
        """
        counted = self._allowances(room, address)
        test = UnderWay(id=uuid4(), room=room, server=server, began=now)
        await self._write(awaited.begin, test, now + self._lifetime())
        for allowance, key in counted:
            allowance.take(key)
        self._began_seconds[test.id] = self._clock()
        self._await_result(test.id)
        return test

    async def finish(self, test_id: UUID, finished: FinishedTest) -> UnderWay:
        """Keep what a page says of its test, once however often it is said.

        NotFound if it is not awaited any more; Conflict while it is being kept; and whatever
        keeping raises. Where trying again helps, it is awaited again.
        """
        test, is_kept = await self._write(awaited.claim, test_id)
        if not is_kept:
            await self._end(test, finished, awaited.settle)
        return test

    def forget(self) -> None:
        """The server stops."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._began_seconds.clear()

    def _allowances(self, room: Room, address: str) -> list[tuple[Allowance, str]]:
        """What a test is counted in. TooManyTests if one is used up."""
        asked = [(self._rooms, str(room.id), OFTEN_IN_ROOM)]
        if not is_own_machine(address):  # a proxy in front would be everybody
            asked.append((self._addresses, address, OFTEN_FROM_NETWORK))
        for allowance, key, words in asked:
            seconds = allowance.seconds_to_wait(key)
            if seconds > 0:
                raise TooManyTests(words, int(seconds) + 1)
        return [(allowance, key) for allowance, key, _ in asked]

    async def _end(self, test: UnderWay, finished: FinishedTest, afterwards: Afterwards) -> None:
        self._stop_timer(test.id)
        try:
            check_plausible(finished, self._elapsed_seconds(test))
            await self._keep(test, finished)
        except CollectorError as error:
            if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                await self._await_again(test)
            else:
                log.warning("room_test_refused", why=error.detail)
                await self._close(test, awaited.forget)
            raise
        except BaseException:
            await self._close(test, awaited.forget)
            raise
        await self._close(test, afterwards)

    async def _close(self, test: UnderWay, afterwards: Afterwards) -> None:
        """Whatever became of the result, it is not changed by what becomes of this note."""
        self._began_seconds.pop(test.id, None)
        await self._note(afterwards, test.id)

    async def _await_again(self, test: UnderWay) -> None:
        ends_at = datetime.now(UTC) + self._lifetime()
        await self._note(awaited.await_again, test.id, ends_at)
        self._await_result(test.id)

    async def _note(
        self,
        function: Callable[Concatenate[Connection, P], None],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        try:
            await self._write(function, *args, **kwargs)
        except CollectorError as error:
            log.warning("room_test_not_noted", why=error.detail)

    def _elapsed_seconds(self, test: UnderWay) -> float:
        began = self._began_seconds.get(test.id)
        if began is not None:
            return self._clock() - began
        return (datetime.now(UTC) - test.began).total_seconds()  # it began at another collector

    def _lifetime(self) -> timedelta:
        return timedelta(seconds=self.lifetime_seconds)

    def _await_result(self, test_id: UUID) -> None:
        loop = asyncio.get_running_loop()
        self._timers[test_id] = loop.call_later(self.lifetime_seconds, self._give_up, test_id)

    def _stop_timer(self, test_id: UUID) -> None:
        if timer := self._timers.pop(test_id, None):
            timer.cancel()

    def _give_up(self, test_id: UUID) -> None:
        task = asyncio.create_task(self._keep_as_closed(test_id))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _keep_as_closed(self, test_id: UUID) -> None:
        self._timers.pop(test_id, None)
        try:
            test, is_kept = await self._write(awaited.claim, test_id)
            if not is_kept:
                await self._end(test, CLOSED, awaited.forget)
                self._rooms.take(str(test.room.id))
        except (NotFound, Conflict):
            pass  # its result came in time, here or at another collector
        except CollectorError as error:
            log.warning("room_test_not_kept", why=error.detail)
        if test_id not in self._timers:
            self._began_seconds.pop(test_id, None)
