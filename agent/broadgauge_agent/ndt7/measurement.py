"""The measurement object that both sides may send as text. Times are in microseconds.

Every member is optional on receipt, and unknown ones are ignored: other servers send more.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from broadgauge_agent.tcp_info import BbrFacts, TcpInfo

MICROSECONDS_IN_A_SECOND = 1_000_000
BBR_GAIN_UNIT = 256

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
    start_time: str | None = field(default=None, name="StartTime")
    congestion_control: str | None = field(default=None, name="CongestionControl")


class TcpInfoMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The kernel's view of the connection at the side that sent the message."""

    # Delivered and SndMSS are the kernel's own names; the protocol's servers send them too.
    busy_time: Count | None = field(default=None, name="BusyTime")
    bytes_acked: Count | None = field(default=None, name="BytesAcked")
    bytes_received: Count | None = field(default=None, name="BytesReceived")
    bytes_sent: Count | None = field(default=None, name="BytesSent")
    bytes_retrans: Count | None = field(default=None, name="BytesRetrans")
    delivered: Count | None = field(default=None, name="Delivered")
    elapsed_time: Count | None = field(default=None, name="ElapsedTime")
    min_rtt: Count | None = field(default=None, name="MinRTT")
    rtt: Count | None = field(default=None, name="RTT")
    rtt_var: Count | None = field(default=None, name="RTTVar")
    rwnd_limited: Count | None = field(default=None, name="RWndLimited")
    snd_buf_limited: Count | None = field(default=None, name="SndBufLimited")
    snd_mss: Count | None = field(default=None, name="SndMSS")
    snd_cwnd: Count | None = field(default=None, name="SndCwnd")
    delivery_rate: Count | None = field(default=None, name="DeliveryRate")
    app_limited: Count | None = field(default=None, name="AppLimited")


class BbrInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What BBR makes of the path. That it was sent says that BBR runs.

    `BW` is in bytes per second, and the gains are the kernel's: factors times 256.
    """

    bw: Count | None = field(default=None, name="BW")
    min_rtt: Count | None = field(default=None, name="MinRTT")
    pacing_gain: Count | None = field(default=None, name="PacingGain")
    cwnd_gain: Count | None = field(default=None, name="CwndGain")
    elapsed_time: Count | None = field(default=None, name="ElapsedTime")


class Pace(Struct, frozen=True, kw_only=True, rename="pascal"):
    """How fast the client asks to be sent to from now on. An addition of this project; servers
    that don't know it overlook it."""

    bytes_per_second: Annotated[int, Meta(gt=0, le=2**40)]


class Measurement(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One measurement message."""

    app_info: AppInfo | None = field(default=None, name="AppInfo")
    connection_info: ConnectionInfo | None = field(default=None, name="ConnectionInfo")
    tcp_info: TcpInfoMessage | None = field(default=None, name="TCPInfo")
    bbr_info: BbrInfo | None = field(default=None, name="BBRInfo")
    origin: str | None = field(default=None, name="Origin")
    test: str | None = field(default=None, name="Test")
    pace: Pace | None = field(default=None, name="Pace")


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
        delivered=info.delivered_packets,
        elapsed_time=_microseconds(elapsed_seconds),
        min_rtt=_microseconds(info.min_rtt_seconds),
        rtt=_microseconds(info.rtt_seconds),
        rtt_var=_microseconds(info.rtt_variation_seconds),
        rwnd_limited=_microseconds(info.receive_window_limited_seconds),
        snd_buf_limited=_microseconds(info.send_buffer_limited_seconds),
        snd_mss=info.mss_bytes,
        snd_cwnd=info.congestion_window_packets,
        delivery_rate=_bytes_per_second(info.delivery_rate_bits_per_second),
        app_limited=None if info.is_app_limited is None else int(info.is_app_limited),
    )


def bbr_info_message(facts: BbrFacts, elapsed_seconds: float) -> BbrInfo:
    """BBR's facts as the protocol's servers name them."""
    return BbrInfo(
        bw=round(facts.bandwidth_bits_per_second / 8),
        min_rtt=_microseconds(facts.min_rtt_seconds),
        pacing_gain=round(facts.pacing_gain * BBR_GAIN_UNIT),
        cwnd_gain=round(facts.window_gain * BBR_GAIN_UNIT),
        elapsed_time=_microseconds(elapsed_seconds),
    )


def tcp_info_of(message: TcpInfoMessage) -> TcpInfo:
    """The far end's kernel facts; members it did not send are None."""
    return TcpInfo(
        mss_bytes=message.snd_mss,
        congestion_window_packets=message.snd_cwnd,
        delivery_rate_bits_per_second=(
            None if message.delivery_rate is None else 8.0 * message.delivery_rate
        ),
        is_app_limited=None if message.app_limited is None else bool(message.app_limited),
        delivered_packets=message.delivered,
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


def _bytes_per_second(bits_per_second: float | None) -> int | None:
    return None if bits_per_second is None else round(bits_per_second / 8)
