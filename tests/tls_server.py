"""A real `broadgauge serve` that speaks TLS, started by a test as a person would start it."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from broadgauge_host.certificates import fingerprint_of
from tests.running import BIN, PATIENCE_SECONDS, eventually, free_ports
from tests.tls import Issued, shown_by


@dataclass
class TlsServer:
    """Its process, and what it has said so far."""

    process: subprocess.Popen[str]
    data: Path
    port: int
    words: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        return "\n".join(self.words)

    def shows(self) -> str:
        """The fingerprint of the certificate that a new connection is shown."""
        return fingerprint_of(shown_by(self.port))

    def wait_for(self, words: str) -> str:
        """The first line with these words."""
        return eventually(lambda: next((w for w in self.words if words in w), ""), words)

    def cli(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`broadgauge ARGUMENTS` on this data directory."""
        return run("broadgauge", *arguments, BROADGAUGE_DATA=str(self.data), **environment)


def run(
    program: str, *arguments: str | Path, given: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """One of our programs, to its end."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("BROADGAUGE")}
    return subprocess.run(
        [BIN / program, *arguments],
        input=given,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


@contextmanager
def serving_tls(
    data: Path, issued: Issued | None = None, port: int | None = None
) -> Iterator[TlsServer]:
    """`broadgauge serve` on every address, with a given certificate or its own, until the end."""
    port = port or free_ports(1)[0]
    given = issued.options if issued else ()
    argv: list[str | Path] = [
        BIN / "broadgauge",
        "serve",
        "--data",
        data,
        "--host",
        "0.0.0.0",
        "--port",
        str(port),
    ]
    public = ["--public-url", f"https://127.0.0.1:{port}"]
    process = subprocess.Popen([*argv, *public, *given], text=True, stderr=subprocess.PIPE)
    server = TlsServer(process, data, port)
    reader = threading.Thread(target=_listen, args=(server,))
    reader.start()
    try:
        server.wait_for("event=serving")
        yield server
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        reader.join(PATIENCE_SECONDS)


def _listen(server: TlsServer) -> None:
    assert server.process.stderr
    with server.process.stderr as lines:
        server.words.extend(line.rstrip() for line in lines)
