"""How a spool tells that its disk changed what was written: a checksum beside each row."""

import struct
import zlib
from collections.abc import Sequence

from broadgauge_wire import WireError, decode_result

Value = str | int | float | None


def row_checksum(body: bytes, spooled_at: float) -> int:
    """Of a result's row: CRC-32 of its body and when it was spooled."""
    return zlib.crc32(struct.pack(">d", spooled_at), zlib.crc32(body))


def is_whole(body: object, spooled_at: object, checksum: object) -> bool:
    """Whether a result's row is as it was written, as far as can be told: earlier agents wrote no
    checksum, so that theirs only have to be results."""
    if not isinstance(body, bytes) or not isinstance(spooled_at, float | int):
        return False
    return _is_result(body) if checksum is None else row_checksum(body, spooled_at) == checksum


def _is_result(body: bytes) -> bool:
    try:
        decode_result(body)
    except WireError:
        return False
    return True


def values_checksum(values: Sequence[Value]) -> int:
    """Of a row of texts and numbers."""
    return zlib.crc32(repr(tuple(values)).encode())


def sent_checksum(epoch: str, lane: str, sequence: int, body: bytes) -> int:
    """Of a kept batch's row."""
    return zlib.crc32(body, values_checksum((epoch, lane, sequence)))
