"""The clock of one load: when it is over, when it has died, and what this machine did meanwhile."""

import time

from broadgauge_agent.ndt7.spec import TEST_SECONDS
from broadgauge_agent.network import bytes_moved
from broadgauge_agent.tcp_info import congestion_control, read_tcp_info
from broadgauge_wire import Direction

from .channel import Channel
from .failure import TestFailedError
from .observation import LoadFacts

SAMPLE_SECONDS = 0.1
STALL_SECONDS = 5.0
"""A path on which nothing moves for this long is not slow but dead."""

EARLY_SHARE = 0.8
"""A server that closes before this share of the agreed time cut the test off."""


class Watch:
    """Starts with the load, right after the handshake."""

    def __init__(self, channel: Channel, interface: str | None, max_seconds: float) -> None:
        self.channel = channel
        self.planned_seconds = min(max_seconds, TEST_SECONDS)
        self._interface = interface
        self._began = time.perf_counter()
        self._cpu_began = time.process_time()
        self._moved_began = bytes_moved(interface)
        self._due = SAMPLE_SECONDS
        self._progress_bytes = 0
        self._progress_at = 0.0

    def elapsed_seconds(self) -> float:
        """Since the handshake."""
        return time.perf_counter() - self._began

    def goes_on(self, moved_bytes: int) -> bool:
        """Whether there is more to do, given all bytes moved so far.

        TestFailedError if nothing moves any more, or the server closed too early.
        """
        now = self.elapsed_seconds()
        if moved_bytes > self._progress_bytes:
            self._progress_bytes, self._progress_at = moved_bytes, now
        if self.channel.is_closed:
            if now < EARLY_SHARE * self.planned_seconds:
                raise TestFailedError(f"the server closed the test after {now:.1f} seconds")
            return False
        if now - self._progress_at > STALL_SECONDS:
            raise TestFailedError(f"the test stalled: no data for {STALL_SECONDS:.0f} seconds")
        return now < self.planned_seconds

    def is_sample_due(self) -> bool:
        """True once an interval."""
        now = self.elapsed_seconds()
        if now < self._due:
            return False
        self._due = (now // SAMPLE_SECONDS + 1) * SAMPLE_SECONDS
        return True

    def seconds_to_wait(self) -> float:
        """Until the next sample or the end."""
        return min(self._due, self.planned_seconds) - self.elapsed_seconds()

    def facts(self, direction: Direction) -> LoadFacts:
        """This machine's side, as of now."""
        elapsed = self.elapsed_seconds()
        moved = bytes_moved(self._interface)
        way = 0 if direction == "download" else 1
        return LoadFacts(
            seconds=elapsed,
            own=read_tcp_info(self.channel.socket),
            own_congestion_control=congestion_control(self.channel.socket),
            cpu_share=(time.process_time() - self._cpu_began) / elapsed,
            interface_bytes=(
                moved[way] - self._moved_began[way] if moved and self._moved_began else None
            ),
        )
