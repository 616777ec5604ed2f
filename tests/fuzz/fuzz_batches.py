"""Bodies of `POST batches`, however compressed: a batch, each record kept or refused, or one of the
errors that say so."""

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import atheris
from backports.zstd import compress
from msgspec import Raw
from msgspec.structs import replace

from tests.fuzz.fuzzing import DEEP, fuzz, samples
from tests.fuzz.json_mutations import mutator

with atheris.instrument_imports(include=["broadgauge_wire", "broadgauge_collector.ingest"]):
    from broadgauge_collector.errors import NotPermitted, TooLarge, Unreadable, UnsupportedEncoding
    from broadgauge_collector.ingest.clocks import date_faults
    from broadgauge_collector.ingest.ingest import read
    from broadgauge_collector.ingest.validate import faults
    from broadgauge_collector.store.results import Incoming
    from broadgauge_wire import Batch, BatchAnswer, decode, decode_result, encode
    from tests.collecting import an_agent

NOW = datetime(2026, 3, 2, 15, 6, tzinfo=UTC)
SENDER = decode(next(samples("*/messages/Batch.json")), Batch).agent_id
AGENT = replace(an_agent(), id=SENDER, school_id=UUID(int=1))

Sent = tuple[bytes, str | None]
WAYS: tuple[Callable[[bytes], Sent], ...] = (
    lambda body: (body, None),
    lambda body: (gzip.compress(body, mtime=0), "gzip"),
    lambda body: (body, "gzip"),
    lambda body: (gzip.compress(body, mtime=0)[:-9], "x-gzip"),
    lambda body: (gzip.compress(body, mtime=0) * 2, " GZip "),
    lambda body: (body[1:], body[:1].decode("latin-1")),
    lambda body: (compress(body), "zstd"),
    lambda body: (body, "zstd"),
    lambda body: (compress(body)[:-2], "ZSTD"),
    lambda body: (compress(body) * 2, " zstd "),
)
"""How the bytes after the first are sent: that one chooses."""

SEEDED: dict[int, Callable[[bytes], bytes]] = {
    2: lambda body: gzip.compress(body, mtime=0),
    7: compress,
}
"""Where the bytes are compressed ones already."""


def seeds() -> Iterator[bytes]:
    """Every stored batch, and every stored result as a batch's only record, each way."""
    batches = list(samples("*/messages/Batch*.json"))
    envelope = decode(batches[0], Batch)
    yield b"\0" + DEEP
    records = samples("*/results/*.json")
    batches += [encode(replace(envelope, results=(Raw(record),))) for record in records]
    for way in range(len(WAYS)):
        for body in batches:
            yield bytes([way]) + SEEDED.get(way, bytes)(body)


def one(data: bytes) -> None:
    """A body is taken or refused with the words for it; what is taken is whole and well."""
    if not data:
        return
    body, encoding = WAYS[data[0] % len(WAYS)](data[1:])
    try:
        incoming = read(AGENT, body, encoding, NOW)
    except (NotPermitted, TooLarge, Unreadable, UnsupportedEncoding) as error:
        assert error.detail.encode()
        return
    check(incoming)


def check(incoming: Incoming) -> None:
    """Each record is kept or refused, once; what is kept reads back; what is said can be sent."""
    assert len(incoming.accepted) + len(incoming.refused) == len(incoming.records)
    for result in incoming.accepted:
        assert not [*faults(result), *date_faults(result, NOW)]
        assert decode_result(encode(result)) == result
    refusals = tuple(aside.refusal for aside in incoming.refused)
    answer = BatchAnswer(committed=(incoming.key,), refused=refusals, received_at=NOW)
    assert decode(encode(answer), BatchAnswer) == answer
    assert all(refusal.reason for refusal in refusals)


if __name__ == "__main__":
    fuzz(one, seeds(), mutator(list(seeds())))
