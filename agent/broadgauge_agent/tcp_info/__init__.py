"""What the kernel knows about a TCP connection: who held the sender back, and how far away it is.

Linux says it through TCP_INFO. Elsewhere it is unknown, and callers must be the more careful.
"""

import sys

from .facts import BbrFacts, Connection, TcpInfo

if sys.platform == "linux":
    from ._linux import (
        congestion_control,
        limit_pacing,
        limit_unsent_bytes,
        prefer_bbr,
        read_bbr_info,
        read_tcp_info,
    )
else:
    from ._other import (
        congestion_control,
        limit_pacing,
        limit_unsent_bytes,
        prefer_bbr,
        read_bbr_info,
        read_tcp_info,
    )

__all__ = [
    "BbrFacts",
    "Connection",
    "TcpInfo",
    "congestion_control",
    "limit_pacing",
    "limit_unsent_bytes",
    "prefer_bbr",
    "read_bbr_info",
    "read_tcp_info",
]
