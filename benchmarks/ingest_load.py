"""The load generator of the ingest benchmark, a process of its own.

    python -m benchmarks.ingest_load HOST PORT SIZE BATCHES  < agents as JSON lines, then a line

Every agent has one connection and sends one batch after the other. The batches are made first; it
says so in a line and waits for one. At the end it says what was answered, as JSON.
"""

import asyncio
import json
import random
import sys
import time
from functools import partial
from typing import Any
from uuid import UUID

import uvloop

from .ingest_results import batches, day_of_results

HEAD = (
    "POST /api/v1/batches HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n"
    "content-type: application/json\r\ncontent-encoding: gzip\r\nbroadgauge-lane: live\r\n"
    "content-length: {length}\r\nuser-agent: broadgauge-agent/benchmark\r\n\r\n"
)
END = b"\r\n\r\n"


class Sender(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, requests: list[bytes], done: asyncio.Future[None]) -> None:
        self.seconds: list[float] = []
        self.others: list[str] = []
        self._requests = requests[::-1]
        self._done = done
        self._received = b""
        self._sent_at = 0.0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(END)
        if not found or len(body) < _length(head):
            return
        self._received = b""
        if head.startswith(b"HTTP/1.1 200"):
            self.seconds.append(time.perf_counter() - self._sent_at)
        else:
            self.others.append(head.split(b"\r\n")[0].decode())
        self._next()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)

    def _next(self) -> None:
        if not self._requests:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(self._requests.pop())


def _itself(sender: Sender) -> Sender:
    return sender


def _length(head: bytes) -> int:
    _, _, after = head.lower().partition(b"content-length:")
    return int(after.split(b"\r\n")[0])


async def send(host: str, port: int, sendings: list[list[bytes]]) -> dict[str, object]:
    """Everything over its connection, all at once."""
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    senders = []
    for requests in sendings:
        done: asyncio.Future[None] = loop.create_future()
        sender = Sender(requests, done)
        senders.append((sender, done))
        await loop.create_connection(partial(_itself, sender), host, port)
    await asyncio.gather(*(done for _, done in senders))
    took = time.perf_counter() - began
    seconds = [s for sender, _ in senders for s in sender.seconds]
    others = [line for sender, _ in senders for line in sender.others]
    return {
        "seconds": took,
        "acknowledged": len(seconds),
        "others": others,
        "latencies": sorted(seconds),
        "processor_seconds": time.process_time(),
    }


def main() -> None:
    """Make, say so, wait, send, say what came of it."""
    host, port, size, count = sys.argv[1], *map(int, sys.argv[2:5])
    agents = [json.loads(line) for line in iter(sys.stdin.readline, "\n")]
    results = day_of_results()
    sendings = []
    for agent in agents:
        random.shuffle(results)
        key = agent["key"]
        bodies = batches(UUID(agent["agent_id"]), results, size, count // len(agents))
        heads = ((HEAD.format(host=host, key=key, length=len(b)).encode(), b) for b in bodies)
        sendings.append([head + body for head, body in heads])
    print("ready", flush=True)
    sys.stdin.readline()
    made = time.process_time()
    figures = uvloop.run(send(host, port, sendings))
    figures["processor_seconds"] = time.process_time() - made
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
