"""A client that is slow, endless or gone costs one connection for a while, and nothing more."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from broadgauge_collector import http_protocol
from broadgauge_collector.access import bodies
from broadgauge_collector.access.bodies import MAX_BYTES_AT_ONCE, MAX_BYTES_OF_ONE, Bodies
from broadgauge_collector.access.permissions import ANONYMOUS
from broadgauge_collector.access.rules import DEFAULT_BODY_BYTES
from broadgauge_collector.app import open_services
from broadgauge_collector.config import ServerConfig
from broadgauge_collector.errors import Busy
from broadgauge_collector.serve import listening
from broadgauge_collector.web_server import bind

BEGINNING = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
JOIN = b"POST /api/v1/join HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"

Visit = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, bytes]]


def visit(data: Path, client: Visit) -> bytes:
    """What a client with a connection to a served collector comes back with."""

    async def run() -> bytes:
        services = open_services(ServerConfig(data=data))
        listener = bind("127.0.0.1", 0)
        try:
            async with listening(listener, services, None), asyncio.timeout(20):
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                try:
                    return await client(reader, writer)
                finally:
                    writer.close()
        finally:
            services.close()
            listener.close()

    return asyncio.run(run())


def says(*parts: bytes) -> Visit:
    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.05)
        return await reader.read()

    return client


@pytest.mark.parametrize(
    "parts",
    [(), (BEGINNING,), (BEGINNING, b"X-A: b\r\n"), (BEGINNING + b"\r\n", BEGINNING)],
    ids=["silent", "begun", "trickling", "second request"],
)
def test_a_head_that_does_not_come_closes_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: tuple[bytes, ...]
) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.3)
    answered = visit(tmp_path, says(*parts))
    assert answered.count(b"HTTP/1.1 200") == sum(part.endswith(b"\r\n\r\n") for part in parts)


def test_a_head_that_does_not_end_closes_the_connection(tmp_path: Path) -> None:
    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(BEGINNING)
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                writer.write(b"X-A: " + b"b" * 60_000 + b"\r\n")
                await writer.drain()
        return b""

    visit(tmp_path, flood)


def test_a_body_that_does_not_come_is_408(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.3)
    assert visit(tmp_path, says(JOIN)).startswith(b"HTTP/1.1 408")


def test_a_client_that_leaves_amid_its_body_is_no_fault_of_ours(tmp_path: Path) -> None:
    async def leave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(JOIN)
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.3)
        return b""

    with capture_logs() as logs:
        visit(tmp_path, leave)
    assert [entry for entry in logs if entry["event"] == "request_failed"] == []


def test_bodies_have_room_together_and_one_sender_only_a_share_of_it() -> None:
    room = Bodies()
    room.take("agent", MAX_BYTES_OF_ONE)
    with pytest.raises(Busy):
        room.take("agent", 1)
    others = [f"agent {number}" for number in range(MAX_BYTES_AT_ONCE // MAX_BYTES_OF_ONE - 1)]
    for other in others:
        room.take(other, MAX_BYTES_OF_ONE)
    with pytest.raises(Busy):
        room.take("one more", 1)
    room.give_back("agent", MAX_BYTES_OF_ONE)
    room.take("agent", MAX_BYTES_OF_ONE)


def test_strangers_bodies_leave_room_for_agents() -> None:
    room = Bodies()
    for _ in range(MAX_BYTES_OF_ONE // DEFAULT_BODY_BYTES):
        room.take(ANONYMOUS.id, DEFAULT_BODY_BYTES)
    with pytest.raises(Busy):
        room.take(ANONYMOUS.id, DEFAULT_BODY_BYTES)
    room.take("agent", MAX_BYTES_OF_ONE)
