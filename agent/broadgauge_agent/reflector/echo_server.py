"""The UDP echo's server side. It never amplifies, never answers an answer, and never hurries."""

import asyncio
import time
from collections import OrderedDict
from typing import Any, cast

import msgspec

from broadgauge_host.echo import REPLY, REQUEST, decode_echo, encode_echo
from broadgauge_host.senders import sender_of

from .limits import Limits


class EchoServer(asyncio.DatagramProtocol):
    """Answers each request with its own header and nothing more."""

    def __init__(self, limits: Limits) -> None:
        self.allowance = Allowance(limits)
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to answer through."""
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Answer it, if it is a request of ours from an address within its rate."""
        echo = decode_echo(data)
        if echo is None or echo.kind != REQUEST or self.transport is None:
            return
        if self.allowance.take(sender_of(addr[0]), time.monotonic()):
            self.transport.sendto(encode_echo(msgspec.structs.replace(echo, kind=REPLY)), addr)


class Allowance:
    """A token bucket per address, for as many addresses as are remembered."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, now: float) -> bool:
        """Whether the address has a token left at `now` (monotonic seconds); takes it."""
        full = float(self.limits.echo_burst)
        tokens, since = self._buckets.pop(address, (full, now))
        tokens = min(full, tokens + (now - since) * self.limits.echoes_per_second)
        is_allowed = tokens >= 1
        self._buckets[address] = (tokens - is_allowed, now)
        if len(self._buckets) > self.limits.echo_addresses:
            self._buckets.popitem(last=False)
        return is_allowed
