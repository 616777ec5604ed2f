"""Commits batches one after the other, each again while the store is busy, and says what came of
it. Run by test_store_fsync.

argv is the database and a file with one batch a line. They are committed in a thread of their own,
whose calls strace counts apart from those of opening the database: the only one, or a busy machine
would have another of the database's own threads do some of them.
"""

import sys
import threading
from pathlib import Path

from msgspec.structs import replace

from broadgauge_collector.errors import Busy
from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.store import DuckDBResults, duckdb_file
from broadgauge_collector.store.results import Incoming
from broadgauge_wire import Batch, decode
from tests.collecting import NOW, an_agent


def main(path: Path, bodies: list[bytes]) -> None:
    duckdb_file.SETTINGS["threads"] = 1
    results = DuckDBResults.open(path)
    sender = replace(an_agent(), id=decode(bodies[0], Batch).agent_id)
    batches = [read(sender, body, None, NOW) for body in bodies]

    def commit() -> None:
        for number, batch in enumerate(batches):
            while (state := committed(results, batch)) == "busy":
                print(number, state, flush=True)  # noqa: T201 - what the test reads
            print(number, state, flush=True)  # noqa: T201

    thread = threading.Thread(target=commit)
    thread.start()
    thread.join()
    results.close()


def committed(results: DuckDBResults, batch: Incoming) -> str:
    try:
        (outcome,) = results.commit([batch])
    except Busy:
        return "busy"
    return outcome.state


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]).read_bytes().splitlines())
