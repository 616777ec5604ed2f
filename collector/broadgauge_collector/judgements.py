"""The district's verdicts for whoever asks often: worked out at most once a minute, in a thread of
their own, so that a scrape never waits for them but for the first."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import monotonic

import structlog

from .reports import Overview

EVERY_SECONDS = 60.0
FIRST_SECONDS = 5.0
"""The first scrape waits so long: half of the time that Prometheus gives one."""

log = structlog.get_logger()


class Judgements:
    """The last overview, and perhaps the next one on its way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._found: Overview | None = None
        self._under_way: Future[None] | None = None
        self._begun_at: float | None = None

    def latest(self, work_out: Callable[[], Overview]) -> Overview | None:
        """The last overview, a minute old or as old as its successor takes; None if there is none
        so far."""
        with self._lock:
            if self._is_due():
                self._begin(work_out)
            under_way = self._under_way
        if self._found is None and under_way is not None:
            wait([under_way], timeout=FIRST_SECONDS)
        return self._found

    def close(self) -> None:
        """Wait for what is under way."""
        with self._lock:
            pool, self._pool, self._begun_at = self._pool, None, float("inf")
        if pool is not None:
            pool.shutdown()

    def _is_due(self) -> bool:
        if self._under_way is not None and not self._under_way.done():
            return False
        return self._begun_at is None or monotonic() - self._begun_at >= EVERY_SECONDS

    def _begin(self, work_out: Callable[[], Overview]) -> None:
        self._begun_at = monotonic()
        self._pool = self._pool or ThreadPoolExecutor(1, thread_name_prefix="judging")
        self._under_way = self._pool.submit(self._work, work_out)

    def _work(self, work_out: Callable[[], Overview]) -> None:
        try:
            self._found = work_out()
        except Exception as error:  # noqa: BLE001 - the last ones stay; the next scrape asks again
            log.warning("not_judged", why=str(error))
