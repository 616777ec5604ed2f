"""The two ndt7 tests as the server runs them."""

import asyncio
import time

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.protocol import State

from broadgauge_agent.ndt7.frames import binary_frames
from broadgauge_agent.ndt7.measurement import (
    ConnectionInfo,
    Measurement,
    app_info,
    encode_measurement,
    tcp_info_message,
)
from broadgauge_agent.ndt7.sampling import sampling_gap_seconds
from broadgauge_agent.ndt7.spec import MIN_MESSAGE_BYTES, ORIGIN_SERVER, next_message_bytes
from broadgauge_agent.tcp_info import congestion_control, read_tcp_info

from .limits import Limits
from .payload import PayloadCounter


class ServedTest:
    """One test on one connection, from its completed handshake."""

    def __init__(self, connection: ServerConnection, name: str, limits: Limits) -> None:
        self.connection = connection
        self.name = name
        self.limits = limits
        self.socket = connection.transport.get_extra_info("socket")
        self.started = time.perf_counter()
        self.num_bytes = 0
        self.ends = ConnectionInfo(
            client=_endpoint(connection.remote_address),
            server=_endpoint(connection.local_address),
            uuid=str(connection.id),
            congestion_control=congestion_control(self.socket),
        )

    def elapsed_seconds(self) -> float:
        """Since the handshake."""
        return time.perf_counter() - self.started

    async def send_measurement(self) -> None:
        """Tell the client what this side sees now."""
        elapsed = self.elapsed_seconds()
        info = read_tcp_info(self.socket)
        message = Measurement(
            app_info=app_info(elapsed, self.num_bytes),
            connection_info=self.ends,
            tcp_info=tcp_info_message(info, elapsed) if info else None,
            origin=ORIGIN_SERVER,
            test=self.name,
        )
        await self.connection.send(encode_measurement(message), text=True)


async def serve_download(connection: ServerConnection, limits: Limits) -> None:
    """Send random messages until time or bytes are used up, then close."""
    test = ServedTest(connection, "download", limits)
    listener = asyncio.create_task(_refuse_binary(connection))
    try:
        await _send_noise(test)
        await connection.close(CloseCode.NORMAL_CLOSURE)
    except ConnectionClosed:
        pass  # the client has had enough, which it may say by closing
    finally:
        listener.cancel()


async def serve_upload(
    connection: ServerConnection, counter: PayloadCounter, limits: Limits
) -> None:
    """Say what arrives, until the client closes or time or bytes are used up."""
    test = ServedTest(connection, "upload", limits)
    sampler = asyncio.create_task(_send_samples(test, counter))
    try:
        async with asyncio.timeout(limits.receive_seconds):
            async for _ in connection:
                pass  # what the client measured; binary messages are counted before they get here
    except TimeoutError:
        await connection.close(CloseCode.NORMAL_CLOSURE)
    finally:
        sampler.cancel()


async def _send_noise(test: ServedTest) -> None:
    frames = binary_frames(masked=False)
    size, due = MIN_MESSAGE_BYTES, sampling_gap_seconds()
    while test.num_bytes < test.limits.bytes_per_connection:
        elapsed = test.elapsed_seconds()
        if elapsed >= test.limits.send_seconds:
            return
        if elapsed >= due:
            await test.send_measurement()
            due = test.elapsed_seconds() + sampling_gap_seconds()
        if not await _send_frame(test.connection, frames[size]):
            return
        test.num_bytes += size
        size = next_message_bytes(size, test.num_bytes)


async def _send_frame(connection: ServerConnection, frame: bytes) -> bool:
    """Hand a finished frame to the transport; False once the connection is closing."""
    if connection.state is not State.OPEN:
        return False
    connection.transport.write(frame)
    await connection.drain()
    await asyncio.sleep(0)  # a fast path would never let anybody else have the loop
    return True


async def _send_samples(test: ServedTest, counter: PayloadCounter) -> None:
    try:
        while True:
            await asyncio.sleep(sampling_gap_seconds())
            test.num_bytes = counter.num_bytes
            await test.send_measurement()
    except ConnectionClosed:
        return


async def _refuse_binary(connection: ServerConnection) -> None:
    """Half duplex: who downloads sends measurements at most."""
    try:
        async for message in connection:
            if isinstance(message, bytes):
                await connection.close(CloseCode.UNSUPPORTED_DATA, "binary data in a download")
    except ConnectionClosed:
        return


def _endpoint(address: tuple[object, ...]) -> str:
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
