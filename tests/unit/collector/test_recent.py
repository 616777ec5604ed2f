import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from broadgauge_collector.recent import KEPT, SHARE, TOO_OLD_SECONDS, Recent


class Asked:
    """Counts how often it is worked out, each time for so long by a clock of its own."""

    def __init__(self, seconds: float) -> None:
        self.now = 1000.0
        self.times = 0
        self.recent = Recent(lambda: self.now)
        self._seconds = seconds

    async def work_out(self) -> int:
        self.times += 1
        self.now += self._seconds
        return self.times

    async def ask(self, asked: str = "overview") -> Any:
        return await self.recent.get(asked, self.work_out)


def run(claim: Callable[[], Awaitable[None]]) -> None:
    async def wait() -> None:
        await claim()

    asyncio.run(wait())


def test_what_is_quick_is_asked_anew_each_time() -> None:
    asked = Asked(seconds=0.1)

    async def claim() -> None:
        assert [await asked.ask() for _ in range(3)] == [1, 2, 3]

    run(claim)


def test_what_is_costly_is_given_out_again_and_made_anew_behind_it() -> None:
    asked = Asked(seconds=2.0)

    async def claim() -> None:
        assert [await asked.ask() for _ in range(3)] == [1, 1, 1]
        asked.now += 2.0 / SHARE + 1
        assert await asked.ask() == 1
        await asyncio.sleep(0)
        assert await asked.ask() == 2

    run(claim)


def test_an_answer_that_is_too_old_is_not_given_out() -> None:
    asked = Asked(seconds=2.0)

    async def claim() -> None:
        await asked.ask()
        asked.now += TOO_OLD_SECONDS + 1
        assert await asked.ask() == 2

    run(claim)


def test_those_who_ask_the_same_at_once_wait_for_one_answer() -> None:
    asked = Asked(seconds=2.0)

    async def claim() -> None:
        both = await asyncio.gather(asked.ask(), asked.ask(), asked.ask("another"))
        assert list(both) == [1, 1, 2]

    run(claim)


def test_who_gives_up_waiting_spoils_it_for_nobody() -> None:
    asked = Asked(seconds=2.0)

    async def claim() -> None:
        first, second = asyncio.ensure_future(asked.ask()), asyncio.ensure_future(asked.ask())
        await asyncio.sleep(0)
        first.cancel()
        assert await second == 1

    run(claim)


def test_an_error_is_told_to_who_waits_and_the_next_one_asks_anew() -> None:
    recent = Recent()

    async def fail() -> None:
        raise LookupError

    async def claim() -> None:
        for _ in range(2):
            with pytest.raises(LookupError):
                await recent.get("overview", fail)

    run(claim)


def test_no_more_answers_are_kept_than_there_is_room_for() -> None:
    asked = Asked(seconds=0.6)

    async def claim() -> None:
        for number in range(KEPT + 1):
            await asked.ask(str(number))
        assert await asked.ask(str(KEPT)) == KEPT + 1
        assert await asked.ask("0") == KEPT + 2

    run(claim)
