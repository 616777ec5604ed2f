"""A real server with its own certificate and a real agent, with somebody in between."""

import json
import socket
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.running import BIN, PATIENCE_SECONDS, eventually
from tests.tls import LOOPBACK, Authority, serving, tls_filter
from tests.tls_server import TlsServer, run, serving_tls


class Door(socketserver.ThreadingTCPServer):
    """The way to the server, which may lead through a filter: passes bytes on to one port."""

    daemon_threads = True

    def __init__(self, leads_to: int) -> None:
        super().__init__((LOOPBACK, 0), _Way)
        self.leads_to = leads_to
        self._open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_address[1]}"

    def lead_to(self, port: int) -> None:
        """From now on; connections that are open end."""
        self.leads_to = port
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def finish_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            self._open.discard(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Either side may go away."""


class _Way(socketserver.BaseRequestHandler):
    server: Door

    def handle(self) -> None:
        with socket.create_connection((LOOPBACK, self.server.leads_to)) as beyond:
            back = threading.Thread(target=_pass_on, args=(beyond, self.request))
            back.start()
            _pass_on(self.request, beyond)
            back.join()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while said := source.recv(65536):
            sink.sendall(said)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    with serving_tls(tmp_path_factory.mktemp("served")) as serving:
        assert serving.cli("schools", "add", "Hill", "--timezone", "UTC").returncode == 0
        yield serving


@contextmanager
def agent(server: TlsServer, url: str, state: Path) -> Iterator[str]:
    """An agent that joined at an address and runs; its id."""
    token = server.cli("token", "create", "--school", "Hill").stdout
    join = ("join", url, "--token", "-", "--name", state.name, "--state", state)
    done = run("broadgauge-agent", *join, given=token)
    assert done.returncode == 0, done.stderr
    (state / "agent.toml").write_text("[probes.latency]\ninterval_seconds = 1\n")
    command: list[str | Path] = [BIN / "broadgauge-agent", "--state", state, "run"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield json.loads((state / "identity.json").read_text())["agent_id"]
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def status(state: Path) -> dict[str, Any]:
    done = run("broadgauge-agent", "status", "--json", "--state", state)
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def trouble(state: Path, words: str) -> str:
    """What `status` says of sending, once it has these words in it."""

    def said() -> str:
        what = str(status(state)["shipping_trouble"] or "")
        return what if words in what else ""

    return eventually(said, words)


def test_an_agent_reports_to_its_server_alone_and_says_who_stepped_in_between(
    server: TlsServer, tmp_path: Path
) -> None:
    state = tmp_path / "desk"
    shown = Authority("Example Filter CA").issue(tmp_path / "filter")
    door = Door(server.port)
    with serving(door), agent(server, door.url, state):
        eventually(lambda: status(state)["last_shipped_at"], "results to be sent")
        with tls_filter(shown, server.port) as between:
            door.lead_to(between.port)
            said = trouble(state, "another certificate")
            assert between.connections >= 1
            assert between.overheard == b""
    assert "Example Filter CA" in said
    assert "filter" in said
    assert "join again" in said


def test_an_agent_that_was_removed_says_so(server: TlsServer, tmp_path: Path) -> None:
    state = tmp_path / "removed"
    with agent(server, server.url, state) as agent_id:
        eventually(lambda: status(state)["last_shipped_at"], "results to be sent")
        assert server.cli("agents", "revoke", agent_id).returncode == 0
        said = trouble(state, "This agent was removed on ")
    assert "join URL --token TOKEN --force" in said
    assert agent_id in server.wait_for("event=agent_refused")
