"""A database that takes line protocol over HTTP, and is as difficult as a test asks it to be."""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CONFLICT = b'{"code":"unprocessable entity","message":"field type conflict"}'
TOO_OLD = (
    b'{"code":"unprocessable entity","message":"failure writing points to database: partial write: '
    b"dropped %d points outside retention policy of duration 8760h0m0s - oldest point a,b=c at "
    b"2022-05-09T10:22:00Z dropped because it violates a Retention Policy Lower Bound at "
    b"2025-03-05T16:34:57.686336708Z, newest point d,e=f at 2025-02-23T14:44:00Z dropped because "
    b"it violates a Retention Policy Lower Bound at 2025-03-05T16:34:57.686336708Z dropped=%d for "
    b'database: 91040e1bf6671dfd for retention policy: autogen"}'
)
"""As InfluxDB 2.7 says it."""


class DatabaseServer(ThreadingHTTPServer):
    """`lines` it took, and for which organization, bucket and token it was `asked`; every answer
    takes `seconds`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Database)
        self.lines: list[str] = []
        self.asked: list[tuple[str, str, str]] = []
        self.seconds = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Database(BaseHTTPRequestHandler):
    """Refuses a lot with poison in it, and lets go of what is ancient. It has no metrics."""

    server: DatabaseServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        asked = parse_qs(urlsplit(self.path).query)
        token = self.headers["Authorization"]
        self.server.asked.append((asked["org"][0], asked["bucket"][0], token))
        time.sleep(self.server.seconds)
        self._take(body.decode().splitlines())

    def do_GET(self) -> None:
        self._say(404, b"")

    def _take(self, lines: list[str]) -> None:
        if any("Poison" in line for line in lines):
            self._say(422, CONFLICT)
            return
        kept = [line for line in lines if "Ancient" not in line]
        self.server.lines += kept
        if gone := len(lines) - len(kept):
            self._say(422, TOO_OLD % (gone, gone))
        else:
            self._say(204, b"")

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def line_database() -> Iterator[DatabaseServer]:
    """One that listens; ended at the end."""
    server = DatabaseServer()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
