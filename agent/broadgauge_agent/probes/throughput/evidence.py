"""What the senders' kernels say of one part of a load. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import median

from broadgauge_agent.tcp_info import TcpInfo

from .observation import SenderReading

Readings = Sequence[SenderReading]


def held_share(connections: Iterable[Readings], from_seconds: float) -> float | None:
    """Share of the busy time in which windows held the senders back, since a moment."""
    held = busy = 0.0
    for before, after in _spans(connections, from_seconds):
        if not _tells_of_windows(after.info):
            continue
        busy += _change(before, after, lambda info: info.busy_seconds)
        held += _change(before, after, lambda info: info.receive_window_limited_seconds)
        held += _change(before, after, lambda info: info.send_buffer_limited_seconds)
    return held / busy if busy else None


def idle_share(connections: Iterable[Readings], from_seconds: float) -> float | None:
    """Share of the time in which the senders had nothing to send, since a moment."""
    idle = whole = 0.0
    for before, after in _spans(connections, from_seconds):
        if after.info.busy_seconds is None:
            continue
        seconds = after.seconds - before.seconds
        whole += seconds
        idle += max(0.0, seconds - _change(before, after, lambda info: info.busy_seconds))
    return idle / whole if whole else None


def app_limited_share(connections: Iterable[Readings], from_seconds: float) -> float | None:
    """Share of the looks since a moment at which a sender's kernel had been waiting for data."""
    looks = _known(connections, from_seconds, lambda info: info.is_app_limited)
    return sum(looks) / len(looks) if looks else None


def retransmit_ratio(connections: Iterable[Readings], from_seconds: float) -> float | None:
    """Share of the sent bytes that were sent again, since a moment."""
    sent = again = 0.0
    for before, after in _spans(connections, from_seconds):
        if after.info.bytes_retransmitted is None:
            continue
        sent += _change(before, after, lambda info: info.bytes_sent)
        again += _change(before, after, lambda info: info.bytes_retransmitted)
    return min(1.0, again / sent) if sent else None


def rtt_seconds(connections: Iterable[Readings], from_seconds: float) -> float | None:
    """Median of the senders' smoothed round-trip times since a moment."""
    return _median(connections, from_seconds, lambda info: info.rtt_seconds)


def peak_rtt_seconds(connections: Iterable[Readings]) -> float | None:
    """The longest smoothed round trip of the whole load: a path that was full had a queue then."""
    seen = (reading.info.rtt_seconds for readings in connections for reading in readings)
    return max((seconds for seconds in seen if seconds is not None), default=None)


def rtt_variation_seconds(connections: Iterable[Readings], from_seconds: float) -> float | None:
    """Median of the mean deviation of their round trips over the same time."""
    return _median(connections, from_seconds, lambda info: info.rtt_variation_seconds)


def min_rtt_seconds(connections: Iterable[Readings]) -> float | None:
    """The shortest round trip that any of them saw."""
    seen = (readings[-1].info.min_rtt_seconds for readings in connections if readings)
    return min((seconds for seconds in seen if seconds is not None), default=None)


def _spans(
    connections: Iterable[Readings], from_seconds: float
) -> Iterator[tuple[SenderReading, SenderReading]]:
    """Of each connection that has two: the last reading before a moment, or the first after it, and
    the last of all."""
    for readings in connections:
        if len(readings) >= 2:
            before = [reading for reading in readings[:-1] if reading.seconds <= from_seconds]
            yield (before[-1] if before else readings[0]), readings[-1]


def _tells_of_windows(info: TcpInfo) -> bool:
    return None not in (info.receive_window_limited_seconds, info.send_buffer_limited_seconds)


def _change(
    before: SenderReading, after: SenderReading, member: Callable[[TcpInfo], float | None]
) -> float:
    return max(0.0, (member(after.info) or 0.0) - (member(before.info) or 0.0))


def _median(
    connections: Iterable[Readings], from_seconds: float, member: Callable[[TcpInfo], float | None]
) -> float | None:
    known = _known(connections, from_seconds, member)
    return median(known) if known else None


def _known(
    connections: Iterable[Readings], from_seconds: float, member: Callable[[TcpInfo], float | None]
) -> list[float]:
    """What the looks since a moment told of this."""
    values = (
        member(reading.info)
        for readings in connections
        for reading in readings
        if reading.seconds >= from_seconds
    )
    return [value for value in values if value is not None]
