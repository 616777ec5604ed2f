"""Counts binary messages as they arrive, and keeps none of them.

A message may have 16 MiB. Put together first, those of all connections would take a gigabyte; and
reading frames in Python costs more than taking them off the socket.
"""

from typing import Final

from websockets.frames import Opcode

from broadgauge_agent.ndt7.spec import MAX_MESSAGE_BYTES

SHORTEST_HEADER: Final = 2
MASK_BYTES: Final = 4
"""Every client's frame has a mask, and no server's (RFC 6455 section 5.1)."""

LENGTH_BYTES: Final = {126: 2, 127: 8}
MANY_FRAMES: Final = 2**14
MIN_MEAN_BYTES: Final = 2**9
"""Of payload in many frames; the protocol's shortest message has 8 KiB. With less, reading frames
is all the work, and a stranger could have a server do it at little cost of their own."""

FIN, RESERVED, OPCODE, MASKED, SHORT_LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F


class PayloadCounter:
    """Splits the byte stream of a client (`masked`) or a server: binary payload is counted, the
    rest is handed on.

    A frame that breaks the rules is handed on too, for the protocol to refuse.
    """

    def __init__(self, *, masked: bool) -> None:
        self._masked = masked
        self.num_bytes = 0
        self.has_close = False
        """The peer has said that nothing more will come."""
        self._num_frames = 0
        self._header = bytearray()
        self._left = 0
        self._is_counting = False
        self._message_bytes: int | None = None
        """Of the binary message whose last frame is yet to come."""

    @property
    def has_shreds(self) -> bool:
        """Whether many frames came with hardly anything in them."""
        is_little = self.num_bytes < self._num_frames * MIN_MEAN_BYTES
        return is_little and self._num_frames > MANY_FRAMES

    def take(self, data: bytes | memoryview) -> bytes:
        """What of `data` the protocol should see."""
        rest, view = bytearray(), memoryview(data)
        while view:
            step = self._pass_payload if self._left else self._pass_header
            view = step(view, rest)
        return bytes(rest)

    def _pass_payload(self, view: memoryview, rest: bytearray) -> memoryview:
        part = view[: self._left]
        self._left -= len(part)
        if self._is_counting:
            self.num_bytes += len(part)
        else:
            rest += part
        return view[len(part) :]

    def _pass_header(self, view: memoryview, rest: bytearray) -> memoryview:
        missing = self._header_bytes() - len(self._header)
        self._header += view[:missing]
        if len(self._header) == self._header_bytes():
            self._begin_frame(rest)
        return view[missing:]

    def _begin_frame(self, rest: bytearray) -> None:
        self._num_frames += 1
        first = self._header[0]
        self.has_close |= first & OPCODE == Opcode.CLOSE
        self._left = _payload_bytes(self._header)
        self._is_counting = self._is_good_binary(first)
        if self._is_counting:
            so_far = (self._message_bytes or 0) + self._left
            self._message_bytes = None if first & FIN else so_far
        else:
            rest += self._header
        self._header.clear()

    def _is_good_binary(self, first: int) -> bool:
        opcode = first & OPCODE
        is_next = opcode == (Opcode.BINARY if self._message_bytes is None else Opcode.CONT)
        is_plain = not first & RESERVED and bool(self._header[1] & MASKED) is self._masked
        fits = (self._message_bytes or 0) + self._left <= MAX_MESSAGE_BYTES
        return is_next and is_plain and fits

    def _header_bytes(self) -> int:
        """Length of the header that begins as this one does."""
        if len(self._header) < SHORTEST_HEADER:
            return SHORTEST_HEADER
        second = self._header[1]
        mask = MASK_BYTES if second & MASKED else 0
        return SHORTEST_HEADER + mask + LENGTH_BYTES.get(second & SHORT_LENGTH, 0)


def _payload_bytes(header: bytearray) -> int:
    short = header[1] & SHORT_LENGTH
    return int.from_bytes(header[2 : 2 + LENGTH_BYTES[short]]) if short in LENGTH_BYTES else short
