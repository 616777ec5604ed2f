"""A body to a batch: bounded whatever the sender claims, and exact about what is wrong."""

import zlib

from broadgauge_wire import Batch, WireError, decode
from broadgauge_wire.spec import MAX_BATCH_BYTES, MAX_COMPRESSED_BYTES

from ..errors import TooLarge, Unreadable, UnsupportedEncoding

GZIP = 16 + zlib.MAX_WBITS


def decode_body(body: bytes, encoding: str | None) -> bytes:
    """The body as it was before compression.

    TooLarge over MAX_COMPRESSED_BYTES as sent or MAX_BATCH_BYTES after; inflation stops there, so
    a gigabyte of zeros costs no more than an honest batch. Unreadable if it isn't whole gzip.
    """
    match (encoding or "identity").strip().lower():
        case "identity" | "":
            return _bounded(body, MAX_BATCH_BYTES, "The batch")
        case "gzip" | "x-gzip":
            return _gunzip(_bounded(body, MAX_COMPRESSED_BYTES, "The compressed batch"))
        case other:
            raise UnsupportedEncoding(f"A batch can't be sent as {other[:40]!r}: send gzip.")


def decode_batch(body: bytes) -> Batch:
    """The batch in a decompressed body, its records still raw. Unreadable if it isn't one."""
    try:
        return decode(body, Batch)
    except WireError as error:
        raise Unreadable(f"This isn't a batch: {error}") from error


def _gunzip(body: bytes) -> bytes:
    inflate = zlib.decompressobj(GZIP)
    try:
        plain = inflate.decompress(body, MAX_BATCH_BYTES + 1)
    except zlib.error as error:
        raise Unreadable(f"The body isn't gzip: {error}") from error
    _bounded(plain, MAX_BATCH_BYTES, "The batch")
    if not inflate.eof:
        raise Unreadable("The gzip body is cut short. Send it again, whole.")
    if inflate.unused_data:
        raise Unreadable("Something follows the end of the gzip body. Send one gzip member.")
    return plain


def _bounded(body: bytes, limit: int, what: str) -> bytes:
    if len(body) > limit:
        raise TooLarge(f"{what} is over {limit} bytes: send fewer results at once.")
    return body
