"""A wire between an agent and its collector that can be cut, slowed down, blocked and repeated."""

import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CHUNK = 65536


@dataclass
class Wire:
    """A TCP proxy on loopback. Its faults may be changed while it runs."""

    to: tuple[str, int]
    answers_lost: int = 0
    """Of so many connections, the answer is cut off as it begins to arrive."""

    blocked: bool = False
    """Connections are taken and nothing comes back."""

    bytes_per_second: float | None = None
    requests: list[bytes] = field(default_factory=list)
    """What went to the collector, a connection each."""

    def __post_init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def heal(self) -> None:
        """End a partition: what hung in it is reset."""
        self.blocked = False
        with self._lock:
            for one in self._open:
                one.close()
            self._open.clear()

    def close(self) -> None:
        self._door.close()
        self.heal()

    def repeat_all(self, chance: random.Random) -> None:
        """Send everything that ever went through once more, in any order."""
        again = list(self.requests)
        chance.shuffle(again)
        for request in again:
            with suppress(OSError), socket.create_connection(self.to, timeout=10) as there:
                there.sendall(request)
                there.settimeout(10)
                there.recv(CHUNK)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._door.accept()
                threading.Thread(target=self._carry, args=(here,), daemon=True).start()

    def _carry(self, here: socket.socket) -> None:
        if self.blocked:
            with self._lock:
                self._open.add(here)
            return
        there = socket.create_connection(self.to, timeout=30)
        place = len(self.requests)
        self.requests.append(b"")
        threading.Thread(target=self._forth, args=(here, there, place), daemon=True).start()
        with suppress(OSError), here, there:
            while piece := there.recv(CHUNK):
                if self.answers_lost > 0:
                    self.answers_lost -= 1
                    return
                self._send(here, piece)

    def _forth(self, here: socket.socket, there: socket.socket, place: int) -> None:
        with suppress(OSError):
            while piece := here.recv(CHUNK):
                self.requests[place] += piece
                self._send(there, piece)
            there.shutdown(socket.SHUT_WR)

    def _send(self, to: socket.socket, piece: bytes) -> None:
        rate = self.bytes_per_second
        if rate is None:
            to.sendall(piece)
            return
        step = max(1, round(rate / 100))
        for start in range(0, len(piece), step):
            to.sendall(piece[start : start + step])
            time.sleep(0.01)


@contextmanager
def wire(to: tuple[str, int]) -> Iterator[Wire]:
    """A wire to somebody on loopback, cut at the end."""
    made = Wire(to)
    try:
        yield made
    finally:
        made.close()
