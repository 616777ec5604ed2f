"""Group commit: one thread writes, and takes everything that waits into one transaction.

Live batches go first; batches of the backlog get the room they leave, and always some.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from msgspec import Struct

from broadgauge_wire import Lane
from broadgauge_wire.spec import MAX_BATCH_RESULTS

from ..errors import Busy
from ..store.results import Incoming, Outcome, TakesBatches
from .pace import Pace

MAX_WAITING_RESULTS: dict[Lane, int] = {"live": 50_000, "backlog": 25_000}
"""More than this many results waiting is more than a second's work: senders are asked to wait."""

MAX_WAITING_BYTES: dict[Lane, int] = {"live": 64 * 1024 * 1024, "backlog": 32 * 1024 * 1024}
"""The same for batches of few and very large results. Read, they take several times as much."""

MAX_GROUP_RESULTS = 10_000
"""Results in one transaction, so that the first of a group doesn't wait long for the last."""

BACKLOG_RESULTS = 1_000
"""Of these, so many are of the backlog if that has them, however many live ones wait."""

Waiting = tuple[Incoming, Future[Outcome]]


class Line(Struct):
    """The batches of one lane that wait, in the order they came."""

    batches: deque[Waiting]
    results: int = 0
    size_bytes: int = 0
    expected: int = 0
    """Results, at most, of batches that are being read."""

    def add(self, waiting: Waiting) -> None:
        """Put a batch at the end."""
        self.batches.append(waiting)
        self.results += _size(waiting[0])
        self.size_bytes += waiting[0].size_bytes

    def take(self, limit: int) -> list[Waiting]:
        """Batches from the beginning, until they have so many results."""
        taken: list[Waiting] = []
        results = 0
        while self.batches and results < limit:
            taken.append(self.batches.popleft())
            results += _size(taken[-1][0])
            self.size_bytes -= taken[-1][0].size_bytes
        self.results -= results
        return taken


class GroupCommit:
    """Batches are handed in from any thread; each future resolves after its commit, or fails."""

    def __init__(self, results: TakesBatches, pace: Pace | None = None) -> None:
        self._results = results
        self._lines: dict[Lane, Line] = {"live": Line(deque()), "backlog": Line(deque())}
        self._pace = pace or Pace()
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
        self._thread.start()

    @property
    def waiting_results(self) -> int:
        """Results handed in and not yet committed."""
        return sum(line.results for line in self._lines.values())

    def admit(self, lane: Lane, results: int = MAX_BATCH_RESULTS) -> None:
        """Busy if a batch with about so many results would not be taken now, or if the collector
        is stopping."""
        with self._changed:
            self._check(lane, results, self._lines[lane].expected)

    @contextmanager
    def expecting(self, lane: Lane, results: int = MAX_BATCH_RESULTS) -> Iterator[None]:
        """Keep room for a batch while it is read, so that reading it isn't for nothing. Busy as
        `admit`."""
        line = self._lines[lane]
        with self._changed:
            self.admit(lane, results)
            line.expected += results
        try:
            yield
        finally:
            with self._changed:
                line.expected -= results

    def hand_in(self, incoming: Incoming) -> Future[Outcome]:
        """Put a batch in line. Busy as `admit`, but for those that are still being read."""
        future: Future[Outcome] = Future()
        with self._changed:
            self._check(incoming.key.lane, _size(incoming))
            self._lines[incoming.key.lane].add((incoming, future))
            self._changed.notify()
        return future

    def close(self) -> None:
        """Commit what waits, then stop."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _check(self, lane: Lane, results: int, expected: int = 0) -> None:
        if self._closing:
            raise Busy("The collector is stopping.")
        if self._is_full(lane, expected):
            turn = self._pace.turn(self.waiting_results + expected, results)
            raise Busy("Too many results are waiting to be stored.", turn)

    def _is_full(self, lane: Lane, expected: int) -> bool:
        line = self._lines[lane]
        return (
            line.results + expected >= MAX_WAITING_RESULTS[lane]
            or line.size_bytes >= MAX_WAITING_BYTES[lane]
        )

    def _run(self) -> None:
        while group := self._next_group():
            began = time.monotonic()
            if self._commit(group):
                with self._changed:
                    self._pace.stored(_results(group), time.monotonic() - began)

    def _next_group(self) -> list[Waiting]:
        live, backlog = self._lines["live"], self._lines["backlog"]
        with self._changed:
            self._changed.wait_for(lambda: live.batches or backlog.batches or self._closing)
            left = min(backlog.results, BACKLOG_RESULTS)
            group = live.take(MAX_GROUP_RESULTS - left)
            return group + backlog.take(max(left, MAX_GROUP_RESULTS - _results(group)))

    def _commit(self, group: list[Waiting]) -> bool:
        alive = [pair for pair in group if pair[1].set_running_or_notify_cancel()]
        try:
            outcomes = self._results.commit([incoming for incoming, _ in alive])
        except Exception as error:  # noqa: BLE001 - told to every sender; the writer lives on
            for _, future in alive:
                future.set_exception(error)
            return False
        for (_, future), outcome in zip(alive, outcomes, strict=True):
            future.set_result(outcome)
        return True


def _results(group: list[Waiting]) -> int:
    return sum(_size(incoming) for incoming, _ in group)


def _size(incoming: Incoming) -> int:
    return len(incoming.accepted) + len(incoming.refused)
