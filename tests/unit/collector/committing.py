"""Sends the batches of a file through Ingest and says which were acknowledged, until killed.

Run by test_store_faults: argv is the database and a file with one batch a line.
"""

import asyncio
import sys
from pathlib import Path

from msgspec.structs import replace

from broadgauge_collector.ingest import Ingest
from broadgauge_collector.store import DuckDBResults
from broadgauge_wire import Batch, decode
from tests.collecting import NOW, an_agent


async def main(path: Path, bodies: list[bytes]) -> None:
    ingest = Ingest(DuckDBResults.open(path))
    agent = replace(an_agent(), id=decode(bodies[0], Batch).agent_id)
    turn = asyncio.Semaphore(8)

    async def send(number: int) -> None:
        async with turn:
            await ingest.submit(agent, bodies[number], None, NOW)
            print(number, flush=True)  # noqa: T201 - what the test reads

    await asyncio.gather(*(send(number) for number in range(len(bodies))))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]).read_bytes().splitlines()))
