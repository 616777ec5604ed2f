"""The agent under a service manager: it is told how it is, obeys, and loses nothing at its end."""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from broadgauge_agent.identity import save_identity
from broadgauge_agent.logs import start_logging
from broadgauge_agent.spool_file import view_spool
from tests.running import BIN, PATIENCE_SECONDS, eventually
from tests.scripted_collector import Request, ScriptedCollector, make_identity

AGENT = str(BIN / "broadgauge-agent")
HANGING = """
import sys, threading
from broadgauge_agent import runner
runner.HANG_SECONDS = 0.5
runner.skip_or_measure = lambda *_: threading.Event().wait()
from broadgauge_agent.cli import main
main()
"""


class Manager:
    """A service manager's end of the conversation: all it was told so far."""

    def __init__(self, place: Path) -> None:
        self.address = str(place / "notify")
        self.told: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def pings(self) -> int:
        return self.told.count("WATCHDOG=1")

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bye:
            bye.sendto(b"BYE", self.address)
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while (said := self._socket.recv(4096)) != b"BYE":
            self.told.extend(said.decode().splitlines())


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    listening = Manager(tmp_path)
    yield listening
    listening.close()


@contextmanager
def service(
    state: Path, manager: Manager | None, *options: str, command: tuple[str, ...] = (AGENT,)
) -> Iterator[subprocess.Popen[str]]:
    """`broadgauge-agent run` as a service manager starts it; killed at the end if it still runs."""
    state.mkdir(exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if "NOTIFY" not in name}
    if manager:
        environment |= {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "400000"}
    process = subprocess.Popen(
        [*command, "--state", str(state), "run", *options],
        stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert process.stderr
    with process.stderr:
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def ended(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> str:
    """End it politely; what it said."""
    process.send_signal(how)
    assert process.stderr
    said = process.stderr.read()
    assert process.wait(PATIENCE_SECONDS) == 0, said
    return said


def test_a_service_that_never_joined_waits_and_starts_when_it_has(
    tmp_path: Path, manager: Manager, collector: ScriptedCollector
) -> None:
    state = tmp_path / "state"
    with service(state, manager, "--wait") as process:
        eventually(lambda: manager.pings() > 2, "a waiting service's pings")
        assert any("Waiting to be joined" in words for words in manager.told)
        save_identity(state, make_identity(collector.url))
        eventually(lambda: collector.batches, "a batch")
        eventually(lambda: any("Measuring for" in words for words in manager.told), "a status")
        said = ended(process)
    assert said.count("has not joined") == 1
    assert "STOPPING=1" in manager.told


def test_without_waiting_an_agent_that_never_joined_ends(tmp_path: Path) -> None:
    with service(tmp_path / "state", None) as process:
        assert process.wait(PATIENCE_SECONDS) == 3


def test_a_probe_that_never_returns_stops_the_pings(
    tmp_path: Path, manager: Manager, collector: ScriptedCollector
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    save_identity(state, make_identity(collector.url))
    with service(state, manager, command=(sys.executable, "-c", HANGING)) as process:
        assert process.stderr
        said = ""
        while "hangs: runner" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        before = manager.pings()
        assert before > 0
        with pytest.raises(subprocess.TimeoutExpired):  # it lives on, in silence
            process.wait(3)
        assert manager.pings() == before


def test_where_no_watchdog_looks_a_hang_ends_the_agent(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    save_identity(state, make_identity(collector.url))
    with service(state, None, command=(sys.executable, "-c", HANGING)) as process:
        assert process.stderr
        assert "A part of the agent hangs (runner)" in process.stderr.read()
        assert process.wait(PATIENCE_SECONDS) == 1


def test_a_hangup_reads_the_configuration_anew_and_keeps_the_last_good_one(
    tmp_path: Path, manager: Manager, collector: ScriptedCollector
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    save_identity(state, make_identity(collector.url))
    config = state / "agent.toml"
    config.write_text("[probes.latency]\nenabled = false\n[probes.inventory]\nenabled = false\n")
    with service(state, manager) as process:
        eventually(lambda: "READY=1" in manager.told, "a running agent")
        config.write_text("nonsense = 1\n")
        process.send_signal(signal.SIGHUP)
        eventually(lambda: "RELOADING=1" in manager.told, "the first reload")
        eventually(lambda: manager.told.count("READY=1") == 2, "the end of the first reload")
        config.write_text("[probes.inventory]\ninterval_seconds = 3600\n")
        process.send_signal(signal.SIGHUP)
        eventually(lambda: collector.batches, "an inventory, which is enabled now")
        said = ended(process)
    assert "the last good one stays" in said
    assert "nonsense" in said
    assert said.count("configuration reloaded") == 1


def test_at_its_end_an_agent_sends_what_waits(
    tmp_path: Path, manager: Manager, collector: ScriptedCollector
) -> None:
    """The collector is slow to answer: the result is still under way when the signal comes."""
    state = tmp_path / "state"
    state.mkdir()
    save_identity(state, make_identity(collector.url))
    (state / "agent.toml").write_text("[probes.latency]\nenabled = false\n")
    arrived, answer = threading.Event(), threading.Event()

    def answer_late(request: Request) -> None:
        arrived.set()
        answer.wait(PATIENCE_SECONDS)
        collector.commit(request)

    collector.script = [answer_late]
    with service(state, manager) as process:
        assert arrived.wait(PATIENCE_SECONDS)
        process.send_signal(signal.SIGTERM)
        eventually(lambda: "STOPPING=1" in manager.told, "the end's beginning")
        answer.set()
        assert process.stderr
        said = process.stderr.read()
        assert process.wait(PATIENCE_SECONDS) == 0
    assert "stopped waiting=0" in said
    view = view_spool(state)
    assert view is not None
    assert view.waiting == 0


def test_a_log_file_begins_anew_before_it_fills_the_disk(tmp_path: Path) -> None:
    logger = logging.getLogger("broadgauge_agent")
    before = logger.handlers, logger.propagate
    start_logging("info", tmp_path / "agent.log")
    try:
        for _ in range(6000):
            logger.info("x" * 1000)
        assert len(list(tmp_path.glob("agent.log*"))) == 4
        assert all(file.stat().st_size <= 1024 * 1024 for file in tmp_path.iterdir())
    finally:
        for handler in logger.handlers:
            handler.close()
        logger.handlers, logger.propagate = before


@pytest.mark.parametrize("is_journal", [True, False])
def test_the_journal_gets_lines_without_a_time(tmp_path: Path, is_journal: bool) -> None:
    script = "from broadgauge_agent.logs import start_logging as s; import logging; s('info'); "
    script += "logging.getLogger('broadgauge_agent').info('hello')"
    with (tmp_path / "stream").open("wb") as stream:
        found = os.fstat(stream.fileno())
        journal = f"{found.st_dev}:{found.st_ino if is_journal else found.st_ino + 1}"
        environment = {**os.environ, "JOURNAL_STREAM": journal}
        subprocess.run([sys.executable, "-c", script], stderr=stream, env=environment, check=True)
    said = (tmp_path / "stream").read_text()
    assert said.endswith("INFO <string>: hello\n")
    assert said.startswith("INFO") == is_journal
