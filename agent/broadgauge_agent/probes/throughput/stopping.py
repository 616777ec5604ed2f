"""When a test ends, and how many connections it needs. Pure but for what it remembers.

A token bucket lets a burst pass before the line's own rate shows, and no test that is shorter than
the burst can tell. So the first test of a line outlasts a burst; a later one that finds the same
rate and round trip ends as soon as it is sure of that, and one that finds anything else goes on. A
test that is only asked whether the line carries so much ends once that is proven (see target.py).
"""

from collections.abc import Sequence
from math import ceil

from msgspec import Struct

from broadgauge_agent.probes.base import KnownLine
from broadgauge_wire import StopReason

from .bound import WINDOW_SHARE
from .observation import Estimate
from .settling import GROWING, estimate_from, grown, grown_seconds, seconds_at, settled
from .target import PACE_SHARE, Target, is_held

BURST_SECONDS = 4.0
"""Bursts of up to three seconds are outlasted, with a second in which to see the rate after it."""

SAME_RATE = 0.05
SAME_RTT_RATIO, SAME_RTT_SECONDS = 1.5, 0.005
"""How alike a known line has to be."""

STREAM_BYTES = 1e6
"""What one connection is trusted to have under way. Windows grow to several times that on most
systems, but not at once, and not on all."""

FEW_STREAMS = 4
"""Tried beside one, in a test that is long enough for it."""

ALONE_SECONDS = 1.5
"""In which one connection, at its rate, shows how it is held back."""

UNSETTLED_SECONDS = 1.5
"""A rate that goes up and down for so long after slow start may be one connection's trouble: a few
even out."""

MORE_SHARE, MUCH_MORE_SHARE = 0.10, 0.25
"""If more connections carry no more than the one above what fewer did, the line is full. Rates that
vary may explain what lies below the other."""

ENOUGH_INTERVALS = 10
"""With so many connections, to say what they carried where it doesn't settle."""

IN_PROPORTION = 0.7
"""Of the share by which connections grew: if the rate grew by as much, each of them is limited by
itself. Others who use the line give way by less, and the more the more connections push."""

AHEAD = 4.0
"""A rate in slow start will be so many times as high when a connection that is opened now has come
half as far."""


class Plateau(Struct, frozen=True):
    """What so many connections carried, once that had settled, and how far windows held them."""

    estimate: Estimate
    window_share: float


class View(Struct, frozen=True, kw_only=True):
    """The load as it stands."""

    rates: Sequence[float]
    unbroken_from: int
    """The interval since which this machine has looked at every one."""

    idle_rtt_seconds: float
    streams: int
    window_share: float
    """Of the connections' recent busy time, in which windows held them back."""

    elapsed_seconds: float
    moved_bytes: int
    counted_rates: Sequence[float] | None = None
    """Of an upload, as the server counted it."""


class Decision(Struct, frozen=True, kw_only=True):
    """To end, for a reason, or to go on with so many connections."""

    streams: int
    stop_reason: StopReason | None = None


class StoppingRule:
    """One direction's."""

    def __init__(
        self,
        *,
        max_seconds: float,
        max_bytes: float,
        max_streams: int,
        known: KnownLine | None,
        is_line: bool = True,
        target: Target | None = None,
        is_part: bool = False,
    ) -> None:
        """Inside one machine there is no line, so nothing to outlast or to fill. With a target, the
        line's rate is found only if it isn't enough to know that it is no lower. A part of a group
        test goes on to its end whatever it finds, with as many connections as it began with."""
        self.max_seconds = max_seconds
        self.max_bytes = max_bytes
        self.max_streams = max_streams
        self.known = known
        self.is_line = is_line
        self.target = target
        self.is_part = is_part
        self._burst_seconds = BURST_SECONDS if is_line else 0.0
        self.estimate: Estimate | None = None
        self.is_flow_limited = False
        """More connections carried more in proportion: each of them was limited, not the line."""

        self.is_saturated = False
        """More connections carried no more: it is the line that is full, whatever windows say."""

        self.is_contested = False
        """More connections carried somewhat more: they took it from others on the line."""

        self.was_refused = False
        """The server let this test have no more connections."""

        self._plateaus: dict[int, Plateau] = {}
        """The latest by number of connections, which only grows, over the time with so many."""

        self._streams_since = (0, 0)
        """The number of connections now, and the interval since which."""

        self._loaded_from = 0
        """The interval since which the load is one that could outlast a burst."""

        self._found: Estimate | None = None
        """What the line carries of late, if that is what was asked about."""

    def look(self, view: View) -> Decision:
        """What to do now."""
        self.estimate = settled(view.rates, view.idle_rtt_seconds, view.unbroken_from)
        if self.is_part:  # others come and go: how its rate changed tells nothing of connections
            return Decision(streams=self.max_streams, stop_reason=self._stop_reason(view))
        if view.streams != self._streams_since[0]:
            self._note_restless(view)
            self._streams_since = (view.streams, len(view.rates))
        first = max(view.unbroken_from, self._streams_since[1])
        if plateau := settled(view.rates, view.idle_rtt_seconds, first):
            self._note_plateau(view, plateau)
        self._look_at_target(view)
        return Decision(streams=self._streams(view), stop_reason=self._stop_reason(view))

    def matches_known(self, idle_rtt_seconds: float) -> bool:
        """Whether the estimate is what an earlier, long test found."""
        if self.known is None or self.estimate is None:
            return False
        is_near = has_same_round_trip(self.known, idle_rtt_seconds)
        change = abs(self.estimate.bits_per_second - self.known.throughput_bits_per_second)
        return is_near and change <= SAME_RATE * self.known.throughput_bits_per_second

    def outlasted_burst(self, rates: Sequence[float]) -> bool:
        """Whether the load at the estimate's rate was long enough."""
        return self.estimate is not None and self._has_lasted(rates, self.estimate)

    def may_be_burst(self, rates: Sequence[float], estimate: Estimate) -> bool:
        """Whether a test that was asked about a rate, and isn't sure, reads it while a burst may
        explain that: the load came in fits and starts."""
        return (
            self.target is not None
            and self.is_line
            and self.target.may_be_burst(rates, estimate, self._loaded_from)
        )

    @property
    def pace_bits_per_second(self) -> float | None:
        """How fast payload is to be sent; None for as fast as the line takes it."""
        return self.target.pace_bits_per_second if self.target else None

    @property
    def is_held_by_pace(self) -> bool:
        """Whether the pace may have set the rate, rather than the line."""
        return is_held(self.estimate, self.pace_bits_per_second)

    @property
    def single_stream(self) -> Estimate | None:
        """What one connection alone carried, if that settled."""
        alone = self._plateaus.get(1)
        return alone.estimate if alone else None

    def finds_full_again(self, idle_rtt_seconds: float) -> bool:
        """Whether the estimate is what an earlier, long test found of a full line."""
        is_full = self.known is not None and self.known.bound == "exact"
        return is_full and self.matches_known(idle_rtt_seconds)

    def has_to_ease(self, idle_rtt_seconds: float) -> bool:
        """Whether nothing tells yet if others on the line gave way to this test."""
        is_told = self.is_flow_limited or self.is_contested
        return self.is_line and not (is_told or self.finds_full_again(idle_rtt_seconds))

    def tried_enough(self, idle_rtt_seconds: float) -> bool:
        """Whether it is the line that is full, and no limit on each connection that was met: more
        of them carried no more, now or earlier; or as many as there may be were used, and those
        are many."""
        if self.is_saturated or self.finds_full_again(idle_rtt_seconds):
            return True
        is_short = self.was_refused or self.max_streams < FEW_STREAMS
        return not (is_short or self.matches_known(idle_rtt_seconds))

    def streams_to_begin(self, idle_rtt_seconds: float) -> int:
        """As many as the line is known to need; else one, whose rate says how many."""
        if self.is_part:
            return self.max_streams
        rate = self.known.throughput_bits_per_second if self.known else 0.0
        rate = min(rate, self.pace_bits_per_second or rate)
        return min(self.max_streams, _needed(rate, idle_rtt_seconds))

    def _stop_reason(self, view: View) -> StopReason | None:
        if view.moved_bytes >= self.max_bytes:
            return "budget"
        if view.elapsed_seconds >= self.max_seconds:
            return "deadline"
        if self.is_part:
            return None
        is_sure = self.matches_known(view.idle_rtt_seconds) or (
            self.outlasted_burst(view.rates)
            and view.streams in self._plateaus
            and self._needs_no_more(view.streams)
        )
        if self.estimate is not None and is_sure and not self.is_held_by_pace:
            return "converged"
        return "target_reached" if self._proves_target(view) else None

    def _look_at_target(self, view: View) -> None:
        if self.target is None:
            return
        self.target.look(
            self.estimate,
            elapsed_seconds=view.elapsed_seconds,
            rtt_seconds=view.idle_rtt_seconds,
        )
        if self.target.is_short and self.is_line:
            self._loaded_from = len(view.rates)
        if self.target.is_short or self.is_held_by_pace:
            self._plateaus.clear()  # of the pace, and not of so many connections
        self._found = self.target.found(view.rates, self.estimate, view.unbroken_from)

    def _proves_target(self, view: View) -> bool:
        """If so, what was found of late is the estimate, though it may not have settled."""
        if self.target is None or self._found is None:
            return False
        is_lasting = self.target.is_short or (
            self._has_lasted(view.rates, self._found)
            and (
                not self.is_line
                or self.target.is_drained(view.rates, self._found, self._loaded_from)
            )
        )
        if not is_lasting or not self.target.is_counted(self._found, view.counted_rates):
            return False
        self.estimate = self._found
        return True

    def _streams(self, view: View) -> int:
        soon = _soon(view.rates)
        soon = min(soon, self.pace_bits_per_second or soon)
        wanted = max(view.streams, _needed(soon, view.idle_rtt_seconds))
        is_restless = self.estimate is None and grown_seconds(view.rates) > UNSETTLED_SECONDS
        if is_restless and not self._waits_for_target(view):
            wanted = max(wanted, FEW_STREAMS)
        if (
            self.estimate is not None
            and not self._waits_for_target(view)
            and not self.matches_known(view.idle_rtt_seconds)
            and self._was_seen_enough(view)
            and not self._needs_no_more(view.streams)
        ):
            wanted = max(wanted, FEW_STREAMS, 2 * view.streams)
        return min(self.max_streams, wanted)

    def _waits_for_target(self, view: View) -> bool:
        """Whether it only has to last for what was asked about to be proven."""
        return (
            self.target is not None
            and not self.target.is_let_go
            and self._found is not None
            and not self._has_lasted(view.rates, self._found)
        )

    def _has_lasted(self, rates: Sequence[float], estimate: Estimate) -> bool:
        seconds = seconds_at(rates[self._loaded_from :], estimate.bits_per_second)
        return seconds >= self._burst_seconds - 1e-9

    def _was_seen_enough(self, view: View) -> bool:
        """Whether what so many connections carry is known. Of one alone, well enough to tell
        afterwards what held it, if there is time for that."""
        is_long = grown_seconds(view.rates) >= ALONE_SECONDS or self.outlasted_burst(view.rates)
        return view.streams in self._plateaus and (view.streams > 1 or is_long)

    def _needs_no_more(self, streams: int) -> bool:
        return self.is_saturated or self.is_contested or streams >= self.max_streams

    def _note_restless(self, view: View) -> None:
        """What fewer connections carried although it never settled: others on the line do that."""
        streams, since = self._streams_since
        since += grown(view.rates[since:])
        if (
            streams
            and streams not in self._plateaus
            and len(view.rates) - since >= ENOUGH_INTERVALS
        ):
            middle = estimate_from(view.rates, (since + len(view.rates)) // 2)
            if middle.bits_per_second:
                self._plateaus[streams] = Plateau(middle, view.window_share)

    def _note_plateau(self, view: View, estimate: Estimate) -> None:
        self._plateaus[view.streams] = Plateau(estimate, view.window_share)
        fewer = {n: before for n, before in self._plateaus.items() if n < view.streams}
        if not fewer:
            return
        count, last = max(fewer.items())
        growth = estimate.bits_per_second / last.estimate.bits_per_second - 1
        in_proportion = IN_PROPORTION * (view.streams / count - 1)
        unexplained = [
            before
            for before in fewer.values()
            if before.window_share <= WINDOW_SHARE
            and estimate.bits_per_second > (1 + MORE_SHARE) * before.estimate.bits_per_second
        ]
        self.is_flow_limited = growth >= max(in_proportion, MUCH_MORE_SHARE)
        self.is_saturated = growth <= MORE_SHARE and not unexplained
        self.is_contested = bool(unexplained) and not self.is_flow_limited


def has_same_round_trip(known: KnownLine, idle_rtt_seconds: float) -> bool:
    """Whether the path is as long as that of the earlier test."""
    least, most = sorted((known.idle_rtt_seconds, idle_rtt_seconds))
    return most <= SAME_RTT_RATIO * least + SAME_RTT_SECONDS


def knows_to_carry(known: KnownLine, need_bits_per_second: float, idle_rtt_seconds: float) -> bool:
    """Whether a long test of this line found what a test of this need is paced at."""
    pace = PACE_SHARE * need_bits_per_second
    return has_same_round_trip(known, idle_rtt_seconds) and known.throughput_bits_per_second >= pace


def _soon(rates: Sequence[float]) -> float:
    """The rate by the time that a further connection carries something."""
    if len(rates) < 2:
        return 0.0
    before, last = rates[-2:]
    return (AHEAD if last > GROWING * before else 1.0) * (before + last) / 2


def _needed(bits_per_second: float, rtt_seconds: float) -> int:
    """Connections to have so much under way."""
    return max(1, ceil(bits_per_second / 8 * rtt_seconds / STREAM_BYTES))
