"""What the number says about the path. Pure; a confident wrong label is the worst this can do.

`exact` needs every one of: a rate that settled and outlasted a burst, now or in an earlier test
that found the same; the sender's TCP_INFO; a ceiling known and not touched; nothing of this machine
or the server in the way; and a sign that the path itself was full. Where one of these is missing
the number is still a floor (`at_least`), unless loss set the rate, or it fell by itself, or may
yet fall: then it says nothing about the line.
"""

from typing import Literal

from msgspec import Struct

from broadgauge_wire import Bound, InterfaceKind, LimitedBy

CPU_SHARE = 0.85
"""One core is all a single-threaded client has; above this share it is the bound."""

WORKING_SHARE = 0.90
"""A client that hardly ever waits is the bound, whoever took the processor from it."""

CEILING_SHARE = 0.9
"""This near what the machine could have seen, the machine may be the bound."""

WINDOW_SHARE = 0.10
"""Senders held back by windows for more than this share of their busy time were not path-bound."""

IDLE_SHARE = 0.05
"""A server with nothing to send for more than this share of the time was too slow itself."""

APP_LIMITED_SHARE = 0.5
"""A sender that is slower than the path, in pauses too short to be idle in: at most looks, its
kernel waits for data. On a full path it does so now and then."""

CROSS_TRAFFIC_SHARE = 0.05

BBR_LOSS_RATIO = 0.05
"""BBR keeps its rate through loss up to about here; other senders slow down at every loss."""

QUEUE_RATIO = 1.1
QUEUE_SECONDS = 0.0005
"""A full path has a queue. This much longer than the empty path's round trip may be one."""

LONG_QUEUE_RATIO, LONG_QUEUE_SECONDS = 1.25, 0.005
"""No jitter of a wired path, and no busy machine's, adds so much to the median."""

QUEUE_VARIATIONS = 3.0
"""A queue also stands out of the jitter. Where delay only varies, evenly or exponentially, its mean
is above the least of a few by less than this many mean deviations, which TCP_INFO tells."""

OWN_LIMITS: tuple[LimitedBy, ...] = ("cpu", "nic", "wifi")
"""Of this machine: a rate that falls by them is still one that the path carried."""

Trend = Literal["settled", "rising", "falling", "unsettled"]


class Ceiling(Struct, frozen=True):
    """The most this machine could have seen of a line, and what of it sets that."""

    bits_per_second: float
    set_by: LimitedBy


class Evidence(Struct, frozen=True, kw_only=True):
    """All that is known of one test when its number is labelled, over the part measured."""

    trend: Trend
    is_lasting: bool
    """The rate outlasted a burst, in this test or in an earlier one that found the same."""

    line_bits_per_second: float | None
    ceiling: Ceiling | None
    interface_kind: InterfaceKind | None
    is_download: bool
    is_flow_limited: bool
    is_contested: bool | None
    is_saturated: bool
    """More connections carried no more, in this test or in the earlier one."""

    tried_enough: bool
    """So were others, or as many as there may be."""

    cpu_share: float
    working_share: float
    window_share: float | None
    idle_share: float | None
    app_limited_share: float | None
    idle_rtt_seconds: float | None
    loaded_rtt_seconds: float | None
    peak_rtt_seconds: float | None
    rtt_variation_seconds: float | None
    retransmit_ratio: float | None
    cross_traffic_bits_per_second: float | None
    is_bbr: bool
    is_held_by_pace: bool = False
    """The test was told to send no faster, and nearly did."""

    has_reached_target: bool = False
    """It carried what was asked about, lastingly: that much is proven whatever the bound was."""


def is_bbr(congestion_control: str | None) -> bool:
    """Whether the sender paces itself at the path's rate as it estimates it."""
    return (congestion_control or "").startswith("bbr")


def judge(evidence: Evidence) -> tuple[Bound | None, LimitedBy | None]:
    """The bound, and what set the rate as far as that is known."""
    limit = machine_limit(evidence)
    if evidence.has_reached_target:
        return "at_least", limit
    if not evidence.is_lasting or (evidence.trend == "falling" and limit not in OWN_LIMITS):
        return None, limit
    if limit is not None:
        return "at_least", limit
    if is_loss_bound(evidence):
        return None, "path"
    if evidence.trend == "settled" and is_path_full(evidence):
        return "exact", "path"
    return (None if evidence.trend == "unsettled" else "at_least"), None


def machine_limit(evidence: Evidence) -> LimitedBy | None:
    """What of this machine, its network's rules or the server held the rate down, if anything."""
    line, ceiling = evidence.line_bits_per_second, evidence.ceiling
    if evidence.is_held_by_pace:
        return "pacer"
    if evidence.cpu_share > CPU_SHARE or evidence.working_share > WORKING_SHARE:
        return "cpu"
    if evidence.interface_kind == "wifi":
        return "wifi"
    if line and ceiling and line >= CEILING_SHARE * ceiling.bits_per_second:
        return ceiling.set_by
    if line and (evidence.cross_traffic_bits_per_second or 0) > CROSS_TRAFFIC_SHARE * line:
        return "cross_traffic"
    if (evidence.window_share or 0.0) > WINDOW_SHARE and not _is_surely_full(evidence):
        return "window"
    if evidence.is_flow_limited:
        return "policy"
    if evidence.is_contested:
        return "cross_traffic"
    if _sender_is_slow(evidence):
        return "server" if evidence.is_download else "cpu"
    return None


def _sender_is_slow(evidence: Evidence) -> bool:
    return (evidence.idle_share or 0.0) > IDLE_SHARE or (
        evidence.app_limited_share or 0.0
    ) > APP_LIMITED_SHARE


def _is_surely_full(evidence: Evidence) -> bool:
    """Whether the line was full although windows held senders back: then it holds them back
    because they have their share of its queue under way already."""
    idle, loaded = evidence.idle_rtt_seconds, evidence.loaded_rtt_seconds
    has_long_queue = (
        idle is not None
        and loaded is not None
        and loaded >= LONG_QUEUE_RATIO * idle + LONG_QUEUE_SECONDS
    )
    return has_long_queue or (evidence.is_saturated and _has_queue(evidence, loaded))


def is_loss_bound(evidence: Evidence) -> bool:
    """Whether lost packets, rather than the path's rate, set the sender's speed.

    A full queue loses packets too, so loss with a queue is the path's rate at work. BBR drains the
    queue that it found the rate with, so one that there was at any time will do.
    """
    tolerated, rtt = 0.0, evidence.loaded_rtt_seconds
    if evidence.is_bbr:
        tolerated, rtt = BBR_LOSS_RATIO, evidence.peak_rtt_seconds
    return (evidence.retransmit_ratio or 0.0) > tolerated and not _has_queue(evidence, rtt)


def is_path_full(evidence: Evidence) -> bool:
    """Whether there is positive evidence that the path was the bound."""
    known = (
        evidence.ceiling,
        evidence.line_bits_per_second,
        evidence.cross_traffic_bits_per_second,
        evidence.window_share,
        evidence.idle_share,
        evidence.app_limited_share,
        evidence.retransmit_ratio,
        evidence.is_contested,
    )
    has_queue = _has_queue(evidence, evidence.loaded_rtt_seconds)
    if None in known or not evidence.tried_enough:
        return False
    return has_queue or (evidence.is_bbr and evidence.is_saturated)


def _has_queue(evidence: Evidence, loaded: float | None) -> bool:
    idle = evidence.idle_rtt_seconds
    variation = evidence.rtt_variation_seconds
    if idle is None or loaded is None or variation is None:
        return False
    return loaded >= QUEUE_RATIO * idle + max(QUEUE_SECONDS, QUEUE_VARIATIONS * variation)
