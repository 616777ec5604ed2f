"""Round trips by requests for nothing: before the load, and beside it."""

import threading
import time

from broadgauge_agent.errors import OtherServerError

from .scripts import Connection, Server

IDLE_PINGS = 10
BETWEEN_SECONDS = 0.05
BESIDE_LOAD_SECONDS = 0.2
END_SECONDS = 2.0


def ping_seconds(connection: Connection) -> float:
    """One round trip on a connection that is open, and the server's time to answer."""
    connection.open()
    began = time.perf_counter()
    connection.ping()
    return time.perf_counter() - began


def idle_rtt_seconds(server: Server) -> float:
    """The shortest of several: what others took longer was waiting. OSError if it breaks."""
    connection = Connection(server)
    try:
        return min(_paced(connection) for _ in range(IDLE_PINGS))
    finally:
        connection.close()


def _paced(connection: Connection) -> float:
    time.sleep(BETWEEN_SECONDS)
    return ping_seconds(connection)


class PingsBesideLoad:
    """Round trips in a thread and over a connection of its own, while the `with` block runs."""

    def __init__(self, server: Server) -> None:
        self.rtts_seconds: list[float] = []
        self._connection = Connection(server)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "PingsBesideLoad":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._connection.cut()
        self._thread.join(END_SECONDS)
        self._connection.close()

    def _run(self) -> None:
        try:
            while not self._ended.wait(BESIDE_LOAD_SECONDS):
                rtt = ping_seconds(self._connection)
                if not self._ended.is_set():
                    self.rtts_seconds.append(rtt)
        except (OSError, OtherServerError, ValueError):
            return  # the load's own connections say what is wrong
