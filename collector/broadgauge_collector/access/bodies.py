"""Request bodies: bounded in size and time each, and in what all of them take at once."""

import asyncio
from collections import Counter

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from ..errors import Busy, TooLarge, TooSlow

BODY_SECONDS = 60.0
"""The largest batch on a line of 0.3 Mbps; slower than that, nothing is measured either."""

FILE_SECONDS = 900.0
"""The same for a file that goes to disk, on a line of 5 Mbps."""

MAX_BYTES_AT_ONCE = 128 * 1024 * 1024
"""Of all bodies under way: a district's agents coming back together take less."""

MAX_BYTES_OF_ONE = 16 * 1024 * 1024
"""Of one agent or user, who sends one body after the other; and of all strangers together, so that
they leave the rest to those who are known."""


class Bodies:
    """What the bodies of requests under way take, by who sends them."""

    def __init__(self) -> None:
        self._all = 0
        self._taken: Counter[str] = Counter()

    def take(self, sender: str, size_bytes: int) -> None:
        """Room for one body. Busy if there is none. All who are not known are the sender ''."""
        one = self._taken[sender] + size_bytes
        if one > MAX_BYTES_OF_ONE or self._all + size_bytes > MAX_BYTES_AT_ONCE:
            raise Busy("Too much is being sent at once.")
        self._all += size_bytes
        self._taken[sender] += size_bytes

    def give_back(self, sender: str, size_bytes: int) -> None:
        """The request is answered."""
        self._all -= size_bytes
        self._taken[sender] -= size_bytes
        if not self._taken[sender]:
            del self._taken[sender]


def announced_bytes(scope: Scope, limit: int) -> int:
    """How large the body may turn out to be. TooLarge if it is said to be over the limit."""
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers:
        return limit
    declared = headers.get("content-length", "0")
    size = int(declared[:20]) if declared.isascii() and declared.isdigit() else limit
    if size > limit:
        raise _too_large(limit)
    return size


def bounded(scope: Scope, receive: Receive, limit: int, *, to_disk: bool = False) -> Receive:
    """`receive`, raising TooLarge or TooSlow as soon as a body is known to be."""
    if scope["type"] != "http":
        return receive
    seconds = FILE_SECONDS if to_disk else BODY_SECONDS
    deadline = asyncio.get_running_loop().time() + seconds
    seen, is_whole = 0, False

    async def counted() -> Message:
        nonlocal seen, is_whole
        if is_whole:
            return await receive()
        message = await _before(deadline, seconds, receive)
        seen += len(message.get("body", b""))
        is_whole = not message.get("more_body", False)
        if seen > limit:
            raise _too_large(limit)
        return message

    return counted


async def _before(deadline: float, seconds: float, receive: Receive) -> Message:
    try:
        async with asyncio.timeout_at(deadline):
            return await receive()
    except TimeoutError:
        words = f"The body did not arrive within {seconds:g} seconds. Send less at once."
        raise TooSlow(words) from None


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body may have {limit} bytes at most, as sent.")
