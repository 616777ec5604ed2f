"""As much of ClickHouse's HTTP interface as its client uses, before the real engine in one process:
so that several processes can share a store.

    python -m tests.clickhouse_double FOLDER

prints its port. It can be told to do what networks and servers do: see Trouble.
"""

import json
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit
from urllib.request import Request, urlopen
from uuid import uuid4

import chdb

ROOT = Path(__file__).parent.parent
INSERT = re.compile(r"(INSERT INTO .*) FORMAT (\w+)\s*", re.DOTALL)
CODE = re.compile(r"Code: (\d+)")
ANSWERS = ("SELECT", "SHOW", "DESCRIBE", "EXISTS", "WITH")

# What a request says beside settings of the query.
NOT_SETTINGS = frozenset(
    (
        "query", "database", "session_id", "query_id", "wait_end_of_query",
        "client_protocol_version", "send_progress_in_http_headers",
        "http_headers_progress_interval_ms", "enable_http_compression",
        "cancel_http_readonly_queries_on_client_close",
    )
)  # fmt: skip

Trouble = Literal["lost answer", "lost request", "no room"]
"""What befalls inserts: done, and the connection closed without an answer; not done, and the same;
refused because the disk is full."""


class Engine(ThreadingHTTPServer):
    """One engine, and the trouble that its next inserts are in for."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.path = str(folder)
        self.kept_open = _connected(self.path)
        self.trouble: list[Trouble] = []
        self.one_at_a_time = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients are killed in mid-answer: nobody needs to read of it."""

    def run(self, sql: str, asked: dict[str, str], body: bytes) -> bytes:
        """What the engine answers."""
        settings = {k: v for k, v in asked.items() if k not in NOT_SETTINGS and k[:6] != "param_"}
        values = {k[6:]: v for k, v in asked.items() if k[:6] == "param_"}
        with self.one_at_a_time, tempfile.NamedTemporaryFile() as file:
            connection = _connected(self.path)
            try:
                if "database" in asked:
                    connection.query(f"USE `{asked['database']}`")
                for name, value in settings.items():
                    connection.query(f"SET {name} = '{value}'")
                if body and (insert := INSERT.fullmatch(sql)):
                    file.write(body)
                    file.flush()
                    sql = f"{insert[1]} FROM INFILE '{file.name}' FORMAT {insert[2]}"
                return bytes(connection.query(sql, "TabSeparated", params=values).bytes() or b"")
            finally:
                connection.close()


def _connected(path: str) -> Any:
    connect: Any = chdb.connect  # it has no types
    return connect(path)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Engine
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/ping":
            self._answer(200, b"Ok.\n")
        else:
            self._run(b"")

    def do_POST(self) -> None:
        body = self._body()
        if urlsplit(self.path).path == "/trouble":
            self.server.trouble += json.loads(body)
            self._answer(200, b"")
        else:
            self._run(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - its name there
        """Nobody reads it."""

    def _run(self, body: bytes) -> None:
        asked = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if self.headers.get_content_type() == "multipart/form-data":
            asked |= self._form(body)
            body = b""
        sql = asked.get("query", "")
        if not sql:
            sql, body = body.decode(), b""
        is_insert = sql.startswith("INSERT")
        trouble = self.server.trouble.pop(0) if is_insert and self.server.trouble else None
        if trouble == "no room":
            self._fail("Code: 243. DB::Exception: Cannot reserve 1 MiB (NOT_ENOUGH_SPACE)")
            return
        try:
            answer = b"" if trouble == "lost request" else self.server.run(sql, asked, body)
        except RuntimeError as error:
            self._fail(str(error))
            return
        if trouble:
            self.close_connection = True
            self.connection.shutdown(SHUT_RDWR)
            return
        shows = sql.lstrip().upper().startswith(ANSWERS)
        self._answer(200, answer, {"X-ClickHouse-Format": "TabSeparated"} if shows else {})

    def _fail(self, words: str) -> None:
        code = CODE.search(words)
        self._answer(500, words.encode(), {"X-ClickHouse-Exception-Code": code[1] if code else "1"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"X-ClickHouse-Timezone": "UTC", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _form(self, body: bytes) -> dict[str, str]:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        form: Any = BytesParser(policy=HTTP).parsebytes(head + body)
        return {
            part.get_param("name", header="content-disposition"): part.get_payload(
                decode=True
            ).decode()
            for part in form.iter_parts()
        }


@dataclass
class Double:
    """A double that runs in a process of its own."""

    port: int
    process: subprocess.Popen[str] = field(repr=False)

    def database(self) -> str:
        """The URL of a new, empty one."""
        name = f"of_{uuid4().hex}"
        self._post("", f"CREATE DATABASE {name}")
        return f"clickhouse://127.0.0.1:{self.port}/{name}"

    def befall(self, *trouble: Trouble) -> None:
        """Let the next inserts meet with trouble, each with its own."""
        self._post("trouble", json.dumps(trouble))

    def _post(self, path: str, body: str) -> None:
        address = f"http://127.0.0.1:{self.port}/{path}"
        with urlopen(Request(address, data=body.encode(), method="POST")):
            return


@contextmanager
def running_double(folder: Path) -> Iterator[Double]:
    """A double on a free port, with its data in a folder; stopped at the end."""
    command = [sys.executable, "-m", "tests.clickhouse_double", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Double(int(process.stdout.readline()), process)
        finally:
            process.kill()


def main(folder: Path) -> None:
    engine = Engine(folder)
    print(engine.server_address[1], flush=True)  # noqa: T201 - who started it reads it
    engine.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
