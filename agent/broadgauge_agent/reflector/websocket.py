"""From an HTTP request to an ndt7 test, by way of the WebSocket handshake (RFC 6455)."""

import h11
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from broadgauge_agent.ndt7.spec import DOWNLOAD_PATH, SUBPROTOCOL
from broadgauge_agent.tcp_info import prefer_bbr

from .admission import Meter
from .answers import Asked
from .exchange import Exchange
from .ndt7_tests import ServedTest, serve_download, serve_upload
from .requests import early_exit_bytes

MAX_KEPT_MESSAGE_BYTES = 2**16
"""A client's measurement takes hundreds of bytes; its binary messages are counted, not kept."""


def serve_websocket(exchange: Exchange, asked: Asked, request: h11.Request, meter: Meter) -> None:
    """Run the test that was asked for, or answer what is wrong with the handshake."""
    connection, limits = exchange.connection, exchange.limits
    connection.hurry(limits.total_seconds)
    prefer_bbr(connection.socket)
    protocol = ServerProtocol(
        subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=MAX_KEPT_MESSAGE_BYTES
    )
    protocol.receive_data(_as_received(request) + exchange.received_beyond)
    for event in protocol.events_received():
        if isinstance(event, Request):
            protocol.send_response(protocol.accept(event))
    for answer in protocol.data_to_send():
        connection.send(answer)
    if protocol.state is not State.OPEN:
        return
    if asked.path == DOWNLOAD_PATH:
        test = ServedTest(connection, protocol, "download", meter, limits)
        serve_download(test, early_exit_bytes(asked.query))
    else:
        serve_upload(ServedTest(connection, protocol, "upload", meter, limits))


def _as_received(request: h11.Request) -> bytes:
    lines = [b"%s: %s" % header for header in request.headers.raw_items()]
    return b"\r\n".join((b"GET %s HTTP/1.1" % request.target, *lines, b"", b""))
