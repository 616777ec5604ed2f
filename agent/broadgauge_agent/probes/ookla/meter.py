"""What speedtest-cli moves, seen from between it and the network."""

import threading
import time
from collections.abc import Callable
from typing import Any

from broadgauge_agent.probes.floor import RATE_SECONDS


class Meter:
    """Counts a direction's bytes over time, and ends the test at its budget.

    speedtest-cli takes it for the opener of its requests (`open`) and for the event that says
    when to stop (`isSet`).
    """

    def __init__(self, open_request: Callable[[Any], Any], max_bytes: float) -> None:
        self._open = open_request
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._began = time.perf_counter()
        self._steps: list[int] = []
        self.arrived_bytes = 0
        self.confirmed_bytes = 0
        """Of uploads that the server answered: it has them all. Without that, they may stand in
        this machine's or a proxy's buffers."""

    def open(self, request: Any) -> Any:
        """Make one request. An upload's answer comes when all of it is there."""
        answer = self._open(request)
        if request.data is None:
            return _Counted(answer, self._note)
        with self._lock:
            self.confirmed_bytes += len(request.data)
        return answer

    def isSet(self) -> bool:  # noqa: N802  # what speedtest-cli asks
        """Whether the budget is used up."""
        return self.arrived_bytes >= self._max_bytes

    def rates(self) -> list[float]:
        """What arrived, in bit/s, one value a RATE_SECONDS."""
        return [8 * count / RATE_SECONDS for count in self._steps[:-1]]

    def _note(self, count: int) -> None:
        step = int((time.perf_counter() - self._began) / RATE_SECONDS)
        with self._lock:
            self._steps.extend([0] * (step + 1 - len(self._steps)))
            self._steps[step] += count
            self.arrived_bytes += count


class _Counted:
    """An answer whose bytes are counted as they are read."""

    def __init__(self, answer: Any, note: Callable[[int], None]) -> None:
        self._answer = answer
        self._note = note

    def read(self, size: int) -> bytes:
        data: bytes = self._answer.read(size)
        self._note(len(data))
        return data

    def close(self) -> None:
        self._answer.close()
