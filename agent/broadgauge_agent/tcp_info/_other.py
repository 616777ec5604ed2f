"""Systems whose kernel does not tell what bound a sender, and offers no choice."""

import socket

from .facts import BbrFacts, Connection, TcpInfo


def read_tcp_info(_connection: Connection) -> TcpInfo | None:
    """Always None."""
    return None


def congestion_control(_connection: Connection) -> str | None:
    """Always None."""
    return None


def read_bbr_info(_connection: Connection) -> BbrFacts | None:
    """Always None."""
    return None


def prefer_bbr(_connection: socket.socket) -> None:
    """There is none."""


def limit_unsent_bytes(_connection: socket.socket, _num_bytes: int) -> None:
    """There is no limit."""


def limit_pacing(_connection: socket.socket, _bytes_per_second: float) -> bool:
    """There is no limit."""
    return False
