"""Binary messages made once and sent again and again: a download copies nothing per message."""

import functools
import os

from websockets.frames import Frame, Opcode

from broadgauge_agent.ndt7.spec import MAX_SCALED_MESSAGE_BYTES, message_sizes


@functools.cache
def noise() -> bytes:
    """As many random bytes as the largest message has: nothing on the way can compress them."""
    return os.urandom(MAX_SCALED_MESSAGE_BYTES)


@functools.cache
def binary_frames(*, masked: bool) -> dict[int, bytes]:
    """Payload size to the WebSocket frame holding that many random bytes.

    Clients mask their frames (RFC 6455 section 5.3). Sending one masked frame again is safe here,
    since its payload is our own random bytes, and the reference client does the same.
    """
    payload = memoryview(noise())
    return {
        size: bytes(Frame(Opcode.BINARY, payload[:size]).serialize(mask=masked))
        for size in message_sizes()
    }
