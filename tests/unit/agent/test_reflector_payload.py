"""What an upload sends is told apart into payload to count and frames for the protocol."""

import random

import pytest
from websockets.frames import Frame, Opcode

from broadgauge_agent.ndt7.payload import PayloadCounter
from broadgauge_agent.ndt7.spec import MAX_MESSAGE_BYTES

PING = Frame(Opcode.PING, b"?").serialize(mask=True)
TEXT = Frame(Opcode.TEXT, b"{}" * 100).serialize(mask=True)
BEGINNING = Frame(Opcode.BINARY, bytes(1000), fin=False).serialize(mask=True)
END = Frame(Opcode.CONT, bytes(70_000)).serialize(mask=True)
WHOLE = Frame(Opcode.BINARY, bytes(10)).serialize(mask=True)


@pytest.mark.parametrize("seed", range(20))
def test_however_the_stream_is_cut_payload_is_counted_and_the_rest_handed_on(seed: int) -> None:
    stream = PING + BEGINNING + PING + END + TEXT + WHOLE + WHOLE
    counter, seen, chance = PayloadCounter(masked=True), b"", random.Random(seed)
    while stream:
        cut = chance.choice((1, 2, 5, 7, 1000, 60_000))
        seen, stream = seen + counter.take(stream[:cut]), stream[cut:]
    assert counter.num_bytes == 1000 + 70_000 + 10 + 10
    assert seen == PING + PING + TEXT


@pytest.mark.parametrize(
    "frame",
    [
        Frame(Opcode.BINARY, b"123456").serialize(mask=False),
        b"\xc2" + WHOLE[1:],
        Frame(Opcode.CONT, b"1").serialize(mask=True),
        b"\x82\xff" + (MAX_MESSAGE_BYTES + 1).to_bytes(8) + bytes(4),
    ],
    ids=["without a mask", "with a reserved bit", "continues nothing", "too large"],
)
def test_a_frame_that_breaks_the_rules_is_the_protocols_to_refuse(frame: bytes) -> None:
    counter = PayloadCounter(masked=True)
    assert counter.take(frame) == frame
    assert counter.num_bytes == 0


def test_many_frames_with_little_in_them_are_noticed_and_many_short_messages_are_none() -> None:
    short = Frame(Opcode.BINARY, bytes(1000)).serialize(mask=True)
    assert has_shreds(WHOLE * 20_000)
    assert not has_shreds(WHOLE * 1000)  # a client may begin so
    assert not has_shreds(short * 20_000)


def has_shreds(stream: bytes) -> bool:
    counter = PayloadCounter(masked=True)
    counter.take(stream)
    return counter.has_shreds


def test_a_message_may_not_grow_beyond_the_limit_in_small_frames() -> None:
    counter = PayloadCounter(masked=True)
    part = Frame(Opcode.BINARY, bytes(MAX_MESSAGE_BYTES), fin=False).serialize(mask=True)
    one_more = Frame(Opcode.CONT, b"1").serialize(mask=True)
    assert counter.take(part + one_more) == one_more
