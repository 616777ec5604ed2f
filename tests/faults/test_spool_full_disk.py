"""A disk without room, of bytes or of files: what was kept stays, and all goes on when there is."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from broadgauge_agent import client
from broadgauge_agent.errors import DiskFullError, SpoolError, SpoolFullError
from broadgauge_agent.identity import save_identity
from broadgauge_agent.join import Place, join
from broadgauge_agent.spool import Spool
from broadgauge_wire.tokens import JoinToken
from tests.faults.spool_work import TALKING, Agent, Ledger
from tests.running import BIN, PATIENCE_SECONDS, eventually
from tests.scripted_collector import ScriptedCollector, make_identity, make_result


@pytest.fixture(autouse=True)
def http_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger takes the place of HTTP for this test alone."""
    for module in TALKING:
        monkeypatch.setattr(module, "send", client.send)


@pytest.fixture
def collector() -> Iterator[ScriptedCollector]:
    server = ScriptedCollector()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def disk(place: Path, options: str) -> Iterator[Path]:
    """One of its own, small."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(folder: Path) -> Path:
    """As another program does that goes wild."""
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as out:
        while True:
            out.write(b"x" * 4096)
    return filler


def fill_with_files(folder: Path) -> list[Path]:
    """As many empty ones as it takes."""
    made = list[Path]()
    with suppress(OSError):
        while True:
            file = folder / str(len(made))
            os.close(os.open(file, os.O_CREAT | os.O_WRONLY))
            made.append(file)
    return made


@pytest.mark.parametrize("room", ["1M", "4M"])
def test_a_spool_on_a_disk_that_fills_up_keeps_what_it_has_and_goes_on_after(
    tmp_path: Path, room: str
) -> None:
    ledger, kept = Ledger(tmp_path / "ledger"), list[str]()
    with disk(tmp_path / "disk", f"size={room}") as folder:
        agent = Agent(folder / "state", ledger)
        kept += agent.put(5)
        agent.ship()
        filler = fill(folder)
        with pytest.raises(SpoolFullError):
            for _ in range(3000):
                kept += agent.put(3)
        with suppress(SpoolError):
            kept += agent.put(1)
        filler.unlink()
        kept += agent.put(2)
        agent.ship(10)
        assert agent.spool.waiting() == 0
        agent.close()
    stored = ledger.stored()
    assert set(stored.values()) == {1}
    assert set(kept) <= stored.keys()


def test_what_is_spooled_is_sent_from_a_full_disk(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    with disk(tmp_path / "disk", "size=2M") as folder:
        agent = Agent(folder / "state", ledger)
        for _ in range(20):
            agent.put(4)
            agent.ship()
        kept = agent.put(4)
        fill(folder)
        agent.ship(6)
        agent.close()
    assert set(kept) <= ledger.stored().keys()
    assert set(ledger.stored().values()) == {1}


@pytest.mark.parametrize("without", ["bytes", "files"])
def test_an_agent_that_starts_on_a_full_disk_waits_for_room_and_goes_on(
    tmp_path: Path, collector: ScriptedCollector, without: str
) -> None:
    with disk(tmp_path / "disk", "size=2M,nr_inodes=30") as folder:
        state = folder / "state"
        kept = _ended_agent(state, collector.url)
        fillers = [fill(folder)] if without == "bytes" else fill_with_files(folder)
        with running(state) as process:
            said = _read_until(process, "Waiting for room on the disk")
            assert "disk is full" in said or "No room is left" in said
            assert collector.batches == []
            for filler in fillers:
                filler.unlink()
            eventually(lambda: set(kept) <= set(collector.ids()), "what was kept")
            eventually(lambda: len(collector.ids()) > len(kept), "something new")
            process.terminate()
            assert process.wait(PATIENCE_SECONDS) == 0
    assert len(collector.ids()) == len(set(collector.ids()))


def test_an_agent_that_waits_for_room_ends_when_told_to(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    with disk(tmp_path / "disk", "size=1M") as folder:
        state = folder / "state"
        _ended_agent(state, collector.url)
        fill(folder)
        with running(state) as process:
            _read_until(process, "Waiting for room on the disk")
            process.terminate()
            assert process.wait(PATIENCE_SECONDS) == 0


def test_joining_on_a_full_disk_uses_no_token_up(
    tmp_path: Path, collector: ScriptedCollector
) -> None:
    with disk(tmp_path / "disk", "size=1M") as folder:
        fill(folder)
        with pytest.raises(DiskFullError, match="No room"):
            join(folder / "state", collector.url, JoinToken("bgj_x"), Place())
    assert collector.requests == []


def _ended_agent(state: Path, url: str) -> list[str]:
    """An agent that ended as it should, with results to send."""
    state.mkdir()
    identity = make_identity(url)
    save_identity(state, identity)
    result = make_result()
    with closing(Spool(state, identity.agent_id)) as spool:
        spool.put([result])
    return [str(result.id)]


@contextmanager
def running(state: Path) -> Iterator[subprocess.Popen[str]]:
    """The agent as a service runs it."""
    command = [str(BIN / "broadgauge-agent"), "--state", str(state), "run"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _read_until(process: subprocess.Popen[str], words: str) -> str:
    said = ""
    assert process.stderr
    while words not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    return said


def test_a_disk_that_takes_no_further_file_stops_no_agent_that_runs(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    with disk(tmp_path / "disk", "size=8M,nr_inodes=30") as folder:
        agent = Agent(folder / "state", ledger)
        kept = agent.put(1)
        fill_with_files(folder)
        with pytest.raises(OSError, match="No space"):
            (folder / "one more").touch()
        for _ in range(5):
            kept += agent.put(2)
            agent.ship()
        assert agent.spool.waiting() == 0
        agent.close()
    assert set(kept) == ledger.stored().keys()
