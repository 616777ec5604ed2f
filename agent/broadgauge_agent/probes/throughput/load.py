"""The load of one direction: connections, the clock, and the rule that ends it."""

import selectors
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from math import ceil
from typing import NamedTuple

from broadgauge_agent.errors import AgentError
from broadgauge_agent.middleboxes import Finding
from broadgauge_agent.network import bytes_moved
from broadgauge_agent.tcp_info import TcpInfo, read_tcp_info
from broadgauge_wire import Direction, Reflector, StopReason

from .channel import Channel
from .easing import EASED_SHARE, LOOK_SECONDS, MOST_SECONDS, drain_seconds, is_contested
from .evidence import held_share, rtt_seconds
from .failure import TestFailedError
from .observation import Estimate, Tick
from .progress import BYTE_BITS, INTERVAL_SECONDS, rate_between, rates_over_time
from .stopping import Decision, StoppingRule, View
from .streams import UNPACED_BYTES_PER_SECOND, Download, Stream, Upload

STALL_SECONDS = 5.0
"""A path on which nothing moves for this long is not slow but dead."""

EARLY_SHARE = 0.8
"""A server that closes before this share of the agreed time cut the test off."""

WINDOW_LOOK_SECONDS = 0.5
"""How far back the connections' windows are looked at."""

BROKEN_INTERVALS = 3
"""Looked at no more often than so many intervals apart, a machine was too busy to measure: what
happened between is not known."""

LAST_WORDS_SECONDS = 1.0
"""A full queue on the way holds them up by this much at most, or they are not waited for."""

OPENERS = 8
"""Connections are opened beside the load, a few at a time."""

KINDS: dict[Direction, Callable[[Channel, float], Stream]] = {
    "download": Download,
    "upload": Upload,
}


class Ended(NamedTuple):
    """How a load ended."""

    stop_reason: StopReason
    rates: tuple[float, ...]
    held_back: Finding | None
    is_contested: bool | None
    """Whether others kept the line full when this test eased off; None if that is not known."""

    eased_at: float | None
    """Since when less than what the line carries was asked of it, in seconds of the load."""


class Load:
    """Starts with its first connection, right after the handshake."""

    def __init__(
        self,
        direction: Direction,
        first: Channel,
        open_another: Callable[[], Channel],
        rule: StoppingRule,
        *,
        reflector: Reflector,
        idle_rtt_seconds: float,
        interface: str | None,
    ) -> None:
        self.direction = direction
        self.rule = rule
        self.streams: list[Stream] = []
        self.ticks: list[Tick] = []
        self._open_another = open_another
        self.idle_rtt_seconds = idle_rtt_seconds
        self._reflector = reflector
        self._interface = interface
        self._selector = selectors.DefaultSelector()
        self.own: TcpInfo | None = None
        self.congestion_control: str | None = None
        self._opening: list[Future[Channel]] = []
        self._began = time.perf_counter()
        self._waited = 0.0
        self._progress = (0, 0.0)
        self._unbroken_from = 0
        self._eased_at: float | None = None
        self._shares: tuple[float | None, int] = (None, 1)
        self._add(first)

    def run(self) -> Ended:
        """Load the line until the rule says it is enough. TestFailedError if that can't be."""
        pool = ThreadPoolExecutor(OPENERS)
        try:
            self._want(pool, self.rule.streams_to_begin(self.idle_rtt_seconds))
            return self._run(pool)
        finally:
            self._note_own()
            self._selector.close()
            self._abandon()
            pool.shutdown(wait=False, cancel_futures=True)

    def elapsed_seconds(self) -> float:
        """Since the load began."""
        return time.perf_counter() - self._began

    def moved_bytes(self) -> int:
        """Payload of all connections."""
        return sum(stream.moved_bytes() for stream in self.streams)

    def _run(self, pool: ThreadPoolExecutor) -> Ended:
        self._tick()
        due = INTERVAL_SECONDS
        while True:
            self._work(due)
            now = self.elapsed_seconds()
            self._check_alive(now)
            if now < due and self.moved_bytes() < self.rule.max_bytes:
                continue
            due = (now // INTERVAL_SECONDS + 1) * INTERVAL_SECONDS
            self._tick()
            rates, held_back = self._rates()
            decision = self._decide(rates, now)
            if decision.stop_reason is not None:
                contested = self._look_for_others(decision.stop_reason == "converged")
                return Ended(decision.stop_reason, rates, held_back, contested, self._eased_at)
            self._want(pool, decision.streams)
            self._take_opened()
            self._keep_pace()

    def _look_for_others(self, has_converged: bool) -> bool | None:
        """Whether others on the line gave way to this test, which ends with this look."""
        if not self.rule.has_to_ease(self.idle_rtt_seconds):
            self._hear_out()
            return False
        estimate = self.rule.estimate
        if not has_converged or estimate is None:
            self._hear_out()
            return None
        heard = self._ease_off(estimate)
        self._hear_out()
        if not heard or self._eased_at is None:
            return None
        return is_contested(
            [stream.sender for stream in self.streams],
            rates_over_time([stream.curve() for stream in self.streams]),
            estimate,
            eased_at=self._eased_at,
            idle_rtt_seconds=self.idle_rtt_seconds,
        )

    def _ease_off(self, estimate: Estimate) -> bool:
        """Take less for a moment, to see whether others would have had more. Whether it was for
        long enough."""
        began = self.elapsed_seconds()
        loaded = rtt_seconds([stream.sender for stream in self.streams], estimate.from_seconds)
        ends = began + LOOK_SECONDS + drain_seconds(loaded or 0.0, self.idle_rtt_seconds)
        if ends > min(began + MOST_SECONDS, self.rule.max_seconds):
            return False
        self._eased_at = began
        for stream in self.streams:
            rate = rate_between(stream.curve(), estimate.from_seconds, estimate.to_seconds)
            stream.ease(EASED_SHARE * rate / BYTE_BITS)
        due = began
        while (now := self.elapsed_seconds()) < ends:
            if self._has_closed() or self.moved_bytes() >= self.rule.max_bytes:
                return False
            if now >= due:
                due += INTERVAL_SECONDS
                for stream in self.streams:
                    stream.look(now)
            self._work(min(ends, due))
        return True

    def _has_closed(self) -> bool:
        return any(stream.channel.is_closed for stream in self.streams)

    def _hear_out(self) -> None:
        """Let a server that sends say what its kernel saw until now: its words are under way,
        behind data that is paid for already."""
        ended = self.elapsed_seconds()
        downloads = [stream for stream in self.streams if isinstance(stream, Download)]
        for stream in downloads:
            stream.channel.say_goodbye()
        while self.elapsed_seconds() < ended + LAST_WORDS_SECONDS and any(
            not stream.is_heard_until(ended - INTERVAL_SECONDS) for stream in downloads
        ):
            self._work(ended + LAST_WORDS_SECONDS)
            for stream in downloads:
                stream.take_up()

    def _work(self, until: float) -> None:
        began = time.perf_counter()
        ready = [stream for stream in self.streams if stream.channel.has_decrypted]
        left = 0.0 if ready else max(0.0, min(until - self.elapsed_seconds(), self._resting()))
        events = self._events(left)
        self._waited += time.perf_counter() - began
        for stream in {id(s): s for s in (*ready, *(key.data for key, _ in events))}.values():
            stream.work()
            stream.channel.flush()
            if stream.channel.is_closed:
                self._selector.unregister(stream.channel.socket)

    def _resting(self) -> float:
        """Let connections that are written to at a pace wait until it is time, and say how long
        that is for the first of them."""
        soonest = float("inf")
        for stream in self.streams:
            if isinstance(stream, Upload) and stream.writes_at_pace:
                seconds = stream.resting_seconds()
                self._listen(stream, to_write=seconds <= 0)
                soonest = min(soonest, seconds) if seconds > 0 else soonest
        return soonest

    def _listen(self, stream: Upload, *, to_write: bool) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if to_write else 0)
        if not stream.channel.is_closed:
            self._selector.modify(stream.channel.socket, events, stream)

    def _events(self, seconds: float) -> list[tuple[selectors.SelectorKey, int]]:
        if self._selector.get_map():
            return self._selector.select(seconds)
        time.sleep(seconds)  # Windows won't wait for nothing
        return []

    def _check_alive(self, now: float) -> None:
        moved, since = self._progress
        if self.moved_bytes() > moved:
            self._progress = (self.moved_bytes(), now)
        elif now - since > STALL_SECONDS:
            raise TestFailedError(f"the test stalled: no data for {STALL_SECONDS:.0f} seconds")
        closed = [stream.channel for stream in self.streams if stream.channel.is_closed]
        if closed and now < EARLY_SHARE * self.rule.max_seconds:
            said = f": {closed[0].close_words}" if closed[0].close_words else ""
            raise TestFailedError(f"the server closed the test after {now:.1f} seconds{said}")

    def _decide(self, rates: tuple[float, ...], now: float) -> Decision:
        view = View(
            rates=rates,
            unbroken_from=self._unbroken_from,
            idle_rtt_seconds=self.idle_rtt_seconds,
            streams=len(self.streams),
            window_share=held_share(
                [stream.sender for stream in self.streams], now - WINDOW_LOOK_SECONDS
            )
            or 0.0,
            elapsed_seconds=now,
            moved_bytes=self.moved_bytes(),
            counted_rates=self._counted_rates(),
        )
        decision = self.rule.look(view)
        if self._has_closed():
            return Decision(streams=view.streams, stop_reason=decision.stop_reason or "deadline")
        return decision

    def _counted_rates(self) -> tuple[float, ...] | None:
        uploads = [stream.counted for stream in self.streams if isinstance(stream, Upload)]
        return rates_over_time(uploads) if uploads and self.rule.target else None

    def _rates(self) -> tuple[tuple[float, ...], Finding | None]:
        """Over time. By the server's counts where something takes of an upload what it doesn't
        get."""
        uploads = [stream for stream in self.streams if isinstance(stream, Upload)]
        held = [found for upload in uploads if (found := upload.held_back(self._reflector))]
        if held:
            return rates_over_time([upload.counted for upload in uploads]), held[0]
        return rates_over_time([stream.curve() for stream in self.streams]), None

    def _tick(self) -> None:
        now = self.elapsed_seconds()
        if self.ticks and now - self.ticks[-1].seconds > BROKEN_INTERVALS * INTERVAL_SECONDS:
            self._unbroken_from = ceil(now / INTERVAL_SECONDS)
        for stream in self.streams:
            stream.look(now)
        moved = bytes_moved(self._interface)
        self.ticks.append(
            Tick(
                seconds=now,
                waited_seconds=self._waited,
                cpu_seconds=time.process_time(),
                own_bytes=sum(stream.line_bytes() for stream in self.streams),
                interface_bytes=moved[0 if self.direction == "download" else 1] if moved else None,
            )
        )

    def _want(self, pool: ThreadPoolExecutor, streams: int) -> None:
        wanted = min(streams, self.rule.max_streams) - len(self.streams) - len(self._opening)
        self._opening.extend(pool.submit(self._open_another) for _ in range(wanted))

    def _take_opened(self) -> None:
        for opened in [opening for opening in self._opening if opening.done()]:
            self._opening.remove(opened)
            try:
                self._add(opened.result())
            except AgentError:
                self.rule.max_streams = len(self.streams)  # as many as this server lets one have
                self.rule.was_refused = True

    def _add(self, channel: Channel) -> None:
        stream = KINDS[self.direction](channel, self.elapsed_seconds())
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if stream.wants_to_send else 0)
        self._selector.register(channel.socket, events, stream)
        self.streams.append(stream)
        self._keep_pace()

    def _keep_pace(self) -> None:
        """Give each connection its share of the pace, or let all go if there is none any more."""
        shares = (self.rule.pace_bits_per_second, len(self.streams))
        if shares == self._shares or (shares[0] is None and self._shares[0] is None):
            return
        self._shares = shares
        pace, count = shares
        for stream in self.streams:
            stream.ease(UNPACED_BYTES_PER_SECOND if pace is None else pace / BYTE_BITS / count)
            if isinstance(stream, Upload):
                self._listen(stream, to_write=True)

    def _note_own(self) -> None:
        """While the connections are open."""
        self.own = read_tcp_info(self.streams[0].channel.socket)
        self.congestion_control = self.streams[0].congestion_control()

    def _abandon(self) -> None:
        for opening in self._opening:
            if not opening.cancel():
                opening.add_done_callback(_abort)
        for stream in self.streams:
            stream.channel.abort()


def _abort(opened: Future[Channel]) -> None:
    if not opened.cancelled() and opened.exception() is None:
        opened.result().abort()
