"""Several connections that load the path at once, and what they moved when."""

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from random import random

from msgspec import Struct

from broadgauge_agent.errors import AgentError, OtherServerError
from broadgauge_agent.probes.floor import RATE_SECONDS

from .scripts import DATA, Connection, Server

STAGGER_SECONDS = 0.3
"""Between the starts of connections, so that they don't end their slow start together."""

CHUNKS = 100
"""MiB a request; as many as LibreSpeed's own client asks for."""

READ_BYTES = 64 * 1024
PART = os.urandom(64 * 1024)
FIRST_UPLOAD_BYTES = 256 * 1024
LARGEST_UPLOAD_BYTES = 20 * 1024 * 1024
"""What LibreSpeed's own client sends at once, and its server has to take."""

QUICK_SECONDS = 0.5
"""An upload that took less is followed by one twice its size."""

END_SECONDS = 2.0
LOOK_SECONDS = 0.02


class Moved(Struct, frozen=True):
    """Bytes that one connection moved over a span, in s since the load began."""

    stream: int
    begin: float
    end: float
    count: int


class Load:
    """A direction under load. Its threads write, one reads when they have ended."""

    def __init__(self, server: Server, max_bytes: float) -> None:
        self._server = server
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._connections: list[Connection] = []
        self._ended = threading.Event()
        self._began = time.perf_counter()
        self.cost_bytes = 0
        self.moved: list[Moved] = []
        """What arrived: downloads as they were read, uploads when the server had taken them. What
        a connection moved in less than RATE_SECONDS is one entry."""

        self._latest: dict[int, int] = {}
        """Of each connection, where its last entry stands."""

        self.faults: list[str] = []

    @property
    def is_spent(self) -> bool:
        """Whether the budget is used up."""
        return self.cost_bytes >= self._max_bytes

    def download(self, stream: int) -> None:
        """One connection, until the end."""
        connection = self._connection()
        while not self._is_over():
            answer = connection.get(DATA, ckSize=CHUNKS, r=str(random()))  # noqa: S311
            last = self._now()
            while not self._is_over() and (data := answer.read1(READ_BYTES)):
                last, before = self._now(), last
                self._note(len(data), Moved(stream, before, last, len(data)))
            if not self._is_over():
                answer.read()  # nothing is left; the connection is free for the next

    def upload(self, stream: int) -> None:
        """One connection, until the end."""
        connection, size = self._connection(), FIRST_UPLOAD_BYTES
        while not self._is_over():
            began = self._now()
            connection.post(size, self._parts(size))
            ended = self._now()
            self._note(0, Moved(stream, began, ended, size))
            if ended - began < QUICK_SECONDS:
                size = min(2 * size, LARGEST_UPLOAD_BYTES)

    def run(self, work: Callable[[int], None], streams: int, seconds: float) -> float:
        """Load the path with so many connections. Returns how long it was under load, in s."""
        threads: list[threading.Thread] = []
        self._began = time.perf_counter()
        while self._now() < seconds and not self.is_spent:
            if len(threads) < streams and self._now() >= len(threads) * STAGGER_SECONDS:
                threads.append(self._started(work, len(threads)))
            if not any(thread.is_alive() for thread in threads):
                break
            time.sleep(LOOK_SECONDS)
        took = self._now()
        self._end(threads)
        return took

    def _started(self, work: Callable[[int], None], stream: int) -> threading.Thread:
        thread = threading.Thread(target=self._work, args=(work, stream), daemon=True)
        thread.start()
        return thread

    def _work(self, work: Callable[[int], None], stream: int) -> None:
        try:
            work(stream)
        except (OSError, OtherServerError, ValueError, HTTPException) as error:
            if not self._is_over():
                self.faults.append(_words(error))

    def _end(self, threads: list[threading.Thread]) -> None:
        self._ended.set()
        for connection in self._connections:
            connection.cut()
        deadline = time.perf_counter() + END_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.perf_counter()))
        for connection in self._connections:
            connection.close()

    def _connection(self) -> Connection:
        connection = Connection(self._server)
        self._connections.append(connection)
        return connection

    def _parts(self, size: int) -> Iterator[bytes]:
        for part in itertools.repeat(PART, size // len(PART)):
            if self._is_over():
                raise OtherServerError("the test is over")
            self._note(len(part), None)
            yield part

    def _note(self, cost: int, moved: Moved | None) -> None:
        with self._lock:
            self.cost_bytes += cost
            if moved and not self._ended.is_set():
                self._keep(moved)

    def _keep(self, moved: Moved) -> None:
        """A server that gives a byte at a time must not fill the memory with entries."""
        place = self._latest.get(moved.stream)
        last = None if place is None else self.moved[place]
        if place is not None and last and moved.end - last.begin <= RATE_SECONDS:
            count = last.count + moved.count
            self.moved[place] = Moved(moved.stream, last.begin, moved.end, count)
        else:
            self._latest[moved.stream] = len(self.moved)
            self.moved.append(moved)

    def _is_over(self) -> bool:
        return self._ended.is_set() or self.is_spent

    def _now(self) -> float:
        return time.perf_counter() - self._began


def _words(error: Exception) -> str:
    """In the system's words or ours: what broke an answer off may quote it."""
    if isinstance(error, OSError | AgentError):
        return str(error)
    return type(error).__name__
