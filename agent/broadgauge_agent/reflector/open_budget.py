"""What tests without an access token may move in an hour: each address, and all of them."""

import math
from collections import Counter
from collections.abc import Callable

from msgspec import Struct

from .limits import Limits

HOUR_SECONDS = 3600.0

BUSY_SECONDS = 30
"""When it is worth asking again while others test: a test takes about this long, both ways."""

USED_UP = "Tests without an access token have used up this hour's bytes."
BUSY = "As many as may at once are testing without an access token."


class Hour:
    """Bytes moved within an hour. The next one begins with the first byte after it."""

    def __init__(self, limit: int, began: float) -> None:
        self._limit = limit
        self._began = began
        self._num_bytes = 0

    def take(self, num_bytes: int, now: float) -> None:
        """Count them, whether or not there was room."""
        if self.is_over(now):
            self._began, self._num_bytes = now, 0
        self._num_bytes += num_bytes

    def is_used_up(self, now: float) -> bool:
        """Whether there is no byte left at `now` (monotonic seconds)."""
        return self._limit <= (0 if self.is_over(now) else self._num_bytes)

    def is_over(self, now: float) -> bool:
        """Whether what was moved counts no more."""
        return now >= self._began + HOUR_SECONDS

    def seconds_left(self, now: float) -> int:
        """Until the next hour begins; at least one."""
        return max(1, math.ceil(self._began + HOUR_SECONDS - now))


class Wait(Struct, frozen=True):
    """Why an address may not begin now, and when it is worth asking again."""

    why: str
    seconds: int


class OpenBudget:
    """The accounts of addresses that test without a token. One thread at a time may ask."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._all = Hour(limits.open_bytes_per_hour, clock())
        self._addresses: dict[str, Hour] = {}
        self._testing: Counter[str] = Counter()
        """How many of its transfers are under way, for each address with any."""

    def begin(self, address: str) -> Wait | None:
        """Begin a transfer; None if it may be. A client may use several at once, as most do."""
        now = self._clock()
        waits = [h.seconds_left(now) for h in self._hours(address, now) if h.is_used_up(now)]
        if waits:
            return Wait(USED_UP, max(waits))
        if address not in self._testing and len(self._testing) >= self._limits.open_testers:
            return Wait(BUSY, BUSY_SECONDS)
        self._testing[address] += 1
        return None

    def end(self, address: str) -> None:
        """A transfer that began has ended."""
        self._testing[address] -= 1
        if not self._testing[address]:
            del self._testing[address]

    def take(self, address: str, num_bytes: int) -> bool:
        """Count bytes that were moved; False once there is nothing left for this address."""
        now = self._clock()
        hours = self._hours(address, now)
        for hour in hours:
            hour.take(num_bytes, now)
        return not any(hour.is_used_up(now) for hour in hours)

    def _hours(self, address: str, now: float) -> tuple[Hour, Hour]:
        if address not in self._addresses:
            self._forget(now)
            self._addresses[address] = Hour(self._limits.open_bytes_per_address, now)
        return self._addresses[address], self._all

    def _forget(self, now: float) -> None:
        """Those whose hour is over; of many strangers, the one that began first."""
        if len(self._addresses) < self._limits.open_addresses:
            return
        self._addresses = {a: hour for a, hour in self._addresses.items() if not hour.is_over(now)}
        while len(self._addresses) >= self._limits.open_addresses:
            del self._addresses[next(iter(self._addresses))]
