"""UDP echoes at a steady pace, each with its own sequence number."""

import secrets
import select
import socket
import time

from msgspec import Struct

from broadgauge_host.addresses import Address
from broadgauge_host.echo import REPLY, REQUEST, Echo, decode_echo, encode_echo

from .window import Window

NANOSECONDS = 1e-9
LONGEST_DATAGRAM = 2048


class Pace(Struct, frozen=True, kw_only=True):
    """How a window is measured."""

    window_seconds: float = 10.0
    interval_seconds: float = 0.1
    timeout_seconds: float = 1.0
    """An answer later than this is as good as lost to anybody who talks or types."""
    silence_seconds: float = 2.0
    """With no answer at all for this long from the start, UDP is taken to be blocked."""


class EchoWindow:
    """One window on one connected socket."""

    def __init__(self, channel: socket.socket, pace: Pace) -> None:
        self.channel = channel
        self.pace = pace
        self.session = secrets.randbits(64)
        self.sent_at: dict[int, int] = {}
        self.rtts: dict[int, float] = {}

    def send(self, sequence: int) -> None:
        """Send one probe and remember when. A full queue or an ICMP error makes it a lost one."""
        now = time.perf_counter_ns()
        self.sent_at[sequence] = now
        try:
            self.channel.send(encode_echo(Echo(REQUEST, self.session, sequence, now)))
        except OSError:
            return

    def receive_until(self, deadline_seconds: float) -> None:
        """Take answers until the deadline on the perf_counter clock."""
        while (left := deadline_seconds - time.perf_counter()) > 0:
            if select.select([self.channel], [], [], left)[0]:
                self._receive()

    def wait_for_late_answers(self) -> None:
        """Give the last probes their time, and no longer than there is something to wait for."""
        deadline = time.perf_counter() + self.pace.timeout_seconds
        while len(self.rtts) < len(self.sent_at) and time.perf_counter() < deadline:
            self.receive_until(min(deadline, time.perf_counter() + self.pace.interval_seconds))

    def _receive(self) -> None:
        try:
            datagram = self.channel.recv(LONGEST_DATAGRAM)
        except OSError:
            return  # ICMP said "refused" to an earlier probe, which is then lost
        self.note(datagram, time.perf_counter_ns())

    def note(self, datagram: bytes, now_nanoseconds: int) -> None:
        """Count an answer once, if it is ours and in time."""
        echo = decode_echo(datagram)
        if echo is None or echo.kind != REPLY or echo.session != self.session:
            return
        sent_at = self.sent_at.get(echo.sequence)
        if sent_at is None or echo.sequence in self.rtts:
            return
        rtt = (now_nanoseconds - sent_at) * NANOSECONDS
        if rtt <= self.pace.timeout_seconds:
            self.rtts[echo.sequence] = rtt


def measure_udp(address: Address, pace: Pace) -> Window:
    """One window of echoes. Stops early if nothing at all comes back."""
    with socket.socket(address.family, socket.SOCK_DGRAM) as channel:
        try:
            channel.connect(address.sockaddr)
        except OSError:
            return Window(0, ())
        window = EchoWindow(channel, pace)
        _send_all(window)
        window.wait_for_late_answers()
    return Window(len(window.sent_at), tuple(window.rtts[s] for s in sorted(window.rtts)))


def _send_all(window: EchoWindow) -> None:
    """Pace from absolute deadlines: an interval added to a late start would drift."""
    began = time.perf_counter()
    pace = window.pace
    for sequence in range(max(1, round(pace.window_seconds / pace.interval_seconds))):
        window.send(sequence)
        due = began + (sequence + 1) * pace.interval_seconds
        window.receive_until(due)
        if not window.rtts and due - began >= pace.silence_seconds:
            return
