"""Whole servers killed while agents send: `python -m tests.faults.server_trials --kills 100`.

One data directory lives through all of it. Prints one JSON object like the other trials.
"""

import json
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import UUID

import click
from msgspec import Raw

from broadgauge_collector.store import DuckDBResults
from broadgauge_wire import Batch, encode, new_id
from tests.collecting import latency, throughput
from tests.faults.crash_points import in_a_child
from tests.faults.crash_trials import end
from tests.faults.store_work import stored
from tests.running import running

SENDERS = 3
RESULTS = 20
LONGEST_LIFE_SECONDS = 1.5
LOOKED_AT_EVERY = 25


class Sender:
    """An agent: it sends a batch until that is acknowledged, and then the next one."""

    def __init__(self, joined: dict[str, Any]) -> None:
        self._agent_id, self._key = UUID(joined["agent_id"]), joined["key"]
        self._epoch = new_id()
        self._sequence = 0
        self._ids: list[UUID] = []
        self._body = b""
        self.acknowledged: list[UUID] = []
        self.refused = 0

    def send_to(self, url: str, until: threading.Event) -> None:
        """Send on until it is told to stop; what fails is sent again the next time."""
        while not until.is_set():
            if not self._body:
                self._next_batch()
            try:
                self._post(url)
            except HTTPError:
                self.refused += 1
            except (OSError, HTTPException):
                time.sleep(0.01)
            else:
                self.acknowledged += self._ids
                self._body = b""

    def _next_batch(self) -> None:
        self._sequence += 1
        results = [one for _ in range(RESULTS // 2) for one in (throughput(), latency())]
        self._ids = [result.id for result in results]
        self._body = encode(
            Batch(
                agent_id=self._agent_id,
                epoch=self._epoch,
                lane="live",
                sequence=self._sequence,
                sent_at=results[0].started_at,
                results=tuple(Raw(encode(result)) for result in results),
            )
        )

    def _post(self, url: str) -> None:
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        with urlopen(Request(f"{url}/api/v1/batches", self._body, headers), timeout=10) as answer:
            json.loads(answer.read())


@click.command()
@click.option("--kills", default=1000, show_default=True)
@click.option("--seed", default=1, show_default=True)
def cli(kills: int, seed: int) -> None:
    """Kill a server at random moments while agents send, and start it again."""
    chance = random.Random(seed)
    failed = list[str]()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        senders = _joined(data)
        for kill in range(1, kills + 1):
            _live(data, senders, chance.uniform(0, LONGEST_LIFE_SECONDS))
            if kill % LOOKED_AT_EVERY == 0 or kill == kills:
                failed += _look(data, senders, kill)
    acknowledged = sum(len(sender.acknowledged) for sender in senders)
    end("server killed", kills, kills, acknowledged, failed)


def _joined(data: Path) -> list[Sender]:
    with running(data, "--no-agent") as server:
        school = server.post("/api/v1/schools", {"name": "Hill", "timezone": "UTC"})
        wish = {"school": school["id"], "uses": SENDERS}
        token = server.post("/api/v1/tokens", wish)["token"]
        wish = {"token": token, "agent_version": "test"}
        return [Sender(server.post("/api/v1/join", wish)) for _ in range(SENDERS)]


def _live(data: Path, senders: list[Sender], seconds: float) -> None:
    """A life of so many seconds, or until the first batch of all was acknowledged."""
    over = threading.Event()
    with running(data, "--no-agent") as server:
        threads = [threading.Thread(target=s.send_to, args=(server.url, over)) for s in senders]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        while not any(sender.acknowledged for sender in senders):
            time.sleep(0.01)
        server.stop(signal.SIGKILL)
        over.set()
        for thread in threads:
            thread.join()


def _look(data: Path, senders: list[Sender], kill: int) -> list[str]:
    """What is wrong, if anything is, with the store that the last kill left."""
    acknowledged = [one for sender in senders for one in sender.acknowledged]

    def look() -> None:
        results = DuckDBResults.open(data / "results" / "hot.duckdb")
        found: Counter[UUID] = stored(results)
        results.close()
        assert set(found.values()) <= {1}
        assert not set(acknowledged) - found.keys()

    try:
        in_a_child(look)
    except RuntimeError:
        return [f"after kill {kill}"]
    return []


if __name__ == "__main__":
    cli()
