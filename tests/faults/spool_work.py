"""What an agent's spool does in its life, in small, before a collector that is a file.

The collector lives in the agent's process, and what it stored outlives that: killed in between, the
agent never hears of it.
"""

import gzip
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Any, cast
from uuid import UUID

import httpx2
from msgspec.structs import replace

import broadgauge_agent
from broadgauge_agent import forking, settings_heard, ship
from broadgauge_agent.client import Answer
from broadgauge_agent.errors import UnreachableError
from broadgauge_agent.identity import load_identity, save_identity
from broadgauge_agent.live_config import LiveConfig
from broadgauge_agent.presence import Presence
from broadgauge_agent.spool import Spool
from broadgauge_agent.spool_file import view_spool
from broadgauge_wire import (
    Batch,
    BatchAnswer,
    BatchKey,
    ForkRequest,
    JoinAnswer,
    Problem,
    Settings,
    decode,
    encode,
    new_id,
)
from tests.faults.crash_trials import Acknowledge
from tests.scripted_collector import key_of, make_identity, make_result

AGENT = Path(broadgauge_agent.__file__).parent
CODE = sorted(
    {*AGENT.glob("spool*.py"), *(AGENT / name for name in ("ship.py", "forking.py", "state.py"))}
)
"""Every line of it is a crash point."""

TALKING = (ship, forking, settings_heard)
"""Modules that speak to the collector."""

IDENTITY = make_identity("http://127.0.0.1:1")


class Ledger:
    """A collector's: what it stored, a line a batch, appended at once."""

    def __init__(self, file: Path, store_id: UUID | None = None) -> None:
        self._file = file
        self._store_id = store_id or IDENTITY.school_id
        self.loses_answers = False

    def bodies(self) -> dict[BatchKey, bytes]:
        """What is stored, by number."""
        if not self._file.exists():
            return {}
        lines = [bytes.fromhex(line) for line in self._file.read_text().split()]
        return {key_of(decode(body, Batch)): body for body in lines}

    def stored(self, *, inherited: bool = False) -> Counter[str]:
        """How often each result is stored; with `inherited`, is kept aside as the original's."""
        batches = (decode(body, Batch) for body in self.bodies().values())
        return Counter(
            json.loads(bytes(raw))["id"]
            for batch in batches
            if batch.inherited == inherited
            for raw in batch.results
        )

    def send(
        self,
        _client: httpx2.Client,
        _method: str,
        path: str,
        body: bytes | None = None,
        _headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """In the place of HTTP."""
        assert body is not None or path.endswith("settings")
        if path.endswith("batches"):
            return self._take(gzip.decompress(body or b""))
        if path.endswith("fork"):
            return _answer(200, _welcome(decode(body or b"", ForkRequest)))
        return _answer(200, Settings())

    def _take(self, body: bytes) -> Answer:
        key = key_of(decode(body, Batch))
        known = self.bodies().get(key)
        if known is None:
            with self._file.open("ab", buffering=0) as out:
                out.write(body.hex().encode() + b"\n")
                os.fsync(out.fileno())
            if self.loses_answers:
                raise UnreachableError("the answer got lost")
        elif known != body:
            return _answer(409, Problem(title="No", status=409, detail="other content"))
        now = make_result().started_at
        return _answer(200, BatchAnswer(committed=(key,), received_at=now, store_id=self._store_id))


def _answer(status: int, message: Any) -> Answer:
    kind = "application/problem+json" if status >= 400 else "application/json"
    now = time.time()
    return Answer(
        status=status,
        body=encode(message),
        headers={"content-type": kind},
        sent_at=now,
        received_at=now,
    )


def _welcome(asked: ForkRequest) -> JoinAnswer:
    return JoinAnswer(
        agent_id=asked.id, key="bga_copy", school_id=new_id(), school="Hill", settings=Settings()
    )


class AwakePresence:
    """On a school network, always."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[], None]] = []

    def is_awake(self, _settings: Settings) -> bool:
        return True


class Agent:
    """A spool and its shipper, before a ledger."""

    def __init__(self, state: Path, ledger: Ledger) -> None:
        for module in TALKING:
            module.send = ledger.send  # type: ignore[attr-defined]
        if not (state / "identity.json").exists():
            state.mkdir(parents=True, exist_ok=True)
            save_identity(state, IDENTITY)
        self.state = state
        identity = load_identity(state)
        self.spool = Spool(state, identity.agent_id)
        self.shipper = ship.Shipper(
            state,
            identity,
            self.spool,
            cast("Presence", AwakePresence()),
            LiveConfig(state / "agent.toml", {}, {}),
            Event(),
        )

    def put(self, count: int, acknowledge: Acknowledge = lambda _: None) -> list[str]:
        """Results that are acknowledged once they are durable."""
        results = [make_result("x" * 300 * index) for index in range(count)]
        self.spool.put(results)
        ids = [str(result.id) for result in results]
        for name in ids:
            acknowledge(name)
        return ids

    def ship(self, times: int = 1) -> None:
        for _ in range(times):
            self.shipper.ship_all(cast("httpx2.Client", None))

    def close(self) -> None:
        self.spool.close()


def put_and_ship(folder: Path, acknowledge: Acknowledge) -> None:
    """Rounds of results; each batch's first answer gets lost."""
    ledger = Ledger(folder / "ledger")
    ledger.loses_answers = True
    agent = Agent(folder / "state", ledger)
    for count in (2, 3):
        agent.put(count, acknowledge)
        agent.ship(3)
    agent.put(1, acknowledge)
    agent.close()


def restore_the_collector(folder: Path, acknowledge: Acknowledge) -> None:
    """The collector forgets all but its first batch, and has another store."""
    before = Agent(folder / "state", Ledger(folder / "before"))
    for _ in range(3):
        before.put(2, acknowledge)
        before.ship()
    before.close()
    first = (folder / "before").read_bytes().splitlines(keepends=True)[0]
    (folder / "ledger").write_bytes(first)
    after = Agent(folder / "state", restored_ledger(folder))
    after.put(1, acknowledge)
    after.ship(2)
    after.close()


def restored_ledger(folder: Path) -> Ledger:
    return Ledger(folder / "ledger", IDENTITY.agent_id)


def copy_to_another_machine(folder: Path, acknowledge: Acknowledge) -> None:
    """The copy knows by the machine's id that it is one; the original goes on."""
    original = Agent(folder / "original", Ledger(folder / "ledger"))
    original.put(2)
    original.ship()
    original.put(2, acknowledge)
    original.close()
    state = folder / "state"
    shutil.copytree(folder / "original", state, dirs_exist_ok=True)
    save_identity(state, replace(load_identity(state), machine="another"))
    copy = Agent(state, Ledger(folder / "ledger"))
    copy.put(2, acknowledge)
    copy.ship(2)
    copy.put(1, acknowledge)
    copy.ship(2)
    copy.close()
    again = Agent(folder / "original", Ledger(folder / "ledger"))
    again.ship(2)
    again.close()


def mend(folder: Path, acknowledge: Acknowledge) -> None:
    """A spool whose disk damaged an index, and no result."""
    agent = Agent(folder / "state", Ledger(folder / "ledger"))
    agent.put(4, acknowledge)
    agent.ship()
    agent.put(12, acknowledge)
    (page,) = agent.spool._db.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'results_by_batch'"
    ).fetchone()
    agent.spool._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    agent.close()
    with (folder / "state" / "spool.sqlite").open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 8)
    mended = Agent(folder / "state", Ledger(folder / "ledger"))
    mended.ship(2)
    mended.close()


def check(folder: Path, acknowledged: list[str], ledger: Ledger) -> None:
    """What was acknowledged is stored once, and what is new flows."""
    for name in ("original", "state"):
        if name == "state" or (folder / name).exists():
            _go_on(folder / name, ledger, acknowledged)
    stored = ledger.stored()
    assert set(stored.values()) <= {1}, "doubled"
    missing = set(acknowledged) - stored.keys() - ledger.stored(inherited=True).keys()
    assert not missing, f"lost {missing}"


def _go_on(state: Path, ledger: Ledger, acknowledged: list[str]) -> None:
    agent = Agent(state, ledger)
    acknowledged.extend(agent.put(1))
    agent.ship(6)
    assert agent.spool.waiting() == 0
    agent.close()
    view = view_spool(state)
    assert view and view.refused == 0
