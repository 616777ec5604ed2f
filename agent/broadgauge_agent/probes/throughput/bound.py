"""What the number says about the path. Pure; a confident wrong label is the worst this can do.

`exact` needs every one of: the sender's TCP_INFO, a ceiling known and not touched, nothing of this
machine or the server in the way, a rate that held, and a sign that the path itself was full. Where
one is missing the number is still a floor (`at_least`), unless loss set the rate, or it fell or may
have fallen unseen: then it says nothing about the line.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from broadgauge_wire import Bound, InterfaceKind, LimitedBy

from .observation import Sample, SenderReading
from .rates import rate_between, rtt_variation_seconds

CPU_SHARE = 0.85
"""One core is all a single-threaded client has; above this share it is the bound."""

CEILING_SHARE = 0.9
"""This near the interface's own speed, the interface may be the bound."""

WINDOW_SHARE = 0.05
"""A sender held back by windows for more than this share of its busy time was not path-bound."""

IDLE_SHARE = 0.05
"""A server with nothing to send for more than this share of the time was too slow itself."""

CROSS_TRAFFIC_SHARE = 0.05
LATE_TOLERANCES = {0.5: 0.05, 0.8: 0.10, 0.9: 0.20}
"""From each share of the test's time on, how far the rate may be from the whole's. The shorter the
end, the more it swings by itself; the shortest sees a token bucket that has just run dry."""

MIN_SECONDS = 3.0
"""In a shorter test, slow start and a token bucket's first burst weigh too much to be told."""

GAP_SHARE = 0.25
"""Without a sample for this share of the test, its rate may have fallen unseen."""

BBR_LOSS_RATIO = 0.05
"""BBR keeps its rate through loss up to about here; other senders slow down at every loss."""

QUEUE_RATIO = 1.1
QUEUE_SECONDS = 0.0005
"""A full path has a queue. This much longer than the empty path's round trip may be one."""

QUEUE_VARIATIONS = 3.0
"""A queue also stands out of the jitter. Where delay only varies, evenly or exponentially, its mean
is above the least of a few by less than this many mean deviations, which TCP_INFO tells."""

Trend = Literal["steady", "rising", "falling", "unknown"]


class Evidence(Struct, frozen=True, kw_only=True):
    """All that is known of one test when its number is labelled."""

    samples: tuple[Sample, ...]
    sender: tuple[SenderReading, ...]
    line_bits_per_second: float | None
    ceiling_bits_per_second: float | None
    interface_kind: InterfaceKind | None
    is_download: bool
    cpu_share: float
    idle_rtt_seconds: float | None
    loaded_rtt_seconds: float | None
    retransmit_ratio: float | None
    cross_traffic_bits_per_second: float | None
    is_bbr: bool


def judge(evidence: Evidence) -> tuple[Bound | None, LimitedBy | None]:
    """The bound, and what set the rate as far as that is known."""
    limit = machine_limit(evidence)
    trend = trend_of(evidence.samples)
    if trend in ("falling", "unknown"):
        return None, limit
    if limit is not None:
        return "at_least", limit
    if is_loss_bound(evidence):
        return None, "path"
    if trend == "steady" and is_path_full(evidence):
        return "exact", "path"
    return "at_least", None


def trend_of(samples: Sequence[Sample]) -> Trend:
    """Whether the rate held: the second half, last fifth and last tenth against the whole."""
    seconds = samples[-1].seconds
    gap = max((b.seconds - a.seconds for a, b in pairwise(samples)), default=0.0)
    if seconds < MIN_SECONDS or gap > GAP_SHARE * seconds:
        return "unknown"
    whole = rate_between(samples, 0.0, 1.0)
    late = [(rate_between(samples, s, 1.0) / whole - 1, t) for s, t in LATE_TOLERANCES.items()]
    if any(change < -tolerance for change, tolerance in late):
        return "falling"
    return "rising" if any(change > tolerance for change, tolerance in late) else "steady"


def machine_limit(evidence: Evidence) -> LimitedBy | None:
    """What of this machine or the server held the rate down, if anything did."""
    line, ceiling = evidence.line_bits_per_second, evidence.ceiling_bits_per_second
    if evidence.cpu_share > CPU_SHARE:
        return "cpu"
    if evidence.interface_kind == "wifi":
        return "wifi"
    if line and ceiling and line >= CEILING_SHARE * ceiling:
        return "nic"
    if line and (evidence.cross_traffic_bits_per_second or 0) > CROSS_TRAFFIC_SHARE * line:
        return "cross_traffic"
    return _sender_limit(evidence)


def is_loss_bound(evidence: Evidence) -> bool:
    """Whether lost packets, rather than the path's rate, set the sender's speed.

    A full queue loses packets too, so loss with a queue is the path's rate at work.
    """
    tolerated = BBR_LOSS_RATIO if evidence.is_bbr else 0.0
    return (evidence.retransmit_ratio or 0.0) > tolerated and not _has_queue(evidence)


def is_path_full(evidence: Evidence) -> bool:
    """Whether there is positive evidence that the path was the bound."""
    if not evidence.sender:
        return False
    info = evidence.sender[-1].info
    known = (
        evidence.ceiling_bits_per_second,
        evidence.line_bits_per_second,
        evidence.cross_traffic_bits_per_second,
        info.busy_seconds,
        info.receive_window_limited_seconds,
        info.send_buffer_limited_seconds,
        info.bytes_retransmitted,
    )
    return None not in known and (evidence.is_bbr or _has_queue(evidence))


def _sender_limit(evidence: Evidence) -> LimitedBy | None:
    last = evidence.sender[-1] if evidence.sender else None
    if last is None or not last.info.busy_seconds:
        return None
    info, busy = last.info, last.info.busy_seconds
    held = (info.receive_window_limited_seconds or 0) + (info.send_buffer_limited_seconds or 0)
    if held > WINDOW_SHARE * busy:
        return "window"
    if last.seconds - busy > IDLE_SHARE * last.seconds:
        return "server" if evidence.is_download else "cpu"
    return None


def _has_queue(evidence: Evidence) -> bool:
    idle, loaded = evidence.idle_rtt_seconds, evidence.loaded_rtt_seconds
    variation = rtt_variation_seconds(evidence.sender)
    if idle is None or loaded is None or variation is None:
        return False
    # Behind a proxy the sender's round trip is not the one this machine saw.
    empty = max(idle, evidence.sender[-1].info.min_rtt_seconds or 0.0)
    return loaded >= QUEUE_RATIO * empty + max(QUEUE_SECONDS, QUEUE_VARIATIONS * variation)
