"""A collector, a test server and agents on a shared line, ready for group tests."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from broadgauge_agent.identity import load_identity
from broadgauge_agent.spool import Spool

from .errors import LabError
from .hosts import Host
from .shared_line import SharedLine

BIN = Path(sys.executable).parent
PATIENCE_SECONDS = 150.0
COLLECTOR_PORT, REFLECTOR_PORT = 8484, 8485
AGENT_TOML = """
[probes.latency]
enabled = false
[probes.throughput]
interval_seconds = 2419200
skip_when_busy = false
per_client_bits_per_second = {ceiling}
"""

Value = TypeVar("Value")


@dataclass
class Collector:
    """A running `broadgauge serve` on the far host, that can be killed and started again."""

    line: SharedLine
    data: Path
    process: subprocess.Popen[bytes] | None = None
    log: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where agents find it."""
        return f"http://{self.line.far.address}:{COLLECTOR_PORT}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [
            str(BIN / "broadgauge"), "serve", "--data", str(self.data), "--host",
            self.line.far.address, "--port", str(COLLECTOR_PORT), "--insecure",
        ]  # fmt: skip
        with (self.data.parent / "collector.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.line.far.host.command(command), stdout=log, stderr=log
            )
        wait_for(self._is_ready, "the collector to be ready")

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        assert self.process is not None  # noqa: S101 - it was started
        _end(self.process, signal.SIGKILL)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request with the administrator's token. LabError if it is refused."""
        token = (self.data / "admin.token").read_text().strip()
        request = Request(  # noqa: S310 - of the lab
            f"{self.url}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with self.line.far.host.inside(), urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.loads(answer.read() or b"null")
        except HTTPError as error:
            with error:
                raise LabError(f"{method} {path}: {error.code} {error.read()!r}") from error

    def _is_ready(self) -> bool:
        assert self.process is not None and self.process.poll() is None  # noqa: S101
        try:
            with self.line.far.host.inside(), urlopen(f"{self.url}/readyz", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False


@dataclass(frozen=True)
class GroupLab:
    """All that runs."""

    collector: Collector
    agents: Sequence[str]
    slot_log: Path

    def start(self, direction: str = "download") -> Any:
        """Start a group test of the line, once as many agents are known as there are."""
        wish = {"line": "Internet", "direction": direction, "in_school_hours": True}

        def called() -> Any:
            try:
                group = self.collector.ask("POST", "/groups", wish)
            except LabError:
                return None
            return group

        return wait_for(called, "a group test to be called")

    def knows_all(self) -> bool:
        """Whether all agents have asked for group tests."""
        query, file = "SELECT count(*) FROM group_asker", self.collector.data / "control.sqlite"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
            return bool(db.execute(query).fetchone()[0] >= len(self.agents))

    def group(self, group_id: str) -> Any:
        """As it stands."""
        return self.collector.ask("GET", f"/groups/{group_id}")

    def until(self, group_id: str, *states: str) -> Any:
        """Wait until it is in one of the states."""
        return wait_for(
            lambda: (g := self.group(group_id))["state"] in states and g,
            f"a group test to be {' or '.join(states)}",
        )

    def until_in_the_middle(self, group_id: str) -> None:
        """Wait until its agents have loaded the line for a while."""
        begins = datetime.fromisoformat(self.until(group_id, "running")["begins_at"])
        time.sleep(max(0.0, (begins - datetime.now(UTC)).total_seconds() + 2))

    def result(self, group_id: str) -> Any:
        """The sum, as it is stored. LabError if it isn't there just once."""
        found = self.collector.ask("GET", "/results?kind=throughput&limit=1000")["results"]
        sums = [one for one in found if one["id"] == group_id]
        if len(sums) != 1:
            raise LabError(f"{len(sums)} results have the id {group_id}")
        return sums[0]


@contextmanager
def group_lab(
    line: SharedLine,
    folder: Path,
    ceiling_bits_per_second: float,
    first_tests: int = 0,
) -> Iterator[GroupLab]:
    """One school a host, an agent at each, and a test server with a key at the line's end. So many
    of the agents make a test of their own at their start, as new ones do."""
    folder.mkdir(parents=True, exist_ok=True)
    collector = Collector(line, folder / "data")
    with ExitStack() as stack:
        collector.start()
        stack.callback(collector.kill)
        names = [f"School {number}" for number in range(1, len(line.members) + 1)]
        for name in names:
            collector.ask("POST", "/schools", {"name": name, "timezone": "UTC", "students": 100})
        collector.ask("POST", "/networks", {"subnet": "10.78.0.0/16"})
        collector.ask(
            "POST", "/links", {"name": "Internet", "segment": "internet", "schools": names}
        )
        log = folder / "slots.jsonl"
        stack.enter_context(_test_server(collector, folder, log))
        config = AGENT_TOML.format(ceiling=ceiling_bits_per_second)
        for number, (name, host) in enumerate(zip(names, line.members, strict=True)):
            is_new = number < first_tests
            stack.enter_context(_agent(collector, host, name, folder / name, config, is_new=is_new))
        lab = GroupLab(collector, names, log)
        wait_for(lab.knows_all, "all agents to have asked for group tests")
        yield lab


def wait_for(ask: Callable[[], Value | None], what: str) -> Value:
    """Ask until there is a truthy answer. LabError, naming `what`, when patience ends."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(0.2)
    raise LabError(f"waited in vain for {what}")


@contextmanager
def _test_server(collector: Collector, folder: Path, log: Path) -> Iterator[None]:
    far = collector.line.far
    about = {"name": "Cloud", "host": far.address, "port": REFLECTOR_PORT, "segment": "internet"}
    added = collector.ask("POST", "/reflectors", about | {"link": "Internet"})
    made = collector.ask("POST", f"/reflectors/{added['id']}/access-key", {})
    key = folder / "server.key"
    key.write_text(made["access_key"])
    command = [
        str(BIN / "broadgauge-agent"), "reflector", "--host", far.address, "--port",
        str(REFLECTOR_PORT), "--access-key-file", str(key), "--slot-log", str(log),
    ]  # fmt: skip
    with (folder / "server.log").open("ab") as words:
        process = subprocess.Popen(far.host.command(command), stdout=words, stderr=words)
    try:
        wait_for(lambda: "listening" in (folder / "server.log").read_text(), "the test server")
        yield
    finally:
        _end(process)


@contextmanager
def _agent(
    collector: Collector, host: Host, school: str, state: Path, config: str, *, is_new: bool
) -> Iterator[None]:
    token = collector.ask("POST", "/tokens", {"school": school})["token"]
    state.mkdir()
    (state / "agent.toml").write_text(config)
    command = [str(BIN / "broadgauge-agent"), "--state", str(state)]
    subprocess.run(
        host.command([*command, "join", collector.url]),
        env={**os.environ, "BROADGAUGE_TOKEN": token},
        check=True,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )
    if not is_new:
        _has_tested(state)
    with (state / "out.log").open("ab") as log:
        process = subprocess.Popen(host.command([*command, "run"]), stdout=log, stderr=log)
    try:
        yield
    finally:
        _end(process)


def _has_tested(state: Path) -> None:
    """As on a machine that has tested before: the next planned test is hours away."""
    spool = Spool(state, load_identity(state).agent_id)
    spool.note("started:throughput", 1.0)
    spool.close()


def _end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """Whatever it is, it goes."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
