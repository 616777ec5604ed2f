import asyncio
import threading
from pathlib import Path

import pytest

from broadgauge_collector.app import open_services
from broadgauge_collector.config import ServerConfig
from broadgauge_collector.errors import Busy
from broadgauge_collector.store import DuckDBResults, Stores

PATIENCE_SECONDS = 20


def test_slow_questions_keep_nobody_waiting_at_the_door(tmp_path: Path) -> None:
    answered = threading.Event()
    services = open_services(ServerConfig(data=tmp_path, store_threads=1))

    def slow_question(_stores: Stores) -> bool:
        return answered.wait(PATIENCE_SECONDS)

    async def ask() -> bool:
        slow = asyncio.create_task(services.read(slow_question))
        await asyncio.sleep(0)
        assert await services.look_ups.find("bga_unknown") is None
        answered.set()
        return await slow

    try:
        assert asyncio.run(ask())
    finally:
        services.close()


def test_a_stop_does_not_wait_for_the_end_of_a_long_question(tmp_path: Path) -> None:
    asked = threading.Event()
    services = open_services(ServerConfig(data=tmp_path))

    def long_question(stores: Stores) -> None:
        assert isinstance(stores.results, DuckDBResults)
        with stores.results.cursor() as cursor:
            asked.set()
            cursor.execute(
                "SELECT sum(hash(a.range + b.range)) FROM range(60000) a, range(60000) b"
            )

    async def ask_and_stop() -> None:
        asking = asyncio.create_task(services.read(long_question))
        await asyncio.to_thread(asked.wait, PATIENCE_SECONDS)
        await asyncio.to_thread(services.close)
        with pytest.raises(Busy):
            await asking

    asyncio.run(ask_and_stop())
