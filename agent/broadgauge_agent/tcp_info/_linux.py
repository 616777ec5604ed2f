"""TCP_INFO from getsockopt: `struct tcp_info` of linux/tcp.h, read by offset.

The struct only ever grows, so a member the kernel did not return is a member it does not have.
"""

import socket
import struct

from .facts import Connection, TcpInfo

TCP_INFO = 11
TCP_CONGESTION = 13
LONGEST_TCP_INFO = 512
LONGEST_ALGORITHM_NAME = 16
TCPI_OPT_TIMESTAMPS = 1
MICROSECONDS = 1e-6
UNSET_MIN_RTT = 2**32 - 1
"""The kernel's word for "no sample yet"."""

OPTIONS = (5, "=B")
SND_MSS = (16, "=I")
RTT = (68, "=I")
RTTVAR = (72, "=I")
BYTES_ACKED = (120, "=Q")
BYTES_RECEIVED = (128, "=Q")
MIN_RTT = (148, "=I")
BUSY_TIME = (168, "=Q")
RWND_LIMITED = (176, "=Q")
SNDBUF_LIMITED = (184, "=Q")
BYTES_SENT = (200, "=Q")
BYTES_RETRANS = (208, "=Q")


def read_tcp_info(connection: Connection) -> TcpInfo | None:
    """The connection's facts now, or None if it is no TCP connection or already gone."""
    try:
        return parse_tcp_info(connection.getsockopt(socket.IPPROTO_TCP, TCP_INFO, LONGEST_TCP_INFO))
    except OSError:
        return None


def congestion_control(connection: Connection) -> str | None:
    """Name of the connection's congestion control, such as `cubic`."""
    try:
        name = connection.getsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, LONGEST_ALGORITHM_NAME)
    except OSError:
        return None
    return name.rstrip(b"\0").decode("ascii", "replace") or None


def parse_tcp_info(raw: bytes) -> TcpInfo:
    """The members that `raw`, as long as the kernel made it, holds."""
    options = _member(raw, OPTIONS)
    min_rtt = _member(raw, MIN_RTT)
    return TcpInfo(
        mss_bytes=_member(raw, SND_MSS),
        has_timestamps=None if options is None else bool(options & TCPI_OPT_TIMESTAMPS),
        rtt_seconds=_seconds(_member(raw, RTT) or None),
        rtt_variation_seconds=_seconds(_member(raw, RTTVAR)),
        min_rtt_seconds=None if min_rtt == UNSET_MIN_RTT else _seconds(min_rtt),
        bytes_acked=_member(raw, BYTES_ACKED),
        bytes_received=_member(raw, BYTES_RECEIVED),
        bytes_sent=_member(raw, BYTES_SENT),
        bytes_retransmitted=_member(raw, BYTES_RETRANS),
        busy_seconds=_seconds(_member(raw, BUSY_TIME)),
        receive_window_limited_seconds=_seconds(_member(raw, RWND_LIMITED)),
        send_buffer_limited_seconds=_seconds(_member(raw, SNDBUF_LIMITED)),
    )


def _member(raw: bytes, place: tuple[int, str]) -> int | None:
    offset, form = place
    if offset + struct.calcsize(form) > len(raw):
        return None
    value: int = struct.unpack_from(form, raw, offset)[0]
    return value


def _seconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds * MICROSECONDS
