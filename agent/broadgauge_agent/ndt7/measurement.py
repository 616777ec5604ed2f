"""The measurement object that both sides may send as text. Times are in microseconds.

Every member is optional on receipt, and unknown ones are ignored: other servers send more.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from broadgauge_agent.tcp_info import TcpInfo

MICROSECONDS_IN_A_SECOND = 1_000_000

Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class AppInfo(Struct, frozen=True, kw_only=True, rename="pascal"):
    """What the application sent or received since the handshake."""

    elapsed_time: Count | None = None
    num_bytes: Count | None = None


class ConnectionInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The two ends as the server sees them. Only servers send it.

    `CongestionControl`, the server's own, is an addition of this project's reflector.
    """

    client: str | None = field(default=None, name="Client")
    server: str | None = field(default=None, name="Server")
    uuid: str | None = field(default=None, name="UUID")
    congestion_control: str | None = field(default=None, name="CongestionControl")


class TcpInfoMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The kernel's view of the connection at the side that sent the message."""

    busy_time: Count | None = field(default=None, name="BusyTime")
    bytes_acked: Count | None = field(default=None, name="BytesAcked")
    bytes_received: Count | None = field(default=None, name="BytesReceived")
    bytes_sent: Count | None = field(default=None, name="BytesSent")
    bytes_retrans: Count | None = field(default=None, name="BytesRetrans")
    elapsed_time: Count | None = field(default=None, name="ElapsedTime")
    min_rtt: Count | None = field(default=None, name="MinRTT")
    rtt: Count | None = field(default=None, name="RTT")
    rtt_var: Count | None = field(default=None, name="RTTVar")
    rwnd_limited: Count | None = field(default=None, name="RWndLimited")
    snd_buf_limited: Count | None = field(default=None, name="SndBufLimited")


class BbrInfo(Struct, frozen=True):
    """What BBR measures. That it was sent says that BBR runs; its numbers are not kept."""


class Measurement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One measurement message."""

    app_info: AppInfo | None = field(default=None, name="AppInfo")
    connection_info: ConnectionInfo | None = field(default=None, name="ConnectionInfo")
    tcp_info: TcpInfoMessage | None = field(default=None, name="TCPInfo")
    bbr_info: BbrInfo | None = field(default=None, name="BBRInfo")
    origin: str | None = field(default=None, name="Origin")
    test: str | None = field(default=None, name="Test")


encode_measurement = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Measurement).decode


def decode_measurement(text: bytes) -> Measurement:
    """The message, or ValueError if it is none."""
    try:
        return _decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error


def app_info(elapsed_seconds: float, num_bytes: int) -> AppInfo:
    """What the application counted."""
    return AppInfo(elapsed_time=_microseconds(elapsed_seconds), num_bytes=num_bytes)


def tcp_info_message(info: TcpInfo, elapsed_seconds: float) -> TcpInfoMessage:
    """The kernel's facts as the protocol names them."""
    return TcpInfoMessage(
        busy_time=_microseconds(info.busy_seconds),
        bytes_acked=info.bytes_acked,
        bytes_received=info.bytes_received,
        bytes_sent=info.bytes_sent,
        bytes_retrans=info.bytes_retransmitted,
        elapsed_time=_microseconds(elapsed_seconds),
        min_rtt=_microseconds(info.min_rtt_seconds),
        rtt=_microseconds(info.rtt_seconds),
        rtt_var=_microseconds(info.rtt_variation_seconds),
        rwnd_limited=_microseconds(info.receive_window_limited_seconds),
        snd_buf_limited=_microseconds(info.send_buffer_limited_seconds),
    )


def tcp_info_of(message: TcpInfoMessage) -> TcpInfo:
    """The far end's kernel facts; members it did not send are None."""
    return TcpInfo(
        rtt_seconds=seconds(message.rtt or None),
        rtt_variation_seconds=seconds(message.rtt_var),
        min_rtt_seconds=seconds(message.min_rtt or None),
        bytes_acked=message.bytes_acked,
        bytes_received=message.bytes_received,
        bytes_sent=message.bytes_sent,
        bytes_retransmitted=message.bytes_retrans,
        busy_seconds=seconds(message.busy_time),
        receive_window_limited_seconds=seconds(message.rwnd_limited),
        send_buffer_limited_seconds=seconds(message.snd_buf_limited),
    )


def seconds(microseconds: int | None) -> float | None:
    """Seconds of a member in microseconds."""
    return None if microseconds is None else microseconds / MICROSECONDS_IN_A_SECOND


def _microseconds(of_seconds: float | None) -> int | None:
    return None if of_seconds is None else round(of_seconds * MICROSECONDS_IN_A_SECOND)
