"""Commits the batches of a file, with upkeep in between, and says which are acknowledged, until
killed.

Run by test_store_faults: argv is the database and a file with one batch a line.
"""

import sys
import threading
from pathlib import Path

from msgspec.structs import replace

from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.store import DuckDBResults
from broadgauge_wire import Batch, decode, new_id
from tests.collecting import NOW, an_agent


def main(path: Path, bodies: list[bytes]) -> None:
    results = DuckDBResults.open(path)
    upkeep = threading.Thread(target=look_after, args=(results,), daemon=True)
    upkeep.start()
    agent = replace(an_agent(), id=decode(bodies[0], Batch).agent_id)
    for number, body in enumerate(bodies):
        results.commit([read(agent, body, None, NOW)])
        print(number, flush=True)  # noqa: T201 - what the test reads
    upkeep.join()


def look_after(results: DuckDBResults) -> None:
    while True:
        results.seal(NOW)
        results.compact()
        results.erase(agent_ids=[new_id()])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]).read_bytes().splitlines())
