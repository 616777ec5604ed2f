import gzip
import sys
import tracemalloc
import zlib

import pytest

if sys.version_info >= (3, 14):
    from compression.zstd import CompressionParameter, ZstdCompressor, compress
else:
    from backports.zstd import CompressionParameter, ZstdCompressor, compress

from broadgauge_collector.errors import TooLarge, Unreadable, UnsupportedEncoding
from broadgauge_collector.ingest.decode import decode_batch, decode_body, decode_whole
from broadgauge_wire import encode
from broadgauge_wire.spec import MAX_BATCH_BYTES, MAX_BATCH_RESULTS, MAX_COMPRESSED_BYTES
from tests.collecting import an_agent, batch, throughput

BODY = b'{"some":"json"}' * 1000
MEBIBYTE = 1024 * 1024


def zeros(mebibytes: int) -> bytes:
    deflate = zlib.compressobj(9, wbits=31)
    pieces = [deflate.compress(bytes(MEBIBYTE)) for _ in range(mebibytes)]
    return b"".join([*pieces, deflate.flush()])


def zstd(body: bytes, **parameters: int) -> bytes:
    options = {int(CompressionParameter[name]): value for name, value in parameters.items()}
    return compress(body, options=options or None)


def a_gibibyte_of_zeros_in_zstd() -> bytes:
    """After a flush the next block is the same as the last, so one can be repeated as it is."""
    packer = ZstdCompressor()
    first, again = (packer.compress(bytes(MEBIBYTE), packer.FLUSH_BLOCK) for _ in range(2))
    return first + 1023 * again


def a_gibibyte_of_zeros() -> bytes:
    """After a full flush each block stands alone, so one can be repeated as it is."""
    deflate = zlib.compressobj(9, wbits=31)
    first, again = (
        deflate.compress(bytes(MEBIBYTE)) + deflate.flush(zlib.Z_FULL_FLUSH) for _ in range(2)
    )
    return first + 1023 * again


@pytest.mark.parametrize("encoding", [None, "", "identity", " Identity "])
def test_a_plain_body_is_taken_as_it_is(encoding: str | None) -> None:
    assert decode_body(BODY, encoding) == BODY


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_a_gzip_body_is_decompressed(encoding: str) -> None:
    assert decode_body(gzip.compress(BODY), encoding) == BODY


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd, gzip", "\x00"])
def test_another_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(UnsupportedEncoding, match="send gzip"):
        decode_body(gzip.compress(BODY), encoding)


@pytest.mark.parametrize("encoding", ["zstd", "ZSTD"])
def test_a_zstd_body_is_decompressed(encoding: str) -> None:
    assert decode_body(zstd(BODY), encoding) == BODY


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_gibibyte_of_zeros_costs_no_more_memory_than_an_honest_batch(encoding: str) -> None:
    bomb = a_gibibyte_of_zeros() if encoding == "gzip" else a_gibibyte_of_zeros_in_zstd()
    assert len(bomb) < MAX_COMPRESSED_BYTES
    tracemalloc.start()
    with pytest.raises(TooLarge, match=str(MAX_BATCH_BYTES)):
        decode_body(bomb, encoding)
    assert tracemalloc.get_traced_memory()[1] < 3 * MAX_BATCH_BYTES
    tracemalloc.stop()


def test_a_batch_of_exactly_the_largest_size_is_taken() -> None:
    assert len(decode_body(zeros(MAX_BATCH_BYTES // MEBIBYTE), "gzip")) == MAX_BATCH_BYTES
    assert len(decode_body(zstd(bytes(MAX_BATCH_BYTES)), "zstd")) == MAX_BATCH_BYTES
    assert len(decode_body(bytes(MAX_BATCH_BYTES), None)) == MAX_BATCH_BYTES


def test_a_body_over_the_limit_as_sent_is_refused_before_it_is_inflated() -> None:
    with pytest.raises(TooLarge, match=str(MAX_COMPRESSED_BYTES)):
        decode_body(b"not gzip" * MAX_COMPRESSED_BYTES, "gzip")
    with pytest.raises(TooLarge, match=str(MAX_COMPRESSED_BYTES)):
        decode_body(b"not zstd" * MAX_COMPRESSED_BYTES, "zstd")
    with pytest.raises(TooLarge, match=str(MAX_BATCH_BYTES)):
        decode_body(bytes(MAX_BATCH_BYTES + 1), None)


ZIPPED = gzip.compress(BODY, mtime=0)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "cut short"),
        (BODY, "isn't gzip"),
        (ZIPPED[:-1], "cut short"),
        (ZIPPED[:40], "cut short"),
        (ZIPPED[:-8] + bytes(8), "isn't gzip"),
        (ZIPPED + b"x", "follows the end"),
        (ZIPPED + ZIPPED, "follows the end"),
    ],
)
def test_a_broken_gzip_body_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        decode_body(body, "gzip")


FRAME = zstd(BODY)
CHECKED = zstd(BODY, checksum_flag=1)
SKIPPABLE = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"skip"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "cut short"),
        (BODY, "isn't zstd"),
        (ZIPPED, "isn't zstd"),
        (FRAME[:-1], "cut short"),
        (FRAME[:5], "cut short"),
        (CHECKED[:-1] + bytes([CHECKED[-1] ^ 1]), "isn't zstd"),
        (FRAME + b"x", "follows the end"),
        (FRAME + FRAME, "follows the end"),
        (SKIPPABLE + FRAME, "follows the end"),
    ],
)
def test_a_broken_zstd_body_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        decode_body(body, "zstd")


@pytest.mark.parametrize(("window", "is_taken"), [(23, True), (24, False), (27, False)])
def test_a_zstd_frame_that_asks_for_a_larger_window_than_any_batch_needs_is_refused(
    window: int, is_taken: bool
) -> None:
    packer = ZstdCompressor(options={CompressionParameter.window_log: window})
    # Said in pieces, so that the frame's head doesn't say how little it holds.
    body = packer.compress(BODY, packer.FLUSH_BLOCK) + packer.flush()
    if is_taken:
        assert decode_body(body, "zstd") == BODY
    else:
        with pytest.raises(Unreadable, match="window of 8 MiB"):
            decode_body(body, "zstd")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"results":[NaN]}',
        b"\xff\xfe",
        b"[" * 100_000,
        encode(batch(an_agent(), throughput()))[:-1],
        encode(batch(an_agent())),
        encode(batch(an_agent(), throughput(), sequence=0)),
        encode(batch(an_agent(), *[throughput()] * (MAX_BATCH_RESULTS + 1))),
        encode(batch(an_agent(), throughput())).replace(b'"live"', b'"fast"'),
    ],
)
def test_what_is_no_batch_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(Unreadable, match="This isn't a batch"):
        decode_batch(body)
    assert decode_whole(body) is None
