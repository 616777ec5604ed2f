"""Systems whose kernel does not tell what bound a sender."""

from .facts import Connection, TcpInfo


def read_tcp_info(_connection: Connection) -> TcpInfo | None:
    """Always None."""
    return None


def congestion_control(_connection: Connection) -> str | None:
    """Always None."""
    return None
