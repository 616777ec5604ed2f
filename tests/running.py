"""A real `broadgauge up`, started by a test as a person would start it."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen

BIN = Path(sys.executable).parent
PATIENCE_SECONDS = 60
"""How long a test waits for something that has to happen. Only a hang takes this long."""

Value = TypeVar("Value")


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody uses, over TCP, just now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def eventually(ask: Callable[[], Value | None], what: str) -> Value:
    """Ask until there is a truthy answer. AssertionError, naming `what`, when patience ends."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"waited in vain for {what}")


@dataclass
class Server:
    """A running `broadgauge up`: its process, what it printed, and how to talk to it."""

    process: subprocess.Popen[str]
    data: Path
    url: str
    words: list[str] = field(default_factory=list)

    @property
    def trust(self) -> ssl.SSLContext | None:
        """Trust in the certificate that the server made itself, and in no other."""
        file = self.data / "tls" / "certificate.pem"
        if not self.url.startswith("https://") or not file.exists():
            return None
        context = ssl.create_default_context(cafile=str(file))
        context.check_hostname = False
        return context

    @property
    def token(self) -> str:
        return (self.data / "admin.token").read_text().strip()

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and decoded JSON of a request with the administrator's token."""
        request = Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urlopen(request, timeout=30, context=self.trust) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def get(self, path: str) -> Any:
        status, answer = self.request("GET", path)
        assert status == 200, (path, status, answer)
        return answer

    def post(self, path: str, body: Any) -> Any:
        status, answer = self.request("POST", path, body)
        assert status in {200, 201}, (path, status, answer)
        return answer

    def is_ready(self) -> bool:
        assert self.process.poll() is None, "\n".join(self.words)
        try:
            with urlopen(f"{self.url}/readyz", timeout=5, context=self.trust) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def cli(self, *arguments: str) -> str:
        """Standard output of `broadgauge ARGUMENTS` against this server."""
        environment = {**os.environ, "BROADGAUGE_DATA": str(self.data)}
        return subprocess.run(
            [BIN / "broadgauge", *arguments],
            env=environment,
            check=True,
            text=True,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
        ).stdout

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def running(data: Path, *options: str, host: str = "127.0.0.1") -> Iterator[Server]:
    """`broadgauge up` on free ports, ready; stopped at the end, whatever happened."""
    port, reflector_port = free_ports(2)
    argv = [
        str(BIN / "broadgauge"), "up", "--data", str(data), "--host", host,
        "--port", str(port), "--reflector-port", str(reflector_port), *options,
    ]  # fmt: skip
    process = subprocess.Popen(argv, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    plain = host == "127.0.0.1" or "--insecure" in options
    server = Server(process, data, f"{'http' if plain else 'https'}://{host}:{port}")
    reader = threading.Thread(target=_listen, args=(server,), daemon=True)
    reader.start()
    try:
        eventually(server.is_ready, "/readyz to say 200")
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE_SECONDS)
        reader.join(PATIENCE_SECONDS)


def _listen(server: Server) -> None:
    assert server.process.stdout
    with server.process.stdout as lines:
        server.words.extend(line.rstrip() for line in lines)
