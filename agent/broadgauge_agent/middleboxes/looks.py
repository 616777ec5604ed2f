"""Short plain requests to a test server, to see who answers them. They hold nothing secret.

TLS is done without trust, because who it is that answers is the question.
"""

import http.client
import io
import re
import socket
import ssl
import time
from base64 import b64encode
from os import urandom
from typing import Literal

from msgspec import Struct

from broadgauge_agent.ndt7.spec import SUBPROTOCOL, UPLOAD_PATH
from broadgauge_host.addresses import Address
from broadgauge_wire import Reflector

LOOK_SECONDS = 3.0
"""For connecting, asking and being answered: many round trips of any line, few of a person's."""

MAX_ANSWER_BYTES = 16 * 1024
PLAIN_PATH = "/healthz"

END_OF_HEAD = b"\r\n\r\n"
MOST_HEADERS = 100
CONTENT_LENGTH = re.compile(rb"(?i)\ncontent-length:[ \t]*(\d{1,9})")

Silence = Literal["unreachable", "no_tls", "cut_off", "silent", "no_http"]
"""Why there is no answer: nothing connects; no TLS comes about; the connection ends or nothing
is said after the request; what is said isn't HTTP."""


class Answer(Struct, frozen=True, kw_only=True):
    """The begin of an HTTP answer."""

    status: int
    content_type: str = ""
    location: str = ""
    body: bytes = b""

    @property
    def is_page(self) -> bool:
        """Whether it is made for people to read."""
        start = self.body.lstrip()[:15].lower()
        return "html" in self.content_type.lower() or start.startswith((b"<!doctype", b"<html"))


Look = Answer | Silence


def ask_plainly(reflector: Reflector, address: Address, *, tls: bool) -> Look:
    """An ordinary request that every reflector answers with `ok`."""
    return _ask(reflector, address, _request(reflector, PLAIN_PATH, "Connection: close"), tls=tls)


def ask_to_upgrade(reflector: Reflector, address: Address, *, tls: bool) -> Look:
    """Begin an upload test, see what is answered, and go: nothing is sent after it."""
    headers = (
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {b64encode(urandom(16)).decode()}",
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",
    )
    return _ask(reflector, address, _request(reflector, UPLOAD_PATH, *headers), tls=tls)


def speaks_tls(reflector: Reflector) -> bool:
    """A fingerprint means that it does."""
    return reflector.tls or reflector.fingerprint is not None


def parse_answer(data: bytes) -> Look:
    """What was said, as far as it was read."""
    head, _, body = data.partition(END_OF_HEAD)
    line, _, fields = head.partition(b"\r\n")
    parts = line.split(None, 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/") or not parts[1].isdigit():
        return "no_http" if data else "cut_off"
    if fields.count(b"\r\n") > MOST_HEADERS:
        return "no_http"
    try:
        headers = http.client.parse_headers(io.BytesIO(fields + END_OF_HEAD))
    except http.client.HTTPException:
        return "no_http"
    return Answer(
        status=int(parts[1]),
        content_type=headers.get("Content-Type", ""),
        location=headers.get("Location", ""),
        body=body,
    )


def _request(reflector: Reflector, path: str, *headers: str) -> bytes:
    host = f"[{reflector.host}]" if ":" in reflector.host else reflector.host
    lines = (f"GET {path} HTTP/1.1", f"Host: {host}:{reflector.port}", *headers, "", "")
    return "\r\n".join(lines).encode("ascii", "replace")


def _ask(reflector: Reflector, address: Address, request: bytes, *, tls: bool) -> Look:
    deadline = time.monotonic() + LOOK_SECONDS
    with socket.socket(address.family, socket.SOCK_STREAM) as plain:
        plain.settimeout(LOOK_SECONDS)
        try:
            plain.connect(address.sockaddr)
        except OSError:
            return "unreachable"
        try:
            asked = (
                _trusting_anybody().wrap_socket(plain, server_hostname=reflector.host)
                if (tls)
                else plain
            )
        except (OSError, ValueError):
            return "no_tls"
        with asked:
            return _answer(asked, request, deadline)


def _answer(asked: socket.socket, request: bytes, deadline: float) -> Look:
    data = b""
    try:
        asked.sendall(request)
        while len(data) < MAX_ANSWER_BYTES and (left := deadline - time.monotonic()) > 0:
            asked.settimeout(left)
            part = asked.recv(MAX_ANSWER_BYTES)
            data += part
            if not part or _is_whole(data):
                break
    except TimeoutError:
        return parse_answer(data) if data else "silent"
    except OSError:
        return parse_answer(data) if data else "cut_off"
    is_late = not data and time.monotonic() >= deadline
    return "silent" if is_late else parse_answer(data)


def _is_whole(data: bytes) -> bool:
    """Whether the rest need not be waited for. An upgrade has none; a body without a length ends
    with the connection."""
    head, end, body = data.partition(END_OF_HEAD)
    if not end:
        return False
    length = CONTENT_LENGTH.search(head)
    is_chunked_to_its_end = body.endswith(b"0" + END_OF_HEAD)
    return (
        head.split(None, 2)[1:2] == [b"101"]
        or is_chunked_to_its_end
        or (length is not None and len(body) >= int(length[1]))
    )


def _trusting_anybody() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
