"""A disk without room, of bytes or of files: what was kept stays, and all goes on when there is."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from broadgauge_agent import client, forking, ship
from broadgauge_agent.errors import SpoolError, SpoolFullError
from tests.faults.spool_work import Agent, Ledger


@pytest.fixture(autouse=True)
def http_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger takes the place of HTTP for this test alone."""
    for module in (ship, forking):
        monkeypatch.setattr(module, "send", client.send)


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


def test_a_disk_that_takes_no_further_file_stops_no_agent_that_runs(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    with disk(tmp_path / "disk", "size=8M,nr_inodes=30") as folder:
        agent = Agent(folder / "state", ledger)
        kept = agent.put(1)
        with suppress(OSError):
            for number in range(30):
                os.close(os.open(folder / str(number), os.O_CREAT | os.O_WRONLY))
        with pytest.raises(OSError, match="No space"):
            (folder / "one more").touch()
        for _ in range(5):
            kept += agent.put(2)
            agent.ship()
        assert agent.spool.waiting() == 0
        agent.close()
    assert set(kept) == ledger.stored().keys()
