"""A limit on each connection rather than on the line: several carry several times as much. Pure.

Much else makes several connections faster than one: a window that is too small, random loss, a
sender that is slow to grow, neighbours who share the line. Each of these leaves a trace in the
single connection, and where there is one, or none could be looked for, nothing is named.
"""

from collections.abc import Sequence
from math import ceil
from statistics import fmean

from msgspec import Struct

from broadgauge_wire import Reflector

from .finding import SEEN, Finding, finding

PROPORTION = 0.15
"""By how much several may miss the streams' number times the one stream's rate. Neighbors who share
a line leave several streams more of it, but not in proportion unless they are very many, and then
unsteadily."""

STEADY_RATIO = 0.10
"""Mean deviation over mean. A shaper lets out at its rate; shares of a line come and go."""

PART_SECONDS = 0.25
PART_ROUND_TRIPS = 2.0
"""Parts that are compared are longer than this: a byte that has to be sent again holds up those
behind it for a round trip, and then they count all at once."""

ENOUGH_PARTS = 4

BUSY_SHARE = 0.9
"""Of the time in which the sender had something to send: less, and it was the sender."""

LIMITED_SHARE = 0.1
"""Of the busy time, that a window or the send buffer may have been the bound."""

QUEUE_SECONDS = 0.002
QUEUE_RATIO = 0.05
"""What a shaper's queue adds to the round trip: more than chance does."""


class SingleStream(Struct, frozen=True, kw_only=True):
    """One connection alone at full rate, slow start over. None is unknown.

    The shares are TCP_INFO's of the sender: our own in an upload, the server's in a download.
    The rates are of short intervals of equal length.
    """

    rates_bits_per_second: Sequence[float]
    rate_interval_seconds: float
    busy_share: float | None
    receive_window_limited_share: float | None
    send_buffer_limited_share: float | None
    idle_rtt_seconds: float | None
    loaded_rtt_seconds: float | None
    is_bbr: bool = False
    """Then the rate is the path's by its own estimate, and a queue isn't needed as a proof."""


def recognise_per_flow_shaping(
    single_stream_bits_per_second: float,
    several_bits_per_second: float,
    streams: int,
    evidence: SingleStream,
    reflector: Reflector,
) -> Finding | None:
    """Name a limit on each connection, if nothing else explains what several carry together."""
    if streams < 2 or single_stream_bits_per_second <= 0:
        return None
    proportion = several_bits_per_second / (streams * single_stream_bits_per_second)
    if abs(proportion - 1) > PROPORTION:
        return None
    if not (_was_held_by_the_path(evidence) and _is_steady(evidence)):
        return None
    one, all_of_them = (
        f"{r / 1e6:.3g}" for r in (single_stream_bits_per_second, several_bits_per_second)
    )
    seen = f"{SEEN['per_flow_shaping']} ({one} Mbps by one, {all_of_them} Mbps by {streams})"
    return finding("per_flow_shaping", seen, reflector)


def _was_held_by_the_path(evidence: SingleStream) -> bool:
    """Neither by an end's window, buffer or program, nor by loss: those leave no queue behind."""
    busy, window, buffer = (
        evidence.busy_share,
        evidence.receive_window_limited_share,
        evidence.send_buffer_limited_share,
    )
    if busy is None or window is None or buffer is None:
        return False
    if busy < BUSY_SHARE or max(window, buffer) > LIMITED_SHARE:
        return False
    return evidence.is_bbr or _has_a_queue(evidence)


def _has_a_queue(evidence: SingleStream) -> bool:
    idle, loaded = evidence.idle_rtt_seconds, evidence.loaded_rtt_seconds
    if idle is None or loaded is None:
        return False
    return loaded - idle > max(QUEUE_SECONDS, QUEUE_RATIO * idle)


def _is_steady(evidence: SingleStream) -> bool:
    parts = _parts(evidence)
    if len(parts) < ENOUGH_PARTS or not any(parts):
        return False
    mean = fmean(parts)
    return fmean(abs(part - mean) for part in parts) <= STEADY_RATIO * mean


def _parts(evidence: SingleStream) -> list[float]:
    """Means of as many rates in a row as make up the time that a part takes."""
    seconds = max(PART_SECONDS, PART_ROUND_TRIPS * (evidence.loaded_rtt_seconds or 0.0))
    size = max(1, ceil(seconds / evidence.rate_interval_seconds - 1e-9))
    rates = evidence.rates_bits_per_second
    return [fmean(rates[at : at + size]) for at in range(0, len(rates) - size + 1, size)]
