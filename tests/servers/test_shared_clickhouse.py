"""Collectors in processes of their own on one ClickHouse: killed, cut off and refused."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from msgspec.structs import replace

from broadgauge_collector.doctor.shared_results import check_shared_results
from broadgauge_collector.store import ClickHouseResults, ControlStore
from broadgauge_wire import RESULT_KINDS, Batch, decode_result, encode
from tests.clickhouse_double import Double, running_double
from tests.collecting import an_agent, batch, latency, skipped, throughput
from tests.postgresql import postgres_server
from tests.running import BIN, PATIENCE_SECONDS, Server, eventually, free_ports

ROOT = Path(__file__).parents[2]
BATCHES = 30


class Collector:
    """A process of tests.sharing_collector. It starts while others are told what to do."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.is_ready = False

    def hear(self) -> str:
        assert self.process.stdout
        said = self.process.stdout.readline().strip()
        assert said, "it has ended"
        return said

    def tell(self, line: str) -> None:
        if not self.is_ready:
            assert self.hear() == "ready"
            self.is_ready = True
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def say(self, line: str) -> str:
        self.tell(line)
        return self.hear()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Shared:
    """A double, a control database and batches, which collectors are started on."""

    def __init__(self, double: Double, folder: Path, running: ExitStack) -> None:
        self.double = double
        self.url = double.database()
        self.control = folder / "control.sqlite"
        self.batches = folder / "batches"
        agents = [an_agent() for _ in range(3)]
        self.sent = [
            batch(
                agents[n % 3], throughput(), latency(), skipped(), sequence=n // 3 + 1,
                lane="live",
            )
            for n in range(BATCHES)
        ]  # fmt: skip
        self.batches.write_bytes(b"\n".join(map(encode, self.sent)))
        self._running = running
        control = ControlStore.open(self.control)
        running.callback(control.close)
        self.store = ClickHouseResults.open(self.url, control)
        running.callback(self.store.close)

    def collector(self, lease_seconds: float = 60) -> Collector:
        command = [
            sys.executable, "-m", "tests.sharing_collector", str(self.control),
            self.url, str(lease_seconds), str(self.batches),
        ]  # fmt: skip
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._running.callback(_end, process)
        return Collector(process)

    def stored(self) -> list[UUID]:
        return sorted(
            UUID(id_)
            for kind in RESULT_KINDS
            for id_ in self.store.select(kind, limit=10_000).column("id").to_pylist()
        )

    def changes(self) -> list[UUID]:
        """What a follower gets."""
        seen: list[str] = []
        at = 0
        while (changes := self.store.changes(at, 10)).tables:
            at = changes.upto
            for table in changes.tables.values():
                seen += table.column("id").to_pylist()
        return sorted(map(UUID, seen))


def _end(process: subprocess.Popen[str]) -> None:
    with process:
        process.kill()


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Double]:
    with running_double(tmp_path_factory.mktemp("engine")) as made:
        yield made


@pytest.fixture
def shared(double: Double, tmp_path: Path) -> Iterator[Shared]:
    with ExitStack() as running:
        yield Shared(double, tmp_path, running)


def ids(*sent: Batch) -> list[UUID]:
    return sorted(decode_result(raw).id for each in sent for raw in each.results)


def test_a_batch_that_an_agent_sends_to_both_is_stored_once(shared: Shared) -> None:
    one, other = shared.collector(), shared.collector()
    assert one.say("0 1 2") == "stored stored stored"
    assert other.say("2 3") == "seen stored"
    assert one.say("3 4") == "seen stored"
    assert shared.stored() == ids(*shared.sent[:5]) == shared.changes()


def test_when_one_is_killed_in_mid_commit_the_other_finishes(shared: Shared) -> None:
    points = ["before an insert", "after an insert", "after the last insert"]
    killed = [shared.collector() for _ in points]
    patient, hasty = shared.collector(), shared.collector(lease_seconds=0)
    for place, (one, point) in enumerate(zip(killed, points, strict=True)):
        first, second, third = range(3 * place, 3 * place + 3)
        assert one.say(f"stop at {point}") == "will"
        assert one.say(f"{first} {second}") == "stopped"
        assert patient.say(f"{first} {third}") == "under_way stored"
        one.kill()
        assert shared.stored() == ids(*shared.sent[:first], shared.sent[third])
        assert hasty.say(f"{first} {second}") == "stored stored"
        assert patient.say(f"{first} {second} {third}") == "seen seen seen"
        assert shared.stored() == ids(*shared.sent[: third + 1]) == shared.changes()


def test_answers_that_got_lost_and_full_disks_cost_and_double_nothing(shared: Shared) -> None:
    one = shared.collector()
    for trouble, said in {
        "lost answer": "Busy", "lost request": "Busy", "no room": "StorageFull"
    }.items():  # fmt: skip
        shared.double.befall(trouble)  # type: ignore[arg-type]
        assert one.say("0 1") == said
        assert shared.stored() == []
    assert one.say("0 1") == "stored stored"
    assert shared.stored() == ids(*shared.sent[:2]) == shared.changes()


def test_whatever_was_acknowledged_over_random_kills_is_stored_once(shared: Shared) -> None:
    chance = random.Random(11)
    running = [shared.collector(lease_seconds=0) for _ in range(5)]
    waiting = list(range(BATCHES))
    kills = set(chance.sample(range(7), 3))  # each group has four batches at most
    for turn in count():
        if not waiting:
            break
        some = waiting[: chance.randint(1, 4)]
        line = " ".join(map(str, some))
        if turn in kills:
            killed = running.pop(0)
            killed.tell(line)
            time.sleep(chance.uniform(0, 0.1))
            killed.kill()
            continue
        answers = chance.choice(running[:2]).say(line).split()
        acknowledged = {n for n, said in zip(some, answers, strict=True) if said != "under_way"}
        waiting = [number for number in waiting if number not in acknowledged]
    assert len(running) == 2
    assert shared.stored() == ids(*shared.sent) == shared.changes()


def test_the_doctor_says_whether_it_answers(shared: Shared) -> None:
    well = check_shared_results(shared.url)
    assert (well.state, "answers (version" in well.detail) == ("ok", True)
    away = check_shared_results("clickhouse://me:secret@127.0.0.1:1/results")
    assert (away.state, "secret" in str(away)) == ("trouble", False)


def test_two_servers_on_one_postgresql_and_one_clickhouse_are_one(
    double: Double, tmp_path: Path
) -> None:
    with ExitStack() as running:
        database = running.enter_context(postgres_server())
        urls = {
            "BROADGAUGE_CONTROL_URL": database.database("broadgauge"),
            "BROADGAUGE_RESULTS_URL": double.database(),
        }
        servers = [
            running.enter_context(serving(tmp_path / name, urls)) for name in ("one", "other")
        ]
        for server in servers:
            eventually(server.is_ready, "/readyz to say 200")
        one, other = servers
        one.post("/api/v1/schools", {"name": "Lincoln", "timezone": "America/Chicago"})
        token = one.post("/api/v1/tokens", {"school": "Lincoln"})["token"]
        wish = {"token": token, "agent_version": "0.1.0", "name": "Library desk"}
        joined = httpx2.post(f"{other.url}/api/v1/join", json=wish).json()
        agent = replace(an_agent(), id=UUID(joined["agent_id"]))
        key = {"Authorization": f"Bearer {joined['key']}"}

        def send(to: Server, number: int) -> dict[str, Any] | None:
            answer = httpx2.post(f"{to.url}/api/v1/batches", content=bodies[number], headers=key)
            assert answer.status_code in {200, 503}, answer.text
            return answer.json() if answer.status_code == 200 else None

        def until_taken(to: Server, number: int) -> dict[str, Any]:
            return eventually(lambda: send(to, number), "the batch to be taken")

        now = datetime.now(UTC)
        sent = [batch(agent, throughput(started_at=now), b"{}", sequence=n + 1) for n in range(12)]
        bodies = [encode(each) for each in sent]
        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(until_taken, servers * 8, [n for n in range(8) for _ in servers])
            )
        assert len({answer["store_id"] for answer in answers}) == 1
        assert {len(answer["refused"]) for answer in answers} == {1}
        one.stop(signal.SIGKILL)
        for number in range(7, 12):
            until_taken(other, number)
        again = running.enter_context(serving(tmp_path / "one", urls))
        eventually(again.is_ready, "/readyz to say 200")
        for server in (other, again):
            found = server.get("/api/v1/results?school=Lincoln&limit=100")["results"]
            assert sorted(UUID(result["id"]) for result in found) == ids_of_whole(*sent)


def ids_of_whole(*sent: Batch) -> list[UUID]:
    return sorted(decode_result(each.results[0]).id for each in sent)


@contextmanager
def serving(data: Path, urls: dict[str, str]) -> Iterator[Server]:
    """`broadgauge serve` on a free port, starting; stopped at the end."""
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [BIN / "broadgauge", "serve", "--data", data, "--port", str(port)],
        env={**os.environ, **urls}, text=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield Server(process, data, f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
