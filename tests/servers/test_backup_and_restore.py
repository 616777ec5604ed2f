"""Real servers: a backup under load, restored beside it, and an erasure that is killed."""

import json
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import UUID

import pytest
from msgspec.structs import replace

from broadgauge_wire import encode
from tests.collecting import an_agent, batch, throughput
from tests.running import BIN, PATIENCE_SECONDS, Server, eventually, running
from tests.upkeeping import files_with, traces_of

CANARY = "Canary-Aviary"
BEFORE, AFTER = 20, 5
"""Batches that are taken before the backup begins, and after it has ended."""


class Sender:
    """An agent's way of sending, batch after batch, as long as it is let."""

    def __init__(self, server: Server, school: str) -> None:
        token = server.post("/api/v1/tokens", {"school": school})["token"]
        joined = server.post("/api/v1/join", {"token": token, "agent_version": "0.1.0"})
        self.key: str = joined["key"]
        self.agent = replace(an_agent(), id=UUID(joined["agent_id"]))
        self.school_id = UUID(joined["school_id"])
        self.taken: list[str] = []
        self.batches: list[bytes] = []

    def send(self, server: Server) -> None:
        """One batch of ten results, which counts once it is acknowledged."""
        results = [throughput(location=CANARY) for _ in range(10)]
        body = encode(batch(self.agent, *results, sequence=len(self.batches) + 1))
        assert self.send_again(server, body) == 200
        self.batches.append(body)
        self.taken += [str(result.id) for result in results]

    def send_again(self, server: Server, body: bytes) -> int:
        """The status of the answer."""
        headers = {"Authorization": f"Bearer {self.key}"}
        request = Request(f"{server.url}/api/v1/batches", body, headers, method="POST")
        try:
            with urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except HTTPError as error:
            with error:
                return error.code


@contextmanager
def sending(sender: Sender, server: Server) -> Iterator[None]:
    """Batches are sent meanwhile, in another thread; none may be refused."""
    stop, failed = threading.Event(), []

    def run() -> None:
        try:
            while not stop.is_set():
                sender.send(server)
                time.sleep(0.02)
        except Exception as error:  # noqa: BLE001 - looked at by whoever waits
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert failed == []


def kept(server: Server) -> Counter[str]:
    """How often each result is there."""
    found: Counter[str] = Counter()
    query, place = "/api/v1/results?kind=throughput&limit=1000", None
    while True:
        page = server.get(query + (f"&before={place}" if place else ""))
        found.update(row["id"] for row in page["results"])
        place = page["next"]
        if place is None:
            return found


def restored(backup: Path, data: Path) -> None:
    subprocess.run(
        [BIN / "broadgauge", "restore", str(backup), "--data", str(data)],
        check=True,
        capture_output=True,
        timeout=PATIENCE_SECONDS,
    )


def a_school(server: Server, name: str) -> Any:
    return server.post("/api/v1/schools", {"name": name, "timezone": "America/Chicago"})


def test_a_backup_under_load_has_all_that_was_acknowledged_and_agents_go_on(
    tmp_path: Path,
) -> None:
    backup = tmp_path / "backup"
    with running(tmp_path / "first", "--no-agent") as server:
        sender = Sender(server, a_school(server, "Lincoln Elementary")["name"])
        with sending(sender, server):
            eventually(lambda: len(sender.batches) >= BEFORE, "batches before the backup")
            before = list(sender.taken)
            assert server.cli("backup", "--to", str(backup)).strip() == str(backup)
            upto = len(sender.batches)
            eventually(lambda: len(sender.batches) >= upto + AFTER, "batches after the backup")
        server.stop(signal.SIGKILL)

    restored(backup, tmp_path / "second")

    with running(tmp_path / "second", "--no-agent") as server:
        found = kept(server)
        assert set(before) <= set(found)
        assert set(found) <= set(sender.taken)
        for body in sender.batches:  # what an agent kept that notices another store
            assert sender.send_again(server, body) == 200
        sender.send(server)
        assert kept(server) == Counter(sender.taken)
        assert server.stop() == 0


@pytest.mark.timeout(240)
def test_an_erasure_that_is_killed_at_any_moment_is_finished_by_the_next_start(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    planted: Sender | None = None
    for delay in (0.0, 0.1, None):
        with running(data, "--no-agent") as server:
            if planted is not None:
                traces = (CANARY, *traces_of(planted.school_id), *traces_of(planted.agent.id))
                eventually(partial(_are_gone, data, traces), "its traces to go")
                assert planted.send_again(server, planted.batches[0]) == 401
            if delay is not None:
                planted = _planted(server, data)
                _kill_while_erasing(server, planted, delay)


def _planted(server: Server, data: Path) -> Sender:
    sender = Sender(server, a_school(server, CANARY)["name"])
    sender.send(server)
    assert not _are_gone(data, (CANARY,))
    return sender


def _kill_while_erasing(server: Server, planted: Sender, delay: float) -> None:
    """So long after its key opened nothing more."""
    erasing = threading.Thread(target=_erase, args=(server, str(planted.school_id)))
    erasing.start()
    eventually(lambda: planted.send_again(server, planted.batches[0]) == 401, "the key to end")
    time.sleep(delay)
    server.stop(signal.SIGKILL)
    erasing.join()


def _are_gone(data: Path, traces: tuple[bytes | str, ...]) -> bool:
    try:
        return not list(files_with(data, *traces))
    except FileNotFoundError:
        return False  # a file went while it was looked at: look again


def _erase(server: Server, school_id: str) -> None:
    with suppress(OSError):  # it may be killed before it answers
        server.request("POST", "/api/v1/erasures", {"school": school_id})


def test_the_commands_say_what_they_do_before_they_do_it(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--no-agent") as server:
        sender = Sender(server, a_school(server, CANARY)["name"])
        sender.send(server)

        assert "retention.latency_days" in server.cli("retention")
        plan = json.loads(server.cli("erase", "--school", CANARY, "--dry-run", "--json"))
        assert plan["name"] == CANARY
        assert kept(server)
        assert "closed months with 10 results" in server.cli("upkeep", "run")
        server.cli("retention", "set", "latency_days", "200", "--yes")
        (latency,) = json.loads(server.cli("retention", "unset", "latency_days", "--json"))
        assert latency["value"] == 400
        assert "closed months with 10 results" in server.cli("upkeep")
        with pytest.raises(subprocess.CalledProcessError):
            server.cli("erase", "--school", CANARY)  # nobody is there to say yes
        assert "Gone from this server" in server.cli("erase", "--school", CANARY, "--yes")
        assert not kept(server)
        assert CANARY not in server.cli("schools")
