"""Whether others on the line gave way to a test. Pure.

Senders that don't yield, such as calls and cameras, lose packets to a test that keeps a queue full,
and the test reads what it took from them as the line's. So a test that is about to end takes a
little less than it found. If the line was its own, the queue empties and nothing is lost any more;
if others are there, they keep it full.
"""

from collections.abc import Iterable, Sequence
from math import ceil
from statistics import fmean

from .evidence import Readings, retransmit_ratio, rtt_seconds
from .observation import Estimate
from .progress import INTERVAL_SECONDS

EASED_SHARE = 0.9
"""A reading that is more than a ninth above what others leave shows: a full reading may be wrong by
a tenth at most."""

NOT_EASED_SHARE = 0.98
"""A sender that overlooks the request stays at what it had; one that heeds it goes up and down."""

LOOK_SECONDS = 0.5
MOST_DRAIN_SECONDS = 1.5

MOST_SECONDS = 4.0
"""A line whose queue takes longer to empty, or is said to, is not looked at."""

STILL_LOST_RATIO = 0.002
STILL_QUEUED_SHARE = 0.7
"""Of the queue that there was under the full load."""


def is_contested(
    connections: Iterable[Readings],
    rates: Sequence[float],
    estimate: Estimate,
    *,
    eased_at: float,
    idle_rtt_seconds: float,
) -> bool | None:
    """Whether packets are still lost, and the queue still there, since this test eased off. None
    if that was not heard of, or if the sender went on as before."""
    senders = tuple(connections)
    before = tuple([r for r in readings if r.seconds <= eased_at] for readings in senders)
    loaded = rtt_seconds(before, estimate.from_seconds)
    if loaded is None:
        return None
    since = eased_at + drain_seconds(loaded, idle_rtt_seconds)
    eased = rates[ceil(since / INTERVAL_SECONDS) :]
    if not eased or fmean(eased) > NOT_EASED_SHARE * estimate.bits_per_second:
        return None
    lost, rtt = retransmit_ratio(senders, since), rtt_seconds(senders, since)
    if lost is None or rtt is None:
        return None
    queue = loaded - idle_rtt_seconds
    return lost > STILL_LOST_RATIO and rtt - idle_rtt_seconds > STILL_QUEUED_SHARE * queue


def drain_seconds(loaded_rtt_seconds: float, idle_rtt_seconds: float) -> float:
    """How long the queue of an own line takes to empty, and losses from before to be mended."""
    queue_seconds = max(0.0, loaded_rtt_seconds - idle_rtt_seconds)
    drained = min(MOST_DRAIN_SECONDS, queue_seconds / (1 - EASED_SHARE))
    return drained + 2 * loaded_rtt_seconds
