"""Opening one ndt7 connection: TCP, TLS if asked for, and the WebSocket handshake."""

import socket
import ssl
import time
from urllib.parse import parse_qs

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidHeader, InvalidStatus, NegotiationError
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from broadgauge_agent.ndt7.spec import MAX_MESSAGE_BYTES, SUBPROTOCOL
from broadgauge_agent.tcp_info import prefer_bbr
from broadgauge_agent.trust import described
from broadgauge_host.addresses import Address
from broadgauge_host.certificates import WrongCertificateError
from broadgauge_wire.spec import ACCESS_PARAMETER

from .channel import RECEIVE_BYTES, Channel
from .failure import TestFailedError

CONNECT_SECONDS = 7.0
"""The protocol asks clients to allow five to ten seconds."""

REFUSED = (403, 429, 503)
"""What a test server answers to a test that may not be, or not now. Others have no tests at all."""

MAX_SAID = 200
"""Characters of a refusal that are passed on."""

SWITCHING = b"HTTP/1.1 101"
MAX_HEAD_BYTES = 2**16
END_OF_HEAD = b"\r\n\r\n"


def open_channel(url: str, address: Address, tls: ssl.SSLContext | None) -> Channel:
    """A connection with its handshake done.

    TestFailedError, within CONNECT_SECONDS, if there is no ndt7 server at the other end.
    """
    deadline = time.perf_counter() + CONNECT_SECONDS
    opened = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        connect_seconds = _connect(opened, address, deadline)
        uri = parse_uri(url)
        if tls is not None:
            opened.settimeout(_left(deadline))
            opened = tls.wrap_socket(opened, server_hostname=uri.host)
        protocol = ClientProtocol(
            uri, subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=MAX_MESSAGE_BYTES
        )
        channel = Channel(opened, protocol, connect_seconds)
        began = time.perf_counter()
        _shake_hands(channel, deadline)
        channel.answer_seconds = time.perf_counter() - began
    except BaseException as error:
        opened.close()
        raise _explained(error) from error
    opened.setblocking(False)
    return channel


def _connect(opened: socket.socket, address: Address, deadline: float) -> float:
    opened.settimeout(_left(deadline))
    began = time.perf_counter()
    opened.connect(address.sockaddr)
    connect_seconds = time.perf_counter() - began
    prefer_bbr(opened)  # not before: a route's own choice takes force with the connection
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connect_seconds


def _shake_hands(channel: Channel, deadline: float) -> None:
    protocol = channel.protocol
    protocol.send_request(protocol.connect())
    channel.socket.settimeout(_left(deadline))
    channel.socket.sendall(b"".join(protocol.data_to_send()))
    response = _response(channel, deadline)
    if protocol.handshake_exc is not None:
        raise _refused(response, protocol.handshake_exc, _token(protocol.uri.query))
    if protocol.subprotocol != SUBPROTOCOL:
        raise TestFailedError("the server does not speak ndt7: it named another subprotocol")


def _response(channel: Channel, deadline: float) -> Response | None:
    """What the server answered. The test's first bytes may come with it."""
    protocol = channel.protocol
    head, test = _head(channel, deadline), b""
    if head.startswith(SWITCHING):
        head, end, test = head.partition(END_OF_HEAD)
        head += end
    protocol.receive_data(head)
    while not (events := protocol.events_received()):
        if protocol.handshake_exc is not None:
            return None
        data = _received(channel, deadline)
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
    if protocol.handshake_exc is None:
        channel.feed(test)
    return events[0] if isinstance(events[0], Response) else None


def _head(channel: Channel, deadline: float) -> bytes:
    """As much as came until the end of an HTTP head, or of the connection."""
    head = b""
    while END_OF_HEAD not in head and len(head) < MAX_HEAD_BYTES:
        data = _received(channel, deadline)
        if not data:
            break
        head += data
    return head


def _received(channel: Channel, deadline: float) -> bytes:
    channel.socket.settimeout(_left(deadline))
    return channel.socket.recv(RECEIVE_BYTES)


def _refused(response: Response | None, error: Exception, token: str) -> TestFailedError:
    if not isinstance(error, InvalidStatus) or response is None:
        return TestFailedError(f"the server does not speak ndt7: {_odd(error)}")
    kind = next(iter(response.headers.get_all("Content-Type")), "").lower()
    answer = f"HTTP {response.status_code}"
    if "html" in kind:
        return TestFailedError(f"that is not a test server: it answered {answer} and a web page")
    if response.status_code not in REFUSED:
        return TestFailedError(f"that is not a test server: it answered {answer}")
    said = _said(response, token) if kind.startswith("text/plain") else ""
    return TestFailedError(f"the server refused the test: {answer} {said}".rstrip())


def _said(response: Response, token: str) -> str:
    """A test server's words for people. Whoever says the access token isn't one."""
    said = bytes(response.body or b"").decode("utf-8", "replace").strip()
    return "" if token and token in said else said[:MAX_SAID]


def _token(query: str) -> str:
    return next(iter(parse_qs(query).get(ACCESS_PARAMETER, ())), "")


def _odd(error: Exception) -> str:
    """In our words: the library's hold what was sent, which may be a filter's page."""
    if isinstance(error, InvalidHeader):
        return f"its {error.name} header is missing or wrong"
    if isinstance(error, NegotiationError):
        return "it chose what it wasn't offered"
    return "that was no HTTP answer"


def _left(deadline: float) -> float:
    left = deadline - time.perf_counter()
    if left <= 0:
        raise TimeoutError
    return left


def _explained(error: BaseException) -> BaseException:
    if isinstance(error, TimeoutError):
        return TestFailedError(f"the server did not answer within {CONNECT_SECONDS:.0f} seconds")
    if isinstance(error, WrongCertificateError):
        return TestFailedError(
            f"the server shows another certificate ({described(error.shown)}) than the one "
            "registered for it; nothing was sent"
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return TestFailedError(f"the server's certificate is not trusted: {error.verify_message}")
    if isinstance(error, ssl.SSLError):
        return TestFailedError(f"the server speaks no TLS we understand: {error.reason or error}")
    if isinstance(error, ConnectionRefusedError):
        return TestFailedError("nothing listens there: the test server is not running")
    if isinstance(error, OSError):
        return TestFailedError(f"the server cannot be reached: {error.strerror or error}")
    return error
