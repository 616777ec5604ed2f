"""How often a room is tested, by whomever, and from wherever."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from broadgauge_collector.errors import Conflict, NotFound, TooManyTests
from broadgauge_collector.rooms.awaited import TESTS_AT_SCHOOL, UnderWay
from broadgauge_collector.rooms.model import FinishedTest, Room
from broadgauge_collector.rooms.results import CLOSED
from broadgauge_collector.rooms.servers import PageServer
from broadgauge_collector.rooms.under_way import ADDRESS_BURST, ROOM_BURST, RoomTests, Write
from broadgauge_collector.schools.repository import add_school
from broadgauge_collector.store import ControlStore, tables
from broadgauge_wire import Reflector, new_id

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SERVER = PageServer(
    reflector=Reflector(id=new_id(), name="Closet", host="10.1.0.2", port=8485, segment="lan")
)
ELSEWHERE = "198.51.100.7"
SCHOOL = new_id()

P = ParamSpec("P")
T = TypeVar("T")


def a_room() -> Room:
    return Room(
        id=uuid4(), school_id=SCHOOL, school="Lincoln", name="12", code="01234567", made_at=NOW
    )


async def keep_nothing(_: UnderWay, __: FinishedTest) -> None:
    """Whatever it is."""


async def finish_one(tests: RoomTests, room: Room, address: str = ELSEWHERE) -> None:
    await tests.finish((await tests.begin(room, SERVER, address, NOW)).id, CLOSED)


@pytest.fixture
def write(control: ControlStore) -> Write:
    """As Services.write, in this thread. There is a school."""
    with control.begin() as c:
        made = add_school(c, name="Lincoln", timezone="America/Chicago").id
        same = tables.school.c.id == made
        c.execute(sa.update(tables.school).where(same).values(id=SCHOOL))

    async def in_one_transaction(
        function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with control.begin() as c:
            return function(c, *args, **kwargs)

    return in_one_transaction


def test_a_test_that_is_given_up_counts_twice(write: Write) -> None:
    async def run() -> int:
        told: asyncio.Queue[FinishedTest] = asyncio.Queue()

        async def keep(_: UnderWay, finished: FinishedTest) -> None:
            await told.put(finished)

        tests, room, begun = RoomTests(keep, write, lifetime_seconds=0.0), a_room(), 0
        with pytest.raises(TooManyTests, match="This room was tested often"):
            while True:
                await tests.begin(room, SERVER, ELSEWHERE, NOW)
                begun += 1
                assert await told.get() == CLOSED
                await asyncio.gather(*tests._ending)
        return begun

    assert asyncio.run(asyncio.wait_for(run(), 60)) == ROOM_BURST / 2


def test_an_address_that_tested_many_rooms_is_told_so_and_other_addresses_go_on(
    write: Write,
) -> None:
    async def run() -> None:
        tests, last = RoomTests(keep_nothing, write), a_room()
        for _ in range(ADDRESS_BURST):
            await finish_one(tests, a_room())
        with pytest.raises(TooManyTests, match="from this network") as refused:
            await finish_one(tests, last)
        assert "was tested often" not in refused.value.detail
        await finish_one(tests, last, "198.51.100.8")

    asyncio.run(run())


@pytest.mark.parametrize("proxy", ["127.0.0.1", "::1"])
def test_behind_a_proxy_on_this_machine_only_rooms_are_counted(proxy: str, write: Write) -> None:
    async def run() -> None:
        tests, room = RoomTests(keep_nothing, write), a_room()
        for _ in range(2 * ADDRESS_BURST):
            await finish_one(tests, a_room(), proxy)
        for _ in range(ROOM_BURST):
            await finish_one(tests, room, proxy)
        with pytest.raises(TooManyTests, match="This room was tested often"):
            await finish_one(tests, room, proxy)

    asyncio.run(run())


def test_a_test_whose_result_breaks_the_store_does_not_hold_its_room(write: Write) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a fault of ours")

    async def run() -> None:
        tests, room = RoomTests(broken, write), a_room()
        with pytest.raises(RuntimeError):
            await finish_one(tests, room)
        await tests.begin(room, SERVER, ELSEWHERE, NOW)
        tests.forget()

    asyncio.run(run())


def test_a_test_that_began_at_one_collector_is_finished_at_another_once(write: Write) -> None:
    kept: list[FinishedTest] = []

    async def keep(_: UnderWay, finished: FinishedTest) -> None:
        kept.append(finished)

    async def run() -> None:
        here, there = (RoomTests(keep, write, lifetime_seconds=0.3) for _ in range(2))
        begun = await here.begin(a_room(), SERVER, ELSEWHERE, datetime.now(UTC))
        assert (await there.finish(begun.id, CLOSED)).room == begun.room
        assert await there.finish(begun.id, CLOSED) == await here.finish(begun.id, CLOSED)
        # The first one's timer ends before this, and doesn't take it for one never finished.
        await asyncio.sleep(0.4)
        await asyncio.gather(*here._ending)
        assert kept == [CLOSED]
        assert not here._began_seconds

    asyncio.run(asyncio.wait_for(run(), 60))


def test_of_two_that_finish_a_test_at_once_one_keeps_it(write: Write) -> None:
    go_on = asyncio.Event()

    async def keep(*_: Any) -> None:
        await go_on.wait()

    async def run() -> None:
        here, there = (RoomTests(keep, write) for _ in range(2))
        begun = await here.begin(a_room(), SERVER, ELSEWHERE, datetime.now(UTC))
        keeping = asyncio.create_task(here.finish(begun.id, CLOSED))
        await asyncio.sleep(0)
        with pytest.raises(Conflict, match="being kept"):
            await there.finish(begun.id, CLOSED)
        go_on.set()
        await keeping

    asyncio.run(asyncio.wait_for(run(), 60))


def test_rooms_are_free_or_not_for_all_collectors(write: Write) -> None:
    async def refused(tests: RoomTests, room: Room) -> str:
        with pytest.raises(TooManyTests) as caught:
            await tests.begin(room, SERVER, ELSEWHERE, datetime.now(UTC))
        return caught.value.detail

    async def run() -> None:
        here, there = (RoomTests(keep_nothing, write) for _ in range(2))
        rooms = [a_room() for _ in range(TESTS_AT_SCHOOL + 1)]
        begun = [
            await here.begin(room, SERVER, ELSEWHERE, datetime.now(UTC)) for room in rooms[:-1]
        ]
        assert "testing this room" in await refused(there, rooms[0])
        assert "Other rooms" in await refused(there, rooms[-1])
        await there.finish(begun[0].id, CLOSED)
        await there.begin(rooms[-1], SERVER, ELSEWHERE, datetime.now(UTC))
        here.forget()
        there.forget()

    asyncio.run(run())


def test_a_room_is_free_again_after_a_collector_stopped_in_mid_test(write: Write) -> None:
    async def run() -> None:
        stopped, other, room = (
            RoomTests(keep_nothing, write),
            RoomTests(keep_nothing, write),
            a_room(),
        )
        began = datetime.now(UTC)
        test = await stopped.begin(room, SERVER, ELSEWHERE, began)
        stopped.forget()
        later = began + timedelta(seconds=stopped.lifetime_seconds)
        await other.begin(room, SERVER, ELSEWHERE, later)
        assert (await other.finish(test.id, CLOSED)).id == test.id, "its page may still say so"
        await other.begin(a_room(), SERVER, ELSEWHERE, later + timedelta(days=1))
        with pytest.raises(NotFound):
            await other.finish(test.id, CLOSED)
        other.forget()

    asyncio.run(run())
