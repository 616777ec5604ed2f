"""Keys that come at one time are looked up together, and each caller hears of its own."""

import asyncio
from collections.abc import Mapping

import pytest

from broadgauge_collector.access.look_ups import MOST, LookUps
from broadgauge_collector.errors import Busy
from broadgauge_collector.schools.model import Agent
from tests.collecting import an_agent


class Database:
    """Knows some agents, and holds each question up until it may go on."""

    def __init__(self, *keys: str) -> None:
        self.agents = {key: an_agent() for key in keys}
        self.asked: list[frozenset[str]] = []
        self.may_answer = asyncio.Event()

    async def ask(self, keys: frozenset[str]) -> Mapping[str, Agent]:
        self.asked.append(keys)
        await self.may_answer.wait()
        return {key: self.agents[key] for key in keys & self.agents.keys()}


async def begun(look_ups: LookUps, *keys: str) -> list[asyncio.Task[Agent | None]]:
    tasks = [asyncio.create_task(look_ups.find(key)) for key in keys]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def test_keys_that_come_together_are_one_question() -> None:
    async def run() -> None:
        database = Database("a", "b")
        tasks = await begun(LookUps(database.ask), "a", "b", "c", "a")
        database.may_answer.set()
        a, b = database.agents["a"], database.agents["b"]
        assert await asyncio.gather(*tasks) == [a, b, None, a]
        assert database.asked == [frozenset("abc")]

    asyncio.run(run())


def test_who_comes_during_a_question_is_answered_by_one_that_is_asked_after_it() -> None:
    async def run() -> None:
        database = Database("a")
        look_ups = LookUps(database.ask)
        early = await begun(look_ups, "a", "b")
        database.agents["b"] = an_agent()
        late = await begun(look_ups, "b", "a")
        database.may_answer.set()
        assert await late[0] == database.agents["b"]
        await asyncio.gather(*early, *late)
        assert database.asked == [frozenset("ab"), frozenset("ab")]

    asyncio.run(run())


def test_who_gives_up_waiting_takes_nobody_along() -> None:
    async def run() -> None:
        database = Database("a", "b")
        first, second = await begun(LookUps(database.ask), "a", "b")
        first.cancel()
        database.may_answer.set()
        assert await second == database.agents["b"]

    asyncio.run(run())


def test_a_question_that_failed_fails_for_all_who_asked_it_and_for_nobody_after_them() -> None:
    async def run() -> None:
        database = Database("a", "b")

        async def ask(keys: frozenset[str]) -> Mapping[str, Agent]:
            if not database.asked:
                database.asked.append(keys)
                raise Busy("The control database can't be read now.")
            return await database.ask(keys)

        look_ups = LookUps(ask)
        for task in await begun(look_ups, "a", "b"):
            with pytest.raises(Busy):
                await task
        database.may_answer.set()
        assert await look_ups.find("a") == database.agents["a"]

    asyncio.run(run())


def test_a_question_is_not_about_more_keys_than_a_database_takes() -> None:
    async def run() -> None:
        database = Database()
        database.may_answer.set()
        keys = [str(number) for number in range(2 * MOST + 1)]
        await asyncio.gather(*await begun(LookUps(database.ask), *keys))
        assert [len(asked) for asked in database.asked] == [MOST, MOST, 1]

    asyncio.run(run())
