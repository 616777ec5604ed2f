"""Agents that ask for slots all at once: `python -m tests.faults.slot_trials --agents 200`.

The collector is killed again and again, agents vanish while they hold a line, and every agent's
clock shows something else. What the test servers wrote down says whether two tests were ever on
one line, and whether a school ever spent more than it may. Prints one JSON object like the other
trials.
"""

import random
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from uuid import UUID

import click
import msgspec

from broadgauge_agent.errors import AgentError
from broadgauge_agent.identity import Identity
from broadgauge_agent.reflector.slot_log import LoggedTransfer
from broadgauge_agent.slots import Noted, Slot, Slots
from broadgauge_wire import Direction, SlotRequest, new_id
from tests.faults.crash_trials import end
from tests.running import BIN, PATIENCE_SECONDS, Server, free_ports, running

CIRCUITS = 3
SCHOOLS_A_CIRCUIT = 4
SLOT_SECONDS = 0.6
TEST_SECONDS = (0.1, 0.4)
SLOT_BYTES = 6_000_000
SCHOOL_BYTES_A_DAY = 20_000_000
"""Of the first school. The others have more than they use."""

MAY_EXCEED_BYTES = 2**20
BOTH: tuple[Direction, ...] = ("download", "upload")

VANISHES, HANGS, SPENDS = 0.1, 0.1, 0.2
"""Share of tests whose agent is gone without a word; goes silent with its connection open; reads as
fast as it can, until the test server ends it."""

HANDSHAKE = (
    "GET /ndt/v7/download?access_token={token} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: net.measurementlab.ndt.v7\r\n\r\n"
)


class End(NamedTuple):
    """A test server, and the file that it writes its tests to."""

    id: UUID
    port: int
    log: Path


class Agent:
    """Asks for a slot and tests, until it is told to stop."""

    def __init__(self, joined: dict[str, Any], ends: Sequence[End], seed: int) -> None:
        self.joined, self._ends = joined, ends
        self._chance = random.Random(seed)
        self._skew = self._chance.uniform(-1e6, 1e6)
        self.url = ""
        self.slots = Slots(self._identity, Noted(), self._chance, clock=self._now)
        self.given = self.admitted = 0

    def live(self, until: threading.Event) -> None:
        while not until.wait(self._chance.uniform(0, 2)):
            far = self._chance.choice(self._ends)
            wish = SlotRequest(
                id=new_id(),
                reflector_id=far.id,
                directions=BOTH,
                bytes_at_most=SLOT_BYTES,
                seconds=SLOT_SECONDS,
            )
            with suppress(AgentError):
                slot = self.slots.ask(wish, 3.0, lambda: False)
                if isinstance(slot, Slot):
                    self.given += 1
                    self._test(slot, far.port)

    def _test(self, slot: Slot, port: int) -> None:
        fate = self._chance.random()
        if fate < VANISHES:
            return
        ends = min(slot.ends, self._now() + self._chance.uniform(*TEST_SECONDS))
        fast = fate > 1 - SPENDS
        with suppress(OSError), _begun(slot, port) as connection:
            self.admitted += 1
            if fate < VANISHES + HANGS:
                time.sleep(2 * SLOT_SECONDS)
                return
            while self._now() < ends and connection.recv(2**16):
                time.sleep(0 if fast else 0.01)
        self.slots.end(slot, SLOT_BYTES)

    def _now(self) -> float:
        return time.monotonic() + self._skew

    def _identity(self) -> Identity:
        known = {name: self.joined[name] for name in ("agent_id", "key", "school_id", "school")}
        return msgspec.convert(known | {"collector_url": self.url}, Identity)


@contextmanager
def _begun(slot: Slot, port: int) -> Iterator[socket.socket]:
    """A download under way. OSError if the test server lets it in no more."""
    with socket.socket() as connection:
        connection.settimeout(PATIENCE_SECONDS)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**15)
        connection.connect(("127.0.0.1", port))
        connection.sendall(HANDSHAKE.format(token=quote(slot.token or "")).encode())
        if not connection.recv(64).startswith(b"HTTP/1.1 101"):
            raise ConnectionRefusedError
        yield connection


@click.command()
@click.option("--agents", default=200, show_default=True)
@click.option("--kills", default=20, show_default=True, help="Of the collector.")
@click.option("--seconds", default=10.0, show_default=True, help="Between two kills.")
@click.option("--seed", default=1, show_default=True)
def cli(agents: int, kills: int, seconds: float, seed: int) -> None:
    """Let agents test while their collector is killed, and look at what the test servers saw."""
    with tempfile.TemporaryDirectory() as folder:
        trial = run(Path(folder), agents, kills, seconds, seed)
    end("slots", kills, trial.given, trial.transfers, trial.failed)


class Trial(NamedTuple):
    """What came of it."""

    given: int
    admitted: int
    transfers: int
    failed: list[str]


def run(folder: Path, agents: int, kills: int, seconds: float, seed: int) -> Trial:
    """A district of so many agents, whose collector dies so often."""
    with running(folder / "data", "--no-agent") as server:
        world, ends = _world(server, folder, agents, seed)
        with _reflectors(ends):
            _live(server, world, seconds)
            for _ in range(kills - 1):
                with running(folder / "data", "--no-agent") as again:
                    _live(again, world, seconds)
            with running(folder / "data", "--no-agent") as last:
                _live(last, world, seconds, kill=False)
            time.sleep(3 * SLOT_SECONDS)
    transfers = [one for each in ends for one in logged(each.log)]
    return Trial(
        given=sum(agent.given for agent in world),
        admitted=sum(agent.admitted for agent in world),
        transfers=len(transfers),
        failed=[*overlaps(transfers), *overspent(transfers, UUID(world[0].joined["school_id"]))],
    )


def logged(file: Path) -> list[LoggedTransfer]:
    """What a test server wrote down."""
    lines = file.read_bytes().splitlines()
    return [msgspec.json.decode(line, type=LoggedTransfer) for line in lines]


def overlaps(transfers: Sequence[LoggedTransfer]) -> Iterator[str]:
    """Tests of different slots that were on one line at once."""
    by_line = defaultdict[UUID, list[LoggedTransfer]](list)
    for one in transfers:
        for line in one.lines:
            by_line[line].append(one)
    for line, on_it in by_line.items():
        in_order = sorted(on_it, key=lambda one: one.began_at)
        last = in_order[0]
        for one in in_order:
            if one.began_at < last.ended_at and one.slot_id != last.slot_id:
                by = (last.ended_at - one.began_at).total_seconds()
                yield f"{last.slot_id} and {one.slot_id} on {line} by {by:.3f} s"
            last = max(last, one, key=lambda known: known.ended_at)


def overspent(transfers: Sequence[LoggedTransfer], school: UUID) -> Iterator[str]:
    """Slots whose tests moved more than they may, and that school."""
    spent = defaultdict[UUID, int](int)
    for one in transfers:
        spent[one.slot_id] += one.num_bytes
        if school in one.lines:
            spent[school] += one.num_bytes
    for whose, num_bytes in spent.items():
        most = SCHOOL_BYTES_A_DAY if whose == school else SLOT_BYTES
        if num_bytes > most + MAY_EXCEED_BYTES:
            yield f"{whose} moved {num_bytes} bytes of {most}"


def _world(server: Server, folder: Path, agents: int, seed: int) -> tuple[list[Agent], list[End]]:
    """Circuits of several schools on one Internet line, a test server at the end of each."""
    total = CIRCUITS * SCHOOLS_A_CIRCUIT
    names = [f"School {number}" for number in range(total)]
    for name in names:
        server.post("/api/v1/schools", {"name": name, "timezone": "UTC"})
    key = "probes.throughput.school_max_bytes_per_day"
    budget = {"key": key, "value": SCHOOL_BYTES_A_DAY, "school": names[0]}
    assert server.request("PUT", "/api/v1/agent-settings", budget)[0] == 200
    server.post("/api/v1/links", {"name": "Internet", "segment": "internet", "schools": names})
    ends = [_registered(server, folder, "Cloud", segment="internet")]
    for number in range(CIRCUITS):
        name, behind = f"Circuit {number}", names[number::CIRCUITS]
        server.post("/api/v1/links", {"name": name, "segment": "wan", "schools": behind})
        ends.append(_registered(server, folder, f"Core {number}", segment="wan", link=name))
    world = list[Agent]()
    for number, name in enumerate(names):
        uses = len(range(number, agents, total))
        token = server.post("/api/v1/tokens", {"school": name, "uses": max(1, uses)})["token"]
        for _ in range(uses):
            wish = {"token": token, "agent_version": "test"}
            joined = server.post("/api/v1/join", wish)
            reached = (ends[0], ends[1 + number % CIRCUITS])
            world.append(Agent(joined, reached, seed + len(world)))
    return world, ends


def _registered(server: Server, folder: Path, name: str, **about: str) -> End:
    (port,) = free_ports(1)
    wish = {"name": name, "host": "127.0.0.1", "port": port, **about}
    added = server.post("/api/v1/reflectors", wish)
    made = server.post(f"/api/v1/reflectors/{added['id']}/access-key", {})
    (folder / f"{port}.key").write_text(made["access_key"])
    return End(UUID(added["id"]), port, folder / f"{port}.log")


@contextmanager
def _reflectors(ends: Sequence[End]) -> Iterator[None]:
    processes = [
        subprocess.Popen(
            [
                BIN / "broadgauge-agent", "reflector", "--port", str(end.port),
                "--access-key-file", end.log.with_suffix(".key"), "--slot-log", end.log,
            ],
            stderr=subprocess.PIPE,
        )
        for end in ends
    ]  # fmt: skip
    try:
        for process in processes:
            assert process.stderr
            assert b"listening" in process.stderr.readline()
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait(PATIENCE_SECONDS)
            assert process.stderr
            process.stderr.close()


def _live(server: Server, world: Sequence[Agent], seconds: float, *, kill: bool = True) -> None:
    over = threading.Event()
    for agent in world:
        agent.url = server.url
    threads = [threading.Thread(target=agent.live, args=(over,)) for agent in world]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    if kill:
        server.stop(signal.SIGKILL)
    over.set()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    cli()
