"""Whether a line carries what is needed, without finding all that it carries. Pure.

A test that is asked about a rate is sent at little more than that, if a long test of the same line
found so much before. A bucket of saved bytes would last for minutes at such a pace, so the first
test of a line outlasts a burst at a far higher one. A test that finds less than what it was asked
about is let go, and ends as any other.
"""

from collections.abc import Sequence
from statistics import fmean

from msgspec.structs import replace

from .observation import Estimate
from .progress import INTERVAL_SECONDS
from .settling import estimate_from, grown

PACE_SHARE = 1.1
"""Of the need. Kernels count headers into a pace, or don't, so that 1.05 to 1.1 arrive; what the
reading's uncertainty and a bad moment take of that leaves the need itself. A line that is nearer
to the need than this is full, and its own rate is as good an answer."""

FIRST_PACE_SHARE = 4.0
"""Of the need, for the four seconds that outlast a burst. A faster test would empty a larger
bucket; this one sees any that holds less than nine seconds of the need."""

HOLD_SECONDS = 1.0
"""At the need or above, when the test ends: what was before may have been a burst."""

PATIENCE_SECONDS, PATIENCE_ROUND_TRIPS = 2.0, 20
"""A paced test that isn't sure by then is let go."""

BURST_AT_PEAK_SECONDS = 3.0
"""So long a burst would have been over a second before the end, by the bytes that passed: where the
load came in fits and starts, so many seconds are not enough."""

PEAK_QUANTILE = 0.9
"""Of the rates, is what a burst passes at. A few are higher where data comes unevenly."""

SHORT_OF_IT = 0.95
"""A line that carries less than this share of the need doesn't reach it, as verdicts count."""

UNLIKE_SHARE = 0.9
"""Of a rate that is no longer the same: a full reading may be wrong by a tenth at most."""

COUNTED_SHARE = 0.97
"""Of the need that the server has to have counted of an upload. Its counts come late."""

PACED_SHARE = 0.9
"""A test that got so much of its pace may have been held by it. Kernels may count headers."""

OVERLOOKED_SHARE = 1.25
"""Of its pace, and no test gets more whose sender keeps it: a server may know of none. Large
packets make a rate rise in steps."""

HOLD_INTERVALS = round(HOLD_SECONDS / INTERVAL_SECONDS)


class Target:
    """One direction's question."""

    def __init__(self, need_bits_per_second: float, *, is_known_to_carry: bool) -> None:
        """The need is payload. `is_known_to_carry`: a long test of this line found the pace."""
        self.need_bits_per_second = need_bits_per_second
        self.is_known_to_carry = is_known_to_carry
        self.is_let_go = False
        """It was paced at little more than the need, and didn't find that."""

    @property
    def is_short(self) -> bool:
        """Whether the pace is too low to outlast a burst."""
        return self.is_known_to_carry and not self.is_let_go

    @property
    def pace_bits_per_second(self) -> float | None:
        """How fast the payload is to be sent; None for as fast as the line takes it."""
        if self.is_let_go:
            return None
        share = PACE_SHARE if self.is_known_to_carry else FIRST_PACE_SHARE
        return share * self.need_bits_per_second

    def look(
        self, estimate: Estimate | None, *, elapsed_seconds: float, rtt_seconds: float
    ) -> None:
        """Let a short test go that finds less than the need, or is not sure in time."""
        patience = PATIENCE_SECONDS + PATIENCE_ROUND_TRIPS * rtt_seconds
        is_short_of_it = estimate is not None and _most(estimate) < self.need_bits_per_second
        if self.is_short and (is_short_of_it or elapsed_seconds > patience):
            self.is_let_go = True

    def found(
        self, rates: Sequence[float], estimate: Estimate | None, first: int
    ) -> Estimate | None:
        """What the line carries of late, if that is the need or more; None if it isn't, or if the
        load has not lasted a second yet. No interval before the `first` counts.

        What arrives in a second was carried in it, whether it came evenly or not: a line can't
        catch up on what it didn't carry before.
        """
        whole, last = rates[max(first, grown(rates) + 1) :], rates[-HOLD_INTERVALS:]
        if len(whole) < HOLD_INTERVALS:
            return None
        if min(map(fmean, (whole, last, last[len(last) // 2 :]))) < self.need_bits_per_second:
            return None
        if estimate is not None and estimate.bits_per_second >= self.need_bits_per_second:
            return estimate
        begin = len(rates) - HOLD_INTERVALS
        return replace(estimate_from(rates, begin), bits_per_second=fmean(last))

    def is_drained(self, rates: Sequence[float], found: Estimate, first: int) -> bool:
        """Whether a line that is short of the need would have used up what it can have saved, by
        the load from the `first` interval on."""
        return _is_drained(rates, found, first, SHORT_OF_IT * self.need_bits_per_second)

    def may_be_burst(self, rates: Sequence[float], estimate: Estimate, first: int) -> bool:
        """Whether a test that ended otherwise reads the need, and a burst explains that."""
        least, rate = SHORT_OF_IT * self.need_bits_per_second, estimate.bits_per_second
        line = min(least, UNLIKE_SHARE * rate)
        return rate >= least and not _is_drained(rates, estimate, first, line)

    def is_counted(self, found: Estimate, counted: Sequence[float] | None) -> bool:
        """Whether the server got that much of an upload too. `counted` are the rates at which it
        did; None for a download."""
        if counted is None:
            return True
        part = counted[round(found.from_seconds / INTERVAL_SECONDS) :]
        return (
            len(part) >= HOLD_INTERVALS // 2
            and fmean(part) >= COUNTED_SHARE * self.need_bits_per_second
        )


def _is_drained(rates: Sequence[float], estimate: Estimate, first: int, line: float) -> bool:
    end, drained = len(rates) - HOLD_INTERVALS, 0.0
    for rate in rates[first:end]:
        drained = max(0.0, drained + (rate - line) * INTERVAL_SECONDS)
    saved = BURST_AT_PEAK_SECONDS * (_peak(rates[:end], estimate, first) - line)
    return drained >= saved - 1e-6 * line


def _peak(rates: Sequence[float], estimate: Estimate, first: int) -> float:
    """What a burst that isn't over would pass at: the rate while it is steady, or if it wasn't for
    long, at any time."""
    steady = rates[max(first, round(estimate.from_seconds / INTERVAL_SECONDS)) :]
    part = sorted(steady if len(steady) >= HOLD_INTERVALS else rates[first:])
    return part[int(PEAK_QUANTILE * len(part))] if part else 0.0


def is_held(estimate: Estimate | None, pace_bits_per_second: float | None) -> bool:
    """Whether the pace may have set the rate, rather than the line."""
    return (
        estimate is not None
        and pace_bits_per_second is not None
        and estimate.bits_per_second >= PACED_SHARE * pace_bits_per_second
        and not is_overlooked(estimate, pace_bits_per_second)
    )


def is_overlooked(estimate: Estimate, pace_bits_per_second: float) -> bool:
    """Whether the sender goes as fast as it can, whatever it was told."""
    return estimate.bits_per_second > OVERLOOKED_SHARE * pace_bits_per_second


def _most(estimate: Estimate) -> float:
    return estimate.bits_per_second * (1 + estimate.uncertainty_ratio)
