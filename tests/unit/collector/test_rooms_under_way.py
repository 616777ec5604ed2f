"""How often a room is tested, by whomever, and from wherever."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from broadgauge_collector.errors import TooManyTests
from broadgauge_collector.rooms.model import FinishedTest, Room
from broadgauge_collector.rooms.results import CLOSED
from broadgauge_collector.rooms.servers import PageServer
from broadgauge_collector.rooms.under_way import ADDRESS_BURST, ROOM_BURST, RoomTests, UnderWay
from broadgauge_wire import Reflector, new_id

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SERVER = PageServer(
    reflector=Reflector(id=new_id(), name="Closet", host="10.1.0.2", port=8485, segment="lan")
)
ELSEWHERE = "198.51.100.7"


def a_room() -> Room:
    school = uuid4()
    return Room(
        id=uuid4(), school_id=school, school="Lincoln", name="12", code="01234567", made_at=NOW
    )


async def keep_nothing(_: UnderWay, __: FinishedTest) -> None:
    """Whatever it is."""


async def finish_one(tests: RoomTests, room: Room, address: str = ELSEWHERE) -> None:
    await tests.finish(tests.begin(room, SERVER, address, NOW).id, CLOSED)


def test_a_test_that_is_given_up_counts_twice() -> None:
    async def run() -> int:
        told: asyncio.Queue[FinishedTest] = asyncio.Queue()

        async def keep(_: UnderWay, finished: FinishedTest) -> None:
            await told.put(finished)

        tests, room, begun = RoomTests(keep, lifetime_seconds=0.0), a_room(), 0
        with pytest.raises(TooManyTests, match="This room was tested often"):
            while True:
                tests.begin(room, SERVER, ELSEWHERE, NOW)
                begun += 1
                assert await told.get() == CLOSED
        return begun

    assert asyncio.run(asyncio.wait_for(run(), 60)) == ROOM_BURST / 2


def test_an_address_that_tested_many_rooms_is_told_so_and_other_addresses_go_on() -> None:
    async def run() -> None:
        tests, last = RoomTests(keep_nothing), a_room()
        for _ in range(ADDRESS_BURST):
            await finish_one(tests, a_room())
        with pytest.raises(TooManyTests, match="from this network") as refused:
            await finish_one(tests, last)
        assert "was tested often" not in refused.value.detail
        await finish_one(tests, last, "198.51.100.8")

    asyncio.run(run())


@pytest.mark.parametrize("proxy", ["127.0.0.1", "::1"])
def test_behind_a_proxy_on_this_machine_only_rooms_are_counted(proxy: str) -> None:
    async def run() -> None:
        tests, room = RoomTests(keep_nothing), a_room()
        for _ in range(2 * ADDRESS_BURST):
            await finish_one(tests, a_room(), proxy)
        for _ in range(ROOM_BURST):
            await finish_one(tests, room, proxy)
        with pytest.raises(TooManyTests, match="This room was tested often"):
            await finish_one(tests, room, proxy)

    asyncio.run(run())


def test_a_test_whose_result_breaks_the_store_does_not_hold_its_room() -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("a fault of ours")

    async def run() -> None:
        tests, room = RoomTests(broken), a_room()
        with pytest.raises(RuntimeError):
            await finish_one(tests, room)
        tests.begin(room, SERVER, ELSEWHERE, NOW)
        tests.forget()

    asyncio.run(run())
