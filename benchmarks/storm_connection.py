"""One agent's connection: as little HTTP/1.1 as it takes, for thousands of them in one process."""

import asyncio
from typing import NamedTuple

from broadgauge_wire import Lane

REQUEST = (
    "POST /api/v1/batches HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n"
    "content-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n"
    "broadgauge-lane: {lane}\r\nuser-agent: broadgauge-agent/storm\r\n\r\n"
)


class Answer(NamedTuple):
    """A status, the seconds it asks to wait, and the body."""

    status: int
    retry_after_seconds: float
    body: bytes


class Connection:
    """Opened when it is first needed, and again when it was closed: as agents' client does, which
    looks whether the other side closed a connection that was idle."""

    def __init__(self, host: str, port: int, key: str, lane: Lane = "live") -> None:
        self._host, self._port, self._key, self._lane = host, port, key, lane
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> Answer:
        """Send a batch. OSError or IncompleteReadError if the connection fails."""
        if self._streams and self._streams[0].at_eof():
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        head = REQUEST.format(host=self._host, key=self._key, lane=self._lane, length=len(body))
        try:
            writer.write(head.encode() + body)
            await writer.drain()
            return await self._answer(reader)
        except (OSError, EOFError):
            self.close()
            raise

    def close(self) -> None:
        """Let go of it."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection", "").lower() == "close":
            self.close()
        wait = headers.get("retry-after", "")
        return Answer(int(head[0].split()[1]), float(wait) if wait.isdecimal() else 0.0, body)
