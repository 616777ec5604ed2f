"""The facts about one TCP connection, each None where the kernel does not say."""

from typing import Protocol

from msgspec import Struct


class TcpInfo(Struct, frozen=True, kw_only=True):
    """One reading of one connection. Times are cumulative since the connection was made."""

    mss_bytes: int | None = None
    has_timestamps: bool | None = None
    rtt_seconds: float | None = None
    rtt_variation_seconds: float | None = None
    min_rtt_seconds: float | None = None
    bytes_acked: int | None = None
    delivered_packets: int | None = None
    """Sent, and taken by the far end, in order or not."""

    received_mss_bytes: int | None = None
    received_packets: int | None = None
    """With data, in order or not. After a loss, data waits for what is missing; these don't."""

    out_of_order_packets: int | None = None
    """Received after a gap."""

    bytes_received: int | None = None
    bytes_sent: int | None = None
    bytes_retransmitted: int | None = None
    busy_seconds: float | None = None
    receive_window_limited_seconds: float | None = None
    send_buffer_limited_seconds: float | None = None
    delivery_rate_bits_per_second: float | None = None
    """Of the last packets that the far end has confirmed."""

    is_app_limited: bool | None = None
    """Whether that rate was measured while there was too little to send."""

    congestion_window_packets: int | None = None


class BbrFacts(Struct, frozen=True, kw_only=True):
    """What a sender with BBR has made of the path. Gains are factors."""

    bandwidth_bits_per_second: float
    min_rtt_seconds: float
    pacing_gain: float
    window_gain: float


class Connection(Protocol):
    """The part of a socket that is asked; asyncio's TransportSocket has it too."""

    def getsockopt(self, level: int, option: int, buflen: int, /) -> bytes:
        """See socket.socket.getsockopt."""
