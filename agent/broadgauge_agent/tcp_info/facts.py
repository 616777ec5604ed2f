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
    bytes_received: int | None = None
    bytes_sent: int | None = None
    bytes_retransmitted: int | None = None
    busy_seconds: float | None = None
    receive_window_limited_seconds: float | None = None
    send_buffer_limited_seconds: float | None = None


class Connection(Protocol):
    """The part of a socket that is asked; asyncio's TransportSocket has it too."""

    def getsockopt(self, level: int, option: int, buflen: int, /) -> bytes:
        """See socket.socket.getsockopt."""
