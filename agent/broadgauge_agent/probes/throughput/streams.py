"""One connection of a load, either way: what it moves, and what its sender's kernel says."""

import time
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from broadgauge_agent.middleboxes import (
    HELD_BYTES,
    UNKNOWN_HELD_BYTES,
    CountAt,
    Finding,
    recognise_upload,
)
from broadgauge_agent.ndt7.frames import binary_frames
from broadgauge_agent.ndt7.measurement import (
    Measurement,
    Pace,
    encode_measurement,
    seconds,
    tcp_info_of,
)
from broadgauge_agent.ndt7.spec import MIN_MESSAGE_BYTES, ORIGIN_CLIENT, next_message_bytes
from broadgauge_agent.tcp_info import TcpInfo, congestion_control, limit_pacing, read_tcp_info
from broadgauge_agent.text import printable
from broadgauge_wire import Reflector
from broadgauge_wire.spec import MAX_TEXT

from .arrivals import Arrivals
from .channel import Channel
from .failure import TestFailedError
from .observation import Sample, SenderReading
from .pacing import WritingPace

BBR = "bbr"

MESSAGES_IN_A_ROW = 4
"""Of one connection before the others have their turn."""

UNPACED_BYTES_PER_SECOND = 2**31 - 1
"""More than any connection carries, and the most that every kernel's and server's pace can say."""

OVERCOUNT_RATIO = 1.05
OVERCOUNT_BYTES = 2**16
"""A server may count headers and TLS records that we do not; more than that was never sent."""

CLOCKS_SECONDS = 0.5
"""Between the two sides' zero, the handshake's ends. A count of later than this is made up."""

RTT_SECONDS = (6e-6, 60.0)
"""A round trip that a server tells of is longer and shorter than that, or made up."""


class Stream(Protocol):
    """One connection under load."""

    channel: Channel
    sender: list[SenderReading]
    wants_to_send: bool

    def work(self) -> None:
        """Move what can be moved now. TestFailedError if the server breaks the protocol."""

    def look(self, now: float) -> None:
        """Take the readings that are due, `now` seconds after the load began."""

    def curve(self) -> list[Sample]:
        """What had arrived at the far end of the line, over the load's time."""

    def ease(self, bytes_per_second: float) -> None:
        """Let the sender take no more of the line than this from now on."""

    def moved_bytes(self) -> int:
        """Payload handed over so far, which tells that the path lives and what it costs."""

    def line_bytes(self) -> float:
        """Payload that went over this machine's interface so far, repeated bytes included."""

    def congestion_control(self) -> str | None:
        """Name of the sender's, if known."""


class Download:
    """The server sends, and this machine counts what arrives."""

    wants_to_send = False

    def __init__(self, channel: Channel, began: float) -> None:
        self.channel = channel
        self.sender: list[SenderReading] = []
        self._began = began
        self._read = [Sample(began, 0.0)]
        self._arrivals = Arrivals(channel.socket, began)

    def work(self) -> None:
        """Receive."""
        self.channel.receive()

    def look(self, now: float) -> None:
        """Count what was read, and take up what the server said."""
        self._read.append(Sample(now, self.channel.data_bytes))
        self._arrivals.look(now)
        self.take_up()

    def take_up(self) -> None:
        """What the server said since the last time."""
        for message in self.channel.fresh_measurements():
            self._take(message)

    def is_heard_until(self, seconds: float) -> bool:
        """Whether the server has told of that moment, or can't any more."""
        is_told = bool(self.sender) and self.sender[-1].seconds >= seconds
        return is_told or self.channel.is_closed

    def curve(self) -> list[Sample]:
        """By the kernel, or where it doesn't tell, by what could be read: after a loss nothing for
        a while, and then much at once."""
        return self._read if self._arrivals.curve is None else self._arrivals.curve

    def ease(self, bytes_per_second: float) -> None:
        """Ask the server. One that doesn't know the request goes on as before."""
        pace = Pace(bytes_per_second=max(1, round(bytes_per_second)))
        self.channel.say(encode_measurement(Measurement(origin=ORIGIN_CLIENT, pace=pace)))

    def moved_bytes(self) -> int:
        """What was read."""
        return self.channel.data_bytes

    def line_bytes(self) -> float:
        """What arrived."""
        return self.curve()[-1].arrived_bytes

    def congestion_control(self) -> str | None:
        """As our reflector says it; others give BBR away by sending its facts."""
        for message in self.channel.measurements:
            if message.connection_info and message.connection_info.congestion_control:
                return printable(message.connection_info.congestion_control)[:MAX_TEXT]
            if message.bbr_info:
                return BBR
        return None

    def _take(self, message: Measurement) -> None:
        tcp = message.tcp_info
        elapsed = seconds(tcp.elapsed_time) if tcp else None
        if tcp is None or elapsed is None:
            return
        self.sender.append(SenderReading(self._began + elapsed, _possible(tcp_info_of(tcp))))


class Upload:
    """This side sends, and its kernel counts what the far end has taken; so does the server, for a
    proxy in between may take what the server never gets."""

    wants_to_send = True

    def __init__(self, channel: Channel, began: float) -> None:
        self.channel = channel
        self.sender: list[SenderReading] = []
        self.counted = [Sample(began, 0.0)]
        self._began = began
        self._delivered = [Sample(began, 0.0)]
        self._delivered_packets = 0
        self._frames = {size: memoryview(f) for size, f in binary_frames(masked=True).items()}
        self._size = MIN_MESSAGE_BYTES
        self._queued_bytes = 0
        self._held_bytes = HELD_BYTES
        self._pace: WritingPace | None = None

    @property
    def writes_at_pace(self) -> bool:
        """Whether this program has to keep a pace, because the kernel doesn't."""
        return self._pace is not None

    def resting_seconds(self) -> float:
        """How long nothing is to be written."""
        if self._pace is None:
            return 0.0
        return self._pace.resting_seconds(self.channel.sent_bytes, time.perf_counter())

    def work(self) -> None:
        """Hand the socket what it takes, and receive what the server says."""
        self.channel.flush()
        for _ in range(MESSAGES_IN_A_ROW):
            if self.channel.has_unsent or self.channel.is_closed or self.resting_seconds() > 0:
                break
            self.channel.send(self._frames[self._size])
            self._queued_bytes += self._size
            self._size = self._message_bytes()
            self.channel.flush()
        self.channel.receive()
        if self.channel.data_bytes:
            raise TestFailedError("the server sent binary data in an upload")

    def _message_bytes(self) -> int:
        size = next_message_bytes(self._size, self._queued_bytes)
        while self._pace and size > max(self._pace.message_bytes, MIN_MESSAGE_BYTES):
            size //= 2
        return size

    def look(self, now: float) -> None:
        """Ask the kernel, and take up what the server counted."""
        info = read_tcp_info(self.channel.socket)
        if info is not None:
            self.sender.append(SenderReading(now, info))
            self._count_delivered(now, info)
        for message in self.channel.fresh_measurements():
            self._take(message, now)

    def _count_delivered(self, now: float, info: TcpInfo) -> None:
        """In packets of the size they have now: a path may ask for smaller ones in between. What is
        written at a pace leaves in smaller ones."""
        if info.delivered_packets is None or not info.mss_bytes:
            return
        fresh = info.delivered_packets - self._delivered_packets
        self._delivered_packets = info.delivered_packets
        arrived = self._delivered[-1].arrived_bytes + fresh * info.mss_bytes
        self._delivered.append(Sample(now, min(arrived, self.channel.sent_bytes)))

    def curve(self) -> list[Sample]:
        """By this side's kernel, or where it says nothing, by the server."""
        return self._delivered if len(self._delivered) > 1 else self.counted

    def held_back(self, reflector: Reflector) -> Finding | None:
        """What took more of this upload than the server got, if something did."""
        taken = [
            CountAt(reading.seconds - self._began, reading.info.bytes_acked)
            for reading in self.sender
            if reading.info.bytes_acked is not None
        ]
        counted = [
            CountAt(sample.seconds - self._began, sample.arrived_bytes) for sample in self.counted
        ]
        return recognise_upload(
            taken,
            counted,
            reflector,
            round_trip_seconds=self.channel.answer_seconds,
            held_bytes=self._held_bytes,
        )

    def ease(self, bytes_per_second: float) -> None:
        """Tell this machine's kernel; where it has no pace, write no faster."""
        if (
            limit_pacing(self.channel.socket, bytes_per_second)
            or bytes_per_second >= UNPACED_BYTES_PER_SECOND
        ):
            self._pace = None
        else:
            now = time.perf_counter()
            self._pace = WritingPace(bytes_per_second, self.channel.sent_bytes, now)

    def moved_bytes(self) -> int:
        """What the socket took."""
        return self.channel.sent_bytes

    def line_bytes(self) -> float:
        """What the kernel sent, or where it doesn't say, what it took."""
        sent = self.sender[-1].info.bytes_sent if self.sender else None
        return self.channel.sent_bytes if sent is None else sent

    def congestion_control(self) -> str | None:
        """This machine's."""
        return congestion_control(self.channel.socket)

    def _take(self, message: Measurement, now: float) -> None:
        count = _count_of(message)
        if count is None:
            return
        if count.num_bytes > OVERCOUNT_RATIO * self.channel.sent_bytes + OVERCOUNT_BYTES:
            raise TestFailedError("the server counted more than was sent: its count cannot be used")
        if self.counted[-1].seconds < self._began + count.elapsed_seconds <= now + CLOCKS_SECONDS:
            self.counted.append(Sample(self._began + count.elapsed_seconds, count.num_bytes))
            self._held_bytes = max(self._held_bytes, count.held_bytes)


class _Count(NamedTuple):
    """What a server says of an upload. `held_bytes` may wait for it, acknowledged and uncounted."""

    elapsed_seconds: float
    num_bytes: int
    held_bytes: int


def _possible(info: TcpInfo) -> TcpInfo:
    """Without the round trips that no path has."""
    shortest, longest = RTT_SECONDS

    def kept(rtt_seconds: float | None) -> float | None:
        return rtt_seconds if rtt_seconds and shortest < rtt_seconds < longest else None

    return replace(
        info, rtt_seconds=kept(info.rtt_seconds), min_rtt_seconds=kept(info.min_rtt_seconds)
    )


def _count_of(message: Measurement) -> _Count | None:
    """The kernel's count, or where the server's system has none, the server program's."""
    tcp, app = message.tcp_info, message.app_info
    if tcp and tcp.bytes_received is not None and (at := seconds(tcp.elapsed_time)):
        return _Count(at, tcp.bytes_received, HELD_BYTES)
    if app and app.num_bytes is not None and (at := seconds(app.elapsed_time)):
        return _Count(at, app.num_bytes, UNKNOWN_HELD_BYTES)
    return None
