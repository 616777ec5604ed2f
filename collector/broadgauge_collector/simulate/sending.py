"""Batches on their way to the collector, as agents send them: the same bytes until it has them."""

import gzip
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Raw, Struct

from broadgauge_wire import Batch, BatchAnswer, Lane, Result, WireError, decode, encode
from broadgauge_wire.spec import API_PREFIX, MAX_BATCH_RESULTS

from ..cli.client import ServerClient
from ..errors import CollectorError, ServerAway, ServerRefused
from ..version import VERSION
from .agents import SimulatedAgent
from .saved import Joined

if sys.version_info >= (3, 14):
    from compression.zstd import compress as zstd_compress
else:
    from backports.zstd import compress as zstd_compress

Encoding = Literal["gzip", "zstd"]

QUICK = 1
"""Compression level: this machine has thousands of agents' work to do."""

PATIENCE_SECONDS = 300.0
LONGEST_WAIT_SECONDS = 30.0
LATER = frozenset({429, 502, 503, 504, 507})
USER_AGENT = f"broadgauge-agent/{VERSION}"


class Progress:
    """Counts what was sent, from several threads, and keeps them to a rate if there is one."""

    def __init__(self, results_per_second: float | None = None) -> None:
        self.results = 0
        self.batches = 0
        self.waits = 0
        self.began = time.monotonic()
        self._rate = results_per_second
        self._due = self.began
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Time counts from now on."""
        self.began = self._due = time.monotonic()

    def sent(self, results: int) -> None:
        """So many more are stored. Returns when it is time for the next ones."""
        with self._lock:
            self.results += results
            self.batches += 1
            now = time.monotonic()
            if self._rate:
                self._due = max(self._due, now - 1) + results / self._rate
            pause = self._due - now if self._rate else 0.0
        if pause > 0:
            time.sleep(pause)

    def waited(self) -> None:
        """The collector asked to come back later."""
        with self._lock:
            self.waits += 1

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


class Sender(Struct, frozen=True, kw_only=True):
    """How batches are sent."""

    client: ServerClient
    progress: Progress
    encoding: Encoding = "gzip"
    sleep: Callable[[float], None] = time.sleep

    def send(
        self,
        agent: SimulatedAgent,
        joined: Joined,
        results: Sequence[Result],
        lane: Lane,
        sent_at: datetime,
    ) -> int:
        """Send an agent's results; how many batches it took. Returns when they are stored.

        ServerRefused if the collector won't have them, ServerAway if it doesn't come back.
        """
        first = joined.sequences.get(lane, 0) + 1
        starts = range(0, len(results), MAX_BATCH_RESULTS)
        for sequence, start in enumerate(starts, first):
            some = results[start : start + MAX_BATCH_RESULTS]
            batch = batch_of(agent, joined, some, lane, sequence, sent_at)
            self._until_stored(joined, batch)
            self.progress.sent(len(some))
        return len(starts)

    def _until_stored(self, joined: Joined, batch: Batch) -> None:
        body = compressed(encode(batch), self.encoding)
        headers = {
            "authorization": f"Bearer {joined.key}",
            "content-encoding": self.encoding,
            "content-type": "application/json",
            "user-agent": USER_AGENT,
        }
        ends = time.monotonic() + PATIENCE_SECONDS
        wait = 0.5
        while (asked := self._try(body, headers, ends)) is not None:
            self.progress.waited()
            self.sleep(min(max(asked, wait), LONGEST_WAIT_SECONDS))
            wait *= 2

    def _try(self, body: bytes, headers: dict[str, str], ends: float) -> float | None:
        """None once it is stored, or seconds after which to try again."""
        try:
            answer = self.client.exchange("POST", f"{API_PREFIX}/batches", body, headers)
        except ServerAway:
            if time.monotonic() > ends:
                raise
            return 0.0
        if answer.is_success:
            _check(answer.content)
            return None
        if answer.status_code in LATER and time.monotonic() < ends:
            said = answer.headers.get("retry-after", "")
            return float(said) if said.isdecimal() else 0.0
        raise ServerRefused(f"A batch was refused: {answer.text[:500]}", answer.status_code)


def batch_of(
    agent: SimulatedAgent,
    joined: Joined,
    results: Sequence[Result],
    lane: Lane,
    sequence: int,
    sent_at: datetime,
) -> Batch:
    """A numbered batch."""
    return Batch(
        agent_id=joined.agent_id,
        epoch=agent.epoch,
        lane=lane,
        sequence=sequence,
        sent_at=sent_at,
        results=tuple(Raw(encode(result)) for result in results),
        spooled_results=0,
    )


def compressed(body: bytes, encoding: Encoding) -> bytes:
    """The body as it travels: the same bytes for the same body."""
    if encoding == "zstd":
        return zstd_compress(body, QUICK)
    return gzip.compress(body, QUICK, mtime=0)


def _check(body: bytes) -> None:
    """A made-up result that isn't valid is a defect here, and nothing to go on with."""
    try:
        answer = decode(body, BatchAnswer)
    except WireError as error:
        raise ServerAway(f"What answers isn't a collector: {error}") from error
    if answer.refused:
        raise CollectorError(f"The collector refused a made-up result: {answer.refused[0].reason}")
