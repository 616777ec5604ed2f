"""How much tests over a network may cost this machine a day, kept across restarts."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from broadgauge_wire import Direction, Result, ThroughputResult

from .errors import SpoolError
from .hours import local
from .probes import ProbeRequest
from .probes.far_end import far_end_of
from .spool import Spool

SPENT = "bytes_spent"
COSTS = "bytes_cost"
REMEMBERED = 5
"""Costs kept a server and direction. The largest of them is expected of the next test."""

MAX_SERVERS = 100
"""Whose costs are kept; those tested longest ago go first."""


class Allowance(Struct, frozen=True):
    """Which directions of a test may run, and why the others may not."""

    directions: tuple[Direction, ...]
    refusals: tuple[str, ...]


class Budget:
    """Payload of throughput tests since local midnight. Tests inside this machine cost nothing."""

    def __init__(self, spool: Spool, unix_now: Callable[[], float] = time.time) -> None:
        self._spool = spool
        self._unix_now = unix_now
        self._day, self._spent = _counted(_fact(spool, SPENT))
        self._costs: dict[str, list[int]] = _fact(spool, COSTS) or {}

    def spent_bytes(self) -> int:
        """Today's, so far."""
        return self._spent if self._day == self._today() else 0

    def allow(self, request: ProbeRequest, max_bytes: float) -> Allowance:
        """What of the test fits into the day. A first test's cost is unknown: it runs if there
        is anything left at all."""
        left = max_bytes - self.spent_bytes()
        fitting: list[Direction] = []
        refusals = []
        for direction in request.directions:
            cost = max(self._costs.get(_line(request, direction), [0]))
            if max(cost, 1) <= left:
                fitting.append(direction)
                left -= cost
            else:
                refusals.append(self._refusal(direction, cost, max_bytes))
        if refusals and _is_inside_this_machine(request):
            return Allowance(request.directions, ())
        return Allowance(tuple(fitting), tuple(refusals))

    def spend(self, request: ProbeRequest, results: Iterable[Result]) -> None:
        """Count what a test cost."""
        for result in results:
            if isinstance(result, ThroughputResult) and result.path_kind != "loopback":
                self._count(_line(request, result.direction), result)

    def _count(self, line: str, result: ThroughputResult) -> None:
        known = self._costs.pop(line, [])
        cost = result.bytes_transferred
        if cost is None:
            # One that never began cost nothing; one that broke, what it was expected to.
            cost = 0 if result.stop_reason == "error" else max(known, default=0)
        elif result.error is None:
            known = [*known, cost][-REMEMBERED:]
        self._day, self._spent = self._today(), self.spent_bytes() + cost
        if known:
            self._costs[line] = known
        self._costs = dict(list(self._costs.items())[-MAX_SERVERS:])
        self._keep()

    def _keep(self) -> None:
        try:
            self._spool.note(SPENT, {"day": self._day, "bytes": self._spent})
            self._spool.note(COSTS, self._costs)
        except SpoolError:
            return  # the runner says so when it keeps the results

    def _refusal(self, direction: Direction, cost: int, max_bytes: float) -> str:
        expected = f", and it may cost {_size(cost)}" if cost else ""
        return (
            f"{direction} would exceed the {_size(max_bytes)} a day that tests may cost this "
            f"machine: {_size(self.spent_bytes())} are spent{expected}"
        )

    def _today(self) -> str:
        return local(self._unix_now()).date().isoformat()


def _line(request: ProbeRequest, direction: Direction) -> str:
    where = request.reflector.id if request.reflector else request.server_url or None
    return f"{where} {direction}"


def _is_inside_this_machine(request: ProbeRequest) -> bool:
    far_end = far_end_of(request)
    return far_end is not None and far_end.path_kind == "loopback"


def _fact(spool: Spool, key: str) -> Any:
    try:
        return spool.fact(key)
    except SpoolError:
        return None


def _counted(fact: Any) -> tuple[str, int]:
    return (fact["day"], fact["bytes"]) if fact else ("", 0)


def _size(num_bytes: float) -> str:
    units: Sequence[tuple[float, str]] = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
    for size, unit in units:
        if num_bytes >= size:
            return f"{num_bytes / size:.3g} {unit}"
    return f"{num_bytes:.0f} bytes"
