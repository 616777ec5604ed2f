"""How much tests over a network may cost this machine a day and a month, kept across restarts.

What a test may cost at most is kept on the disk before it begins. Where its end is never noted,
because the machine was switched off in it, it counts as having cost all of that.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

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

MORE_THAN_EXPECTED = 8
"""What is set aside for a test, in times of what is expected of it: one in eight lasts seven times
as long as the others, to outlast a burst."""


class Allowance(Struct, frozen=True):
    """Which directions of a test may run, and why the others may not."""

    directions: tuple[Direction, ...]
    refusals: tuple[str, ...]


class Spent(Struct, frozen=True, kw_only=True):
    """Since the local midnight that `day` began with, and since that of the first of its month."""

    day: str = ""
    bytes: int = 0
    month_bytes: int = 0
    reserved: int = 0
    """Of a test that is under way; it is not in the others."""

    def on(self, day: str) -> "Spent":
        """What of it still counts on a day."""
        if day == self.day:
            return self
        same_month = day[:7] == self.day[:7]
        kept = self.month_bytes if same_month else 0
        return replace(self, day=day, bytes=0, month_bytes=kept)

    def plus(self, num_bytes: int) -> "Spent":
        """After a test that cost so much."""
        return replace(
            self,
            bytes=self.bytes + num_bytes,
            month_bytes=self.month_bytes + num_bytes,
            reserved=0,
        )


class Budget:
    """Payload of tests since local midnight, and this month. Tests inside this machine cost
    nothing."""

    def __init__(self, spool: Spool, unix_now: Callable[[], float] = time.time) -> None:
        self._spool = spool
        self._unix_now = unix_now
        known = _spent(_fact(spool, SPENT))
        # Whatever was under way when the agent ended counts whole, on the day that it began on.
        self._spent = known.plus(known.reserved) if known.reserved else known
        self._costs: dict[str, list[int]] = _fact(spool, COSTS) or {}

    def spent_bytes(self) -> int:
        """Today's, so far."""
        return self._today().bytes

    def left_bytes(self, max_day_bytes: float, max_month_bytes: float) -> int:
        """What tests may still cost today."""
        today = self._today()
        left = min(max_day_bytes - today.bytes, max_month_bytes - today.month_bytes)
        return max(0, int(left))

    def allow(
        self, request: ProbeRequest, max_bytes: float, max_month_bytes: float = float("inf")
    ) -> Allowance:
        """What of the test fits into the day and the month. A first test's cost is unknown: it runs
        if there is anything left at all."""
        today = self._today()
        limits = ((max_bytes, "day", today.bytes), (max_month_bytes, "month", today.month_bytes))
        tightest = min(limits, key=lambda limit: limit[0] - limit[2])
        left = tightest[0] - tightest[2]
        fitting: list[Direction] = []
        refusals = []
        for direction in request.directions:
            cost = self.expected_bytes(request, direction)
            if max(cost, 1) <= left:
                fitting.append(direction)
                left -= cost
            else:
                refusals.append(_refusal(direction, cost, *tightest))
        if refusals and is_inside_this_machine(request):
            return Allowance(request.directions, ())
        return Allowance(tuple(fitting), tuple(refusals))

    def expected_bytes(self, request: ProbeRequest, direction: Direction) -> int:
        """The most that one of the last tests like it cost; 0 if there was none."""
        return max(self._costs.get(_line(request, direction), [0]))

    def most_bytes(self, request: ProbeRequest) -> int:
        """What to set aside for a test: a good deal more than is expected of it, and for a first
        one all that it may cost."""
        return sum(
            min(int(request.max_bytes), MORE_THAN_EXPECTED * cost or int(request.max_bytes))
            for cost in (self.expected_bytes(request, way) for way in request.directions)
        )

    def reserve(self, num_bytes: int) -> bool:
        """Set so much aside for a test that is to begin. False if that can't be kept."""
        self._spent = replace(self._today(), reserved=num_bytes)
        try:
            self._spool.note(SPENT, msgspec.to_builtins(self._spent))
        except SpoolError:
            return False
        return True

    def spend(self, request: ProbeRequest, results: Iterable[Result]) -> int:
        """Count what a test cost, instead of what was set aside for it; how much that was."""
        costs = [
            self._cost(_line(request, result.direction), result)
            for result in results
            if isinstance(result, ThroughputResult) and result.path_kind != "loopback"
        ]
        self._spent = self._today().plus(sum(costs))
        self._keep()
        return sum(costs)

    def _cost(self, line: str, result: ThroughputResult) -> int:
        known = self._costs.pop(line, [])
        cost = result.bytes_transferred
        if cost is None:
            # One that never began cost nothing; one that broke, what it was expected to.
            cost = 0 if result.stop_reason == "error" else max(known, default=0)
        elif result.error is None:
            known = [*known, cost][-REMEMBERED:]
        if known:
            self._costs[line] = known
        self._costs = dict(list(self._costs.items())[-MAX_SERVERS:])
        return cost

    def _keep(self) -> None:
        try:
            self._spool.note(SPENT, msgspec.to_builtins(self._spent))
            self._spool.note(COSTS, self._costs)
        except SpoolError:
            return  # the runner says so when it keeps the results

    def _today(self) -> Spent:
        return self._spent.on(local(self._unix_now()).date().isoformat())


def _refusal(direction: Direction, cost: int, most: float, period: str, spent: int) -> str:
    expected = f", and it may cost {_size(cost)}" if cost else ""
    return (
        f"{direction} would exceed the {_size(most)} a {period} that tests may cost this "
        f"machine: {_size(spent)} are spent{expected}"
    )


def _line(request: ProbeRequest, direction: Direction) -> str:
    where = request.reflector.id if request.reflector else request.server_url or None
    return f"{where} {direction}"


def is_inside_this_machine(request: ProbeRequest) -> bool:
    """Whether the test loads no line, and so costs nobody anything."""
    far_end = far_end_of(request)
    return far_end is not None and far_end.path_kind == "loopback"


def _fact(spool: Spool, key: str) -> Any:
    try:
        return spool.fact(key)
    except SpoolError:
        return None


def _spent(fact: Any) -> Spent:
    try:
        known = msgspec.convert(fact, Spent) if fact else Spent()
    except msgspec.ValidationError:
        return Spent()
    # As an earlier version kept it, without the month.
    return known if known.month_bytes else replace(known, month_bytes=known.bytes)


def _size(num_bytes: float) -> str:
    units: Sequence[tuple[float, str]] = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
    for size, unit in units:
        if num_bytes >= size:
            return f"{num_bytes / size:.3g} {unit}"
    return f"{num_bytes:.0f} bytes"
