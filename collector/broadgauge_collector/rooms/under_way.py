"""Tests that pages announced and whose results are awaited.

A test that was begun and never finished becomes a failed result, because silence is information: a
device that loses the Wi-Fi in mid-test is what a survey is for. They are kept in memory alone: a
server that stops forgets them, and their pages say that nothing was kept.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from uuid import UUID, uuid4

import structlog
from msgspec import Struct

from broadgauge_host.senders import is_own_machine

from ..errors import CollectorError, Conflict, NotFound, TooManyTests
from .limits import Allowance
from .model import FinishedTest, Room
from .plausible import check_plausible
from .results import CLOSED
from .servers import PageServer

LIFETIME_SECONDS = 90.0
"""The slowest test ends well within this: 10 s to connect and 10 s of load, each way, and words."""

TESTS_AT_SCHOOL = 4
"""At once: more would only measure each other."""

WAIT_SECONDS = 10
"""A test that is under way may have ended after this."""

ROOM_BURST, ROOM_EVERY_SECONDS = 12, 120.0
"""A room: a dozen devices one after the other, then thirty an hour. A test that is given up counts
twice: it kept others out all the while."""

ADDRESS_BURST, ADDRESS_EVERY_SECONDS = 60, 15.0
"""An address: a whole school may share one, or a district. Rooms have limits of their own."""

KEPT_REMEMBERED = 1000
"""Tests whose page may say the same again, because the answer got lost."""

OFTEN_IN_ROOM = "This room was tested often just now."
OFTEN_FROM_NETWORK = "Many tests came from this network just now, of this room and of others."
NOT_AWAITED = "This test isn't awaited any more: it took too long, or the server was restarted."

log = structlog.get_logger()

Keep = Callable[["UnderWay", FinishedTest], Awaitable[None]]


class UnderWay(Struct, frozen=True, kw_only=True):
    """A test that began in a room. Its id is a secret of its page."""

    id: UUID
    room: Room
    server: PageServer
    began: datetime
    began_seconds: float
    """The same, on a clock that nobody sets."""


class RoomTests:
    """The tests under way, each with the moment at which it is given up. In the event loop only."""

    def __init__(
        self,
        keep: Keep,
        *,
        lifetime_seconds: float = LIFETIME_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lifetime_seconds = lifetime_seconds
        self._keep = keep
        self._clock = clock
        self._tests: dict[UUID, UnderWay] = {}
        self._timers: dict[UUID, asyncio.TimerHandle] = {}
        self._kept: OrderedDict[UUID, UnderWay] = OrderedDict()
        self._ending: set[asyncio.Task[None]] = set()
        self._rooms = Allowance(burst=ROOM_BURST, every_seconds=ROOM_EVERY_SECONDS)
        self._addresses = Allowance(burst=ADDRESS_BURST, every_seconds=ADDRESS_EVERY_SECONDS)

    def begin(self, room: Room, server: PageServer, address: str, now: datetime) -> UnderWay:
        """Note a test. TooManyTests if others are under way, or there were too many lately.

        The address is counted in memory and never kept.
        """
        self._check_room_for_one_more(room)
        self._check_allowances(room, address)
        test = UnderWay(
            id=uuid4(), room=room, server=server, began=now, began_seconds=self._clock()
        )
        self._tests[test.id] = test
        self._await_result(test)
        return test

    async def finish(self, test_id: UUID, finished: FinishedTest) -> UnderWay:
        """Keep what a page says of its test, once however often it is said.

        NotFound if it is not awaited any more; Conflict while it is being kept; and whatever
        keeping raises. Where trying again helps, it is awaited again.
        """
        if test_id in self._kept:
            return self._kept[test_id]
        test = self._tests.get(test_id)
        if test is None:
            raise NotFound(NOT_AWAITED)
        await self._end(test, finished)
        self._kept[test_id] = test
        if len(self._kept) > KEPT_REMEMBERED:
            self._kept.popitem(last=False)
        return test

    def forget(self) -> None:
        """The server stops."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._tests.clear()

    def _check_room_for_one_more(self, room: Room) -> None:
        rooms = Counter(test.room.id for test in self._tests.values())
        schools = Counter(test.room.school_id for test in self._tests.values())
        if rooms[room.id]:
            raise TooManyTests("Another device is testing this room right now.", WAIT_SECONDS)
        if schools[room.school_id] >= TESTS_AT_SCHOOL:
            raise TooManyTests("Other rooms are being tested right now.", WAIT_SECONDS)

    def _check_allowances(self, room: Room, address: str) -> None:
        asked = [(self._rooms, str(room.id), OFTEN_IN_ROOM)]
        if not is_own_machine(address):  # a proxy in front would be everybody
            asked.append((self._addresses, address, OFTEN_FROM_NETWORK))
        for allowance, key, words in asked:
            seconds = allowance.seconds_to_wait(key)
            if seconds > 0:
                raise TooManyTests(words, int(seconds) + 1)
        for allowance, key, _ in asked:
            allowance.take(key)

    async def _end(self, test: UnderWay, finished: FinishedTest) -> None:
        timer = self._timers.pop(test.id, None)
        if timer is None:
            raise Conflict("The result of this test is being kept right now.")
        timer.cancel()
        try:
            check_plausible(finished, self._clock() - test.began_seconds)
            await self._keep(test, finished)
        except CollectorError as error:
            if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                self._await_result(test)
            else:
                log.warning("room_test_refused", why=error.detail)
            raise
        finally:
            if test.id not in self._timers:
                self._tests.pop(test.id, None)

    def _await_result(self, test: UnderWay) -> None:
        loop = asyncio.get_running_loop()
        self._timers[test.id] = loop.call_later(self.lifetime_seconds, self._give_up, test.id)

    def _give_up(self, test_id: UUID) -> None:
        task = asyncio.create_task(self._keep_as_closed(test_id))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _keep_as_closed(self, test_id: UUID) -> None:
        test = self._tests[test_id]
        try:
            await self._end(test, CLOSED)
        except CollectorError as error:
            log.warning("room_test_not_kept", why=error.detail)
        else:
            self._rooms.take(str(test.room.id))
