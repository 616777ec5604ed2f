"""Real HTTP servers on loopback that answer like other people's test servers: well or wrongly."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from broadgauge_agent.ndt7.spec import DOWNLOAD_PATH, UPLOAD_PATH

TOKEN = "eyJhbGciOiJFZERTQSJ9.a.token.of.their.own"


class Request(BaseHTTPRequestHandler):
    """One request; the test's own function answers it."""

    protocol_version = "HTTP/1.1"
    server: "OtherServer"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.behaviour(self)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *words: object) -> None:
        """Keep quiet."""

    def answer(
        self, status: int, body: bytes = b"", kind: str = "application/json", **headers: str
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if kind:
            self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def take(self) -> bytes:
        """The body that was sent."""
        return self.rfile.read(int(self.headers.get("content-length", 0)))


Behaviour = Callable[[Request], None]


class OtherServer(ThreadingHTTPServer):
    """Remembers which paths it was asked for."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.behaviour = behaviour
        self.asked: list[str] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is part of the tests."""


@contextmanager
def other_server(
    behaviour: Behaviour, *, tls: ssl.SSLContext | None = None
) -> Iterator[OtherServer]:
    """One that answers as the function does; stopped at the end."""
    server = OtherServer(behaviour)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def locating(*ports: int) -> Behaviour:
    """Answers as M-Lab's Locate API does (version 2), with servers on these ports."""
    return lambda request: request.answer(
        200, json.dumps({"results": list(map(_at, ports))}).encode()
    )


def _at(port: int) -> dict[str, Any]:
    """One of the results, as recorded in the API's own documentation."""
    machine = "mlab3-lga05.mlab-oti.measurement-lab.org"
    urls = {
        f"{scheme}://{path}": f"{scheme}://127.0.0.1:{port}{path}?access_token={TOKEN}"
        for scheme in ("ws", "wss")
        for path in (DOWNLOAD_PATH, UPLOAD_PATH)
    }
    location = {"city": "New York", "country": "US"}
    return {"machine": machine, "location": location, "urls": urls}


def libre(request: Request) -> None:
    """A LibreSpeed server, as far as clients can tell."""
    if request.path.startswith("/garbage.php"):
        request.answer(200, bytes(2**20), "application/octet-stream")
    elif request.path.startswith("/empty.php"):
        request.take()
        request.answer(200, kind="text/html; charset=UTF-8")
    else:
        request.answer(404, b"Not Found", "text/html")
