"""Group commit: one thread writes, and takes everything that waits into one transaction."""

import threading
from collections import deque
from concurrent.futures import Future

from ..errors import Busy
from ..store.results import Incoming, Outcome, TakesBatches

MAX_WAITING_RESULTS = 50_000
"""More than this many results waiting is more than a second's work: senders are asked to wait."""

MAX_WAITING_BYTES = 64 * 1024 * 1024
"""The same for batches of few and very large results. Read, they take several times as much."""

MAX_GROUP_RESULTS = 10_000
"""Results in one transaction, so that the first of a group doesn't wait long for the last."""

Waiting = tuple[Incoming, Future[Outcome]]


class GroupCommit:
    """Batches are handed in from any thread; each future resolves after its commit, or fails."""

    def __init__(self, results: TakesBatches) -> None:
        self._results = results
        self._waiting: deque[Waiting] = deque()
        self._waiting_results = 0
        self._waiting_bytes = 0
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="group-commit", daemon=True)
        self._thread.start()

    @property
    def waiting_results(self) -> int:
        """Results handed in and not yet committed."""
        return self._waiting_results

    def hand_in(self, incoming: Incoming) -> Future[Outcome]:
        """Put a batch in line. Busy if the line is too long, or the collector is stopping."""
        future: Future[Outcome] = Future()
        with self._changed:
            if self._closing:
                raise Busy("The collector is stopping.")
            if self._waiting and self._is_full():
                raise Busy("Too many results are waiting to be stored.")
            self._waiting.append((incoming, future))
            self._waiting_results += _size(incoming)
            self._waiting_bytes += incoming.size_bytes
            self._changed.notify()
        return future

    def close(self) -> None:
        """Commit what waits, then stop."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _is_full(self) -> bool:
        return (
            self._waiting_results >= MAX_WAITING_RESULTS or self._waiting_bytes >= MAX_WAITING_BYTES
        )

    def _run(self) -> None:
        while group := self._next_group():
            self._commit(group)

    def _next_group(self) -> list[Waiting]:
        group: list[Waiting] = []
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            results = 0
            while self._waiting and results < MAX_GROUP_RESULTS:
                group.append(self._waiting.popleft())
                results += _size(group[-1][0])
            self._waiting_results -= results
            self._waiting_bytes -= sum(incoming.size_bytes for incoming, _ in group)
        return group

    def _commit(self, group: list[Waiting]) -> None:
        alive = [pair for pair in group if pair[1].set_running_or_notify_cancel()]
        try:
            outcomes = self._results.commit([incoming for incoming, _ in alive])
        except Exception as error:  # noqa: BLE001 - told to every sender; the writer lives on
            for _, future in alive:
                future.set_exception(error)
            return
        for (_, future), outcome in zip(alive, outcomes, strict=True):
            future.set_result(outcome)


def _size(incoming: Incoming) -> int:
    return len(incoming.records)
