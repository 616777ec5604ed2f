"""The UDP echo's datagram: what whoever asks sends and a test server answers.

magic (4), version (1), type (1), reserved (2), session (8), sequence (4), timestamp (8): 28 bytes,
network byte order. The timestamp is the sender's own clock in nanoseconds and comes back as it was.
"""

import struct
from typing import Final

from msgspec import Struct

MAGIC: Final = b"BGEC"
VERSION: Final = 1
REQUEST: Final = 1
REPLY: Final = 2

_HEADER = struct.Struct(">4sBBxxQIQ")
HEADER_BYTES: Final = _HEADER.size


class Echo(Struct, frozen=True):
    """One datagram's header."""

    kind: int
    session: int
    sequence: int
    timestamp_nanoseconds: int


def encode_echo(echo: Echo) -> bytes:
    """The datagram."""
    return _HEADER.pack(
        MAGIC, VERSION, echo.kind, echo.session, echo.sequence, echo.timestamp_nanoseconds
    )


def decode_echo(datagram: bytes) -> Echo | None:
    """The header, or None for anything that is not ours."""
    if len(datagram) < HEADER_BYTES:
        return None
    magic, version, kind, session, sequence, timestamp = _HEADER.unpack_from(datagram)
    if magic != MAGIC or version != VERSION:
        return None
    return Echo(kind, session, sequence, timestamp)
