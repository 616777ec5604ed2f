"""A collector that shares its stores with others, as far as storing goes, told line by line.

    python -m tests.sharing_collector CONTROL RESULTS_URL LEASE_SECONDS BATCHES

Each line names batches of the file by their numbers; what became of them is answered in one line.
`stop at POINT` before lets it stand still at a labelled point of its next commit, for ever.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

from broadgauge_collector.errors import CollectorError
from broadgauge_collector.ingest.ingest import read
from broadgauge_collector.schools.model import Agent
from broadgauge_collector.store import ControlStore, clickhouse_results
from broadgauge_collector.store import clickhouse_ledger as ledger
from broadgauge_collector.store.clickhouse_client import ClickHouse
from broadgauge_collector.store.results import Incoming, ResultStore
from broadgauge_wire import Batch, decode
from tests.collecting import NOW, an_agent

POINTS: dict[str, tuple[Any, str]] = {
    "before an insert": (ClickHouse, "insert"),
    "after an insert": (ClickHouse, "insert"),
    "after the last insert": (clickhouse_results, "write"),
}


def main(control: Path, url: str, lease_seconds: float, batches: Path) -> None:
    ledger.LEASE = timedelta(seconds=lease_seconds)
    store = clickhouse_results.ClickHouseResults.open(url, ControlStore.open(control))
    sent = list(_read(batches))
    say("ready")
    for line in sys.stdin:
        asked = line.split()
        if asked[:2] == ["stop", "at"]:
            _stop_at(" ".join(asked[2:]))
            say("will")
        else:
            say(_commit(store, [sent[int(number)] for number in asked]))


def _read(batches: Path) -> Iterator[Incoming]:
    for body in batches.read_bytes().splitlines():
        agent: Agent = replace(an_agent(), id=decode(body, Batch).agent_id)
        # The same school, whichever collector is asked.
        yield read(replace(agent, school_id=agent.id), body, None, NOW)


def _commit(store: ResultStore, group: list[Incoming]) -> str:
    try:
        return " ".join(outcome.state for outcome in store.commit(group))
    except CollectorError as error:
        return type(error).__name__


def _stop_at(point: str) -> None:
    owner, name = POINTS[point]
    function: Callable[..., Any] = getattr(owner, name)

    def stands_still(*arguments: Any) -> None:
        if point.startswith("after"):
            function(*arguments)
        say("stopped")
        threading.Event().wait()

    patch.object(owner, name, stands_still).start()


def say(word: str) -> None:
    print(word, flush=True)  # noqa: T201 - who started it reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), Path(sys.argv[4]))
