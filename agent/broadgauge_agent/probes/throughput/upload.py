"""Upload: send, and let the server count. What this side handed to its socket is no measurement."""

import time

from broadgauge_agent.ndt7.frames import binary_frames
from broadgauge_agent.ndt7.measurement import Measurement, seconds
from broadgauge_agent.ndt7.spec import MIN_MESSAGE_BYTES, next_message_bytes
from broadgauge_agent.tcp_info import read_tcp_info

from .channel import Channel
from .failure import TestFailedError
from .observation import Observation, Sample, SenderReading
from .watch import Watch

LAST_MESSAGE_SECONDS = 1.0
"""How long the message that was under way at the end may take to be sent."""

OVERCOUNT_RATIO = 1.05
OVERCOUNT_BYTES = 2**16
"""A server may count headers and TLS records that we do not; more than that was never sent."""


class Noise:
    """Random messages of growing size, on their way out."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._frames = {size: memoryview(f) for size, f in binary_frames(masked=True).items()}
        self._size = MIN_MESSAGE_BYTES
        self._queued_bytes = 0

    def send_some(self) -> int:
        """Hand the socket what it takes now; returns the bytes."""
        if not self.channel.has_unsent:
            self.channel.send(self._frames[self._size])
            self._queued_bytes += self._size
            self._size = next_message_bytes(self._size, self._queued_bytes)
        return self.channel.flush()


def upload(channel: Channel, watch: Watch) -> Observation:
    """Send until the time is over. TestFailedError if the server takes or counts nothing."""
    noise = Noise(channel)
    readings = []
    while watch.goes_on(channel.sent_bytes):
        if not noise.send_some():
            channel.wait(watch.seconds_to_wait(), to_send=True)
        channel.receive()
        if channel.has_binary:
            raise TestFailedError("the server sent binary data in an upload")
        if watch.is_sample_due() and (info := read_tcp_info(channel.socket)):
            readings.append(SenderReading(watch.elapsed_seconds(), info))
    facts = watch.facts("upload")
    sent_bytes = channel.sent_bytes
    _end(channel)
    samples = counted(channel.measurements, facts.seconds)
    _check_count(samples, sent_bytes)
    return Observation(
        samples=samples,
        sender=tuple(readings),
        congestion_control=facts.own_congestion_control,
        facts=facts,
    )


def counted(measurements: list[Measurement], until_seconds: float) -> tuple[Sample, ...]:
    """What the server said had arrived, over time. TestFailedError if it never said."""
    samples = [Sample(0.0, 0)]
    for message in measurements:
        sample = _count_of(message)
        if sample and samples[-1].seconds < sample.seconds <= until_seconds:
            samples.append(sample)
    if samples[-1].arrived_bytes == 0:
        raise TestFailedError("server did not count the upload")
    return tuple(samples)


def _count_of(message: Measurement) -> Sample | None:
    """The kernel's count, or where the server's system has none, the server program's."""
    tcp, app = message.tcp_info, message.app_info
    if tcp and tcp.bytes_received is not None and (at := seconds(tcp.elapsed_time)):
        return Sample(at, tcp.bytes_received)
    if app and app.num_bytes is not None and (at := seconds(app.elapsed_time)):
        return Sample(at, app.num_bytes)
    return None


def _check_count(samples: tuple[Sample, ...], sent_bytes: int) -> None:
    if samples[-1].arrived_bytes > OVERCOUNT_RATIO * sent_bytes + OVERCOUNT_BYTES:
        raise TestFailedError("the server counted more than was sent: its count cannot be used")


def _end(channel: Channel) -> None:
    """Finish the message under way, if the path still takes it, and close."""
    deadline = time.perf_counter() + LAST_MESSAGE_SECONDS
    while channel.has_unsent and not channel.is_closed:
        left = deadline - time.perf_counter()
        if left <= 0:
            return
        channel.wait(left, to_send=True)
        channel.flush()
        channel.receive()
    channel.finish()
