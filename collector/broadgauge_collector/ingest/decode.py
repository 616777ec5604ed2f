"""A body to a batch: bounded whatever the sender claims, and exact about what is wrong."""

import zlib
from typing import Annotated

import msgspec
from msgspec import Meta

from broadgauge_wire import Batch, Result, WireError, decode
from broadgauge_wire.spec import MAX_BATCH_BYTES, MAX_BATCH_RESULTS, MAX_COMPRESSED_BYTES

from ..errors import TooLarge, Unreadable, UnsupportedEncoding
from .zstd import ZstdError, decompressor

GZIP = 16 + zlib.MAX_WBITS


class WholeBatch(Batch, frozen=True, kw_only=True):
    """A batch whose records all are results, by their types and bounds."""

    results: Annotated[  # type: ignore[assignment]  # what a batch's raw records say
        tuple[Result, ...], Meta(min_length=1, max_length=MAX_BATCH_RESULTS)
    ]


_decode_whole = msgspec.json.Decoder(WholeBatch).decode


def decode_body(body: bytes, encoding: str | None) -> bytes:
    """The body as it was before compression.

    TooLarge over MAX_COMPRESSED_BYTES as sent or MAX_BATCH_BYTES after; inflation stops there, so
    a gigabyte of zeros costs no more than an honest batch. Unreadable if it isn't whole.
    """
    match (encoding or "identity").strip().lower():
        case "identity" | "":
            return _bounded(body, MAX_BATCH_BYTES, "The batch")
        case "gzip" | "x-gzip":
            return _gunzip(_bounded(body, MAX_COMPRESSED_BYTES, "The compressed batch"))
        case "zstd":
            return _unzstd(_bounded(body, MAX_COMPRESSED_BYTES, "The compressed batch"))
        case other:
            raise UnsupportedEncoding(
                f"A batch can't be sent as {other[:40]!r}: send gzip or zstd."
            )


def decode_batch(body: bytes) -> Batch:
    """The batch in a decompressed body, its records still raw. Unreadable if it isn't one."""
    try:
        return decode(body, Batch)
    except WireError as error:
        raise Unreadable(f"This isn't a batch: {error}") from error


def decode_whole(body: bytes) -> WholeBatch | None:
    """The batch with its results, read at once, as nearly every batch can be; None if anything in
    it is not as it should be, for `decode_batch` to find out what."""
    try:
        return _decode_whole(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _gunzip(body: bytes) -> bytes:
    inflate = zlib.decompressobj(GZIP)
    try:
        plain = inflate.decompress(body, MAX_BATCH_BYTES + 1)
    except zlib.error as error:
        raise Unreadable(f"The body isn't gzip: {error}") from error
    return _whole(plain, "gzip", eof=inflate.eof, more=bool(inflate.unused_data))


def _unzstd(body: bytes) -> bytes:
    inflate = decompressor()
    try:
        plain = inflate.decompress(body, MAX_BATCH_BYTES + 1)
    except ZstdError as error:
        raise Unreadable(f"The body isn't zstd with a window of 8 MiB at most: {error}") from error
    return _whole(plain, "zstd", eof=inflate.eof, more=bool(inflate.unused_data))


def _whole(plain: bytes, name: str, *, eof: bool, more: bool) -> bytes:
    _bounded(plain, MAX_BATCH_BYTES, "The batch")
    if not eof:
        raise Unreadable(f"The {name} body is cut short. Send it again, whole.")
    if more:
        raise Unreadable(
            f"Something follows the end of the {name} body. Send one gzip member or zstd frame."
        )
    return plain


def _bounded(body: bytes, limit: int, what: str) -> bytes:
    if len(body) > limit:
        raise TooLarge(f"{what} is over {limit} bytes: send fewer results at once.")
    return body
