"""TCP_INFO from getsockopt: `struct tcp_info` of linux/tcp.h, read by offset.

The struct only ever grows, so a member the kernel did not return is a member it does not have.
"""

import socket
import struct

from .facts import BbrFacts, Connection, TcpInfo

TCP_INFO = 11
TCP_CONGESTION = 13
TCP_NOTSENT_LOWAT = 25
TCP_CC_INFO = 26
SO_MAX_PACING_RATE = 47
LONGEST_TCP_INFO = 512
LONGEST_ALGORITHM_NAME = 16
TCPI_OPT_TIMESTAMPS = 1
MICROSECONDS = 1e-6
UNSET_MIN_RTT = 2**32 - 1
"""The kernel's word for "no sample yet"."""

BBR = b"bbr"
BBR_INFO = struct.Struct("=QIII")
"""`struct tcp_bbr_info` of linux/inet_diag.h, its bandwidth's two halves taken as one."""

BBR_GAIN_UNIT = 256

OPTIONS = (5, "=B")
APP_LIMITED = (7, "=B")
SND_MSS = (16, "=I")
RCV_MSS = (20, "=I")
RTT = (68, "=I")
RTTVAR = (72, "=I")
SND_CWND = (80, "=I")
BYTES_ACKED = (120, "=Q")
BYTES_RECEIVED = (128, "=Q")
MIN_RTT = (148, "=I")
DELIVERY_RATE = (160, "=Q")
DATA_SEGS_IN = (152, "=I")
RCV_OOOPACK = (224, "=I")
BUSY_TIME = (168, "=Q")
RWND_LIMITED = (176, "=Q")
SNDBUF_LIMITED = (184, "=Q")
DELIVERED = (192, "=I")
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


def prefer_bbr(connection: socket.socket) -> None:
    """Let BBR decide how fast to send, if this kernel has it and lets this user choose it."""
    try:
        connection.setsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, BBR)
    except OSError:
        return  # the system's own choice stays


def limit_unsent_bytes(connection: socket.socket, num_bytes: int) -> None:
    """Let no more than this wait in the kernel that could be sent but for the path.

    Otherwise words written between the data are seconds old when a slow path delivers them.
    """
    try:
        connection.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, num_bytes)
    except OSError:
        return  # then they are late


def limit_pacing(connection: socket.socket, bytes_per_second: float) -> bool:
    """Let the kernel send no faster than this from now on. Whether it will."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, round(bytes_per_second))
    except (OSError, OverflowError):
        return False  # then it goes on as before
    return True


def read_bbr_info(connection: Connection) -> BbrFacts | None:
    """What BBR makes of the path, or None if another algorithm sends."""
    if congestion_control(connection) != BBR.decode():
        return None
    try:
        raw = connection.getsockopt(socket.IPPROTO_TCP, TCP_CC_INFO, BBR_INFO.size)
    except OSError:
        return None
    return parse_bbr_info(raw) if len(raw) == BBR_INFO.size else None


def parse_bbr_info(raw: bytes) -> BbrFacts:
    """The members of a whole `struct tcp_bbr_info`."""
    bytes_per_second, min_rtt, pacing_gain, window_gain = BBR_INFO.unpack(raw)
    return BbrFacts(
        bandwidth_bits_per_second=8.0 * bytes_per_second,
        min_rtt_seconds=min_rtt * MICROSECONDS,
        pacing_gain=pacing_gain / BBR_GAIN_UNIT,
        window_gain=window_gain / BBR_GAIN_UNIT,
    )


def parse_tcp_info(raw: bytes) -> TcpInfo:
    """The members that `raw`, as long as the kernel made it, holds."""
    options = _member(raw, OPTIONS)
    app_limited = _member(raw, APP_LIMITED)
    min_rtt, delivery_rate = _member(raw, MIN_RTT), _member(raw, DELIVERY_RATE)
    return TcpInfo(
        mss_bytes=_member(raw, SND_MSS),
        has_timestamps=None if options is None else bool(options & TCPI_OPT_TIMESTAMPS),
        rtt_seconds=_seconds(_member(raw, RTT) or None),
        rtt_variation_seconds=_seconds(_member(raw, RTTVAR)),
        min_rtt_seconds=None if min_rtt == UNSET_MIN_RTT else _seconds(min_rtt),
        bytes_acked=_member(raw, BYTES_ACKED),
        delivered_packets=_member(raw, DELIVERED),
        received_mss_bytes=_member(raw, RCV_MSS),
        received_packets=_member(raw, DATA_SEGS_IN),
        out_of_order_packets=_member(raw, RCV_OOOPACK),
        bytes_received=_member(raw, BYTES_RECEIVED),
        bytes_sent=_member(raw, BYTES_SENT),
        bytes_retransmitted=_member(raw, BYTES_RETRANS),
        busy_seconds=_seconds(_member(raw, BUSY_TIME)),
        receive_window_limited_seconds=_seconds(_member(raw, RWND_LIMITED)),
        send_buffer_limited_seconds=_seconds(_member(raw, SNDBUF_LIMITED)),
        delivery_rate_bits_per_second=None if delivery_rate is None else 8.0 * delivery_rate,
        # Kernels that tell no delivery rate leave the bit unset.
        is_app_limited=None
        if delivery_rate is None or app_limited is None
        else app_limited & 1 == 1,
        congestion_window_packets=_member(raw, SND_CWND),
    )


def _member(raw: bytes, place: tuple[int, str]) -> int | None:
    offset, form = place
    if offset + struct.calcsize(form) > len(raw):
        return None
    value: int = struct.unpack_from(form, raw, offset)[0]
    return value


def _seconds(microseconds: int | None) -> float | None:
    return None if microseconds is None else microseconds * MICROSECONDS
